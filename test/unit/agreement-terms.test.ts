import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Compile } from 'typebox/compile'
import { TERMS } from '../../src/clearing/terms.ts'
import { agreementTerms, defaultTerms, inForce } from '../../src/hub/agreement-terms.ts'
import { clearingTermsOf, termsOf } from '../../src/hub/filled-terms.ts'
import type { AgreementVersion } from '../../src/hub/agreement-terms.ts'

const terms = suite('which agreement is in force')

const day = (date: string): Date => new Date(`${date}T00:00:00Z`)

function version(number: number, more: Partial<AgreementVersion<typeof defaultTerms>> = {}) {
  const made = {
    version: number,
    terms: defaultTerms,
    validFrom: null,
    validTo: null,
    ended: false,
  }
  return { ...made, createdAt: day(`2026-01-0${number}`), ...more }
}

terms('without versions nothing is agreed', () => {
  assert.is(inForce([], day('2026-01-01')), null)
})

terms(
  'the highest version whose window contains the time counts, whatever the order of the list',
  () => {
    const versions = [
      version(1),
      version(2, { validFrom: day('2026-02-01'), validTo: day('2026-03-01') }),
    ]
    for (const list of [versions, versions.toReversed()]) {
      assert.is(inForce(list, day('2026-01-31'))?.version, 1)
      assert.is(inForce(list, day('2026-02-01'))?.version, 2)
      assert.is(inForce(list, day('2026-03-01'))?.version, 1)
    }
  },
)

terms('an ended version ends what was agreed from its creation on, and not before', () => {
  const versions = [version(1), version(2, { ended: true, createdAt: day('2026-02-01') })]
  assert.is(inForce(versions, day('2026-01-31'))?.version, 1)
  assert.is(inForce(versions, day('2026-02-01')), null)
  const again = [...versions, version(3, { validFrom: day('2026-04-01') })]
  assert.is(inForce(again, day('2026-03-01')), null)
  assert.is(inForce(again, day('2026-04-01'))?.version, 3)
})

terms('a later version without a start counts from its creation on, and not before', () => {
  const versions = [version(1), version(2)]
  assert.is(inForce(versions, day('2020-01-01'))?.version, 1)
  assert.is(inForce(versions, day('2026-01-01'))?.version, 1)
  assert.is(inForce(versions, day('2026-01-02'))?.version, 2)
})

terms('a version may be agreed for the past by saying so', () => {
  const versions = [version(1), version(2, { validFrom: day('2025-06-01') })]
  assert.is(inForce(versions, day('2025-06-01'))?.version, 2)
})

terms.run()

const filled = suite('terms that are filled')

filled('what nobody agreed is the same for all', () => {
  const full = termsOf(defaultTerms)
  assert.equal(full.tolerance, TERMS.tolerance)
  assert.equal(full.dispute, TERMS.dispute)
  assert.equal(full.auto_dispute, TERMS.auto_dispute)
  assert.equal(full.materiality, TERMS.materiality)
  assert.equal([full.capacity_kwh_max, full.signed_data_required], [300, false])
  assert.equal([full.severities, full.rules], [{}, {}])
})

filled('what was agreed stands, and the rest of its group is filled', () => {
  const full = termsOf({
    ...defaultTerms,
    tolerance: { ...defaultTerms.tolerance, energy: { absolute: '1', relative: '0.01' } },
    dispute: { rounds: 1 },
    materiality: { line: '1.00' },
    signed_data_required: ['DEU'],
  })
  assert.equal(full.tolerance.energy, { absolute: '1', relative: '0.01' })
  assert.equal(full.tolerance.duration, TERMS.tolerance.duration)
  assert.equal(full.dispute, { ...TERMS.dispute, rounds: 1 })
  assert.equal(full.materiality, { ...TERMS.materiality, line: '1.00' })
  assert.equal(full.signed_data_required, ['DEU'])
})

filled('either side may tighten, of each value the strictest counts', () => {
  const full = termsOf({
    ...defaultTerms,
    severities: { Q2: 'S', P1: 'W' },
    tightenings: {
      cpo: {
        severities: { P1: 'S', X1: 'I' },
        tolerance: { cost: { absolute: '0.01', relative: '0.1' } },
      },
      emsp: {
        severities: { Q2: 'W', X1: 'S' },
        tolerance: { cost: { absolute: '0.05', relative: '0.001' } },
        capacity_kwh_max: 150,
      },
    },
  })
  assert.equal(full.severities, { Q2: 'S', P1: 'S', X1: 'S' })
  assert.equal(full.tolerance.cost, { absolute: '0.01', relative: '0.001' })
  assert.equal(full.tolerance.energy, TERMS.tolerance.energy)
  assert.is(full.capacity_kwh_max, 150)
})

filled('a tightening never loosens the table of rules', () => {
  const full = termsOf({ ...defaultTerms, tightenings: { emsp: { severities: { P1: 'I' } } } })
  assert.equal(full.severities, { P1: 'S' })
  assert.equal(clearingTermsOf(defaultTerms).severities, {})
})

filled('they are filled once for each version of an agreement', () => {
  assert.is(termsOf(defaultTerms), termsOf(defaultTerms))
  assert.is(clearingTermsOf(defaultTerms), clearingTermsOf(defaultTerms))
})

filled('the schema takes all of them', () => {
  const checked = Compile(agreementTerms)
  const full = { ...defaultTerms, ...TERMS, rules: { Z7: { speed_kmh: '250' } } }
  assert.ok(checked.Check(JSON.parse(JSON.stringify(full))))
  assert.not.ok(checked.Check({ ...defaultTerms, dispute: { rounds: 0 } }))
  assert.not.ok(checked.Check({ ...defaultTerms, tightenings: { hub: {} } }))
})

filled.run()
