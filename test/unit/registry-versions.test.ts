import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endpointSide, matchRoute, versionEndpoints } from '../../src/ocpi/registry.ts'
import type { PartnerSide } from '../../src/ocpi/registry.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { shownMatch } from '../helpers/shown-match.ts'

/** What a 2.1.1 partner finds that is a CPO or an eMSP. */
const found211 = (side: PartnerSide, method: string, path: string): unknown =>
  shownMatch(matchRoute({ version: '2.1.1', side, method, segments: path.split('/') }))

const BOTH_SIDES = {
  '2.1.1': ['cdrs', 'commands', 'locations', 'sessions', 'tariffs', 'tokens'],
  '2.2.1': ['cdrs', 'chargingprofiles', 'commands', 'locations', 'sessions', 'tariffs', 'tokens'],
  '2.3.0': [
    'Booking',
    'cdrs',
    'chargingprofiles',
    'commands',
    'invoicereconciliation',
    'locations',
    'payments',
    'sessions',
    'tariffs',
    'tokens',
  ],
} as const

test('version details list the modules of their version, functional ones on both sides (34, 35)', () => {
  for (const version of VERSIONS.filter((each) => each !== '2.1.1')) {
    const listed = versionEndpoints(version, '').map((each) => `${each.identifier} ${each.role}`)
    const expected = BOTH_SIDES[version].flatMap((id) => [`${id} SENDER`, `${id} RECEIVER`])
    assert.equal(
      listed.sort(),
      [...expected, 'credentials SENDER', 'hubclientinfo SENDER'].sort(),
      version,
    )
  }
})

test('2.1.1 version details have no role and the modules without interface (37)', () => {
  const base = 'https://hub/ocpi/cpo/2.1.1'
  const listed = versionEndpoints('2.1.1', base)
  assert.equal(
    listed.map(({ identifier }) => identifier).sort(),
    [...BOTH_SIDES['2.1.1'], 'credentials'].sort(),
  )
  for (const each of listed) {
    assert.is(each.url, `${base}/${each.identifier}`)
    assert.not('role' in each)
  }
})

test('a 2.1.1 CPO owns what it sends and receives the rest, an eMSP the other way round', () => {
  for (const id of ['locations', 'sessions', 'cdrs', 'tariffs']) {
    assert.is(endpointSide(id, 'cpo'), 'sender', id)
    assert.is(endpointSide(id, 'emsp'), 'receiver', id)
  }
  for (const id of ['tokens', 'commands']) {
    assert.is(endpointSide(id, 'cpo'), 'receiver', id)
    assert.is(endpointSide(id, 'emsp'), 'sender', id)
  }
  for (const id of ['credentials', 'chargingprofiles', 'payments', 'nothing'])
    assert.is(endpointSide(id, 'cpo'), null, id)
})

test('a 2.1.1 partner finds the side of the hub that faces it', () => {
  const object = { country_code: 'NL', party_id: 'TNM', id: '1' }
  assert.equal(found211('cpo', 'PUT', 'tariffs/NL/TNM/1'), ['tariffs.put', object])
  assert.equal(found211('cpo', 'PATCH', 'tariffs/NL/TNM/1'), ['tariffs.patch', object])
  assert.equal(found211('cpo', 'POST', 'cdrs'), ['cdrs.post', {}])
  assert.equal(found211('cpo', 'GET', 'tokens'), ['tokens.list', {}])
  assert.equal(found211('cpo', 'POST', 'tokens/X/authorize'), ['tokens.authorize', { uid: 'X' }])
  assert.equal(found211('emsp', 'GET', 'locations/L1/E1'), [
    'locations.getOwn',
    { id: 'L1', evse_uid: 'E1' },
  ])
  assert.equal(found211('emsp', 'GET', 'tariffs'), ['tariffs.list', {}])
  assert.equal(found211('emsp', 'POST', 'commands/START_SESSION'), ['commands.startSession', {}])
  assert.equal(found211('emsp', 'PUT', 'tokens/DE/EMA/X'), [
    'tokens.put',
    { country_code: 'DE', party_id: 'EMA', uid: 'X' },
  ])
  for (const side of ['cpo', 'emsp'] as const)
    assert.equal(found211(side, 'POST', 'credentials'), ['credentials.register', {}])
})

test('what 2.1.1 does not have, or has on the other side only, is unknown there', () => {
  assert.equal(found211('cpo', 'GET', 'tariffs/NL/TNM/1'), [
    'tariffs.get',
    { country_code: 'NL', party_id: 'TNM', id: '1' },
  ])
  assert.is(found211('emsp', 'GET', 'tariffs/NL/TNM/1'), 'unknown')
  assert.is(found211('cpo', 'POST', 'commands/START_SESSION'), 'unknown')
  assert.is(found211('emsp', 'POST', 'commands/CANCEL_RESERVATION'), 'unknown')
  assert.is(found211('emsp', 'POST', 'commands/NLTNM_HONK'), 'unknown')
  assert.is(found211('emsp', 'PUT', 'sessions/S1/charging_preferences'), 'unknown')
  for (const path of ['chargingprofiles/S1', 'hubclientinfo', 'payments', 'sender/tariffs', ''])
    assert.is(found211('emsp', 'GET', path), 'unknown', path)
  const withoutSide = matchRoute({ version: '2.1.1', method: 'GET', segments: ['tariffs'] })
  assert.is(withoutSide.kind, 'unknown')
})

test.run()
