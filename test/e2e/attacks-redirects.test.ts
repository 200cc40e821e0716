// No URL that a partner supplies leads the hub anywhere else: not by redirects, nor by names that turn private.
import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { createPeerClient } from '../../src/peer/client.ts'
import type { Lookup } from '../../src/peer/guard.ts'
import { at } from '../helpers/ask.ts'
import {
  callFromWorkers,
  callThrough,
  codesOf,
  connectCallees,
  registerAt,
} from '../helpers/every-call.ts'
import type { Given } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'

const hub = await startHub()
const callees = await connectCallees(hub)
const { cpo, emsp, newer } = callees
const partners = [cpo, emsp, newer]
const fresh = await hub.invite({ parties: [{ party: 'NL-FRE', role: 'EMSP' }] })

/** Where nobody may be led to: it counts who comes. */
let visits = 0
const trap = createServer((socket) => {
  visits += 1
  socket.destroy()
})
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
const port = Number(at(trap.address(), 'port'))

const test = suite('where the hub is led to')
test.before.each(() => partners.forEach((partner) => partner.forget()))
test.after.each(() => assert.is(visits, 0, 'the hub went where it must not go'))
test.after(async () => {
  trap.close()
  await hub.close()
})

const STATUSES = [301, 302, 303, 307, 308]

for (const status of STATUSES)
  test(`T48: a redirect ${status} is followed by no call through the hub`, async () => {
    for (const place of [`http://127.0.0.1:${port}/x`, 'http://169.254.169.254/', '/elsewhere']) {
      const moved: Given = { status, headers: { Location: place } }
      for (const partner of partners) partner.answer = () => moved
      const codes = codesOf(await callThrough(callees))
      assert.equal([...new Set(Object.values(codes))], ['200/4000'], JSON.stringify(codes))
    }
  })

test('T48: a registration follows no redirect, whichever of its answers is one', async () => {
  const moved: Given = { status: 307, headers: { Location: `http://127.0.0.1:${port}/x` } }
  for (const place of ['versions', 'details']) {
    fresh.answer = (got) => (got.place === place ? moved : undefined)
    const reply = await registerAt(hub, fresh, fresh.versionsUrl)
    assert.equal([reply.status, reply.code], [200, 3001], place)
  }
  fresh.answer = (got) => (got.place === 'credentials' ? moved : undefined)
  const token = 'token-a-of-the-partner'
  fresh.expects = token
  const invited = { versions_url: fresh.versionsUrl, token_a: token }
  const started = await hub.admin('POST', `/platforms/${fresh.id}/register`, invited)
  assert.is.not(started.status, 200, started.text)
  assert.is(fresh.received('credentials').length, 1)
})

test('T48: what workers send follows none either', async () => {
  const moved: Given = { status: 308, headers: { Location: `http://127.0.0.1:${port}/x` } }
  for (const partner of partners) partner.answer = () => moved
  // Before it gets new credentials its versions are read.
  newer.answer = ({ place }) => (['versions', 'details'].includes(place) ? undefined : moved)
  await callFromWorkers(hub, callees)
  const asked = new Set(partners.flatMap(({ got }) => got.map(({ place }) => place)))
  for (const place of [
    'receiver/locations',
    'receiver/cdrs',
    'receiver/hubclientinfo',
    'sender/locations',
    'credentials',
    'versions',
  ])
    assert.ok(asked.has(place), `nothing was sent to ${place}`)
})

test('T47: a host name that leads inside is called by nothing, however it is answered', async () => {
  const { db } = hub.context
  const answers: Record<string, { address: string; family: number }[][]> = {
    'private.example.com': [[{ address: '127.0.0.1', family: 4 }]],
    'mixed.example.com': [
      [
        { address: '8.8.8.8', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    // The first answer is none, so that nothing leaves this machine; the later ones have turned private.
    'rebound.example.com': [[], [{ address: '127.0.0.1', family: 4 }]],
    'mapped.example.com': [[{ address: '::ffff:7f00:1', family: 6 }]],
  }
  const turns = new Map<string, number>()
  const lookup: Lookup = async (hostname) => {
    const all = answers[hostname] ?? []
    const turn = turns.get(hostname) ?? 0
    turns.set(hostname, turn + 1)
    return all[Math.min(turn, all.length - 1)] ?? []
  }
  hub.context.config = { ...hub.context.config, allowPrivatePeers: false }
  for (const host of Object.keys(answers)) {
    const peer = createPeerClient({
      allowPrivatePeers: false,
      clock: () => performance.now(),
      lookup,
    })
    hub.context.peer = peer
    const origin = `https://${host}:${port}`
    await db.rows(sql`
      update endpoints set url = regexp_replace(url, '^https?://[^/]+', ${origin})`)
    await db.rows(sql`
      update platforms set versions_url = regexp_replace(versions_url, '^https?://[^/]+', ${origin}), offline_since = null`)
    hub.context.directory.invalidate()
    const replies = await callThrough(callees)
    for (const [name, { status, code, text }] of replies)
      assert.ok(status === 200 && [2001, 4003].includes(code), `${host}, ${name}: ${text}`)
    const joined = await registerAt(hub, fresh, `${origin}/versions`)
    assert.equal([joined.status, joined.code], [200, 3001], joined.text)
    await hub.fallSilent(1_000_000)
    await hub.drain()
    assert.ok((turns.get(host) ?? 0) > 5, `${host} was looked up ${turns.get(host) ?? 0} times`)
    await peer.close()
  }
})

test.run()
