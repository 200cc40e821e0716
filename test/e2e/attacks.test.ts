import { randomBytes } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { ask, at } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import { asRole } from '../helpers/fake-partner.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { note } from '../helpers/note.ts'
import { cdrOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { until } from '../helpers/processes.ts'

// The numbers are those of the threat model; attacks that are one request stand in fixtures/bad-input.json, those on the
// wire in attacks-wire, those by what partners answer in attacks-peers, attacks-answers and attacks-redirects, those by
// CDRs in attacks-clearing, by results of commands in attacks-callbacks, the tenant matrix in attacks-tenants, TLS in
// fault/tls. unit/attack-index says which number has none.
const hub = await startDoorHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-CPA', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'NL-EMA', role: 'EMSP' }] })
const otherCpo = await hub.connect({ parties: [{ party: 'DE-CPB', role: 'CPO' }] })
const otherEmsp = await hub.connect({ parties: [{ party: 'DE-EMB', role: 'EMSP' }] })
const hubParty = 'NL-XCH'
const { db } = hub.database

const attacks = suite('attacks')
attacks.after.each(() => hub.assertSound())
attacks.after(async () => hub[Symbol.asyncDispose]())

/** An answer without what differs from request to request. */
function lasting(reply: Reply): string {
  return `${reply.status} ${reply.text.replace(/"timestamp":"[^"]*"/, '')}`
}

function withAuthorization(authorization: string, url = hub.web.url): Promise<Reply> {
  return ask({ url: `${url}/ocpi/versions`, method: 'GET', headers: { authorization } })
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const shown = (partner: FakePartner) => `Token ${base64(partner.token)}`

attacks('T2 T5: wrong tokens get the same answer, however they are wrong', async () => {
  const { token } = cpo
  const flipped = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
  const wrong = [
    base64('an-unknown-token-of-usual-length'),
    base64(flipped),
    base64(token.slice(0, -1)),
    base64(token).replaceAll('=', ''),
    `${base64(token)}====`,
    `${base64(token).slice(0, 10)}-_${base64(token).slice(12)}`,
    base64(base64(token)),
    base64(token).toLowerCase(),
  ]
  const answers = await Promise.all(wrong.map((each) => withAuthorization(`Token ${each}`)))
  const none = await ask({ url: `${hub.web.url}/ocpi/versions`, method: 'GET' })
  assert.is(none.status, 401)
  for (const answer of answers) assert.is(lasting(answer), lasting(none))
  assert.is((await withAuthorization(`tOKEN ${base64(token)}`)).code, 1000)
})

attacks('T7 T8: a registration token opens nothing else, works once, and expires', async () => {
  const fresh = await hub.invite({ parties: [{ party: 'NL-NEW', role: 'EMSP' }] })
  const { token } = fresh
  const list = await fresh.send('GET', 'sender/locations', { to: hubParty })
  assert.is(list.status, 401)
  assert.is((await fresh.join()).code, 1000)
  assert.is((await fresh.send('GET', 'sender/locations', { to: hubParty })).code, 1000)
  fresh.token = token
  assert.is((await fresh.send('POST', 'credentials', { body: fresh.credentials() })).status, 401)
  const late = await hub.invite({ parties: [{ party: 'NL-LAT', role: 'EMSP' }] })
  await db.rows(sql`
    update credentials_tokens set expires_at = clock_timestamp() - interval '1 second'
    where platform_id = ${late.id}`)
  await until(async () => (await withAuthorization(shown(late))).status === 401, {
    what: 'the expired token to be refused',
    limitMs: 2_000,
  })
})

attacks('T9: after a rotation the old token works until the new one is used', async () => {
  const old = shown(otherCpo)
  assert.is((await otherCpo.join('PUT')).code, 1000)
  assert.is.not(shown(otherCpo), old)
  assert.is((await withAuthorization(old)).status, 200)
  // To look at the versions is no use of it: an exchange may still fail.
  assert.is((await withAuthorization(shown(otherCpo))).status, 200)
  assert.is((await withAuthorization(old)).status, 200)
  assert.is((await otherCpo.send('GET', 'credentials', { from: null })).code, 1000)
  assert.is((await withAuthorization(old)).status, 401)
})

attacks(
  'T10: a suspended or deleted platform is out on every process within two seconds',
  async () => {
    const second = await hub.addWeb({})
    const urls = [hub.web.url, second.url]
    const guest = await hub.connect({ parties: [{ party: 'NL-OUT', role: 'EMSP' }] })
    const all = async (status: number): Promise<void> => {
      await until(
        async () => {
          const found = await Promise.all(urls.map((url) => withAuthorization(shown(guest), url)))
          return found.every((reply) => reply.status === status)
        },
        { what: `${status} everywhere`, limitMs: 2_000 },
      )
    }
    await all(200)
    const path = `/platforms/${guest.id}`
    assert.is((await hub.admin('POST', `${path}/suspend`, { reason: 'test' })).status, 200)
    await all(401)
    assert.is((await hub.admin('POST', `${path}/resume`, { reason: 'test' })).status, 200)
    await all(200)
    assert.ok((await hub.admin('DELETE', path)).status < 300)
    await all(401)
  },
)

attacks('T18: nobody registers a party of somebody else, in any spelling', async () => {
  const thief = await hub.invite({ parties: [{ party: 'NL-THF', role: 'CPO' }] })
  const before = await hub.written()
  const claims = ['NL-CPA', 'nl-cpa', 'NL-СРА', 'NL-CPA ', 'NL-ＣＰＡ', 'NL-CP\u200bA']
  for (const party of claims) {
    const roles = [{ party, role: 'CPO' }, ...thief.parties].map((each) =>
      asRole({ ...each, role: 'CPO' }),
    )
    const body = { ...thief.credentials(), roles }
    const reply = await thief.send('POST', 'credentials', { body, from: null })
    assert.is(`${reply.status}/${reply.code}`, '200/2001', party)
    assert.match(reply.message, '/roles/0')
  }
  const invited = await hub.admin('POST', '/platforms', {
    name: 'thief',
    roles: [{ role: 'CPO', country_code: 'nl', party_id: 'cpa' }],
  })
  assert.is(invited.status, 409)
  assert.is(await hub.written(), before)
})

attacks(
  'T25: a Link of one party is worth nothing to another, nor when it was changed',
  async () => {
    const next = `${cpo.url}/2.2.1/sender/locations?offset=1`
    cpo.answer = (got) =>
      got.place === 'sender/locations'
        ? { data: [], headers: got.rest === '' ? { Link: `<${next}>; rel="next"` } : {} }
        : undefined
    const page = await emsp.send('GET', 'sender/locations', { to: cpo.party })
    const link = /<([^>]+)>/.exec(String(page.headers.link))?.[1] ?? ''
    assert.match(link, `${hub.web.url}/ocpi/2.2.1/sender/locations?page_of=`)
    assert.is((await emsp.send('GET', link, { to: cpo.party })).code, 1000)
    cpo.forget()
    const stolen = await otherEmsp.send('GET', link, { to: cpo.party })
    const changed = await emsp.send(
      'GET',
      link.replace(/.$/, (end) => (end === 'A' ? 'E' : 'A')),
      {
        to: cpo.party,
      },
    )
    const redirected = await emsp.send('GET', link, { to: otherCpo.party })
    for (const reply of [stolen, changed, redirected]) assert.is(reply.status, 404)
    assert.equal(cpo.got, [])
    cpo.answer = () => undefined
  },
)

attacks('T26 T27: what is not yours reads like what is not there, and is not counted', async () => {
  const charge = { owner: cpo.party, payer: emsp.party, id: 'S-SECRET' }
  assert.is((await put(cpo, 'sessions', sessionOf(charge))).code, 1000)
  const body = cdrOf({ ...charge, id: 'C-SECRET' })
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body })).code, 1000)
  for (const stranger of [otherCpo, otherEmsp]) {
    const [foreign, absent] = await Promise.all(
      ['C-SECRET', 'C-ABSENT'].map((id) =>
        stranger.send('GET', `receiver/cdrs/${pathOf(cpo.party, id)}`),
      ),
    )
    assert.ok(foreign && absent)
    assert.is(foreign.status, 404)
    assert.is(lasting(foreign), lasting(absent))
  }
  const list = { to: hubParty, query: { date_from: '2020-01-01T00:00:00Z' } }
  const total = async (partner: FakePartner, module: string) =>
    (await partner.send('GET', `sender/${module}`, list)).headers['x-total-count']
  assert.is(await total(emsp, 'sessions'), '1')
  for (const module of ['sessions', 'cdrs']) assert.is(await total(otherEmsp, module), '0')
})

attacks(
  'T28 T29: fields of ours in a body bind nothing, and a replay has no second effect',
  async () => {
    const more = { state: 'approved', platform_id: otherCpo.id, receiver: 'DE-EMB', hub_id: 1 }
    const raw = JSON.stringify(cdrOf({ owner: cpo.party, payer: emsp.party, id: 'C-FIELDS' }, more))
    const send = () => cpo.send('POST', 'receiver/cdrs', { raw })
    const first = await send()
    assert.is(first.code, 1000)
    const before = await hub.written()
    const again = await Promise.all(Array.from({ length: 5 }, send))
    for (const reply of again) {
      assert.is(lasting(reply), lasting(first))
      assert.is(reply.headers.location, first.headers.location)
    }
    assert.is(await hub.written(), before)
    const [row] = await db.rows<{ state: string; receiver: string; platform_id: string }>(sql`
    select s.state, c.receiver, c.platform_id from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.cdr_id = 'C-FIELDS'`)
    assert.equal({ ...row }, { state: 'received', receiver: emsp.party, platform_id: cpo.id })
  },
)

attacks('T35: of PATCHes that race none is lost, and a stale one changes nothing', async () => {
  const token = tokenOf(emsp.party, 'RACE')
  assert.is((await put(emsp, 'tokens', token)).code, 1000)
  const place = `receiver/tokens/${pathOf(emsp.party, 'RACE')}`
  const names = Array.from({ length: 20 }, (_, index) => `x_${index}`)
  const patch = (name: string, last_updated: unknown) =>
    emsp.send('PATCH', place, { body: { [name]: name, last_updated } })
  const replies = await Promise.all(names.map((name) => patch(name, token.last_updated)))
  assert.ok(replies.every(({ code }) => code === 1000))
  assert.is((await patch('x_stale', '2020-01-01T00:00:00Z')).code, 2001)
  const { data } = await emsp.send('GET', place, { to: hubParty })
  for (const name of names) assert.is(at(data, name), name)
  assert.is(at(data, 'x_stale'), undefined)
})

attacks('T36: the same uid of two providers is two tokens', async () => {
  for (const [partner, valid] of [
    [emsp, false],
    [otherEmsp, true],
  ] as const)
    assert.is((await put(partner, 'tokens', tokenOf(partner.party, 'TWIN', { valid }))).code, 1000)
  for (const [partner, valid] of [
    [emsp, false],
    [otherEmsp, true],
  ] as const) {
    const place = `receiver/tokens/${pathOf(partner.party, 'TWIN')}`
    assert.is(at((await partner.send('GET', place, { to: hubParty })).data, 'valid'), valid)
  }
})

// The last one: it spends the minute's failed logins of this address.
attacks('T2: how long a wrong token takes is printed, not judged', async () => {
  const timed = async (authorization: string, times: number[]): Promise<boolean> => {
    const started = performance.now()
    const { status } = await withAuthorization(authorization)
    // Wrong tokens are counted, and there were others in this minute.
    assert.ok(status === 401 || status === 429)
    if (status === 401) times.push(performance.now() - started)
    return status === 401
  }
  const [none, unknown]: [number[], number[]] = [[], []]
  for (let round = 0; round < 40; round += 1) {
    const token = base64(randomBytes(24).toString('base64url'))
    if (!(await timed('Token ', none)) || !(await timed(`Token ${token}`, unknown))) break
  }
  const [a, b] = [spread(none), spread(unknown)]
  const t = (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
  const told = `no token ${a.mean.toFixed(2)} ms, unknown ${b.mean.toFixed(2)} ms`
  note(`T2: ${told}, t = ${t.toFixed(1)} of ${a.count + b.count} answers`)
})

function spread(values: readonly number[]): { count: number; mean: number; variance: number } {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { count, mean, variance: squares / (count - 1) }
}

attacks.run()
