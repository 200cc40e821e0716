import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareThreeWays } from '../../src/pricing/three-way.ts'
import type { ThreeWay } from '../../src/pricing/three-way.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'

const test = suite('compare: three tariffs')
const OWN = tariff(0.5)

test('equal totals are no finding', () => {
  const { priced, findings } = compare({ own: OWN, stored: tariff(0.5), agreed: tariff(0.5004) })
  assert.equal(findings, [])
  assert.ok(priced.own?.ok && priced.stored?.ok && priced.agreed?.ok)
  assert.equal(priced.agreed.total, { excl: '5.004', incl: '6.05484' })
})

test('each two that differ are told with both figures', () => {
  const { findings } = compare({ own: OWN, stored: tariff(0.6), agreed: tariff(0.7) })
  assert.equal(
    findings.map(({ code, first, second }) => [code, first, second]),
    [
      ['own_stored_differ', 'own', 'stored'],
      ['own_agreed_differ', 'own', 'agreed'],
      ['stored_agreed_differ', 'stored', 'agreed'],
    ],
  )
  assert.equal(findings[0]?.firstTotal, { excl: '5', incl: '6.05' })
  assert.equal(findings[0]?.secondTotal, { excl: '6', incl: '7.26' })
  assert.is(
    findings[0]?.sentence,
    'With the tariff in the CDR the session costs 5.00 EUR before taxes and 6.05 EUR after taxes; ' +
      'with the tariff that was published when the session began the session costs 6.00 EUR before taxes and 7.26 EUR after taxes.',
  )
  assert.match(`${findings[2]?.sentence}`, 'with the tariff of the agreement')
})

test('a difference after taxes alone is one', () => {
  const { findings } = compare({ own: OWN, stored: tariff(0.5, { vat: 20 }), agreed: null })
  assert.equal(
    findings.map(({ code }) => code),
    ['own_stored_differ'],
  )
})

test('a side that only one of them knows is not compared', () => {
  const included = expandTariff({
    elements: [{ price: [['ENERGY', 0.605, null, 0]] }],
    more: { tax_included: 'YES' },
  })
  const { findings } = compare({ own: OWN, stored: [included], agreed: null })
  assert.equal(findings, [])
  const dearer = expandTariff({
    elements: [{ price: [['ENERGY', 0.7, null, 0]] }],
    more: { tax_included: 'YES' },
  })
  const [finding] = compare({ own: OWN, stored: [dearer], agreed: null }).findings
  assert.match(`${finding?.sentence}`, 'began the session costs 7.00 EUR after taxes.')
})

test('either of two bills may be the one that does not know a side', () => {
  const more = { tax_included: 'YES' }
  const gross = [expandTariff({ elements: [{ price: [['ENERGY', 0.605, null, 0]] }], more })]
  assert.equal(compare({ own: gross, stored: OWN, agreed: null }).findings, [])
})

test('the tariff of the agreement prices periods that name another one', () => {
  const cdr = expandCdr({ periods: [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 10 } }] })
  const agreed = [expandTariff({ id: 'A', elements: [{ price: [['ENERGY', 0.5, 21, 0]] }] })]
  const { priced, findings } = compareThreeWays({
    cdr,
    ...{ own: OWN, stored: null, agreed },
    options: { timeZone: 'UTC' },
  })
  assert.equal(findings, [])
  assert.equal(priced.agreed?.ok && priced.agreed.total, { excl: '5', incl: '6.05' })
})

test('of OCPI 2.1.1 the totals before taxes are told', () => {
  const cdr = {
    ...expandCdr({ periods: [{ at: '10:00', volumes: { ENERGY: 10 } }] }),
    end_date_time: undefined,
    stop_date_time: '2024-01-15T12:00:00Z',
  }
  const both = { own: OWN, stored: tariff(0.6), agreed: null }
  const [finding] = compareThreeWays({ cdr, ...both, options: { timeZone: 'UTC' } }).findings
  assert.is(
    finding?.sentence,
    'With the tariff in the CDR the session costs 5.00 EUR before taxes; ' +
      'with the tariff that was published when the session began the session costs 6.00 EUR before taxes.',
  )
})

test('what is not there is not compared', () => {
  const { priced, findings } = compare({ own: OWN, stored: null, agreed: [] })
  assert.equal([priced.stored, priced.agreed, findings], [null, null, []])
  assert.equal(
    compare({ own: null, stored: OWN, agreed: tariff(1) }).findings.map(({ code }) => code),
    ['stored_agreed_differ'],
  )
})

test('one that cannot price the session is a finding beside one that can', () => {
  const foreign = tariff(0.5, { currency: 'SEK' })
  const { findings, priced } = compare({ own: foreign, stored: OWN, agreed: foreign })
  assert.equal(
    findings.map(({ code, firstTotal, secondTotal }) => [code, firstTotal, secondTotal]),
    [
      ['own_stored_unpriced', null, { excl: '5', incl: '6.05' }],
      ['stored_agreed_unpriced', { excl: '5', incl: '6.05' }, null],
    ],
  )
  assert.is(priced.own?.ok, false)
  assert.match(
    `${findings[0]?.sentence}`,
    'With the tariff in the CDR it cannot be priced: the tariff is in SEK',
  )
  assert.match(`${findings[0]?.sentence}`, 'began the session costs 5.00 EUR before')
  assert.match(
    `${findings[1]?.sentence}`,
    'with the tariff of the agreement it cannot be priced: the tariff is in SEK',
  )
})

function compare(origins: {
  own: readonly unknown[] | null
  stored: readonly unknown[] | null
  agreed: readonly unknown[] | null
}): ThreeWay {
  const cdr = expandCdr({ periods: [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 10 } }] })
  return compareThreeWays({ cdr, ...origins, options: { timeZone: 'UTC' } })
}

function tariff(price: number, { vat = 21, currency = 'EUR' } = {}): readonly unknown[] {
  return [expandTariff({ elements: [{ price: [['ENERGY', price, vat, 0]] }], more: { currency } })]
}

test.run()
