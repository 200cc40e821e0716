import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dayNumber, instant, timeOfDay } from '../../src/pricing/instant.ts'
import { seed, size } from '../helpers/seed.ts'

const test = suite('pricing: instants')
const DAY_MS = 86_400_000
/** Quick enough to be run as often whatever SIZE says. */
const runsMin = 300

test('every day from 1000 to 2600 has the number that Date gives it', () => {
  for (let day = Date.UTC(1000, 0, 1) / DAY_MS; day < Date.UTC(2600, 0, 1) / DAY_MS; day++) {
    const text = new Date(day * DAY_MS).toISOString().slice(0, 10)
    if (dayNumber(text) !== day) assert.is(dayNumber(text), day, text)
  }
})

test('a day that is in no calendar is none', () => {
  const days = [
    ...['2023-02-29', '2100-02-29', '1900-02-29', '2024-02-30', '2024-04-31', '2024-06-31'],
    ...['2024-01-32', '2024-01-00', '2024-00-10', '2024-13-10', '0999-12-31', '0000-01-01'],
    ...['2024-1-10', '2024-01-1', '20240110', '2024-01-100', '2024/01/10', '2024-01/10'],
    ...['2024-0a-10', '2024-01-1a', 'a024-01-10', '20a4-01-10', '2024-01-1:', '', ' 024-01-10'],
    ...['2024-01-1/', '2024-01-10 ', '٢024-01-10'],
  ]
  for (const text of days) {
    assert.is(dayNumber(text), null, text)
    assert.is(instant(`${text}T08:00:00Z`), null, text)
    assert.is(instant(`${text} 08:00:00`), null, text)
  }
  assert.is(dayNumber('2000-02-29'), Date.UTC(2000, 1, 29) / DAY_MS)
  assert.is(dayNumber('2400-02-29'), Date.UTC(2400, 1, 29) / DAY_MS)
})

test('all instants of ISO 8601 equal those of Date', () => {
  const whole = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 31) })
  const law = fc.property(whole, (ms) => {
    const text = new Date(ms).toISOString()
    assert.equal(instant(text), { ms, hasOffset: false })
    const second = ms - (((ms % 1000) + 1000) % 1000)
    assert.equal(instant(`${text.slice(0, 19)}Z`), { ms: second, hasOffset: false })
  })
  fc.assert(law, { seed: seed(), numRuns: Math.max(size(1000), runsMin) })
})

test('all spellings of one instant are the same instant', () => {
  const ms = Date.UTC(2026, 2, 10, 8, 5, 7)
  const rows: readonly (readonly [string, number, boolean])[] = [
    ['2026-03-10T08:05:07Z', 0, false],
    ['2026-03-10t08:05:07z', 0, false],
    ['2026-03-10 08:05:07', 0, false],
    ['2026-03-10T08:05:07', 0, false],
    ['2026-03-10T08:05:07.1Z', 100, false],
    ['2026-03-10T08:05:07.12', 120, false],
    ['2026-03-10T08:05:07.123Z', 123, false],
    ['2026-03-10T08:05:07.009Z', 9, false],
    ['2026-03-10T08:05:07.123456789Z', 123, false],
    ['2026-03-10T08:05:07.9999Z', 999, false],
    ['2026-03-10T08:05:07+00:00', 0, true],
    ['2026-03-10T09:35:07+01:30', 0, true],
    ['2026-03-10T09:35:07.5+0130', 500, true],
    ['2026-03-09T22:20:07-09:45', 0, true],
    ['2026-03-10T08:05:07-00:00', 0, true],
  ]
  for (const [text, more, hasOffset] of rows)
    assert.equal(instant(text), { ms: ms + more, hasOffset }, text)
})

test('what is no instant is none', () => {
  const texts = [
    ...['', 'now', '2026-03-10', '2026-03-10T', '2026-03-10T08:05Z', '2026-03-10T8:05:07Z'],
    ...['2026-03-10T24:00:00Z', '2026-03-10T24:00:00', '2026-03-10T25:00:00Z'],
    ...['2026-03-10T08:60:00Z', '2026-03-10T08:05:60Z', '2026-03-10T08:05:61.000Z'],
    ...['2026-03-10T0a:05:07Z', '2026-03-10T08:a5:07Z', '2026-03-10T08:05:0aZ'],
    ...['2026-03-10T08.05:07Z', '2026-03-10T08:05.07Z', '2026-03-10T08:05:07.Z'],
    ...['2026-03-10T08:05:07.12aZ', '2026-03-10T08:05:07.a23Z', '2026-03-10T08:05:07.1a3Z'],
    ...['2026-03-10T08:05:07,123Z', '2026-03-10T08:05:07:123Z', '2026-03-10X08:05:07Z'],
    ...['2026-03-10T08:05:07X', '2026-03-10T08:05:07.123X', '2026-03-10T08:05:07.1234567890Z'],
    ...['2026-03-10T08:05:07+1:00', '2026-03-10T08:05:07+01', '2026-03-10T08:05:07ZZ'],
    ...[' 2026-03-10T08:05:07Z', '2026-03-10T08:05:07Z ', '2026-03-10T08:05:07.123ZZ'],
    ...['x2026-03-10T08:05:07Z', '+02026-03-10T08:05:07Z', '2026-03-10T08:05:07.123 Z'],
  ]
  for (const text of texts) assert.is(instant(text), null, text)
})

test('times of day go from 00:00 to 24:00', () => {
  const rows: readonly (readonly [string, number])[] = [
    ['00:00', 0],
    ['00:01', 60_000],
    ['09:30', 34_200_000],
    ['23:59', 86_340_000],
    ['24:00', DAY_MS],
    ['00:00:01', 1000],
    ['19:59:59', 71_999_000],
    ['24:00:00', DAY_MS],
  ]
  for (const [text, ms] of rows) assert.is(timeOfDay(text), ms, text)
})

test('what is no time of day is none', () => {
  const texts = [
    ...['', '8:00', '08:0', '0800', '08.00', '08:60', '24:01', '25:00', '24:00:01', '08:00:60'],
    ...['08:00:0', '08:00.00', '08:00:00Z', 'a8:00', '0a:00', '08:a0', '08:0a', '08:00:a0'],
    ...['08:00:0a', '-1:00', '08:00 ', ' 8:00', '08:000', '08:00:000', '08:00:'],
  ]
  for (const text of texts) assert.is(timeOfDay(text), null, text)
})

test.run()
