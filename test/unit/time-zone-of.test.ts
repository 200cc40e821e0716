import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { timeZoneOf } from '../../src/ocpi/time-zone-of.ts'

const test = suite('the time zone of a location')

test('a country whose clocks all show one time decides, wherever the coordinates are', () => {
  const coordinates = { latitude: '0.000000', longitude: '0.000000' }
  assert.is(timeZoneOf({ country: 'NLD', coordinates }), 'Europe/Amsterdam')
  assert.is(timeZoneOf({ country: 'gbr' }), 'Europe/London')
})

test('in a country with several zones the coordinates decide, as text or number', () => {
  const newYork = { latitude: '40.712800', longitude: -74.006 }
  assert.is(timeZoneOf({ country: 'USA', coordinates: newYork }), 'America/New_York')
  const funchal = { latitude: '32.650000', longitude: '-16.900000' }
  assert.is(timeZoneOf({ country: 'PRT', coordinates: funchal }), 'Atlantic/Madeira')
})

test('what cannot be read says nothing', () => {
  for (const coordinates of [
    undefined,
    'here',
    {},
    { latitude: '', longitude: '5' },
    { latitude: '95', longitude: '5' },
    { latitude: 'x', longitude: '5' },
  ])
    assert.is(timeZoneOf({ country: 'USA', coordinates }), undefined)
})

test.run()
