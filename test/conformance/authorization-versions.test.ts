// Authorization header and version details (requirements 24 to 54) in 2.1.1 and 2.3.0, as in 2.2.1.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner, PartnerOptions } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put } from '../helpers/objects.ts'
import { tariff211 } from '../helpers/objects-211.ts'
import { ROUTED, cdrIn, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const NEWEST = '2.3.0'
const OWNER = 'NL-NEW'
const cpo = await hub.connect({ parties: [{ party: OWNER, role: 'CPO' }], version: NEWEST })

const test = suite('authorization in versions')
test.before.each(() => hub.drain())
test.after(() => hub.close())

let count = 0
/** An eMSP that nobody has heard of yet. */
const fresh = (version: Version, more: Partial<PartnerOptions> = {}): PartnerOptions => {
  count += 1
  const party = `FR-${String(count).padStart(3, 'V')}`
  return { parties: [{ party, role: 'EMSP' }], version, ...more }
}
const tariff = (id: string) => tariffIn(NEWEST, { party: OWNER, id })
const detailsUrl = (version: Version, side = 'emsp') =>
  `${hub.url}/ocpi/${version === '2.1.1' ? `${side}/` : ''}${version}`
async function endpointsOf(partner: FakePartner, version: Version, side = 'emsp') {
  const { data } = await partner.send('GET', detailsUrl(version, side), { from: null })
  return items(at(data, 'endpoints'))
}
const rolesOf = (endpoints: unknown[], module: string) =>
  endpoints
    .filter((each) => at(each, 'identifier') === module)
    .map((each) => String(at(each, 'role')))
    .sort()

test(requirement(24, NEWEST), async () => {
  const partner = await hub.connect(fresh(NEWEST))
  await put(cpo, 'tariffs', tariff('T24'), { to: partner.party })
  assert.is(
    partner.got[0]?.headers.authorization,
    `Token ${Buffer.from(partner.expects).toString('base64')}`,
  )
})

test(requirement(25, 'on functional modules'), async () => {
  const sender = await hub.connect({
    parties: [{ party: 'NL-OLD', role: 'CPO' }],
    version: '2.1.1',
  })
  const partner = await hub.connect(fresh('2.1.1'))
  await put(sender, 'tariffs', tariff211('T25'))
  await hub.drain()
  const [got] = partner.received('receiver/tariffs', 'PUT')
  assert.is(got?.headers.authorization, `Token ${partner.expects}`)
})

test(requirement(26, 'by trial, and by what an operator sets'), async () => {
  for (const version of ROUTED) {
    const tried = await hub.invite(fresh(version, { wants: 'raw' }))
    assert.is((await tried.join()).code, 1000)
    tried.forget()
    await put(cpo, 'tariffs', tariff('T26'), { to: tried.party })
    assert.equal(
      tried.got.map(({ headers }) => headers.authorization),
      [`Token ${tried.expects}`],
    )
    const flagged = await hub.invite(fresh(version, { wants: 'raw' }))
    const body = { quirks: { token_encoding: 'raw' } }
    assert.is((await hub.admin('PATCH', `/platforms/${flagged.id}`, body)).status, 200)
    assert.is((await flagged.join()).code, 1000)
    for (const { headers } of flagged.got)
      assert.is(headers.authorization, `Token ${flagged.expects}`)
  }
})

test(requirement(30, 'whatever it sends'), async () => {
  const partner = await hub.connect(fresh(NEWEST))
  const foreign = { from: OWNER, to: hub.party, body: tariff('T30') }
  const cdr = cdrIn(NEWEST, { owner: OWNER, payer: partner.party, id: 'C30' })
  const stop = { response_url: `${partner.url}/cb/1`, session_id: 'S30' }
  const replies = [
    await partner.send('GET', 'sender/locations', foreign),
    await partner.send('PUT', 'receiver/tariffs/NL/NEW/T30', foreign),
    await partner.send('POST', 'receiver/cdrs', { ...foreign, body: cdr }),
    await partner.send('POST', 'receiver/commands/STOP_SESSION', { ...foreign, body: stop }),
  ]
  for (const { status, code } of replies) assert.equal([status, code], [403, 2001])
  const kept = await cpo.send('GET', 'receiver/tariffs/NL/NEW/T30', { to: hub.party })
  assert.is(kept.status, 404)
})

test(requirement(33, '2.1.1, on both sides'), async () => {
  for (const [side, role] of [
    ['cpo', 'CPO'],
    ['emsp', 'EMSP'],
  ] as const) {
    const party = `BE-${side.slice(0, 3).toUpperCase()}`
    const partner = await hub.connect({ parties: [{ party, role }], version: '2.1.1' })
    for (const target of [`${hub.url}/ocpi/${side}/versions`, detailsUrl('2.1.1', side)]) {
      assert.is((await partner.send('GET', target)).code, 1000, target)
      const stranger = { headers: { authorization: 'Token nobody' } }
      assert.is((await partner.send('GET', target, stranger)).status, 401, target)
    }
    const versions = await partner.send('GET', `${hub.url}/ocpi/${side}/versions`)
    const shown = items(versions.data).find((each) => at(each, 'version') === '2.1.1')
    assert.is(at(shown, 'url'), detailsUrl('2.1.1', side))
  }
})

const SINCE_22 = [
  'cdrs',
  'chargingprofiles',
  'commands',
  'locations',
  'sessions',
  'tariffs',
  'tokens',
]
test(requirement(35, 'all of them'), async () => {
  for (const [version, modules] of [
    ['2.2.1', SINCE_22],
    ['2.3.0', [...SINCE_22, 'Booking', 'invoicereconciliation', 'payments']],
  ] as const) {
    const endpoints = await endpointsOf(cpo, version)
    for (const module of modules)
      assert.equal(rolesOf(endpoints, module), ['RECEIVER', 'SENDER'], `${version} ${module}`)
    const listed = new Set(endpoints.map((each) => at(each, 'identifier')))
    assert.equal([...listed].sort(), [...modules, 'credentials', 'hubclientinfo'].sort())
    assert.equal(rolesOf(endpoints, 'hubclientinfo'), ['SENDER'])
  }
})

test(requirement(36, 'in both versions, and whatever role a partner lists'), async () => {
  for (const version of ROUTED) {
    assert.equal(rolesOf(await endpointsOf(cpo, version), 'credentials'), ['SENDER'])
    for (const role of ['RECEIVER', 'SENDER', undefined]) {
      const partner = await hub.invite(fresh(version))
      const base = `${partner.url}/${version}`
      const tariffs = `${base}/receiver/tariffs`
      const endpoints = [
        { identifier: 'credentials', role, url: `${base}/credentials` },
        { identifier: 'tariffs', role: 'RECEIVER', url: tariffs },
      ]
      partner.answer = ({ place }) =>
        place === 'details' ? { data: { version, endpoints } } : undefined
      assert.is((await partner.join()).code, 1000, role)
      const rotated = await hub.admin('POST', `/platforms/${partner.id}/rotate`, {})
      assert.is(rotated.status, 200, rotated.text)
      assert.is(partner.received('credentials', 'PUT').length, 1)
    }
  }
})

test(requirement(54, 'the hub’s own'), async () => {
  for (const version of ROUTED) {
    const partner = await hub.connect(fresh(version))
    const { data } = await partner.send('GET', 'credentials', { from: null })
    const roles = items(at(data, 'roles'))
    const keys = roles.map((each) =>
      ['role', 'country_code', 'party_id'].map((name) => String(at(each, name))).join(' '),
    )
    assert.ok(keys.length > 0)
    assert.is(new Set(keys).size, keys.length)
    for (const each of roles) assert.type(at(each, 'business_details', 'name'), 'string')
  }
})

test.run()
