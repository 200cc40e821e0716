// When a platform counts as connected, and what it is given when it comes back.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { noteHeard } from '../../src/hub/connection/sightings.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, put, tariffOf } from '../helpers/objects.ts'
import { until } from '../helpers/processes.ts'

const CPO = 'NL-TNM'
const HOUR_MS = 3_600_000
const hub = await startHub({ peerDeadlineMs: 400 })
const { context } = hub
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })

const test = suite('connection states')
test.after(() => hub.close())

let count = 0
const emsp = (more: object = {}) => {
  count += 1
  const party = `FR-${String(count).padStart(3, 'S')}`
  return hub.connect({
    parties: [{ party, role: 'EMSP' }],
    modules: ['receiver/tariffs', 'receiver/hubclientinfo', 'sender/tokens'],
    ...more,
  })
}
const shown = async ({ id }: FakePartner) => (await hub.admin('GET', `/platforms/${id}`)).json
const isOffline = async (partner: FakePartner) => at(await shown(partner), 'offline_since') !== null
const silence = (partner: FakePartner) =>
  context.db.rows(sql`
    update platform_sightings set last_seen_at = last_seen_at - interval '1 hour' where platform_id = ${partner.id}`)
const openAlerts = async ({ id }: FakePartner) =>
  items(at((await hub.admin('GET', '/alerts?state=open&limit=500')).json, 'items'))
    .filter((alert) => at(alert, 'subject') === id)
    .map((alert) => at(alert, 'code'))
const revision = async () =>
  (await context.db.rows<{ revision: bigint }>(sql`select revision from directory_revision`))[0]
    ?.revision
const rowsOf = async ({ id }: FakePartner, kind: string) =>
  items(
    at((await hub.admin('GET', `/outbox?state=open&kind=${kind}&platform=${id}`)).json, 'items'),
  )

test('a platform that speaks while it is being asked is not taken for gone', async () => {
  const partner = await emsp()
  await silence(partner)
  let speaking: Promise<void> | undefined
  partner.answer = () => {
    speaking ??= noteHeard(context.db, partner.id)
    return 'silence'
  }
  await hub.drain()
  await speaking
  assert.is(partner.received('versions').length, 1)
  assert.is(await isOffline(partner), false)
  assert.equal(await rowsOf(partner, 'probe'), [])
})

test('a platform that asks for fewer questions is there', async () => {
  const partner = await emsp()
  await silence(partner)
  partner.answer = () => ({ status: 429, code: 3000 })
  await hub.drain()
  assert.is(await isOffline(partner), false)
})

test('what the hub itself held back says nothing about a platform', async () => {
  const partner = await emsp()
  partner.answer = () => 'drop'
  for (let each = 0; each < limits.peerBreakerRequestsMin * 2; each += 1)
    await put(cpo, 'tariffs', tariffOf(CPO, 'T1'), { to: partner.party })
  partner.answer = () => undefined
  partner.forget()
  await silence(partner)
  await hub.drain()
  assert.equal(partner.got, [], 'the breaker is open')
  assert.is(await isOffline(partner), false)
  assert.is((await rowsOf(partner, 'probe')).length, 1, 'it is asked soon')
})

test('a question from before its return does not keep the next silence from being noticed', async () => {
  const partner = await emsp()
  await silence(partner)
  partner.answer = () => 'drop'
  await hub.drain()
  assert.is(await isOffline(partner), true)
  assert.is((await rowsOf(partner, 'probe')).length, 1)
  await partner.send('GET', 'versions', { from: null })
  await until(async () => !(await isOffline(partner)), { what: 'the platform to be back' })
  assert.equal(await rowsOf(partner, 'probe'), [])
  await silence(partner)
  await hub.drain()
  assert.is(await isOffline(partner), true)
})

test('new credentials of a platform that was OFFLINE bring it what waits', async () => {
  const partner = await emsp()
  partner.answer = () => 'drop'
  await silence(partner)
  await hub.drain()
  await put(cpo, 'tariffs', tariffOf(CPO, 'T2', { last_updated: fromNow(0) }))
  await hub.drain()
  assert.ok((await openAlerts(partner)).includes('platform_offline'))
  partner.answer = () => undefined
  partner.forget()
  assert.is((await partner.join('PUT')).code, 1000)
  await until(
    async () => {
      await hub.drain()
      return partner.received('receiver/tariffs').length > 0
    },
    { what: 'the tariff at the receiver that is back' },
  )
  assert.equal(await openAlerts(partner), [])
  assert.is(await isOffline(partner), false)
})

test('a platform that is resumed gets at once what it missed, and hears of who changed', async () => {
  const partner = await emsp()
  await hub.drain()
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  partner.forget()
  const other = await emsp()
  await put(cpo, 'tariffs', tariffOf(CPO, 'T3', { last_updated: fromNow(0) }))
  await hub.drain()
  await hub.passTime(HOUR_MS)
  assert.equal(partner.got, [])
  await hub.admin('POST', `/platforms/${partner.id}/resume`, {})
  await hub.drain()
  const told = partner.received('receiver/hubclientinfo').map(({ rest }) => rest)
  assert.equal(told, [`/${other.party.replace('-', '/')}`])
})

test('no alert stays open about a platform that was suspended, left or was removed', async () => {
  for (const end of ['suspend', 'leave', 'remove']) {
    const partner = await emsp()
    partner.answer = () => 'drop'
    await silence(partner)
    await hub.drain()
    assert.ok((await openAlerts(partner)).includes('platform_offline'), end)
    if (end === 'suspend') await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
    if (end === 'leave') await partner.send('DELETE', 'credentials', { from: null })
    if (end === 'remove') await hub.admin('DELETE', `/platforms/${partner.id}`)
    assert.equal(await openAlerts(partner), [], end)
  }
})

test('a token encoding that operators set wrongly costs an attempt, not the copies of the directory', async () => {
  const partner = await emsp()
  await hub.admin('PATCH', `/platforms/${partner.id}`, { quirks: { token_encoding: 'raw' } })
  const before = await revision()
  for (const id of ['T4', 'T5'])
    assert.is((await put(cpo, 'tariffs', tariffOf(CPO, id), { to: partner.party })).code, 1000)
  assert.is(await revision(), before)
})

test('a platform is fetched from as soon as its quirks allow it', async () => {
  const partner = await emsp({ modules: ['sender/tokens'] })
  await hub.passTime(limits.pullIntervalMs * 2)
  await hub.drain()
  assert.equal(partner.received('sender/tokens'), [])
  await hub.admin('PATCH', `/platforms/${partner.id}`, { quirks: { pull: null } })
  await hub.passTime(limits.pullFirstDelayMs)
  await hub.drain()
  assert.is(partner.received('sender/tokens').length, 1)
})

test('a suspended platform cannot be registered around its suspension', async () => {
  const partner = await emsp()
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  const body = { versions_url: partner.versionsUrl, token_a: partner.expects }
  const reply = await hub.admin('POST', `/platforms/${partner.id}/register`, body)
  assert.is(reply.status, 409)
  assert.match(reply.text, 'resume it')
})

test.run()
