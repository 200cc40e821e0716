import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Judgement } from '../../src/clearing/judge.ts'
import { period } from '../helpers/clearing-case.ts'
import { fourPlaces, judged } from '../helpers/clearing-reading.ts'
import type { Wrong } from '../helpers/clearing-reading.ts'
import { findingReadsWell } from '../helpers/clearing-rules.ts'
import { day, known, record } from '../helpers/clearing-known.ts'

const why = suite('clearing: why a price differs')

const price = (type: string, amount: number, step = 1) => ({ type, price: amount, step_size: step })

const cases: Wrong[] = [
  {
    name: 'steps applied to every period',
    code: 'P4',
    elements: [{ price_components: [price('ENERGY', 0.5), price('TIME', 3, 1800)] }],
    policy: { step_size: 'period' },
  },
  {
    name: 'no steps at all',
    code: 'P4',
    elements: [{ price_components: [price('ENERGY', 0.5, 5000)] }],
    policy: { step_size: 'none' },
  },
  {
    name: 'parking as charging',
    code: 'P5',
    elements: [{ price_components: [price('TIME', 6), price('PARKING_TIME', 1)] }],
    policy: { parking_time: 'charging' },
  },
  {
    name: 'a grace period that was not granted',
    code: 'P5',
    elements: [
      { price_components: [price('ENERGY', 0.5)] },
      { price_components: [price('PARKING_TIME', 6)], restrictions: { min_duration: 5000 } },
    ],
    instead: [
      { price_components: [price('ENERGY', 0.5)] },
      { price_components: [price('PARKING_TIME', 6)] },
    ],
  },
  {
    name: 'a window read in UTC',
    code: 'P6',
    elements: [
      {
        price_components: [price('ENERGY', 0.9)],
        restrictions: { start_time: '10:00', end_time: '11:00' },
      },
      { price_components: [price('ENERGY', 0.3)] },
    ],
    timeZone: 'UTC',
  },
  {
    name: 'a window that was not looked at',
    code: 'P6',
    elements: [
      {
        price_components: [price('ENERGY', 0.9)],
        restrictions: { start_time: '20:00', end_time: '22:00' },
      },
      { price_components: [price('ENERGY', 0.3)] },
    ],
    instead: [{ price_components: [price('ENERGY', 0.9)] }],
  },
  {
    name: 'a max_price that was not kept',
    code: 'P7',
    elements: [{ price_components: [price('ENERGY', 0.5)] }],
    more: { max_price: { excl_vat: 8 } },
    policy: { price_limits: 'ignored' },
  },
]

for (const row of cases)
  why(row.name, () => {
    const { code } = row
    const judgement = judged(row)
    assert.equal(codes(judgement), ['P1', code])
    const [wrong, cause] = judgement.findings
    const isLess = wrong?.difference?.startsWith('-') === true
    assert.equal([judgement.verdict, judgement.code], isLess ? ['clear', null] : ['hold', 'P1'])
    assert.is(cause?.severity, isLess ? 'W' : 'S')
    assert.is(wrong?.severity, cause?.severity)
    assert.is(cause?.atRisk, null)
    assert.equal(judgement.atRisk, wrong?.atRisk)
    for (const finding of judgement.findings) findingReadsWell(finding)
  })

why('a least price that was not kept costs the eMSP nothing', () => {
  const judgement = judged({
    name: '',
    code: 'P7',
    elements: [{ price_components: [price('ENERGY', 0.5)] }],
    more: { min_price: { excl_vat: 30 } },
    policy: { price_limits: 'ignored' },
  })
  assert.equal(codes(judgement), ['P1', 'P7'])
  assert.equal([judgement.verdict, judgement.atRisk], ['clear', null])
})

why('what explains a price decides nothing where the price was agreed to be a warning', () => {
  const row = cases[0]
  assert.ok(row)
  const judgement = judged(row, { P1: 'W' })
  assert.equal(codes(judgement), ['P1', 'P4'])
  assert.equal([judgement.verdict, judgement.atRisk], ['clear', null])
  const prior = { sameSession: [{ cdrId: 'B' }], overlapping: [] }
  const held = judged(row, { P1: 'W' }, { prior })
  assert.equal(
    held.findings.map(({ code, severity }) => `${code} ${severity}`),
    ['D2 S', 'P1 W', 'P4 W'],
  )
})

why('what another reading gives exactly is no tax that was left inside', () => {
  // Steps of 5 kWh make 30 kWh of twice 10.2, and 25 kWh of 20.4: 20 % more, which is the tax.
  const component = { type: 'ENERGY', price: 0.5, step_size: 5000, vat: 20 }
  const elements = [{ price_components: [component] }]
  const judgement = judged({ name: '', code: '', elements, policy: { step_size: 'period' } })
  assert.equal(codes(judgement), ['P1', 'P4'])
})

why('a price with its tax inside gives the amount with tax', () => {
  const component = (amount: number) => [
    { price_components: [{ type: 'ENERGY', price: amount, step_size: 1, vat: 19 }] },
  ]
  const [wrong] = judged({
    name: '',
    code: '',
    elements: component(0.5),
    instead: component(0.6),
    more: { tax_included: 'YES' },
  }).findings
  assert.is(
    wrong?.explanation.steps[0],
    '20.4 kWh × 0.50 EUR = 10.20 EUR with tax, which is 8.571429 EUR without it',
  )
})

why('a price that nothing explains is only wrong', () => {
  const judgement = judged({
    ...anyCase(),
    policy: {},
    instead: [{ price_components: [price('ENERGY', 0.77)] }],
  })
  assert.equal(codes(judgement), ['P1'])
})

why('a difference that lies in the idle time is told where no reading gives it', () => {
  const elements = [{ price_components: [price('ENERGY', 0.5), price('PARKING_TIME', 6)] }]
  const other = [{ price_components: [price('ENERGY', 0.5), price('PARKING_TIME', 9.77)] }]
  const judgement = judged({ name: '', code: '', elements, instead: other })
  assert.equal(codes(judgement), ['P1', 'P5'])
  assert.match(judgement.findings[1]?.message ?? '', /lies in the idle time: 9\.5746 EUR/)
})

why('also where the CDR states no parts, and all of the session is billed as idle time', () => {
  const elements = [{ price_components: [price('ENERGY', 0.5), price('PARKING_TIME', 6)] }]
  const billed = (hours: number) => {
    const total_cost = { excl_vat: fourPlaces(10.2 + hours * 6) }
    const cdr = { total_cost, total_parking_cost: undefined }
    return judged({ name: '', code: '', elements }, {}, { cdr })
  }
  const judgement = billed(2)
  assert.equal(codes(judgement), ['P1', 'P5'])
  assert.match(judgement.findings[1]?.message ?? '', /all of the 2 h are billed as parking, 12\.00/)
  assert.equal(codes(billed(1.9)), ['P1'])
})

why('and where nothing of it was idle', () => {
  const elements = [{ price_components: [price('ENERGY', 0.5), price('PARKING_TIME', 6)] }]
  const charging_periods = [period('2026-03-01T10:00:00Z', { ENERGY: 20.4, TIME: 2 })]
  const billed = (total: number) => {
    const parts = { total_parking_cost: undefined, total_parking_time: undefined }
    const cdr = { charging_periods, total_cost: { excl_vat: total }, ...parts }
    return judged({ name: '', code: '', elements }, {}, { cdr })
  }
  assert.equal(codes(billed(22.2)), ['P1', 'P5'])
  assert.match(
    billed(22.2).findings[1]?.message ?? '',
    /idle for 0 h, which the tariff gives 0\.00/,
  )
  assert.equal(codes(billed(19)), ['P1'])
})

why('a reservation that was none is no tax, even where the sums agree by chance', () => {
  const elements = [{ price_components: [{ ...price('ENERGY', 0.5), vat: 20 }] }]
  // 20.4 kWh cost 10.20 EUR, with tax 12.24 EUR.
  const total_cost = { excl_vat: 12.24, incl_vat: 14.688 }
  const billed = (cdr: Record<string, unknown>) =>
    codes(judged({ name: '', code: '', elements }, {}, { cdr: { total_cost, ...cdr } }))
  assert.equal(billed({ total_reservation_cost: { excl_vat: 2.04 } }), ['P1', 'P10'])
  assert.equal(billed({}), ['V3', 'P1'])
})

why('the bill is told line by line', () => {
  const [wrong] = judged(anyCase()).findings
  assert.equal(wrong?.explanation.steps.slice(0, 2), [
    '20.4 kWh × 0.50 EUR = 10.20 EUR',
    '1.5 h of time × 3.00 EUR = 4.50 EUR',
  ])
})

why('a time shift is severe where the price depends on it', () => {
  const elements = [
    {
      price_components: [price('ENERGY', 0.9)],
      restrictions: { start_time: '11:00', end_time: '13:00' },
    },
    { price_components: [price('ENERGY', 0.3)] },
  ]
  const facts = known({ record: record({ start: day('06:00:00'), end: day('08:00:00') }) })
  const judgement = judged({ name: '', code: '', elements }, {}, facts)
  assert.equal(codes(judgement), ['Z1'])
  assert.equal([judgement.verdict, judgement.code], ['hold', 'Z1'])
  assert.equal(judgement.atRisk, { net: '12.24', tax: null })
})

why(
  'a period that was not cut where the price changes is reported, and nothing held for an estimate',
  () => {
    const until = (end: string) => [
      {
        price_components: [price('ENERGY', 0.9)],
        restrictions: { start_time: '11:00', end_time: end },
      },
      { price_components: [price('ENERGY', 0.3)] },
    ]
    // Local time is an hour ahead: the second period runs from 11:30:36 to 12:01:12, and the price falls at 11:45.
    const dear = judged({ name: '', code: '', elements: until('11:45') })
    assert.equal(codes(dear), ['P6'])
    assert.equal([dear.verdict, dear.atRisk, dear.findings[0]?.severity], ['clear', null, 'W'])
    const message = dear.findings[0]?.message ?? ''
    assert.match(message, /18\.36 EUR/)
    // 10.2 × 0.90, and of the other 10.2 kWh 14.4 of 30.6 minutes at 0.90 and 16.2 at 0.30.
    assert.match(message, /about 15\.12 EUR/)
    for (const finding of dear.findings) findingReadsWell(finding)
    const cheap = judged({
      name: '',
      code: '',
      elements: [
        {
          price_components: [price('ENERGY', 0.3)],
          restrictions: { start_time: '11:00', end_time: '11:45' },
        },
        { price_components: [price('ENERGY', 0.9)] },
      ],
    })
    assert.equal([codes(cheap), cheap.findings[0]?.severity], [['P6'], 'I'])
    assert.equal(codes(judged({ name: '', code: '', elements: until('12:30') })), [])
  },
)

why.run()

function anyCase(): Wrong {
  const [first] = cases
  assert.ok(first)
  return first
}

function codes({ findings }: Judgement): string[] {
  return findings.map(({ code }) => code)
}
