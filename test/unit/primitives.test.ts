import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  foldKey,
  foldUpper,
  partyOf,
  partyParts,
  readTime,
  writeTime,
} from '../../src/ocpi/primitives.ts'

const iso = (text: unknown): string | null => readTime(text)?.toISOString() ?? null

test('a DateTime is UTC with Z, without designator, with fractions', () => {
  assert.is(iso('2026-06-24T22:39:09Z'), '2026-06-24T22:39:09.000Z')
  assert.is(iso('2026-06-24T22:39:09'), '2026-06-24T22:39:09.000Z')
  assert.is(iso('2026-06-24T22:39:09.2Z'), '2026-06-24T22:39:09.200Z')
  assert.is(iso('2026-06-24T22:39:09.123456789Z'), '2026-06-24T22:39:09.123Z')
})

test('an offset, though forbidden, is read as the instant it names', () => {
  assert.is(iso('2026-06-24T22:39:09+02:00'), '2026-06-24T20:39:09.000Z')
  assert.is(iso('2026-06-24T22:39:09+00:00'), '2026-06-24T22:39:09.000Z')
})

test('29 February exists in leap years only', () => {
  assert.is(iso('2028-02-29T00:00:00Z'), '2028-02-29T00:00:00.000Z')
  assert.is(iso('2026-02-29T00:00:00Z'), null)
  assert.is(iso('2100-02-29T00:00:00Z'), null)
})

test('a leap second is the end of its minute', () => {
  assert.is(iso('2026-06-30T23:59:60Z'), '2026-06-30T23:59:59.999Z')
})

test('what is no time is null', () => {
  const wrong = [
    '',
    '2026-06-24',
    '2026-06-24 22:39:09Z',
    '2026-06-24T24:00:00Z',
    '2026-06-24T22:60:00Z',
    '2026-06-24T22:39:61Z',
    '2026-06-31T22:39:09Z',
    '2026-13-01T22:39:09Z',
    '2026-00-01T22:39:09Z',
    '2026-06-24T22:39Z',
    '2026-06-24T22:39:09z',
    '1969-12-31T23:59:59Z',
    '2101-01-01T00:00:00Z',
    '2026-06-24T22:39:09+99:00',
    1_750_000_000,
    null,
    undefined,
  ]
  for (const text of wrong) assert.is(iso(text), null, String(text))
})

test('times are written in UTC with Z', () => {
  assert.is(writeTime(new Date(0)), '1970-01-01T00:00:00.000Z')
})

test('a party is two letters and three letters or digits, in upper case', () => {
  assert.is(partyOf('nl', 'tnm'), 'NL-TNM')
  assert.is(partyOf('NL', '1a2'), 'NL-1A2')
  for (const [country, id] of [
    ['N', 'TNM'],
    ['NLD', 'TNM'],
    ['N1', 'TNM'],
    ['NL', 'TN'],
    ['NL', 'TNMX'],
    ['NL', 'T-M'],
    ['NL', 'TN\u0130'],
    ['n\u0131', 'TNM'],
    [undefined, 'TNM'],
    ['NL', 7],
  ])
    assert.is(partyOf(country, id), null, `${String(country)} ${String(id)}`)
})

test('a party parts into country and id', () => {
  assert.equal(partyParts('NL-TNM'), { countryCode: 'NL', partyId: 'TNM' })
})

test('ids fold as ASCII: no other letter becomes one', () => {
  assert.is(foldKey('CaRd-1'), 'card-1')
  assert.is(foldKey('\u0130\u212a\u00c4'), '\u0130\u212a\u00c4')
  assert.is(foldUpper('nl\u00df\u0131\u017f'), 'NL\u00df\u0131\u017f')
})

test.run()
