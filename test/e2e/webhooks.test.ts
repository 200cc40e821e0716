import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Webhook } from 'standardwebhooks'
import { sql } from '../../src/db/sql.ts'
import { createSecrets } from '../../src/directory/secrets.ts'
import { rekey } from '../../src/hub/rekey.ts'
import { tellParties } from '../../src/hub/disputes/events.ts'
import type { PartyEvent } from '../../src/hub/disputes/events.ts'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'
import type { WebhookMessage } from '../helpers/webhook-receiver.ts'

const HOUR_MS = 3_600_000

const bodyOf = (message: WebhookMessage | undefined): unknown => JSON.parse(message?.body ?? 'null')

async function tell(hub: TestHub, more: Partial<PartyEvent> = {}): Promise<void> {
  const event: PartyEvent = {
    type: 'dispute.opened',
    owner: 'NL-TNM',
    receiver: 'DE-EMP',
    subject: 'dispute:7',
    body: { dispute_id: '7', net: '5.00', currency: 'EUR', state: 'open' },
    ...more,
  }
  await hub.context.db.transaction((tx) => tellParties(tx, [event]))
}

async function startPair() {
  const hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const emsp = await hub.connect({ parties: [{ party: 'DE-EMP', role: 'EMSP' }] })
  return { hub, cpo, emsp, [Symbol.asyncDispose]: () => hub.close() }
}

const webhooks = suite('webhooks of parties')

webhooks(
  'each side of a pair is told, signed, in its own view; nobody else hears of it',
  async () => {
    await using world = await startPair()
    const { hub, cpo, emsp } = world
    const other = await hub.connect({ parties: [{ party: 'FR-ELS', role: 'EMSP' }] })
    await using own = await startReceiver()
    await using theirs = await startReceiver()
    await using strange = await startReceiver()
    const put = await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
    const secret = String(at(put.json, 'secret'))
    assert.match(secret, /^whsec_/)
    const events = ['dispute.opened', 'cdr.held']
    const second = await hub.asParty(emsp, 'PUT', '/webhook', { url: theirs.url, events })
    assert.is((await hub.asParty(other, 'PUT', '/webhook', { url: strange.url })).status, 200)
    await tell(hub)
    await tell(hub, { type: 'dispute.changed' })
    await hub.drain()
    assert.equal([own.got.length, theirs.got.length, strange.got.length], [2, 1, 0])
    const [message] = own.got
    const verified = new Webhook(secret).verify(message?.body ?? '', message?.headers ?? {})
    assert.is(at(verified, 'type'), 'dispute.opened')
    const { data } = Object(bodyOf(message))
    assert.equal(data, {
      dispute_id: '7',
      net: '5.00',
      currency: 'EUR',
      state: 'open',
      side: 'cpo',
      party: 'NL-TNM',
      counterparty: 'DE-EMP',
      url: `${hub.url}/party/v1/disputes/7`,
    })
    assert.is(at(bodyOf(theirs.got[0]), 'data', 'side'), 'emsp')
    const theirSecret = String(at(second.json, 'secret'))
    assert.throws(() =>
      new Webhook(theirSecret).verify(message?.body ?? '', message?.headers ?? {}),
    )
    new Webhook(theirSecret).verify(theirs.got[0]?.body ?? '', theirs.got[0]?.headers ?? {})
  },
)

webhooks('the secret is shown once; GET, a second PUT and operators see none', async () => {
  await using world = await startPair()
  const { hub, cpo } = world
  await using own = await startReceiver()
  assert.is((await hub.asParty(cpo, 'GET', '/webhook')).status, 404)
  const put = await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url, events: ['*'] })
  const secret = String(at(put.json, 'secret'))
  const again = await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url, events: ['cdr.held'] })
  assert.is(at(again.json, 'secret'), null)
  assert.equal(at(again.json, 'events'), ['cdr.held'])
  const texts = [
    (await hub.asParty(cpo, 'GET', '/webhook')).text,
    (await hub.admin('GET', '/webhooks')).text,
    await stored(hub),
  ]
  for (const text of texts) assert.not.match(text, secret.slice('whsec_'.length))
})

webhooks('bad input names the field; addresses that are not public are refused', async () => {
  await using hub = await startHub({ config: { allowPrivatePeers: false } })
  const authorization = await seatedParty(hub)
  const ask = async (body: unknown) => {
    const response = await fetch(`${hub.url}/party/v1/webhook`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const problem: unknown = await response.json()
    return [response.status, at(problem, 'errors', 0, 'pointer')]
  }
  for (const url of [
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/hook',
    'https://[::1]/hook',
    'https://0x7f000001/hook',
    'https://example.com:5432/hook',
    'https://user:secret@example.com/hook',
    'hook',
  ])
    assert.equal(await ask({ url }), [422, '/url'], url)
  assert.equal(await ask({}), [422, '/url'])
  const url = 'https://example.com/hook'
  assert.equal(await ask({ url, events: ['cdr.eaten'] }), [422, '/events/0'])
  assert.equal(await ask({ url, events: [] }), [422, '/events'])
  assert.equal(await ask({ url, more: 1 }), [422, '/more'])
  assert.equal(await ask({ url }), [200, undefined])
  // What stands there by another way is refused when it is asked.
  await hub.context.db.rows(sql`update party_webhooks set url = 'https://127.0.0.1/hook'`)
  const tested = await fetch(`${hub.url}/party/v1/webhook/test`, {
    method: 'POST',
    headers: { authorization },
  })
  const said: unknown = await tested.json()
  assert.is(at(said, 'delivered'), false)
  assert.match(String(at(said, 'error')), 'public internet')
})

webhooks('a receiver that fails is tried again, with the same id, and it shows', async () => {
  await using world = await startPair()
  const { hub, cpo, emsp } = world
  await using own = await startReceiver()
  await using theirs = await startReceiver()
  own.state.status = 500
  await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  await hub.asParty(emsp, 'PUT', '/webhook', { url: theirs.url })
  await tell(hub)
  await tell(hub)
  await hub.drain()
  assert.is(theirs.got.length, 2, 'the other side does not wait')
  assert.is(own.got.length, 2)
  const shown = await hub.asParty(cpo, 'GET', '/webhook')
  assert.is(at(shown.json, 'last_failure'), 'answered HTTP 500')
  assert.equal([at(shown.json, 'waiting'), at(shown.json, 'failures_in_a_row')], [2, 1])
  assert.type(at(shown.json, 'next_attempt_at'), 'string')
  await tell(hub)
  await hub.drain()
  assert.is(own.got.length, 2, 'news do not hurry to a receiver that is down')
  own.state.status = 204
  await hub.passTime(HOUR_MS)
  await hub.drain()
  assert.is(own.got.length, 5)
  const ids = own.got.map(({ headers }) => headers['webhook-id'])
  assert.equal(new Set(ids.slice(2, 4)), new Set(ids.slice(0, 2)))
  const after = await hub.asParty(cpo, 'GET', '/webhook')
  assert.equal([at(after.json, 'waiting'), at(after.json, 'failures_in_a_row')], [0, 0])
  assert.is(at(after.json, 'last_failure'), 'answered HTTP 500')
})

webhooks('a refused message waits alone; what nobody takes is given up', async () => {
  await using world = await startPair()
  const { hub, cpo } = world
  await using own = await startReceiver()
  own.state.status = 404
  await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  await tell(hub)
  await hub.drain()
  own.state.status = 200
  await tell(hub)
  await hub.drain()
  assert.is(own.got.length, 2, 'the second is not held up by the first')
  own.state.status = 404
  for (let day = 0; day < 6; day += 1) await hub.passTime(24 * HOUR_MS)
  await hub.drain()
  const shown = await hub.asParty(cpo, 'GET', '/webhook')
  assert.equal([at(shown.json, 'waiting'), at(shown.json, 'given_up')], [0, 1])
  const [open] = await hub.context.db.rows<{ count: bigint }>(
    sql`select count(*) from outbox where kind = 'webhook' and finished_at is null`,
  )
  assert.is(open?.count, 0n)
})

webhooks('while a secret is rotated, messages are signed with both', async () => {
  await using world = await startPair()
  const { hub, cpo } = world
  await using own = await startReceiver()
  const put = await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  const rotated = await hub.asParty(cpo, 'POST', '/webhook/rotate')
  const [old, fresh] = [put, rotated].map((reply) => new Webhook(String(at(reply.json, 'secret'))))
  await tell(hub)
  await hub.drain()
  const [first] = own.got
  old?.verify(first?.body ?? '', first?.headers ?? {})
  fresh?.verify(first?.body ?? '', first?.headers ?? {})
  await hub.passTime(25 * HOUR_MS)
  const tested = await hub.asParty(cpo, 'POST', '/webhook/test')
  assert.equal([at(tested.json, 'delivered'), at(tested.json, 'status')], [true, 204])
  const replies = await Promise.all(
    Array.from({ length: 12 }, () => hub.asParty(cpo, 'POST', '/webhook/test')),
  )
  assert.ok(
    replies.some(({ status }) => status === 429),
    'the hub is no hammer',
  )
  const [, second] = own.got
  assert.is(at(bodyOf(second), 'type'), 'webhook.test')
  assert.not.match(second?.headers['webhook-signature'] ?? '', ' ')
})

webhooks('a webhook that is removed gets nothing more, also nothing of what waits', async () => {
  await using world = await startPair()
  const { hub, cpo } = world
  await using own = await startReceiver()
  await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  await tell(hub)
  assert.is((await hub.asParty(cpo, 'DELETE', '/webhook')).status, 204)
  for (const [method, path] of [
    ['DELETE', '/webhook'],
    ['POST', '/webhook/test'],
  ] as const)
    assert.is((await hub.asParty(cpo, method, path)).status, 404)
  await tell(hub)
  await hub.drain()
  assert.equal(own.got, [])
})

webhooks('secrets move with SECRETS_KEY; an eMSP alone is told of its records', async () => {
  await using world = await startPair()
  const { hub, cpo, emsp } = world
  await using own = await startReceiver()
  await using theirs = await startReceiver()
  const put = await hub.asParty(emsp, 'PUT', '/webhook', { url: theirs.url })
  await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  await hub.asParty(emsp, 'POST', '/webhook/rotate')
  const keys = [Buffer.alloc(32, 8), Buffer.alloc(32, 7)]
  const secrets = createSecrets(keys)
  const { context } = hub
  const changed = await rekey({
    ...context,
    secrets,
    config: { ...context.config, secretsKeys: keys },
  })
  assert.ok(changed > 0)
  const fresh = createSecrets(keys.slice(0, 1))
  const [row] = await context.db.rows<{ previous_sealed: Buffer }>(
    sql`select previous_sealed from party_webhooks where platform_id = ${emsp.id}`,
  )
  assert.is(
    fresh.open(row?.previous_sealed ?? Buffer.alloc(0), `webhook:${emsp.id}`),
    at(put.json, 'secret'),
  )
  context.secrets = secrets
  await tell(hub, { type: 'record.suggested', subject: 'record:5' })
  await hub.drain()
  assert.equal([own.got.length, theirs.got.length], [0, 1])
  assert.is(at(bodyOf(theirs.got[0]), 'data', 'url'), `${hub.url}/party/v1/records/5`)
  new Webhook(String(at(put.json, 'secret'))).verify(
    theirs.got[0]?.body ?? '',
    theirs.got[0]?.headers ?? {},
  )
})

/** Everything that is stored about them, as one text. */
async function stored(hub: TestHub): Promise<string> {
  const [row] = await hub.context.db.rows<{ text: string }>(sql`
    select string_agg(line, ' ') as text from (
      select to_jsonb(w)::text as line from party_webhooks w union all select to_jsonb(a)::text from audit_entries a) t`)
  return row?.text ?? ''
}

/** A registered party of a hub that cannot reach anybody on this machine. */
async function seatedParty(hub: TestHub): Promise<string> {
  const roles = [{ role: 'CPO', country_code: 'NL', party_id: 'TNM' }]
  const invited = await hub.admin('POST', '/platforms', { name: 'seated', roles })
  const id = String(at(invited.json, 'id'))
  const { db, secrets, directory } = hub.context
  const token = secrets.newToken()
  await db.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed)
    values (${secrets.hash(token)}, ${id}, 'access', ${secrets.seal(token, `platform:${id}:access`)})`)
  await db.rows(sql`
    update platforms set status = 'registered', ocpi_version = '2.2.1', peer_token_sealed = ${secrets.seal('theirs', `platform:${id}:peer`)}
    where id = ${id}`)
  directory.invalidate()
  return `Token ${Buffer.from(token).toString('base64')}`
}

webhooks.run()
