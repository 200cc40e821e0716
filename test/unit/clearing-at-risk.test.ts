import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judge } from '../../src/clearing/judge.ts'
import type { Judgement } from '../../src/clearing/judge.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import {
  knownSession,
  period,
  pricedAt,
  soundAgreement,
  soundInput,
} from '../helpers/clearing-case.ts'
import { known, reading } from '../helpers/clearing-known.ts'

const risk = suite('clearing: what is at risk')

const start = '2026-03-01T10:00:00Z'
const untaxed = { total_cost: { excl_vat: 6.1 } }

const cases: { name: string; changes: CaseChanges; atRisk: Judgement['atRisk'] }[] = [
  { name: 'a sound CDR: nothing', changes: {}, atRisk: null },
  {
    name: 'a price: the claim beyond it',
    changes: { priced: pricedAt('4.1', '4.92') },
    atRisk: { net: '2', tax: '0.4' },
  },
  {
    name: 'a price whose tax nobody knows: the tax in proportion',
    changes: { priced: pricedAt('4', null) },
    atRisk: { net: '2.1', tax: '0.42' },
  },
  {
    name: 'a claim that states no tax: none of it',
    changes: { cdr: untaxed, priced: pricedAt('4.1', '4.92') },
    atRisk: { net: '2', tax: null },
  },
  {
    name: 'a price with tax alone: net and tax in proportion',
    changes: { priced: pricedAt('6.1', '6.1') },
    atRisk: { net: '0', tax: '1.22' },
  },
  { name: 'a price of nothing: all', changes: { priced: pricedAt('0', '0') }, atRisk: 'all' },
  {
    name: 'a price far below nothing: no more than all',
    changes: { priced: pricedAt('-9', '-10.8') },
    atRisk: 'all',
  },
  {
    name: 'a price above the claim: nothing',
    changes: { priced: pricedAt('9', '10.8') },
    atRisk: null,
  },
  {
    name: 'less without tax and more of it: what is more with tax',
    changes: {
      cdr: { total_cost: { excl_vat: 6.1, incl_vat: 8 } },
      priced: pricedAt('6.5', '7.8'),
    },
    atRisk: { net: '0', tax: '0.2' },
  },
  {
    name: 'energy: its share of what the energy costs',
    changes: knownSession({ kwh: 15.3 }),
    atRisk: { net: '1.275', tax: '0.255' },
  },
  {
    name: 'energy of a third: rounded half up to 6 decimals',
    changes: {
      ...knownSession({ kwh: 13.6 }),
      cdr: { total_energy_cost: { excl_vat: 5, incl_vat: 6 }, total_fixed_cost: { excl_vat: 1.1 } },
    },
    atRisk: { net: '1.666667', tax: '0.333333' },
  },
  {
    name: 'energy that costs nothing: nothing',
    changes: {
      ...knownSession({ kwh: 15.3 }),
      cdr: { total_energy_cost: { excl_vat: 0 }, total_time_cost: { excl_vat: 5.1 } },
    },
    atRisk: null,
  },
  {
    name: 'energy whose cost nobody states: its share of the claim',
    changes: {
      ...knownSession({ kwh: 15.3 }),
      cdr: { total_energy_cost: undefined, total_fixed_cost: undefined },
    },
    atRisk: { net: '1.525', tax: '0.305' },
  },
  {
    name: 'a signature that does not fit: all of the energy',
    changes: known({ signed: [reading({ verdict: 'invalid' })] }),
    atRisk: { net: '5.1', tax: '1.02' },
  },
  {
    name: 'a duplicate: all',
    changes: { prior: { sameSession: [{ cdrId: 'B' }], overlapping: [] } },
    atRisk: 'all',
  },
  {
    name: 'several: the most, not the sum',
    changes: { ...knownSession({ kwh: 20.1 }), priced: pricedAt('4.1', '4.92') },
    atRisk: { net: '2', tax: '0.4' },
  },
  {
    name: 'what was agreed to be a warning: nothing',
    changes: {
      priced: pricedAt('4.1', '4.92'),
      agreement: soundAgreement({ severities: { P1: 'W' } }),
    },
    atRisk: null,
  },
  {
    name: 'energy that its periods do not hold: the difference, whichever is larger',
    changes: { cdr: { charging_periods: [period(start, { ENERGY: 20.8 })] } },
    atRisk: { net: '0.1', tax: '0.02' },
  },
]

for (const { name, changes, atRisk } of cases)
  risk(name, () => {
    const judgement = judge(soundInput(changes))
    assert.equal(judgement.atRisk, atRisk)
    assert.is(judgement.verdict, atRisk === null ? 'clear' : 'hold')
  })

const free = {
  total_cost: { excl_vat: 0 },
  total_energy_cost: undefined,
  total_fixed_cost: undefined,
}

const early = period('2026-03-01T09:59:00Z', { ENERGY: 20.4 })

risk('a claim of nothing holds nothing, and a duplicate of no amount is refused', () => {
  const judged = judge(
    soundInput({ cdr: { ...free, charging_periods: [early] }, priced: pricedAt('0', '0') }),
  )
  assert.equal([judged.verdict, judged.atRisk], ['clear', null])
  const [finding] = judged.findings
  assert.is(finding?.code, 'T3')
  assert.is(finding?.explanation.decision, 'Nothing is held for it: nothing is claimed.')
  const prior = { sameSession: [{ cdrId: 'B' }], overlapping: [] }
  const twice = judge(soundInput({ prior, cdr: free, priced: pricedAt('0', '0') }))
  assert.equal([twice.verdict, twice.code], ['quarantine', 'D2'])
})

/** 20.4 kWh at 0.25 and a start fee of 1.00, with 20 % tax: 1.10 and its tax less than the sound CDR claims. */
const bill = (more: object = {}): CaseChanges => {
  const none = { excl: '0', incl: '0' }
  const priced = {
    ok: true as const,
    currency: 'EUR',
    total: { excl: '6.1', incl: '7.32' },
    dimensions: {
      energy: { excl: '5.1', incl: '6.12' },
      time: none,
      parking: none,
      reservation: none,
      fixed: { excl: '1', incl: '1.2' },
    },
    quantities: {
      ...{ energyKwh: '20.4', timeH: '2', parkingH: '0', reservationH: '0' },
      sessionH: '2',
      billed: { energyKwh: '20.4', timeH: '2', parkingH: '0', reservationH: '0' },
    },
    ...more,
  }
  return { priced }
}
const dear = {
  total_cost: { excl_vat: 7.2, incl_vat: 8.64 },
  total_energy_cost: undefined,
  total_fixed_cost: undefined,
}

risk('a price too high and energy too much are both held, the second at the right price', () => {
  const changes = { ...knownSession({ kwh: 15.3 }), ...bill(), cdr: dear }
  const { findings, code, atRisk, beside } = judge(soundInput(changes))
  assert.is(code, 'Q1')
  assert.equal(atRisk, { net: '1.275', tax: '0.255' })
  assert.equal(beside, { code: 'P1', atRisk: { net: '1.1', tax: '0.22' } })
  assert.equal(
    findings.map(({ explanation }) => explanation.decision),
    [
      '1.28 EUR (1.53 EUR with tax) of the claim of 7.20 EUR are held until this is decided, and 1.10 EUR for another finding; the rest, 4.82 EUR, settles.',
      '1.10 EUR (1.32 EUR with tax) of the claim of 7.20 EUR are held until this is decided, and 1.28 EUR for another finding; the rest, 4.82 EUR, settles.',
    ],
  )
})

risk('what periods and total differ by is told at the price of the periods', () => {
  const cdr = { total_energy: 21.4, total_energy_cost: undefined, total_fixed_cost: undefined }
  const session = knownSession({ kwh: 21.4 })
  const [finding] = judge(soundInput({ ...session, ...bill(), cdr })).findings
  assert.is(finding?.code, 'T2')
  const steps = finding?.explanation.steps.join('; ') ?? ''
  assert.match(steps, '5.10 EUR for 20.4 kWh, so 1 kWh are 0.25 EUR')
})

risk('two signs of one fault are held once', () => {
  const session = knownSession({ kwh: 15.3 })
  const one = (changes: CaseChanges) => {
    const { code, beside } = judge(soundInput({ ...session, cdr: dear, ...changes }))
    return [code, beside]
  }
  // What is priced is what the session says: the price differs because the total energy is billed.
  const { quantities, ...rest } = { quantities: { ...SHORT, sessionH: '2', billed: SHORT } }
  assert.equal(one(bill({ ...rest, quantities })), ['Q1', null])
  assert.equal(one(bill({ clamp: { excl: '-1', incl: '-1.2' } })), ['Q1', null])
})

const SHORT = { energyKwh: '15.3', timeH: '2', parkingH: '0', reservationH: '0' }

risk('the finding that holds most says so, the others that it does', () => {
  const { findings, code } = judge(
    soundInput({ ...knownSession({ kwh: 20.1 }), priced: pricedAt('4.1', '4.92') }),
  )
  const [energy, price] = findings.map(({ explanation }) => explanation.decision)
  assert.is(code, 'P1')
  assert.is(
    energy,
    '0.08 EUR (0.09 EUR with tax) of the claim of 6.10 EUR are at risk; no less than that is held for another finding.',
  )
  assert.is(
    price,
    '2.00 EUR (2.40 EUR with tax) of the claim of 6.10 EUR are held until this is decided; the rest, 4.10 EUR, settles.',
  )
})

risk.run()
