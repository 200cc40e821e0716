import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { degreesOf, zoneOfCountry } from '../../src/ocpi/time-zone-of.ts'
import { openZones, zoneOfPlace } from '../../src/store/place-zone.ts'

const test = suite('the time zone of a location')

const at = (latitude: unknown, longitude: unknown) => ({ latitude, longitude })

test('a country whose clocks all show one time decides, wherever the coordinates are', async () => {
  const coordinates = at('0.000000', '0.000000')
  assert.equal(await zoneOfPlace({ country: 'NLD', coordinates }), {
    name: 'Europe/Amsterdam',
    source: 'country',
  })
  assert.is(zoneOfCountry({ country: ' gbr' }), 'Europe/London')
  assert.is(zoneOfCountry({ country: 'ESP' }), undefined)
})

test('in a country with several zones the coordinates decide, as text or number', async () => {
  const zoneAt = await openZones()
  const places: [string, unknown, unknown][] = [
    ['America/New_York', '40.712800', -74.006],
    ['Atlantic/Madeira', '32.650000', '-16.900000'],
    ['Atlantic/Canary', '28.123500', '-15.436300'],
    // These two lie a mile apart, on the banks of a border river.
    ['Europe/Lisbon', '37.194200', '-7.417000'],
    ['Europe/Madrid', '37.211000', '-7.404000'],
  ]
  for (const [zone, latitude, longitude] of places)
    assert.is(zoneAt({ coordinates: at(latitude, longitude) }), zone)
  assert.equal(await zoneOfPlace({ country: 'PRT', coordinates: at('32.65', '-16.9') }), {
    name: 'Atlantic/Madeira',
    source: 'coordinates',
  })
})

test('what its owner states goes before, unless it is no zone', async () => {
  const coordinates = at('40.4168', '-3.7038')
  const place = { country: 'ESP', coordinates }
  assert.equal(await zoneOfPlace({ ...place, time_zone: 'Atlantic/Canary' }), {
    name: 'Atlantic/Canary',
    source: 'location',
  })
  for (const time_zone of ['Madrid', '+01:00', '', 7])
    assert.equal(await zoneOfPlace({ ...place, time_zone }), {
      name: 'Europe/Madrid',
      source: 'coordinates',
    })
})

test('what cannot be read says nothing, and the open sea has no clocks: never UTC', async () => {
  for (const coordinates of [
    undefined,
    'here',
    {},
    at('', '5'),
    at('95', '5'),
    at('x', '5'),
    at('0', '0'),
  ]) {
    assert.equal(await zoneOfPlace({ country: 'USA', coordinates }), { name: null, source: 'none' })
  }
  assert.is(degreesOf({ coordinates: at('91', '0') }), null)
})

test('where clocks show two times, neither is taken', async () => {
  assert.is((await openZones())({ coordinates: at('43.825', '87.617') }), undefined)
})

test.run()
