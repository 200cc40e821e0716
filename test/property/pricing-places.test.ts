import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { priceCdr } from '../../src/pricing/price.ts'
import { zoneNamed } from '../../src/sandbox/zone.ts'
import { decimal, order, sumText } from '../helpers/fractions.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { billOfStay, billed, check, sumsOf } from '../helpers/pricing-law.ts'
import { cdrJson, tariffJson } from '../helpers/pricing-operator.ts'
import { TICK_MS, slicesOf } from '../helpers/pricing-stay.ts'
import type { OwnTariff, Phase, Stay, When } from '../helpers/pricing-stay.ts'

/** Where and when a session happens matters only through the clock on the wall. */
const test = suite('pricing: places')
const DAY_MS = 86_400_000

const zone = fc.constantFrom(
  ...['Europe/Amsterdam', 'Europe/London', 'America/New_York', 'America/St_Johns'],
  ...['Australia/Adelaide', 'Asia/Kathmandu', 'Pacific/Chatham', 'UTC', 'Africa/Lagos'],
)

test('the same clocks on the wall cost the same, weeks later and elsewhere, summer or winter', () => {
  const law = fc.property(
    anyStay,
    ownTariff(EVERYTHING),
    zone,
    fc.integer({ min: -40, max: 40 }),
    (stay, tariff, elsewhere, weeks) => {
      const there = { ...stay, zone: elsewhere, startMs: elsewhereAt(stay, { elsewhere, weeks }) }
      fc.pre(
        isSteady(stay) && isSteady(there) && wallOf(there) === wallOf(stay) + weeks * 7 * DAY_MS,
      )
      const moved = shifted(tariff, weeks)
      const here = billOfStay({ stay, tariff, slices: slicesOf(tariff, stay, true) })
      const slices = slicesOf(moved, there, true)
      const bill = billOfStay({ stay: there, tariff: moved, slices })
      assert.equal([sumsOf(bill), bill.segments], [sumsOf(here), here.segments])
    },
  )
  check(law, 2000)
})

/** Changes of the clock, with the fixed offsets before and after; `Etc` names them with the sign turned. */
const change = fc.constantFrom(
  { zone: 'Europe/Amsterdam', at: '2024-03-31T01:00:00Z', before: 'Etc/GMT-1', after: 'Etc/GMT-2' },
  { zone: 'Europe/Amsterdam', at: '2024-10-27T01:00:00Z', before: 'Etc/GMT-2', after: 'Etc/GMT-1' },
  { zone: 'America/New_York', at: '2024-03-10T07:00:00Z', before: 'Etc/GMT+5', after: 'Etc/GMT+4' },
  { zone: 'America/New_York', at: '2024-11-03T06:00:00Z', before: 'Etc/GMT+4', after: 'Etc/GMT+5' },
  {
    zone: 'Australia/Sydney',
    at: '2024-04-06T16:00:00Z',
    before: 'Etc/GMT-11',
    after: 'Etc/GMT-10',
  },
  {
    zone: 'Australia/Sydney',
    at: '2024-10-05T16:00:00Z',
    before: 'Etc/GMT-10',
    after: 'Etc/GMT-11',
  },
)
const length = fc.integer({ min: 1, max: 4000 })
const wh = fc.nat({ max: 30_000 })

test('over a change of the clock, a session costs its two parts at the two fixed offsets', () => {
  const local = ownTariff({ local: true })
  const law = fc.property(change, local, length, length, wh, wh, (turn, tariff, ...amounts) => {
    const [ticksBefore, ticksAfter, whBefore, whAfter] = amounts
    const first: Phase = { ...IDLE, ticks: ticksBefore, wh: whBefore }
    const second: Phase = { ...IDLE, ticks: ticksAfter, wh: whAfter }
    const atMs = Date.parse(turn.at)
    const startMs = atMs - ticksBefore * TICK_MS
    const total = (stay: Stay) =>
      billOfStay({ stay, tariff, slices: slicesOf(tariff, stay, true) }).total
    const whole = total({ startMs, zone: turn.zone, phases: [first, second] })
    const before = total({ startMs, zone: turn.before, phases: [first] })
    const after = total({ startMs: atMs, zone: turn.after, phases: [second] })
    assert.is(whole.excl, sumText([before.excl, after.excl]))
    assert.is(whole.incl, sumText([before.incl, after.incl]))
  })
  check(law, 1500)
})

test('without local restrictions the place is of no interest', () => {
  const timeless = ownTariff({ ...EVERYTHING, local: false })
  const law = fc.property(anyStay, timeless, zone, (stay, tariff, elsewhere) => {
    const cdr = cdrJson(stay, slicesOf(tariff, stay, true))
    const terms = [tariffJson(tariff)]
    const here = billed(cdr, terms, { timeZone: stay.zone })
    assert.equal(sumsOf(billed(cdr, terms, { timeZone: elsewhere })), sumsOf(here))
    assert.equal(sumsOf(billed(cdr, terms, { timeZone: null })), sumsOf(here))
    assert.equal(sumsOf(billed(cdr, terms, {})), sumsOf(here))
  })
  check(law, 800)
})

test('the zone of an OCPI 2.1.1 location is taken where none is given, and not where one is', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), zone, (stay, tariff, elsewhere) => {
    const cdr = cdrJson(stay, slicesOf(tariff, stay, true))
    const terms = [tariffJson(tariff)]
    const here = billed(cdr, terms, { timeZone: stay.zone })
    const located = { ...cdr, location: { time_zone: stay.zone } }
    const misplaced = { ...cdr, location: { time_zone: elsewhere } }
    assert.equal(sumsOf(billed(located, terms, {})), sumsOf(here))
    assert.equal(sumsOf(billed(misplaced, terms, { timeZone: stay.zone })), sumsOf(here))
  })
  check(law, 500)
})

test('a zone that nobody knows costs no less and no more than the bounds, or does not matter', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), (stay, tariff) => {
    fc.pre(isSteady(stay))
    const cdr = cdrJson(stay, slicesOf(tariff, stay, true))
    const terms = [tariffJson(tariff)]
    const { excl, incl } = billed(cdr, terms, { timeZone: stay.zone }).total
    const unknown = priceCdr(cdr, terms, {})
    if (unknown.ok) assert.equal(unknown.total, { excl, incl })
    else {
      assert.is(unknown.code, 'time_zone')
      const bounds = [unknown.bounds?.low, unknown.bounds?.high].map((bill) => bill?.total.excl)
      const [low, high] = bounds.map((text) => decimal(text ?? ''))
      assert.ok(low && high && order(low, decimal(excl ?? '')) <= 0)
      assert.ok(low && high && order(decimal(excl ?? ''), high) <= 0)
    }
  })
  check(law, 300)
})

test.run()

const IDLE: Phase = { kind: 'charging', ticks: 0, wh: 0, kw: null, amps: null }

/** Milliseconds on the clock on the wall at the start. */
function wallOf({ startMs, zone: name }: Stay): number {
  return startMs + zoneNamed(name).offsetMinutes(startMs) * 60_000
}

function elsewhereAt(stay: Stay, move: { elsewhere: string; weeks: number }): number {
  return zoneNamed(move.elsewhere).toUtc(wallOf(stay) + move.weeks * 7 * DAY_MS)
}

/** Does no clock change while it lasts? */
function isSteady({ startMs, zone: name, phases }: Stay): boolean {
  const { offsetMinutes } = zoneNamed(name)
  const endMs = startMs + phases.reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MS
  return offsetMinutes(startMs) === offsetMinutes(endMs)
}

function shifted(tariff: OwnTariff, weeks: number): OwnTariff {
  const move = (date: string | undefined) =>
    date === undefined
      ? undefined
      : new Date(Date.parse(date) + weeks * 7 * DAY_MS).toISOString().slice(0, 10)
  const later = (when: When): When => ({
    ...when,
    startDate: move(when.startDate),
    endDate: move(when.endDate),
  })
  const elements = tariff.elements.map((each) => ({ ...each, when: later(each.when) }))
  return { ...tariff, elements }
}
