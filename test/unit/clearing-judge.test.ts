import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { belowFloor } from '../../src/clearing/severities.ts'
import { judge } from '../../src/clearing/judge.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import {
  knownSession,
  noTariff,
  pricedAt,
  soundAgreement,
  soundInput,
  soundTariff,
} from '../helpers/clearing-case.ts'

const told = suite('clearing findings')

told('the example CDR of OCPI 2.2.1 gets no finding above info', () => {
  const tariffs = [
    {
      id: '12',
      currency: 'EUR',
      elements: [{ price_components: [{ type: 'TIME', price: 2, vat: 10, step_size: 300 }] }],
    },
  ]
  const judgement = judge(
    soundInput({
      cdr: {
        start_date_time: '2015-06-29T21:39:09Z',
        end_date_time: '2015-06-29T23:37:32Z',
        charging_periods: [
          {
            start_date_time: '2015-06-29T21:39:09Z',
            dimensions: [{ type: 'TIME', volume: 1.973 }],
            tariff_id: '12',
          },
        ],
        total_cost: { excl_vat: 4, incl_vat: 4.4 },
        total_fixed_cost: undefined,
        total_energy_cost: undefined,
        total_energy: 15.342,
        total_time: 1.973,
        total_time_cost: { excl_vat: 4, incl_vat: 4.4 },
      },
      tariff: { state: 'own', tariffs },
      receivedAt: new Date('2015-06-29T23:40:00Z'),
      priced: pricedAt('4', '4.4'),
      ...knownSession({ kwh: 15.342 }),
    }),
  )
  assert.equal(judgement.findings, [])
  assert.is(judgement.verdict, 'clear')
})

told('a tolerance has the digits of its currency, or those of the difference beside it', () => {
  const said = (currency: string, cost: string, price: string) =>
    judge(
      soundInput({
        cdr: { currency, total_cost: { excl_vat: Number(cost) } },
        tariff: { state: 'own', tariffs: [soundTariff({ currency })] },
        priced: { ok: true, currency, total: { excl: price, incl: null } },
      }),
    ).findings.find(({ code }) => code === 'P1')?.message ?? ''
  assert.match(said('JPY', '600', '555'), /: 45 JPY apart, 2 JPY are tolerated\.$/)
  assert.match(said('KWD', '6.1', '5.55'), /: 0\.550 KWD apart, 0\.027 KWD are tolerated\.$/)
  assert.match(said('EUR', '6.1234', '5.55'), /: 0\.5734 EUR apart, 0\.0277 EUR are tolerated\.$/)
})

told('a finding explains the difference in numbers and words', () => {
  const [finding] = judge(soundInput({ priced: pricedAt('5.5', '6.6') })).findings
  assert.equal(finding, {
    code: 'P1',
    severity: 'S',
    message:
      'The CDR claims 6.10 EUR without tax, the tariff gives 5.50 EUR: 0.60 EUR apart, 0.02 EUR are tolerated.',
    inputs: [
      {
        field: '/total_cost/excl_vat',
        source: 'cdr',
        value: '6.1',
        received_at: '2026-03-01T12:06:00.000Z',
        hash: null,
      },
      { field: '/total/excl', source: 'pricing', value: '5.5', received_at: null, hash: null },
    ],
    expected: '5.5',
    actual: '6.1',
    difference: '0.6',
    tolerance: '0.0275',
    explanation: {
      rule_version: 1,
      confidence: 'certain',
      unit: 'EUR',
      steps: [
        '6.10 EUR claimed − 5.50 EUR by the tariff = 0.60 EUR without tax',
        'tolerated: 0.02 EUR',
      ],
      decision:
        '0.60 EUR (0.72 EUR with tax) of the claim of 6.10 EUR are held until this is decided; the rest, 5.50 EUR, settles.',
      counterfactual: 'It would pass if it claimed 5.50 EUR without tax, 0.02 EUR more or less.',
      parameters: {},
      at_risk: { net: '0.6', tax: '0.12' },
    },
    atRisk: { net: '0.6', tax: '0.12' },
  })
})

told('the claim is read exactly', () => {
  assert.equal(judge(soundInput()).amounts, { currency: 'EUR', net: '6.1', tax: '1.22' })
})

told('an overlap names the other CDR only to its own sender', () => {
  const messageFor = (owner: string): string => {
    const other = {
      owner,
      cdrId: 'OTHER-7',
      start: new Date('2026-03-01T11:00:00Z'),
      end: new Date('2026-03-01T13:00:00Z'),
    }
    const prior = { sameSession: [], overlapping: [other] }
    return JSON.stringify(judge(soundInput({ prior })).findings)
  }
  assert.match(
    messageFor('NL-TNM'),
    'OTHER-7 runs from 2026-03-01 11:00 UTC to 2026-03-01 13:00 UTC',
  )
  assert.not.match(messageFor('BE-XYZ'), /OTHER-7|13:00/)
})

told.run()

const waiting = suite('clearing waits')

const absent: { name: string; changes: CaseChanges; missing: string[] }[] = [
  { name: 'the session', changes: { session: { state: 'missing' } }, missing: ['session'] },
  { name: 'its completion', changes: knownSession({ status: 'ACTIVE' }), missing: ['completion'] },
  { name: 'the token', changes: { token: { state: 'missing' } }, missing: ['token'] },
  {
    name: 'the tariff',
    changes: { tariff: { state: 'missing' }, priced: null },
    missing: ['tariff'],
  },
  {
    name: 'all of them',
    changes: {
      session: { state: 'missing' },
      token: { state: 'missing' },
      tariff: { state: 'missing' },
      priced: null,
    },
    missing: ['session', 'token', 'tariff'],
  },
]

for (const row of absent) {
  waiting(`a CDR waits for ${row.name}`, () => {
    const judgement = judge(soundInput(row.changes))
    assert.is(judgement.verdict, 'wait')
    assert.equal(judgement.missing, row.missing)
    assert.equal(judgement.findings, [])
  })
  waiting(`a CDR is judged without ${row.name} when the wait is over`, () => {
    const judgement = judge(soundInput({ ...row.changes, waitOver: true }))
    assert.is.not(judgement.verdict, 'wait')
    assert.ok(judgement.findings.length > 0)
  })
}

waiting('a severe finding waits like anything else', () => {
  const changes: CaseChanges = { session: { state: 'missing' }, priced: pricedAt('1', '1.2') }
  assert.is(judge(soundInput(changes)).verdict, 'wait')
})

waiting('a token of another eMSP decides at once, before anything else', () => {
  const judgement = judge(
    soundInput({
      token: { state: 'foreign', owner: 'FR-XYZ' },
      session: { state: 'missing' },
      cdr: { currency: 'EUX', end_date_time: '2026-03-01T09:00:00Z' },
    }),
  )
  assert.is(judgement.verdict, 'quarantine')
  assert.is(judgement.code, 'A5')
})

waiting('a CDR that cannot be read decides at once', () => {
  const changes: CaseChanges = { session: { state: 'missing' }, cdr: { end_date_time: '' } }
  const judgement = judge(soundInput(changes))
  assert.is(judgement.verdict, 'quarantine')
  assert.is(judgement.code, 'T1')
})

waiting.run()

const agreed = suite('clearing severities')

const strict: {
  name: string
  code: string
  severity: 'F' | 'S' | 'W' | 'I'
  changes: CaseChanges
  verdict: string
}[] = [
  {
    name: 'loosens',
    code: 'P1',
    severity: 'W',
    changes: { priced: pricedAt('1', '1.2') },
    verdict: 'clear',
  },
  { name: 'tightens', code: 'P0', severity: 'S', changes: { ...noTariff }, verdict: 'hold' },
  {
    name: 'makes fatal',
    code: 'Q1',
    severity: 'F',
    changes: knownSession({ kwh: 5 }),
    verdict: 'quarantine',
  },
  {
    name: 'leaves a milder grade alone',
    code: 'T2',
    severity: 'F',
    changes: { cdr: { total_time: 2.0169 } },
    verdict: 'clear',
  },
  {
    name: 'of a code that does not exist changes nothing',
    code: 'toString',
    severity: 'F',
    changes: {},
    verdict: 'clear',
  },
]

const floors: { code: string; changes: CaseChanges; verdict: string }[] = [
  {
    code: 'A5',
    changes: { token: { state: 'foreign', owner: 'FR-XYZ' } },
    verdict: 'quarantine',
  },
  { code: 'T1', changes: { cdr: { end_date_time: '' } }, verdict: 'quarantine' },
  { code: 'P8', changes: { cdr: { currency: 'EUX' } }, verdict: 'quarantine' },
  {
    code: 'D2',
    changes: { prior: { sameSession: [{ cdrId: 'B' }], overlapping: [] } },
    verdict: 'hold',
  },
]

for (const row of floors) {
  agreed(`an agreed severity never goes below the floor of ${row.code}`, () => {
    const agreement = soundAgreement({ severities: { [row.code]: 'I' } })
    assert.is(judge(soundInput({ ...row.changes, agreement })).verdict, row.verdict)
  })
}

agreed('severities below the floor of their rule are named with it', () => {
  const severities = { C1: 'S', D2: 'W', C2: 'F', P1: 'I', Q99: 'I', toString: 'I' } as const
  assert.equal(belowFloor(severities), [
    { code: 'C1', floor: 'F' },
    { code: 'D2', floor: 'S' },
  ])
})

for (const row of strict) {
  agreed(`an agreed severity ${row.name}`, () => {
    const agreement = soundAgreement({ severities: { [row.code]: row.severity } })
    assert.is(judge(soundInput({ ...row.changes, agreement })).verdict, row.verdict)
  })
}

agreed.run()
