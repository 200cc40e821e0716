import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MODULES, matchRoute, moduleById, versionEndpoints } from '../../src/ocpi/registry.ts'

const VERSION = '2.2.1'

/** `PUT receiver/tariffs/NL/TNM/1` → the endpoint's name and parameters, or why there is none. */
function found(method: string, path: string): unknown {
  const match = matchRoute({ version: VERSION, method, segments: path.split('/') })
  switch (match.kind) {
    case 'route':
      return [`${match.route.module.id}.${match.route.name}`, { ...match.route.params }]
    case 'method':
      return match.allow
    default:
      return match.kind
  }
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
  for (const { identifier, role, url } of list) {
    const side = role.toLowerCase()
    const expected = identifier === 'credentials' ? 'credentials' : `${side}/${identifier}`
    assert.is(url, `https://hub/ocpi/2.2.1/${expected}`)
  }
  assert.is(new Set(list.map(({ url }) => url)).size, list.length)
})

test.run()
