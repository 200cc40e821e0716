import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { present } from '../../src/assert.ts'
import {
  MODULES,
  bodyOf,
  matchRoute,
  moduleById,
  replyOf,
  versionEndpoints,
} from '../../src/ocpi/registry.ts'
import type { Route } from '../../src/ocpi/registry.ts'
import { schemaFor } from '../../src/ocpi/validate.ts'
import { shownMatch } from '../helpers/shown-match.ts'
import { VERSIONS, compareVersions } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'

const VERSION = '2.2.1'

/** `PUT receiver/tariffs/NL/TNM/1` → the endpoint's name and parameters, or why there is none. */
const found = (method: string, path: string, version: Version = VERSION): unknown =>
  shownMatch(matchRoute({ version, method, segments: path.split('/') }))

function routeOf(method: string, path: string, version: Version = VERSION): Route {
  const match = matchRoute({ version, method, segments: path.split('/') })
  return present(match.kind === 'route' ? match.route : null, path)
}

test('a path gives endpoint and parameters', () => {
  assert.equal(found('PUT', 'receiver/tariffs/NL/TNM/1'), [
    'tariffs.put',
    { country_code: 'NL', party_id: 'TNM', id: '1' },
  ])
  assert.equal(found('POST', 'sender/tokens/ab%20c/authorize'), [
    'tokens.authorize',
    { uid: 'ab%20c' },
  ])
  assert.equal(found('GET', 'sender/tariffs'), ['tariffs.list', {}])
})

test('optional parameters may be left out from the end', () => {
  const location = { country_code: 'NL', party_id: 'TNM', id: 'L1' }
  assert.equal(found('PATCH', 'receiver/locations/NL/TNM/L1'), ['locations.patch', location])
  assert.equal(found('PATCH', 'receiver/locations/NL/TNM/L1/E1'), [
    'locations.patch',
    { ...location, evse_uid: 'E1' },
  ])
  assert.equal(found('PATCH', 'receiver/locations/NL/TNM/L1/E1/1'), [
    'locations.patch',
    { ...location, evse_uid: 'E1', connector_id: '1' },
  ])
  assert.is(found('PATCH', 'receiver/locations/NL/TNM/L1/E1/1/x'), 'unknown')
})

test('a method that a path does not take is told which it takes', () => {
  assert.equal(found('PATCH', 'receiver/tariffs/NL/TNM/1'), ['GET', 'PUT', 'DELETE'])
  assert.equal(found('DELETE', 'receiver/locations/NL/TNM/L1'), ['GET', 'PUT', 'PATCH'])
  assert.equal(found('PATCH', 'credentials'), ['GET', 'POST', 'PUT', 'DELETE'])
})

test('what is no endpoint is unknown', () => {
  for (const path of [
    'receiver/tariffs/NL/TNM',
    'receiver/tariffs/NL//1',
    'sender/nothing',
    'tariffs',
    'credentials/x',
    'sender/credentials',
    'receiver/hubclientinfo',
    'other/tariffs',
    '__proto__/tariffs',
    'sender/__proto__',
  ])
    assert.is(found('GET', path), 'unknown', path)
})

test('parameters that are named like members of objects are just text', () => {
  assert.equal(found('GET', 'receiver/tariffs/NL/TNM/__proto__'), [
    'tariffs.get',
    { country_code: 'NL', party_id: 'TNM', id: '__proto__' },
  ])
})

test('module ids are unique and found by id', () => {
  assert.is(new Set(MODULES.map(({ id }) => id)).size, MODULES.length)
  for (const module of MODULES) assert.is(moduleById(module.id), module)
  assert.is(moduleById('nothing'), undefined)
})

test('version details hold a URL below the base for each side of each module', () => {
  const list = versionEndpoints(VERSION, 'https://hub/ocpi/2.2.1')
  for (const { identifier, role = '', url } of list) {
    const side = role.toLowerCase()
    const expected = identifier === 'credentials' ? 'credentials' : `${side}/${identifier}`
    assert.is(url, `https://hub/ocpi/2.2.1/${expected}`)
  }
  assert.is(new Set(list.map(({ url }) => url)).size, list.length)
})

test('commands have a path each; other ones are taken since 2.3.0', () => {
  assert.equal(found('POST', 'receiver/commands/RESERVE_NOW'), ['commands.reserveNow', {}])
  assert.equal(found('POST', 'receiver/commands/RESERVE_NOW', '2.3.0'), ['commands.reserveNow', {}])
  assert.is(found('POST', 'receiver/commands/NLTNM_HONK'), 'unknown')
  assert.equal(found('POST', 'receiver/commands/NLTNM_HONK', '2.3.0'), [
    'commands.other',
    { command: 'NLTNM_HONK' },
  ])
})

test('a literal segment goes before a parameter', () => {
  const owner = { country_code: 'NL', party_id: 'TNM' }
  assert.equal(found('GET', 'sender/Booking', '2.3.0'), ['Booking.list', {}])
  assert.equal(found('GET', 'sender/Booking/booking_locations', '2.3.0'), [
    'Booking.bookingLocations',
    {},
  ])
  assert.equal(found('PUT', 'receiver/Booking/NL/TNM/booking_locations/BL1', '2.3.0'), [
    'Booking.putBookingLocation',
    { ...owner, booking_location_id: 'BL1' },
  ])
  assert.equal(found('PATCH', 'receiver/Booking/NL/TNM/booking_locations/BL1/K1', '2.3.0'), [
    'Booking.patchCalendar',
    { ...owner, booking_location_id: 'BL1', calendar_id: 'K1' },
  ])
  assert.equal(found('PUT', 'receiver/Booking/NL/TNM/B1', '2.3.0'), [
    'Booking.put',
    { ...owner, booking_id: 'B1' },
  ])
  assert.equal(found('POST', 'sender/payments/terminals/activate', '2.3.0'), [
    'payments.activate',
    {},
  ])
  assert.equal(found('PUT', 'sender/payments/terminals/activate', '2.3.0'), ['POST'])
  assert.equal(found('PUT', 'sender/payments/terminals/T1', '2.3.0'), [
    'payments.putTerminal',
    { terminal_id: 'T1' },
  ])
})

test('a module is unknown before the version that introduced it', () => {
  for (const path of [
    'sender/payments/terminals',
    'sender/Booking',
    'sender/invoicereconciliation',
  ])
    assert.is(found('GET', path), 'unknown', path)
})

test('bodies and answers say what they are, down to the child that the path names', () => {
  const kinds = (method: string, path: string) => {
    const route = routeOf(method, path)
    return [bodyOf(route)?.kind, replyOf(route)?.kind, replyOf(route)?.list]
  }
  const base = 'receiver/locations/NL/TNM/L1'
  assert.equal(kinds('PUT', base), ['location', undefined, undefined])
  assert.equal(kinds('PATCH', `${base}/E1`), ['evse', undefined, undefined])
  assert.equal(kinds('PUT', `${base}/E1/1`), ['connector', undefined, undefined])
  assert.equal(kinds('GET', 'sender/locations'), [undefined, 'location', true])
  assert.equal(kinds('GET', 'sender/locations/L1/E1/1'), [undefined, 'connector', false])
  assert.equal(kinds('POST', 'sender/tokens/X/authorize'), [
    'locationReferences',
    'authorizationInfo',
    false,
  ])
  assert.equal(kinds('PUT', 'sender/sessions/S1/charging_preferences'), [
    undefined,
    undefined,
    false,
  ])
  const evse = moduleById('locations')?.object?.children[0]?.schema
  assert.is(bodyOf(routeOf('PUT', `${base}/E1`))?.schema, evse)
})

test('what concerns a session, a location or a reservation may be sent without receiver', () => {
  const openBy = (method: string, path: string) =>
    routeOf(method, path, '2.3.0').endpoint.openBy ?? null
  assert.is(openBy('POST', 'receiver/commands/START_SESSION'), 'location')
  assert.is(openBy('POST', 'receiver/commands/STOP_SESSION'), 'session')
  assert.is(openBy('POST', 'receiver/commands/CANCEL_RESERVATION'), 'reservation')
  assert.is(openBy('POST', 'receiver/commands/NLTNM_HONK'), null)
  assert.is(openBy('PUT', 'sender/sessions/S1/charging_preferences'), 'session')
  assert.is(openBy('GET', 'receiver/chargingprofiles/S1'), 'session')
  assert.is(openBy('POST', 'receiver/cdrs'), 'cdr_token')
})

test('every body, answer and result has a schema in each version that has its endpoint', () => {
  for (const module of MODULES)
    for (const [name, endpoint] of Object.entries(module.endpoints))
      for (const version of VERSIONS) {
        if (compareVersions(version, endpoint.since ?? module.since) < 0) continue
        for (const part of [endpoint.body, endpoint.reply, endpoint.responseUrl])
          if (part) assert.ok(schemaFor(part.schema, version), `${version} ${module.id}.${name}`)
      }
})

test('an endpoint that answers later says where the result goes', () => {
  for (const module of MODULES)
    for (const [name, { routing, responseUrl, requiredQuery = [] }] of Object.entries(
      module.endpoints,
    )) {
      assert.is(responseUrl !== undefined, routing === 'command', `${module.id}.${name}`)
      if (responseUrl?.in === 'query') assert.ok(requiredQuery.includes('response_url'), name)
    }
})

test.run()
