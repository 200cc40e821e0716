import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ClearingInput } from '../../src/clearing/input.ts'
import { judge } from '../../src/clearing/judge.ts'
import type { FindingCode } from '../../src/clearing/rules.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { soundCdr, soundInput, soundTariff } from '../helpers/clearing-case.ts'
import { knownOf, witness } from '../helpers/clearing-witness.ts'
import { seed, size } from '../helpers/seed.ts'

const laws = suite('clearing laws')

/** How a sender rounds what it states: decimals, and half up or cut off. */
type Rounding = { places: number; cut: boolean }
type Session = {
  startS: number
  pieces: { seconds: number; wh: number; parked: boolean }[]
  prices: { energy: number; time: number; parking: number; flat: number }
  stepSize: number
  vat: number | null
  minPrice: number | null
  maxPrice: number | null
  money: Rounding
  hourPlaces: number
  statesParts: boolean
}

const cents = (most: number) => fc.integer({ min: 0, max: most }).map((value) => value / 100)
const rounding = fc.record({ places: fc.constantFrom(2, 3, 4), cut: fc.boolean() })
const session: fc.Arbitrary<Session> = fc.record({
  startS: fc.integer({ min: 0, max: 10 * 86_400 }),
  pieces: fc.array(
    fc.record({
      seconds: fc.integer({ min: 1, max: 7_200 }),
      wh: fc.integer({ min: 0, max: 30_000 }),
      parked: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  prices: fc.record({ energy: cents(90), time: cents(600), parking: cents(600), flat: cents(200) }),
  stepSize: fc.constantFrom(1, 1, 60, 300),
  vat: fc.constantFrom(null, 0, 19, 21, 25.5),
  minPrice: fc.option(cents(500)),
  maxPrice: fc.option(fc.integer({ min: 500, max: 3_000 }).map((value) => value / 100)),
  money: rounding,
  hourPlaces: fc.constantFrom(2, 3, 4, 9),
  statesParts: fc.boolean(),
})

laws('a sound CDR gets no finding above info', () => {
  fc.assert(
    fc.property(session, (made) => {
      const judgement = judge(inputOf(made))
      const bad = judgement.findings.filter((finding) => finding.severity !== 'I')
      assert.equal(bad, [])
      assert.is(judgement.verdict, 'clear')
    }),
    { seed: seed(), numRuns: size(500) },
  )
})

laws('what others know of a sound session raises nothing above info', () => {
  fc.assert(
    fc.property(session, witness, (made, seen) => {
      const judgement = judge({ ...inputOf(made), known: knownOf(cdrOf(made), seen) })
      const bad = judgement.findings.filter((finding) => finding.severity !== 'I')
      assert.equal(bad, [])
    }),
    { seed: seed(), numRuns: size(500) },
  )
})

/** Each spoils a sound input beyond tolerance and names the code that must come of it. */
const faults: Partial<Record<FindingCode, (input: ClearingInput) => ClearingInput>> = {
  A5: (input) => ({ ...input, token: { state: 'foreign', owner: 'FR-XYZ' } }),
  A1: (input) => ({ ...input, token: { state: 'missing' }, waitOver: true }),
  D2: (input) => ({ ...input, prior: { sameSession: [{ cdrId: 'B' }], overlapping: [] } }),
  T1: (input) => changed(input, { end_date_time: 'later' }),
  P1: (input) => {
    const { excl } = claimOf(input)
    return changed(input, {
      total_cost: { excl_vat: round(excl + 0.05 + excl * 0.02, { places: 4, cut: false }) },
    })
  },
  P8: (input) => changed(input, { currency: 'SEK' }),
  Q1: (input) => {
    const kwh = Number(valueOf(input)['total_energy'])
    return {
      ...input,
      session: { state: 'found', value: { status: 'COMPLETED', kwh: kwh * 0.98 - 0.1 } },
    }
  },
  Z6: (input) => ({
    ...input,
    cdr: {
      ...input.cdr,
      receivedAt: new Date(Date.parse(String(valueOf(input)['end_date_time'])) - 301_000),
    },
  }),
  Z5: (input) => ({
    ...input,
    cdr: {
      ...input.cdr,
      receivedAt: new Date(Date.parse(String(valueOf(input)['end_date_time'])) + 61 * 86_400_000),
    },
  }),
}

for (const [code, spoil] of Object.entries(faults)) {
  laws(`a planted ${code} is always found, and decides where nothing else holds all`, () => {
    fc.assert(
      fc.property(session, (made) => {
        const judgement = judge(spoil(inputOf(made)))
        assert.ok(judgement.findings.some((finding) => finding.code === code))
        // Energy that costs nothing holds nothing, nor does a claim of nothing.
        if (judgement.verdict === 'clear') {
          assert.ok(code === 'Q1' || claimOf(inputOf(made)).excl === 0)
          return
        }
        // Only what holds more decides before it.
        if (judgement.code !== code) assert.is(judgement.atRisk, 'all')
        const isFatal = judgement.findings[0]?.severity === 'F'
        assert.is(judgement.verdict, isFatal ? 'quarantine' : 'hold')
      }),
      { seed: seed(), numRuns: size(100) },
    )
  })
}

laws('the judge never throws, whatever a CDR holds', () => {
  const keys = Object.keys(soundCdr())
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      judge(soundInput({ cdr: { [key]: value } }))
      judge(soundInput({ tariff: { state: 'own', tariffs: [soundTariff({ elements: value })] } }))
      judge(soundInput({ session: { state: 'found', value } }))
    }),
    { seed: seed(), numRuns: size(500) },
  )
})

laws.run()

function inputOf(made: Session): ClearingInput {
  const tariff = tariffOf(made)
  const cdr = cdrOf(made)
  const priced = priceCdr({ ...cdr, total_cost: { excl_vat: 0 } }, [tariff], { timeZone: 'UTC' })
  assert.is(priced.ok, true)
  const known: Record<string, unknown> = { ...cdr, total_cost: { excl_vat: 0 } }
  if (priced.ok) {
    known['total_cost'] = priceText(priced.total, made.money)
    if (made.statesParts)
      for (const [name, cost] of Object.entries(priced.dimensions))
        known[`total_${name}_cost`] = priceText(cost, made.money)
  }
  const kwh = Number(cdr['total_energy'])
  const end = Date.parse(String(cdr['end_date_time']))
  return {
    ...soundInput({ receivedAt: new Date(end + 60_000) }),
    cdr: { owner: 'NL-TNM', receiver: 'DE-EMA', value: known, receivedAt: new Date(end + 60_000) },
    session: { state: 'found', value: { status: 'COMPLETED', kwh } },
    tariff: { state: 'own', tariffs: [tariff] },
    location: null,
    priced,
  }
}

function tariffOf(made: Session): Record<string, unknown> {
  const vat = made.vat === null ? {} : { vat: made.vat }
  const component = (type: string, price: number) => ({
    type,
    price,
    ...vat,
    step_size: made.stepSize,
  })
  const { energy, time, parking, flat } = made.prices
  const limit = (amount: number) => ({ excl_vat: amount })
  return soundTariff({
    elements: [
      {
        price_components: [
          component('ENERGY', energy),
          component('TIME', time),
          component('PARKING_TIME', parking),
          component('FLAT', flat),
        ],
      },
    ],
    ...(made.minPrice === null ? {} : { min_price: limit(made.minPrice) }),
    ...(made.maxPrice === null ? {} : { max_price: limit(made.maxPrice) }),
  })
}

function cdrOf(made: Session): Record<string, unknown> {
  const baseMs = Date.parse('2026-02-01T00:00:00Z') + made.startS * 1_000
  let atMs = baseMs
  const periods = made.pieces.map((piece) => {
    const start = new Date(atMs).toISOString()
    atMs += piece.seconds * 1_000
    const hours = round(piece.seconds / 3_600, { places: made.hourPlaces, cut: false })
    const time = { type: piece.parked ? 'PARKING_TIME' : 'TIME', volume: hours }
    return {
      start_date_time: start,
      tariff_id: 'TAR-1',
      dimensions: piece.parked ? [time] : [{ type: 'ENERGY', volume: piece.wh / 1_000 }, time],
    }
  })
  const charged = made.pieces.filter((piece) => !piece.parked)
  const parkedS = made.pieces.reduce((sum, piece) => sum + (piece.parked ? piece.seconds : 0), 0)
  return soundCdr({
    start_date_time: new Date(baseMs).toISOString(),
    end_date_time: new Date(atMs).toISOString(),
    charging_periods: periods,
    total_energy: charged.reduce((sum, piece) => sum + piece.wh, 0) / 1_000,
    total_time: round((atMs - baseMs) / 3_600_000, { places: made.hourPlaces, cut: false }),
    total_parking_time: round(parkedS / 3_600, { places: made.hourPlaces, cut: false }),
    total_fixed_cost: undefined,
    total_energy_cost: undefined,
  })
}

function priceText(cost: { excl: string | null; incl: string | null }, how: Rounding): unknown {
  const excl = { excl_vat: round(Number(cost.excl), how) }
  return cost.incl === null ? excl : { ...excl, incl_vat: round(Number(cost.incl), how) }
}

/** A sender's own rounding, in floats as senders do it. */
function round(value: number, how: Rounding): number {
  const scaled = value * 10 ** how.places
  return (how.cut ? Math.floor(scaled + 1e-6) : Math.round(scaled)) / 10 ** how.places
}

function valueOf(input: ClearingInput): Record<string, unknown> {
  const { value } = input.cdr
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function claimOf(input: ClearingInput): { excl: number } {
  const { priced } = input
  return { excl: priced?.ok === true ? Number(priced.total.excl) : 0 }
}

function changed(input: ClearingInput, fields: Record<string, unknown>): ClearingInput {
  return { ...input, cdr: { ...input.cdr, value: { ...valueOf(input), ...fields } } }
}
