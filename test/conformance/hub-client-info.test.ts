// HubClientInfo (requirements 169 to 178): listed, pushed on every change; silence is noticed.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { createContext } from '../../src/context.ts'
import { clientInfo } from '../../src/ocpi/modules/hub-client-info.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import { runDeliver } from '../../workers/deliver.ts'
import type { QueueSet, RowRef } from '../../workers/queues.ts'
import { relayOnce } from '../../workers/relay.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'
import { until } from '../helpers/processes.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const LISTENS = { modules: ['receiver/tariffs', 'receiver/hubclientinfo', 'sender/tokens'] }
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const listener = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }], ...LISTENS })

const test = suite('client info')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, listener]) partner.forget()
})
test.after(() => hub.close())

let count = 0
const fresh = () => `FR-${String((count += 1)).padStart(3, 'C')}`
const emspOf = (party = fresh()) => ({ parties: [{ party, role: 'EMSP' as const }] })

/** What the listener was told of a party, oldest first. */
async function told(party: string): Promise<unknown[]> {
  await hub.drain()
  const [country, id] = party.split('-')
  return listener
    .received('receiver/hubclientinfo', 'PUT')
    .filter(({ rest }) => rest === `/${country}/${id}`)
    .map(({ json }) => at(json, 'status'))
}

async function listed(party: string, query: Record<string, string> = {}): Promise<unknown> {
  const reply = await cpo.send('GET', 'sender/hubclientinfo', {
    from: null,
    query: { limit: '200', ...query },
  })
  return items(reply.data).find((info) => at(info, 'party_id') === party.slice(3))
}

const alerted = async ({ id }: FakePartner) =>
  items(at((await hub.admin('GET', '/alerts?state=open&limit=500')).json, 'items')).some(
    (alert) => at(alert, 'code') === 'platform_offline' && at(alert, 'subject') === id,
  )

async function fallSilent(partner: FakePartner): Promise<void> {
  partner.answer = () => 'drop'
  await hub.fallSilent(limits.stillAliveMs + 1_000)
  await hub.drain()
}

test(requirement(170), async () => {
  const partner = await hub.invite(emspOf())
  const { party } = partner
  assert.equal(await told(party), ['PLANNED'])
  await partner.join()
  assert.equal(await told(party), ['PLANNED', 'CONNECTED'])
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  assert.equal((await told(party)).at(-1), 'SUSPENDED')
  await hub.admin('POST', `/platforms/${partner.id}/resume`, {})
  assert.equal((await told(party)).at(-1), 'CONNECTED')
  await partner.send('DELETE', 'credentials', { from: null })
  assert.equal((await told(party)).at(-1), 'OFFLINE')
  const [got] = listener.received('receiver/hubclientinfo')
  assert.equal(Object.keys(Object(got?.json)).sort(), [
    'country_code',
    'last_updated',
    'party_id',
    'role',
    'status',
  ])
  for (const name of Object.keys(got?.headers ?? {})) assert.not.match(name, /^ocpi-/)
})

test(requirement(171), async () => {
  const partner = await hub.connect(emspOf())
  await told(partner.party)
  await hub.admin('DELETE', `/platforms/${partner.id}`)
  assert.is((await told(partner.party)).at(-1), 'SUSPENDED')
  assert.equal(listener.received('receiver/hubclientinfo', 'DELETE'), [])
  assert.is(await listed(partner.party), undefined)
})

test(requirement(177, 'pushed'), async () => {
  const party = fresh()
  const roles = ['CPO', 'EMSP'] as const
  await hub.connect({ parties: roles.map((role) => ({ party, role })) })
  await told(party)
  const last = listener
    .received('receiver/hubclientinfo')
    .filter(({ json }) => at(json, 'status') === 'CONNECTED')
    .map(({ json }) => at(json, 'role'))
  assert.equal(last.sort(), [...roles])
})

test(requirement(178), async () => {
  const partner = await hub.connect({ ...emspOf(), ...LISTENS })
  await hub.drain()
  assert.equal(cpo.got, [])
  assert.equal(partner.received('receiver/hubclientinfo'), [])
})

test('a listener that fails is told again, what is so by then', async () => {
  const partner = await hub.invite(emspOf())
  listener.answer = () => ({ status: 500, code: 3000 })
  await partner.join()
  await hub.drain()
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  listener.answer = () => undefined
  listener.forget()
  await hub.passTime(120_000)
  assert.equal(await told(partner.party), ['SUSPENDED'])
})

test(requirement(173), async () => {
  const partner = await hub.connect(emspOf())
  await hub.fallSilent(limits.stillAliveMs - 10_000)
  await hub.drain()
  assert.equal(partner.got, [])
  await hub.fallSilent(20_000)
  await hub.drain()
  assert.equal(
    partner.got.map(({ method, place }) => `${method} ${place}`),
    ['GET versions'],
  )
  for (const name of Object.keys(partner.got[0]?.headers ?? {})) assert.not.match(name, /^ocpi-/)
  await hub.drain()
  assert.is(partner.got.length, 1, 'that it answered counts as having been heard')
  assert.is(at(await listed(partner.party), 'status'), 'CONNECTED')
})

test(requirement(174), async () => {
  const partner = await hub.connect(emspOf())
  await told(partner.party)
  const before = await listed(partner.party)
  const [since] = [String(at(before, 'last_updated'))]
  await fallSilent(partner)
  assert.is((await told(partner.party)).at(-1), 'OFFLINE')
  assert.ok(await alerted(partner))
  const after = await listed(partner.party)
  assert.is(at(after, 'status'), 'OFFLINE')
  assert.ok(String(at(after, 'last_updated')) > since)
  const delta = { date_from: String(at(after, 'last_updated')) }
  assert.ok(await listed(partner.party, delta))
  const direct = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is(direct.code, 4003)
  partner.forget()
  await hub.passTime(limits.offlineProbeMs)
  await hub.drain()
  const probes = partner.received('versions').length
  assert.is(probes, 1)
  partner.answer = () => undefined
  await hub.passTime(limits.offlineProbeMs * 2)
  assert.is((await told(partner.party)).at(-1), 'CONNECTED')
  assert.not.ok(await alerted(partner), 'nobody has to act on what is over')
  assert.is((await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })).code, 1000)
})

test(requirement(174, 'whatever it says, it is back'), async () => {
  const partner = await hub.connect(emspOf())
  await fallSilent(partner)
  assert.is(at(await listed(partner.party), 'status'), 'OFFLINE')
  partner.answer = () => undefined
  await partner.send('GET', 'sender/tariffs', { to: hub.party })
  await until(async () => at(await listed(partner.party), 'status') === 'CONNECTED', {
    what: 'the platform to be back',
  })
  assert.is((await told(partner.party)).at(-1), 'CONNECTED')
})

test('an OFFLINE listener is told nothing; what it missed goes out when it is back, as it is then', async () => {
  const partner = await hub.connect({ ...emspOf(), ...LISTENS })
  await fallSilent(partner)
  partner.forget()
  const newcomer = await hub.connect(emspOf())
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T9'))
  await hub.drain()
  assert.equal(partner.got, [])
  partner.answer = () => undefined
  await hub.passTime(limits.offlineProbeMs)
  await hub.drain()
  assert.equal(
    partner.received('receiver/tariffs', 'PUT').map(({ json }) => at(json, 'id')),
    ['T9'],
  )
  assert.equal(
    partner.received('receiver/hubclientinfo').map(({ json }) => at(json, 'status')),
    ['CONNECTED'],
  )
  const [country, id] = newcomer.party.split('-')
  assert.is(partner.received('receiver/hubclientinfo')[0]?.rest, `/${country}/${id}`)
})

test(requirement(169), async () => {
  const all = await listener.send('GET', 'sender/hubclientinfo', { from: null })
  const shown = items(all.data)
  assert.is(Number(all.headers['x-total-count']), shown.length)
  const pages: unknown[] = []
  let url: string | undefined = 'sender/hubclientinfo'
  for (let page = 0; url !== undefined && page < 100; page += 1) {
    const query: Record<string, string> = page === 0 ? { limit: '2' } : {}
    const reply: Reply = await listener.send('GET', url, { from: null, query })
    pages.push(...items(reply.data))
    url = /<(.*)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1]
  }
  assert.equal(pages, shown)
  const future = { date_from: '2090-01-01T00:00:00Z' }
  const none = await listener.send('GET', 'sender/hubclientinfo', { from: null, query: future })
  assert.equal(none.data, [])
})

test(requirement(172), async () => {
  const schema = schemaFor(clientInfo, '2.2.1')
  assert.ok(schema)
  const { data } = await listener.send('GET', 'sender/hubclientinfo', { from: null })
  assert.ok(items(data).length > 0)
  for (const client of items(data)) {
    const { hard, soft } = validate(schema, client)
    assert.equal([...hard, ...soft], [])
  }
})

test(requirement(175), async () => {
  const partner = await hub.connect(emspOf())
  const before = String(at(await listed(partner.party), 'last_updated'))
  await partner.join('PUT')
  assert.is(at(await listed(partner.party), 'last_updated'), before, 'a new token is no change')
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  const after = await listed(partner.party)
  assert.is(at(after, 'status'), 'SUSPENDED')
  assert.ok(String(at(after, 'last_updated')) > before)
  assert.ok(await listed(partner.party, { date_from: String(at(after, 'last_updated')) }))
  assert.is(await listed(partner.party, { date_to: String(at(after, 'last_updated')) }), undefined)
})

test(requirement(176), async () => {
  await using strict = await startHub({ config: { agreements: 'required' } })
  const operator = await strict.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const partner = (party: string) => strict.connect({ parties: [{ party, role: 'EMSP' }] })
  const [friend, stranger] = [await partner('DE-FRI'), await partner('DE-STR')]
  assert.is((await strict.admin('PUT', '/agreements/NL-TNM/DE-FRI', {})).status, 200)
  const seen = async (asker: FakePartner) =>
    items((await asker.send('GET', 'sender/hubclientinfo', { from: null })).data).map((client) =>
      at(client, 'party_id'),
    )
  assert.equal(
    [await seen(operator), await seen(friend), await seen(stranger)],
    [['FRI'], ['TNM'], []],
  )
})

test('a worker whose copy of the directory is of a moment ago tells what is so now', async () => {
  const worker = createContext(hub.context.config, 'worker')
  try {
    const party = fresh()
    await worker.directory.snapshot()
    await (await hub.invite(emspOf(party))).join()
    const jobs: (readonly RowRef[])[] = []
    const queues: QueueSet = {
      isReady: () => true,
      add: async (queue, added) => void (queue === 'deliver' && jobs.push(...added)),
      held: async () => [],
      work: () => undefined,
      close: async () => undefined,
    }
    await relayOnce(worker, queues)
    for (const rows of jobs) await runDeliver(worker, rows)
    assert.equal((await told(party)).at(-1), 'CONNECTED')
  } finally {
    await worker.close()
  }
})

test(requirement(177), async () => {
  const party = fresh()
  const roles = ['CPO', 'EMSP'] as const
  await hub.connect({ parties: roles.map((role) => ({ party, role })) })
  const query = { limit: '200' }
  const { data } = await listener.send('GET', 'sender/hubclientinfo', { from: null, query })
  const shown = items(data).filter((client) => at(client, 'party_id') === party.slice(3))
  assert.equal(shown.map((client) => at(client, 'role')).sort(), [...roles])
})

test.run()
