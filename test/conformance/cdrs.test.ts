// CDRs: what is accepted, what is answered, who is told and who may see (requirements 144 to 149, 156).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, cdrTokenOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { connectPairs, otherOf } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const pairs = await connectPairs(hub)
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })

const test = suite('cdrs')
test.before.each(async () => {
  await hub.drain()
  for (const { emsp } of pairs) {
    emsp.answer = () => undefined
    emsp.forget()
  }
  second.forget()
})
test.after(() => hub.close())

for (const pair of pairs) {
  const { version, cpo, emsp, seen } = pair
  const owner = cpo.party
  const stranger = otherOf(pairs, pair).emsp
  const post = (body: Json) => cpo.send('POST', 'receiver/cdrs', { body: seen(body) })
  const shown = async (id: string) =>
    (await hub.admin('GET', `/cdrs/${owner.replace('-', '/')}/${id}`)).json

  /** What the eMSP got of one CDR: others may be on their way to it once more. */
  const delivered = (id: string) =>
    emsp.received('receiver/cdrs', 'POST').filter(({ json }) => at(json, 'id') === id)

  /** A CDR whose session and token are known, so that it clears. Each has a card of its own. */
  const ready = async (id: string, more: Json = {}): Promise<Json> => {
    const charge = { owner, payer: emsp.party, id: `S-${id}`, uid: `CARD-${id}` }
    await put(emsp, 'tokens', tokenOf(emsp.party, charge.uid))
    await put(cpo, 'sessions', seen(sessionOf(charge)))
    return cdrOf({ ...charge, id }, more)
  }

  test(requirement(144, version), async () => {
    const { headers } = await post(await ready('C144'))
    await hub.drain()
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      for (const path of [
        'receiver/cdrs',
        `receiver/cdrs/${pathOf(owner, 'C144')}`,
        String(headers.location),
      ]) {
        const reply = await cpo.send(method, path, { body: {} })
        assert.is(reply.status, 405, `${method} ${path}`)
        assert.not.match(String(reply.headers.allow), method)
      }
    assert.is(at((await cpo.send('GET', String(headers.location))).data, 'id'), 'C144')
  })

  test(requirement(145, version), async () => {
    const reply = await post(await ready('C145'))
    assert.equal([reply.status, reply.code], [201, 1000])
    assert.ok(String(reply.headers.location).startsWith('http'))
    const silentEmsp = await ready('C145B')
    emsp.answer = () => 'drop'
    assert.ok((await post(silentEmsp)).headers.location, 'whatever the eMSP does')
  })

  for (const delivery of ['clear', 'relay'])
    test(requirement(146, `${version}, ${delivery}`), async () => {
      await hub.admin('PUT', `/agreements/${owner}/${emsp.party}`, { cdr_delivery: delivery })
      const cdr = await ready(`C146-${delivery}`)
      const raw = `${JSON.stringify(seen(cdr)).slice(0, -1)}, "x-mine" : 1.10 }`
      const reply = await cpo.send('POST', 'receiver/cdrs', { raw })
      assert.is(reply.code, 1000, reply.text)
      const location = String(reply.headers.location)
      assert.ok(location.startsWith(`${hub.url}/ocpi/${version}/receiver/cdrs/`))
      assert.ok((await cpo.send('GET', location)).text.includes(raw), 'byte for byte')
      await hub.drain()
      assert.equal(
        delivered(`C146-${delivery}`).map(({ body }) => body),
        [raw],
        'what the eMSP has is the same',
      )
      assert.ok((await emsp.send('GET', location)).text.includes(raw))
      await hub.admin('PUT', `/agreements/${owner}/${emsp.party}`, { cdr_delivery: 'clear' })
    })

  test(requirement(147, version), async () => {
    const places = { C147: '/ocpi/cdrs/77', C147B: '77?x=1', C147C: 'http://[' }
    for (const [id, Location] of Object.entries(places)) {
      emsp.answer = ({ place }) =>
        place === 'receiver/cdrs' ? { status: 201, headers: { Location } } : undefined
      const reply = await post(await ready(id))
      await hub.drain()
      const mapped = String(reply.headers.location)
      assert.ok(mapped.startsWith(`${hub.url}/`), mapped)
      assert.is(at((await cpo.send('GET', mapped)).data, 'id'), id)
    }
    const rows = await hub.context.db.rows<{ peer_location: string | null }>(sql`
      select s.peer_location from cdrs c join cdr_states s on s.cdr_id = c.id
      where c.owner = ${owner} and c.cdr_key like 'c147%' order by c.cdr_key`)
    assert.equal(
      rows.map((row) => row.peer_location),
      [`${emsp.url}/ocpi/cdrs/77`, `${emsp.url}/${version}/receiver/77?x=1`, null],
    )
  })

  test(requirement(148, version), async () => {
    const reply = await post(await ready('C148'))
    await hub.drain()
    assert.is(delivered('C148').length, 1)
    const wrong = cdrOf({ owner, payer: emsp.party, id: 'C148B' })
    const to = second.party
    const refused = await cpo.send('POST', 'receiver/cdrs', { body: seen(wrong), to })
    assert.equal([refused.status, refused.code], [200, 2001])
    assert.match(refused.message, '/cdr_token')
    for (const other of [second, stranger]) {
      assert.equal(other.received('receiver/cdrs'), [])
      assert.is((await other.send('GET', String(reply.headers.location))).status, 404)
    }
  })

  test(requirement(149, version), async () => {
    const cdr = await ready('C149')
    assert.is((await post(cdr)).code, 1000)
    for (const id of ['C149', 'c149']) {
      const reply = await post({ ...cdr, id, total_energy: 11 })
      assert.equal([reply.status, reply.code], [200, 2001])
      assert.match(reply.message, '/id')
    }
    const json = await shown('C149')
    assert.equal(JSON.parse(String(at(json, 'original'))), seen(cdr))
    assert.ok(items(at(json, 'findings')).some((finding) => at(finding, 'code') === 'D3'))
    await hub.drain()
    assert.is(delivered('C149').length, 1)
  })

  test(requirement(156, version), async () => {
    await post(await ready('C156'))
    await hub.drain()
    const ownedBy = async (partner: typeof emsp) => {
      const query = { limit: '1000' }
      const { data } = await partner.send('GET', 'sender/cdrs', { to: hub.party, query })
      return items(data).filter((each) => at(each, 'party_id') === owner.slice(3))
    }
    const own = await ownedBy(emsp)
    assert.ok(own.some((each) => at(each, 'id') === 'C156'))
    for (const each of own) assert.is(at(each, 'cdr_token', 'party_id'), emsp.party.slice(3))
    for (const other of [second, stranger]) assert.equal(await ownedBy(other), [])
  })

  test(`the list of CDRs pages and counts like any other – ${version}`, async () => {
    const first = await emsp.send('GET', 'sender/cdrs', { to: hub.party, query: { limit: '1' } })
    const total = Number(first.headers['x-total-count'])
    const listed: unknown[] = [...items(first.data)]
    let reply = first
    for (let page = 1; page < total; page += 1) {
      const link = /<(.*)>/.exec(String(reply.headers.link))?.[1]
      reply = await emsp.send('GET', String(link), { to: hub.party })
      listed.push(...items(reply.data))
    }
    assert.is(reply.headers.link, undefined)
    assert.is(listed.length, total)
    assert.is(new Set(listed.map((each) => at(each, 'id'))).size, total)
  })

  test(`the same content again has the same answer, however it is written – ${version}`, async () => {
    const cdr = await ready('C149B')
    const first = await post(cdr)
    const again = await post(cdr)
    const backwards = await post(
      Object.fromEntries([...Object.entries(cdr), ['remark', null]].reverse()),
    )
    for (const reply of [again, backwards]) {
      assert.is(reply.status, first.status)
      assert.is(reply.code, 1000)
      assert.is(reply.headers.location, first.headers.location)
    }
    await hub.drain()
    assert.is(delivered('C149B').length, 1)
  })

  test(`what names no receiver or another owner is refused – ${version}`, async () => {
    const charge = { owner, payer: emsp.party, id: 'C4001' }
    const nobody = await post(cdrOf({ ...charge, payer: 'XX-XXX' }))
    assert.equal([nobody.status, nobody.code], [200, 4001])
    const { party_id: _party, ...cdr_token } = cdrTokenOf(emsp.party, 'X')
    const bare = await post(cdrOf(charge, { cdr_token }))
    assert.equal([bare.status, bare.code], [200, 2001])
    assert.match(bare.message, '/cdr_token/party_id')
    const foreign = await post(cdrOf({ ...charge, owner: 'NL-XYZ' }))
    assert.equal([foreign.status, foreign.code], [200, 2001])
    assert.match(foreign.message, '/party_id')
  })
}

test.run()
