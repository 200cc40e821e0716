// Authorization header, versions and credentials (requirements 21 to 53) in 2.1.1 and 2.3.0, as in 2.2.1.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner, PartnerOptions } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put } from '../helpers/objects.ts'
import { tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const NEWEST = '2.3.0'
const OWNER = 'NL-NEW'
const cpo = await hub.connect({ parties: [{ party: OWNER, role: 'CPO' }], version: NEWEST })

const test = suite('credentials in versions')
test.before.each(() => hub.drain())
test.after(() => hub.close())

let count = 0
/** An eMSP that nobody has heard of yet. */
const fresh = (version: Version, more: Partial<PartnerOptions> = {}): PartnerOptions => {
  count += 1
  return {
    parties: [{ party: `FR-${String(count).padStart(3, 'V')}`, role: 'EMSP' }],
    version,
    ...more,
  }
}
const shownAs = (version: Version, token: string) =>
  `Token ${version === '2.1.1' ? token : Buffer.from(token).toString('base64')}`

async function opens(partner: FakePartner, token = partner.token): Promise<boolean> {
  const headers = { authorization: shownAs(partner.version, token) }
  return (await partner.send('GET', 'credentials', { from: null, headers })).status === 200
}

const tariff = (id: string) => tariffIn(NEWEST, { party: OWNER, id })
const credentials = (partner: FakePartner, method: string) =>
  partner.send(method, 'credentials', { from: null, body: partner.credentials() })
const detailsUrl = (version: Version) =>
  `${hub.url}/ocpi/${version === '2.1.1' ? 'emsp/' : ''}${version}`

for (const version of ['2.1.1', NEWEST] as const) {
  const partner = await hub.connect(fresh(version))
  const targets = ['versions', detailsUrl(version), 'credentials', 'sender/tariffs']

  test(requirement(21, version), async () => {
    for (const target of targets) {
      const reply = await partner.send('GET', target, { headers: { authorization: '' } })
      assert.equal([reply.status, reply.code], [401, 2001], target)
    }
  })

  test(requirement(22, version), async () => {
    for (const target of targets) {
      const headers = { authorization: shownAs(version, 'nobody-has-this-token') }
      assert.is((await partner.send('GET', target, { headers })).status, 401, target)
    }
  })

  test(requirement(23, version), async () => {
    const invited = await hub.invite(fresh(version))
    for (const target of targets) {
      const { status } = await invited.send('GET', target, { from: null, to: hub.party })
      assert.is(status, target === 'sender/tariffs' ? 401 : 200, target)
    }
    const pushed = await invited.send('PUT', 'receiver/tokens/FR/AAA/1', { body: {} })
    assert.is(pushed.status, 401)
  })

  test(requirement(28, version), async () => {
    const invited = await hub.invite(fresh(version))
    const tokens = [invited.token]
    await invited.join()
    tokens.push(invited.token)
    await invited.join('PUT')
    for (const token of [...tokens, invited.token]) assert.match(token, /^[\x21-\x7e]{1,64}$/)
  })

  test(requirement(38, version), async () => {
    const invited = await hub.invite(fresh(version))
    assert.is((await invited.join()).code, 1000)
    const shown = shownAs(version, invited.expects)
    assert.equal(
      invited.got.map(({ place, headers }) => [place, headers.authorization]),
      [
        ['versions', shown],
        ['details', shown],
      ],
    )
  })

  test(requirement(40, version), async () => {
    const invited = await hub.invite(fresh(version))
    for (const place of ['versions', 'details']) {
      invited.answer = (got) => (got.place === place ? { status: 500, code: 3000 } : undefined)
      const reply = await invited.join()
      assert.equal([reply.status, reply.code], [200, 3001], place)
    }
    invited.answer = () => undefined
    assert.is((await invited.join()).code, 1000)
  })

  test(requirement(41, version), async () => {
    const invited = await hub.invite(fresh(version, { modules: [] }))
    assert.is((await invited.join()).code, 3003)
  })

  test(requirement(42, version), async () => {
    const versions = VERSIONS.filter((each) => each !== version)
    const invited = await hub.invite(fresh(version, { versions }))
    assert.is((await invited.join()).code, 3002)
  })

  test(requirement(44, version), async () => {
    const invited = await hub.invite(fresh(version))
    const tokenA = invited.token
    const { data } = await invited.join()
    assert.is.not(at(data, 'token'), tokenA)
    assert.is(await opens(invited, String(at(data, 'token'))), true)
    const side = version === '2.1.1' ? 'emsp/' : ''
    assert.is(at(data, 'url'), `${hub.url}/ocpi/${side}versions`)
  })

  test(requirement(45, version), async () => {
    const invited = await hub.invite(fresh(version))
    const tokenA = invited.token
    assert.is(await opens(invited, tokenA), true)
    await invited.join()
    assert.is(await opens(invited, tokenA), false)
  })

  test(requirement(46, version), async () => {
    const reply = await credentials(partner, 'POST')
    assert.is(reply.status, 405)
    assert.is(await opens(partner), true)
  })

  for (const [number, method] of [
    [47, 'PUT'],
    [48, 'DELETE'],
  ] as const)
    test(requirement(number, version), async () => {
      const invited = await hub.invite(fresh(version))
      assert.is((await credentials(invited, method)).status, 405)
    })

  test(requirement(49, version), async () => {
    const joined = await hub.connect(fresh(version))
    const before = joined.token
    joined.modules = ['receiver/locations']
    assert.is((await joined.join('PUT')).code, 1000)
    assert.is.not(joined.token, before)
    assert.equal(
      joined.got.map(({ place }) => place),
      ['versions', 'details'],
    )
    assert.is((await put(cpo, 'tariffs', tariff('T49'), { to: joined.party })).code, 4000)
  })

  test(requirement(51, version), async () => {
    const joined = await hub.connect(fresh(version))
    assert.is((await joined.send('DELETE', 'credentials', { from: null })).code, 1000)
    joined.forget()
    await put(cpo, 'tariffs', tariff(`T51-${version}`))
    await hub.fallSilent(3_600_000)
    await hub.drain()
    assert.equal(joined.got, [])
  })

  test(requirement(52, version), async () => {
    const joined = await hub.connect(fresh(version))
    await joined.send('DELETE', 'credentials', { from: null })
    assert.is(await opens(joined), false)
    const query = { limit: '200' }
    const { data } = await cpo.send('GET', 'sender/hubclientinfo', { from: null, query })
    const info = items(data).find((each) => at(each, 'party_id') === joined.party.slice(3))
    assert.is(at(info, 'status'), 'OFFLINE')
  })

  test(requirement(53, version), async () => {
    const { data } = await partner.send('GET', 'credentials', { from: null })
    assert.is(at(data, 'token'), partner.token)
  })
}

test.run()
