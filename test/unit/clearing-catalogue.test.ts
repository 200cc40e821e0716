import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judgeCredit } from '../../src/clearing/credit.ts'
import { sentenceOf } from '../../src/clearing/findings.ts'
import type { Finding } from '../../src/clearing/findings.ts'
import { judge } from '../../src/clearing/judge.ts'
import type { FindingCode } from '../../src/clearing/rules.ts'
import { RULES, ruleOf, unknownParameters } from '../../src/clearing/rules.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import {
  knownSession,
  knownTariff,
  noTariff,
  period,
  pricedAt,
  soundAgreement,
  soundCreditInput,
  soundInput,
  soundTariff,
} from '../helpers/clearing-case.ts'
import {
  authorization,
  day,
  known,
  reading,
  record,
  rival,
  rivals,
  step,
} from '../helpers/clearing-known.ts'
import { findingReadsWell } from '../helpers/clearing-rules.ts'
import { readsWell } from '../helpers/reads-well.ts'

const catalogue = suite('clearing: the catalogue of findings')

const start = '2026-03-01T10:00:00Z'
const card = (value: Record<string, unknown>): CaseChanges =>
  known({ token: { value, isMultiUse: false, receivedAt: day('08:00:00') } })
const asked = (answer: string | null): CaseChanges => ({
  cdr: { auth_method: 'AUTH_REQUEST' },
  ...known({ authorizations: answer === null ? [] : [authorization({ answer })] }),
})
const twin = { prior: { sameSession: [{ cdrId: 'OTHER-1' }], overlapping: [] } }
const overlap = { owner: 'NL-TNM', cdrId: 'B', start: day('11:00:00'), end: day('13:00:00') }
const empty = {
  charging_periods: [period(start, { ENERGY: 0, TIME: 2 })],
  total_energy: 0,
  total_energy_cost: undefined,
}
const meter = (kwh: string) => ({
  registeredKey: null,
  previousStop: { kwh, at: day('09:00:00'), cdrId: 'OTHER-9' },
})
const replaced = { cdrId: 'FIRST', currency: 'EUR', net: '5', gross: '6', isCredited: true }

/** One case that raises each code, whatever else it raises. */
const CASES: Partial<Record<FindingCode, CaseChanges>> = {
  A1: { token: { state: 'missing' }, waitOver: true },
  A2: card({ valid: false }),
  A3: asked(null),
  A4: card({ whitelist: 'NEVER' }),
  A5: { token: { state: 'foreign', owner: 'FR-XYZ' } },
  A6: asked('NO_CREDIT'),
  A7: { token: { state: 'found', source: 'authorize', afterStart: true } },
  C4: { prior: { sameSession: [{ cdrId: 'OTHER-1', net: '7' }], overlapping: [] } },
  C5: known({ replaced: { ...replaced, expectedNet: null, expectedTax: null } }),
  C6: { cdr: { total_cost: { excl_vat: -6.1 } } },
  C7: known({ replaced: { ...replaced, expectedNet: '4', expectedTax: '0.8' } }),
  D2: twin,
  D4: rivals({ similar: [rival()] }),
  D5: rivals({ similar: [rival({ owner: 'BE-XYZ' })] }),
  D6: rivals({ neighbours: [rival({ start: day('09:00:00'), end: day('09:59:30') })] }),
  G1: known({ signed: [reading({ verdict: 'invalid' })] }),
  G2: known({ signed: [reading({ to: '1015' })] }),
  G3: { agreement: soundAgreement({ signedDataRequired: true }) },
  G4: known({ signed: [reading()], meter: { registeredKey: 'bb'.repeat(40), previousStop: null } }),
  G5: known({ signed: [reading()], meter: meter('1001') }),
  P0: noTariff,
  P1: { priced: pricedAt('5.5', '6.6') },
  P2: { others: { stored: pricedAt('5.1', '6.12'), agreed: null } },
  P3: { others: { stored: null, agreed: pricedAt('5.9', '7.08') } },
  P8: { cdr: { currency: 'SEK' } },
  P9: { priced: pricedAt('6.09', '7.308') },
  P10: { cdr: { total_reservation_cost: { excl_vat: 1, incl_vat: 1.2 } } },
  P11: { tariff: { state: 'stored', tariffs: [soundTariff()], afterStart: true } },
  P12: known({ captured: { total: '5', currency: 'EUR', status: 'SUCCESS', id: 'PAY-1' } }),
  Q1: knownSession({ kwh: 20.1 }),
  Q2: known({ record: record({ kwh: '18' }) }),
  Q3: { location: { maxPowerKw: 3.7 } },
  Q4: { agreement: soundAgreement({ capacityKwhMax: 20 }) },
  Q5: known({
    sessionSteps: [step({ kwh: '9' }), step({ receivedAt: day('11:30:00'), kwh: '6' })],
  }),
  T1: { cdr: { end_date_time: 'later' } },
  T2: { cdr: { charging_periods: [period(start, { ENERGY: 20.2 })] } },
  T3: { cdr: { charging_periods: [period('2026-03-01T09:59:00Z', { ENERGY: 20.4 })] } },
  T4: { cdr: { start_date_time: '1970-01-01T00:00:00Z' } },
  T5: { cdr: { total_energy_cost: { excl_vat: 5.10001 } } },
  V2: { cdr: { total_cost: { excl_vat: 6.1, incl_vat: 7.26 } }, priced: pricedAt('6.1', null) },
  V3: { cdr: { total_cost: { excl_vat: 6.1, incl_vat: 8.78 } }, priced: pricedAt('6.1', null) },
  X1: { session: { state: 'missing' }, waitOver: true },
  X4: { cdr: { ...empty, total_cost: { excl_vat: 1 } }, ...knownSession({ kwh: 0 }), ...noTariff },
  X5: { ...knownSession({ status: 'ACTIVE' }), waitOver: true },
  X6: { ...knownSession({ status: 'INVALID' }), waitOver: true },
  Z1: known({ record: record({ start: day('09:00:00'), end: day('11:00:00') }) }),
  Z2: known({ record: record({ start: day('09:55:00'), end: day('11:55:00') }) }),
  Z3: { prior: { sameSession: [], overlapping: [overlap] } },
  Z4: rivals({ sameConnector: [rival({ start: day('11:00:00'), end: day('13:00:00') })] }),
  Z5: { receivedAt: new Date('2026-06-01T12:00:00Z') },
  Z6: { cdr: { end_date_time: '2026-03-01T09:00:00Z' } },
  Z7: {
    ...rivals({
      before: { ...rival({ end: day('09:55:00') }), latitude: '48.1', longitude: '11.5' },
    }),
    cdr: { cdr_location: { coordinates: { latitude: '52.0907', longitude: '5.1214' } } },
  },
  Z8: knownSession({ start_date_time: start, end_date_time: '2026-03-01T11:30:00Z' }),
}

/** What other parts of the hub find: at the door, by the receiver, in the comparison of a month. */
const ELSEWHERE: Partial<Record<FindingCode, Record<string, string>>> = {
  D1: { times: 'once' },
  D3: { id: 'CDR-1' },
  R1: { receiver: 'DE-EMA', answer: 'it does not know the token' },
  X2: { session: 'SES-1', end: '2026-03-01 12:00 UTC', age: '3 d' },
  X3: {
    record: 'R-1',
    receiver: 'DE-EMA',
    kwh: '20.4 kWh',
    start: '2026-03-01 10:00 UTC',
    owner: 'NL-TNM',
  },
  S4: {
    count: '210',
    from: '1 March 2026',
    until: '31 March 2026',
    mean: '0.03 EUR',
    sum: '6.30 EUR',
  },
}

/** Cases that stand in clearing-why.test.ts, since they need a price that is reckoned. */
const PRICED = ['P4', 'P5', 'P6', 'P7']
const CREDITS = ['C1', 'C2', 'C3']

/** Settlement, §4.2, without V1, V4 and S1 to S3; and what the hub has besides. */
const WANTED =
  'T1 T2 T3 T4 D1 D2 D3 D4 D5 D6 X1 X2 X3 X4 A1 A2 A3 A4 A5 A6 Z1 Z2 Z3 Z4 Z5 Z6 Z7 Z8 Q1 Q2 Q3 Q4 Q5 G1 G2 G3 G4 G5 ' +
  'P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 V2 V3 C1 C2 C3 C4 C5 S4 A7 X5 X6 C6 C7 T5 P0 R1'

catalogue('it has every code, each with a title, a sentence, a remedy and a version', () => {
  assert.equal(Object.keys(RULES).toSorted(), WANTED.split(' ').toSorted())
  for (const [code, rule] of Object.entries(RULES)) {
    assert.ok(rule.version >= 1 && rule.title.length > 0 && rule.remedy.length > 0, code)
    for (const text of [rule.title, rule.sentence, rule.remedy]) {
      assert.not.match(text, /\b[ACDGPQRSTVXZ][0-9]{1,2}\b/, code)
      assert.not.match(text, / {2}|\.\.|[A-Z]_[A-Z]{2,}_/, code)
    }
    assert.not.match(rule.title, /[.{]|^[A-Z]/, code)
    assert.not.match(rule.remedy, /[.]$/, code)
  }
})

catalogue('every code has a case that raises it', () => {
  const raised = [...Object.keys(CASES), ...Object.keys(ELSEWHERE), ...PRICED, ...CREDITS]
  assert.equal(raised.toSorted(), WANTED.split(' ').toSorted())
})

for (const [code, changes] of Object.entries(CASES))
  catalogue(`${code} is raised, and reads well`, () => {
    const judgement = judge(soundInput(changes))
    const found = judgement.findings.filter((finding) => finding.code === code)
    assert.is(found.length, 1)
    assert.is((judgement.atRisk === null) === (judgement.verdict !== 'hold'), true)
    for (const finding of judgement.findings) whole(finding)
  })

for (const [code, original] of [
  ['C1', { state: 'missing' }],
  ['C2', { state: 'found', value: {}, cdrState: 'provisional', isCredit: false, creditedBy: null }],
  [
    'C3',
    { state: 'found', value: {}, cdrState: 'credited', isCredit: false, creditedBy: 'CDR-1-B' },
  ],
] as const)
  catalogue(`${code} is raised by a credit, and reads well`, () => {
    const { findings } = judgeCredit(soundCreditInput({ original, waitOver: true }))
    assert.ok(findings.some((finding) => finding.code === code))
    for (const finding of findings) whole(finding)
  })

for (const [code, words] of Object.entries(ELSEWHERE))
  catalogue(`the sentence of ${code} is whole`, () => {
    const known = Object.keys(RULES).find((each): each is FindingCode => each === code)
    assert.ok(known)
    const sentence = sentenceOf(known ?? 'T1', words)
    assert.match(sentence, /^[^{}]+[.]$/)
    readsWell(sentence)
  })

catalogue('numbers of rules are agreed by code and name', () => {
  const numbers = (speed_kmh: string) => ({
    agreement: soundAgreement({ parameters: { Z7: { speed_kmh } } }),
    ...rivals({
      before: { ...rival({ end: day('08:00:00') }), latitude: '52.6', longitude: '5.1' },
    }),
    cdr: { cdr_location: { coordinates: { latitude: '52.0', longitude: '5.1' } } },
  })
  assert.is(judge(soundInput(numbers('200'))).findings.length, 0)
  const [finding] = judge(soundInput(numbers('30'))).findings
  assert.is(finding?.code, 'Z7')
  assert.equal(finding?.explanation.parameters, { speed_kmh: '30', distance_km: '10' })
})

catalogue('what puts less at risk than was agreed to hold is only told', () => {
  const outcome = (lineMin: string) => {
    const { verdict, atRisk, findings } = judge(
      soundInput({ ...CASES.P1, agreement: soundAgreement({ lineMin }) }),
    )
    return [verdict, atRisk, findings[0]?.severity]
  }
  assert.equal(outcome('0.72'), ['hold', { net: '0.6', tax: '0.12' }, 'S'])
  assert.equal(outcome('0.73'), ['clear', null, 'W'])
})

catalogue('numbers that no rule has are named', () => {
  const rules = { Z7: { speed_kmh: '1', height_m: '2' }, P1: { any: '1' }, toString: { any: '1' } }
  assert.equal(unknownParameters(rules), [
    { code: 'Z7', name: 'height_m' },
    { code: 'P1', name: 'any' },
    { code: 'toString', name: 'any' },
  ])
})

catalogue('times are told by the clock of the place, with UTC beside them', () => {
  const place = {
    location: {},
    evse: {},
    connector: {},
    timeZone: 'Europe/Amsterdam',
    receivedAt: day('08:00:00'),
    hash: 'aa',
  }
  const [finding] = judge(soundInput({ ...CASES.Z3, known: { place } })).findings
  assert.match(finding?.message ?? '', '2026-03-01 12:00 Europe/Amsterdam (11:00 UTC)')
})

catalogue('inputs say when and as what the hub got them', () => {
  const [finding] = judge(soundInput({ ...CASES.Q2, receivedAt: day('12:06:00') })).findings
  assert.equal(
    finding?.inputs.map(({ source, received_at: at, hash }) => [source, at, hash]),
    [
      ['cdr', '2026-03-01T12:06:00.000Z', null],
      ['record', '2026-03-01T13:00:00.000Z', 'cd'.repeat(32)],
    ],
  )
})

catalogue.run()

function whole(finding: Finding): void {
  findingReadsWell(finding)
  assert.is(finding.explanation.rule_version, ruleOf(finding.code)?.version)
  assert.is(finding.severity === 'S' && finding.atRisk === null, false)
}
