import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { localTime, zoneNamed } from '../../src/pricing/time-zone.ts'

const test = suite('pricing: time zones')
const HOUR_MS = 3_600_000

test('the offset changes at the very second of the transition', () => {
  assert.is(offsetH('Europe/Amsterdam', '2024-03-31T00:59:59Z'), 1)
  assert.is(offsetH('Europe/Amsterdam', '2024-03-31T01:00:00Z'), 2)
  assert.is(offsetH('Europe/Amsterdam', '2024-10-27T00:59:59Z'), 2)
  assert.is(offsetH('Europe/Amsterdam', '2024-10-27T01:00:00Z'), 1)
})

test('offsets of half and quarter hours, west and east, are read', () => {
  assert.is(offsetH('Asia/Kolkata', '2024-01-15T10:00:00Z'), 5.5)
  assert.is(offsetH('Asia/Kathmandu', '2024-01-15T10:00:00Z'), 5.75)
  assert.is(offsetH('America/St_Johns', '2024-01-15T10:00:00Z'), -3.5)
  assert.is(offsetH('UTC', '2024-01-15T10:00:00Z'), 0)
  assert.is(offsetH('Europe/London', '2024-01-15T10:00:00Z'), 0)
})

test('moments of two years equal what Intl says', () => {
  for (const name of [
    'Europe/Amsterdam',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
  ]) {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: name,
      hour: '2-digit',
      minute: '2-digit',
    })
    const zone = zoneNamed(name)
    if (zone === null) throw new Error(name)
    for (
      let ms = Date.parse('2024-01-01T00:00:00Z');
      ms < Date.parse('2026-01-01T00:00:00Z');
      ms += 37 * 900_000
    ) {
      const minutes = localTime(zone, ms).msOfDay / 60_000
      const text = `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
      assert.is(text, format.format(ms), `${name} at ${ms}`)
    }
  }
})

test('offsets of seconds, west and east, are read', () => {
  assert.is(offsetH('Africa/Monrovia', '1970-01-01T00:00:00Z'), -(44 * 60 + 30) / 3600)
  assert.is(offsetH('Asia/Kolkata', '1850-01-01T00:00:00Z'), (5 * 3600 + 53 * 60 + 28) / 3600)
})

test('offsets are right on the day of a change, by the quarter hour, however often they are asked', () => {
  for (let round = 0; round < 2; round++) {
    assert.is(offsetH('Australia/Lord_Howe', '2024-10-05T15:29:59Z'), 10.5)
    assert.is(offsetH('Australia/Lord_Howe', '2024-10-05T15:30:00Z'), 11)
    assert.is(offsetH('Australia/Lord_Howe', '2024-10-05T00:00:00Z'), 10.5)
    assert.is(offsetH('Australia/Lord_Howe', '2024-10-06T00:00:00Z'), 11)
  }
})

test('more days than are remembered have the right offset, twice', () => {
  for (let round = 0; round < 2; round++) {
    const zone = zoneNamed('Europe/Paris')
    for (let day = 0; day < 2 * limits.timeZoneOffsetsCachedMax; day++) {
      const ms = Date.UTC(1980, 0, 1, 0, 30) + day * 24 * HOUR_MS
      const month = new Date(ms).getUTCMonth()
      if (month < 2 || month > 9) assert.is(zone?.(ms), HOUR_MS, String(ms))
      if (month > 3 && month < 8) assert.is(zone?.(ms), 2 * HOUR_MS, String(ms))
    }
  }
})

test('more names than are remembered are the zones they were', () => {
  const before = zoneNamed('Europe/Berlin')
  assert.is(zoneNamed('Europe/Berlin'), before)
  for (let index = 0; index <= limits.timeZonesCachedMax; index++)
    assert.is(zoneNamed(`Mars/${index}`), null)
  assert.is(offsetH('Europe/Berlin', '2024-07-01T00:00:00Z'), 2)
})

test('the local day and weekday may be those of tomorrow or yesterday', () => {
  assert.equal(local('Pacific/Auckland', '2024-01-15T11:00:00Z'), {
    day: 19_738,
    msOfDay: 0,
    weekday: 2,
  })
  assert.equal(local('America/New_York', '2024-01-15T04:59:59Z'), {
    day: 19_736,
    msOfDay: 86_399_000,
    weekday: 0,
  })
  assert.is(local('UTC', '1969-12-31T00:00:00Z').weekday, 3)
})

test('a name that is no IANA zone is no zone', () => {
  for (const name of ['', 'Mars/Olympus', '+01:00', '-05:00', 'Europe/Amsterdam ', ' UTC', '1'])
    assert.is(zoneNamed(name), null)
})

test.run()

function offsetH(name: string, instant: string): number {
  return (zoneNamed(name)?.(Date.parse(instant)) ?? Number.NaN) / HOUR_MS
}

function local(name: string, instant: string): ReturnType<typeof localTime> {
  const zone = zoneNamed(name)
  if (zone === null) throw new Error(name)
  return localTime(zone, Date.parse(instant))
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
