// Registration, update and identity in each of the three versions, and from one to another.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { dropNulls, schemaFor, validate } from '../../src/ocpi/validate.ts'
import { credentialsObject } from '../../src/ocpi/modules/credentials.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner, Party } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'

const hub = await startHub()
const test = suite('registration in three versions')
test.after(() => hub.close())

let count = 0
const fresh = () => `BE-${String((count += 1)).padStart(3, 'V')}`
const one = (role: Party['role'], party = fresh()): Party[] => [{ party, role }]

const shown = async ({ id }: FakePartner) => (await hub.admin('GET', `/platforms/${id}`)).json
const endpointsOf = async (partner: FakePartner) =>
  items(at(await shown(partner), 'endpoints'))
    .map((each) => `${String(at(each, 'interface'))}/${String(at(each, 'module'))}`)
    .sort()
const alertsOf = async (code: string) =>
  items(at((await hub.admin('GET', '/alerts?state=open&limit=500')).json, 'items')).filter(
    (alert) => at(alert, 'code') === code,
  )
const hubCredentials = (partner: FakePartner) =>
  partner.send('GET', 'credentials', { from: null }).then(({ data }) => data)
const rolesIn = (credentials: unknown) =>
  items(at(credentials, 'roles')).map(
    (role) =>
      `${String(at(role, 'role'))} ${String(at(role, 'country_code'))}-${String(at(role, 'party_id'))}`,
  )
const register = (partner: FakePartner) =>
  hub.admin('POST', `/platforms/${partner.id}/register`, {
    versions_url: partner.versionsUrl,
    token_a: partner.expects,
  })

function assertCredentials(version: Version, value: unknown): void {
  const schema = schemaFor(credentialsObject, version)
  assert.ok(schema)
  const { hard, soft } = validate(schema, dropNulls(value))
  assert.equal([...hard, ...soft], [], version)
}

test('every version registers with its own object and is answered in it', async () => {
  for (const version of VERSIONS) {
    for (const role of ['CPO', 'EMSP'] as const) {
      const partner = await hub.invite({ parties: one(role), version })
      const reply = await partner.join()
      assert.is(reply.code, 1000, `${version} ${role} ${reply.text}`)
      assertCredentials(version, reply.data)
      assert.is(at(await shown(partner), 'version'), version)
      assert.equal(await endpointsOf(partner), [...partner.modules].sort(), `${version} ${role}`)
      assertCredentials(version, await hubCredentials(partner))
      assert.is((await partner.send('DELETE', 'credentials', { from: null })).code, 1000)
    }
  }
})

test('the hub starts the handshake in the newest version of both', async () => {
  for (const version of VERSIONS) {
    const partner = await hub.invite({
      parties: one('EMSP'),
      version,
      versions: [...VERSIONS.slice(0, VERSIONS.indexOf(version) + 1), '9.9'],
      ...(version === '2.1.1' ? {} : { shows: 'base64' as const, wants: 'base64' as const }),
    })
    assert.is((await register(partner)).status, 200, version)
    assert.is(at(await shown(partner), 'version'), version)
    const [posted] = partner.received('credentials', 'POST')
    assert.is(posted?.version, version)
    assertCredentials(version, posted?.json)
    assert.is((await partner.send('GET', 'credentials', { from: null })).code, 1000, version)
  }
})

test('2.1.1: one of the invited parties registers, the others stay as they are', async () => {
  const [cpo, emsp, other] = [fresh(), fresh(), fresh()]
  const parties = [
    { party: emsp, role: 'EMSP' as const },
    { party: cpo, role: 'CPO' as const },
    { party: other, role: 'EMSP' as const },
  ]
  const partner = await hub.invite({ parties, version: '2.1.1' })
  const url = `${hub.url}/ocpi/emsp/2.1.1/credentials`
  const asParty = async (party: string) => {
    const credentials = partner.credentials([{ party, role: 'EMSP' }])
    return partner.send('POST', url, { body: credentials })
  }
  for (const party of [cpo, fresh()]) {
    const refused = await asParty(party)
    assert.equal([refused.status, refused.code], [200, 2001])
    assert.match(refused.message, '/party_id')
  }
  const taken = await asParty(emsp)
  assert.is(taken.code, 1000, taken.text)
  assert.is(at(taken.data, 'url'), `${hub.url}/ocpi/emsp/versions`)
  const roles = items(at(await shown(partner), 'roles'))
  const registered = roles.filter((role) => at(role, 'registered') === true)
  assert.equal(
    registered.map((role) => at(role, 'party_id')),
    [emsp.slice(3)],
  )
  const snapshot = await hub.context.directory.snapshot()
  assert.equal(
    snapshot.platforms.get(partner.id)?.parties.map(({ party }) => party),
    [emsp],
  )
  // Another party, or the other side, would end the first without a word.
  partner.token = String(at(taken.data, 'token'))
  for (const [side, party] of [
    ['cpo', cpo],
    ['emsp', other],
  ] as const) {
    const body = partner.credentials([{ party, role: 'CPO' }])
    const second = `${hub.url}/ocpi/${side}/2.1.1/credentials`
    const refused = await partner.send('PUT', second, { body })
    assert.equal([refused.status, refused.code], [200, 2001], side)
    assert.match(refused.message, 'an invitation of its own')
  }
  const again = await partner.send('PUT', url, {
    body: partner.credentials([{ party: emsp, role: 'EMSP' }]),
  })
  assert.is(again.code, 1000, again.text)
})

test('2.1.1: one party that is CPO and eMSP has two connections, one a side', async () => {
  const party = fresh()
  const roles = ['CPO', 'EMSP'] as const
  for (const role of roles) {
    const partner = await hub.connect({ parties: [{ party, role }], version: '2.1.1' })
    const side = role === 'CPO' ? 'cpo' : 'emsp'
    const { data } = await partner.send('GET', 'credentials')
    assert.is(at(data, 'url'), `${hub.url}/ocpi/${side}/versions`)
  }
  const snapshot = await hub.context.directory.snapshot()
  const [first, second] = roles.map((role) => snapshot.byPartyRole.get(`${party}/${role}`))
  assert.ok(first !== undefined && second !== undefined && first !== second)
})

test('2.1.1: of a platform of one side, that side counts and not the URL', async () => {
  const partner = await hub.invite({ parties: one('CPO'), version: '2.1.1' })
  const body = partner.credentials()
  const reply = await partner.send('POST', `${hub.url}/ocpi/emsp/2.1.1/credentials`, { body })
  assert.is(reply.code, 1000, reply.text)
  assert.is(at(reply.data, 'url'), `${hub.url}/ocpi/cpo/versions`)
})

test('2.1.1: tokens go as they are in both directions', async () => {
  const partner = await hub.connect({ parties: one('EMSP'), version: '2.1.1' })
  await hub.fallSilent(limits.stillAliveMs * 2)
  await hub.drain()
  const [probe] = partner.received('versions')
  assert.is(probe?.headers.authorization, `Token ${partner.expects}`)
})

test('50: PUT on another version switches the connection there and back', async () => {
  const offered = { versions: [...VERSIONS], shows: 'base64' as const, wants: 'base64' as const }
  const partner = await hub.connect({ parties: one('EMSP'), ...offered })
  const modules = [...partner.modules].sort()
  for (const version of ['2.3.0', '2.1.1', '2.2.1', '2.1.1', '2.3.0'] as const) {
    partner.speak(version)
    const reply = await partner.join('PUT')
    assert.is(reply.code, 1000, `${version} ${reply.text}`)
    assertCredentials(version, reply.data)
    assert.is(at(await shown(partner), 'version'), version)
    assert.equal(await endpointsOf(partner), modules, version)
  }
})

test('57, 58, 59: 2.3.0 sees hub_party_id and who can be reached, never HUB', async () => {
  const cpo = await hub.connect({ parties: one('CPO') })
  const planned = await hub.invite({ parties: one('CPO') })
  const partner = await hub.connect({ parties: one('EMSP'), version: '2.3.0' })
  const credentials = await hubCredentials(partner)
  assert.is(at(credentials, 'hub_party_id'), hub.party.replace('-', ''))
  const roles = rolesIn(credentials)
  assert.ok(roles.includes(`CPO ${cpo.party}`))
  assert.not.ok(roles.includes(`CPO ${planned.party}`))
  assert.not.ok(roles.some((role) => role.startsWith('HUB') || role.endsWith(partner.party)))
})

test('60: 2.3.0 partners get new credentials, once for all that changed together', async () => {
  const partner = await hub.connect({ parties: one('EMSP'), version: '2.3.0' })
  const older = await hub.connect({ parties: one('EMSP') })
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  partner.forget()
  const [first, second] = [
    await hub.connect({ parties: one('CPO'), isShownLater: true }),
    await hub.connect({ parties: one('CPO'), isShownLater: true }),
  ]
  await hub.drain()
  assert.equal(partner.got, [])
  const before = partner.token
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  const puts = partner.received('credentials', 'PUT')
  assert.is(puts.length, 1)
  for (const { party } of [first, second])
    assert.ok(rolesIn(puts[0]?.json).includes(`CPO ${party}`))
  assert.is.not(partner.token, before)
  assert.is((await partner.send('GET', 'credentials', { from: null })).code, 1000)
  assert.equal(older.received('credentials'), [])
  await first.join('PUT')
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  assert.is(partner.received('credentials', 'PUT').length, 1, 'nothing to tell')
})

test('60: a 2.3.0 partner that does not take them is tried again', async () => {
  const partner = await hub.connect({ parties: one('EMSP'), version: '2.3.0' })
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  partner.forget()
  partner.answer = ({ place }) => (place === 'credentials' ? { code: 3000 } : undefined)
  await hub.connect({ parties: one('CPO'), isShownLater: true })
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  assert.is(partner.received('credentials', 'PUT').length, 1)
  partner.answer = () => undefined
  await hub.passTime(60_000)
  await hub.drain()
  assert.is(partner.received('credentials', 'PUT').length, 2)
  await hub.passTime(60_000)
  await hub.drain()
  assert.is(partner.received('credentials', 'PUT').length, 2, 'taken')
})

test('T18: who claims somebody else’s party is refused, and the operator hears of both', async () => {
  const victim = await hub.connect({ parties: one('CPO') })
  const thief = await hub.connect({ parties: one('EMSP') })
  const own = thief.parties
  const claims: Party[] = [
    { party: victim.party.toLowerCase(), role: 'EMSP' },
    { party: ` ${victim.party} `, role: 'CPO' },
  ]
  for (const claim of claims) {
    const reply = await thief.join('PUT', thief.credentials([...own, claim]))
    assert.equal([reply.status, reply.code], [200, 2001], claim.party)
    assert.match(reply.message, '/roles/1')
  }
  const subjects = (await alertsOf('party_claimed')).map((alert) => at(alert, 'subject')).sort()
  assert.equal(subjects, [thief.id, victim.id].map((id) => `${id}/${victim.party}`).sort())
})

test('T21: endpoints on another host are 3001, unless an operator allows the host', async () => {
  const partner = await hub.invite({ parties: one('EMSP') })
  const { port } = new URL(partner.url)
  const elsewhere = `http://localhost:${port}/2.2.1`
  partner.answer = ({ place }) =>
    place === 'details'
      ? {
          data: {
            version: '2.2.1',
            endpoints: [
              {
                identifier: 'credentials',
                role: 'SENDER',
                url: `${partner.url}/2.2.1/credentials`,
              },
              { identifier: 'tariffs', role: 'RECEIVER', url: `${elsewhere}/receiver/tariffs` },
            ],
          },
        }
      : undefined
  const refused = await partner.join()
  assert.equal([refused.status, refused.code], [200, 3001])
  assert.match(refused.message, 'another host')
  const quirks = { origins: ['localhost'] }
  const changed = await hub.admin('PATCH', `/platforms/${partner.id}`, { quirks })
  assert.is(changed.status, 200, changed.text)
  assert.is((await partner.join()).code, 1000)
})

test.run()
