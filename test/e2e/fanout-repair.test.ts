// A broadcast to many, one of them slow and one dead: the others have it at once, and those two get what the object is
// when they return, not what it was.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const PLACE = 'receiver/locations'
const platforms = 30
const hub = await startHub({ peerDeadlineMs: 300 })
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const receivers: FakePartner[] = []
for (let index = 0; index < platforms; index += 1) {
  const party = `DE-${String(index).padStart(3, 'F')}`
  const modules = [PLACE, 'receiver/hubclientinfo', 'sender/tokens']
  receivers.push(await hub.connect({ parties: [{ party, role: 'EMSP' }], modules }))
}
const [slow, dead, ...others] = receivers
if (!slow || !dead) throw new Error('there are no receivers')

const test = suite('fan-out and repair')
test.after(() => hub.close())

const statusIn = (json: unknown) => at(json, 'evses', 0, 'status')
const toldOf = (partner: FakePartner, { party }: FakePartner) =>
  partner
    .received('receiver/hubclientinfo', 'PUT')
    .filter(({ rest }) => rest === `/${party.replace('-', '/')}`)
    .map(({ json }) => String(at(json, 'status')))
const openRows = async () =>
  items(at((await hub.admin('GET', '/outbox?state=open&limit=500')).json, 'items'))

async function patch(status: string, ms: number): Promise<void> {
  const body = { status, last_updated: fromNow(ms) }
  const reply = await cpo.send('PATCH', `${PLACE}/${pathOf(CPO, 'L1')}/E1`, { body })
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
}

async function silence(partner: FakePartner): Promise<void> {
  await hub.database.db.rows(sql`
    update platform_sightings set last_seen_at = last_seen_at - interval '1 hour' where platform_id = ${partner.id}`)
}

/** What the CPO's object is, as a receiver reads it at the hub. */
async function current(partner: FakePartner): Promise<unknown> {
  const list = await partner.send('GET', 'sender/locations', { to: hub.party })
  return items(list.data).find((location) => at(location, 'id') === 'L1')
}

test('one slow and one dead: the others have every change, and nobody waits for those two', async () => {
  await hub.drain()
  slow.answer = ({ place }) => (place === PLACE ? 'silence' : undefined)
  await dead.close()
  await silence(dead)
  await hub.drain()
  for (const each of [slow, ...others]) assert.is(toldOf(each, dead).at(-1), 'OFFLINE')
  for (const each of receivers) each.forget()
  assert.is((await put(cpo, 'locations', locationOf(CPO, 'L1'))).code, 1000)
  await hub.drain()
  await patch('CHARGING', 0)
  await patch('OUTOFORDER', 1_000)
  for (const each of others) {
    const got = each.received(PLACE, 'PUT').map(({ json }) => statusIn(json))
    assert.equal(got, ['AVAILABLE', 'CHARGING', 'OUTOFORDER'], each.party)
  }
  const waiting = await openRows()
  const kinds = waiting.map((row) => `${String(at(row, 'kind'))} ${String(at(row, 'platform'))}`)
  assert.equal(
    kinds.sort(),
    [`probe ${dead.id}`, `sync ${dead.id}`, `sync ${slow.id}`].sort(),
    'one piece of work for each, however often the object changed',
  )
})

test('the slow one gets the object as it is, once, when it answers again', async () => {
  slow.answer = () => undefined
  slow.forget()
  await hub.passTime(3_600_000)
  await hub.drain()
  const got = slow.received(PLACE)
  assert.equal(
    got.map(({ method, rest }) => `${method} ${rest}`),
    [`PUT /${pathOf(CPO, 'L1')}`],
  )
  assert.equal(got[0]?.json, await current(slow))
  assert.is(statusIn(got[0]?.json), 'OUTOFORDER')
})

test('the dead one gets the object as it is, once, when it is back, and all are told of it', async () => {
  for (const each of receivers) each.forget()
  await dead.start()
  // Its address is another one after the restart, as it is for anybody who moves: it says so itself.
  assert.is((await dead.join('PUT')).code, 1000)
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  const got = dead.received(PLACE)
  assert.equal(
    got.map(({ method, rest }) => `${method} ${rest}`),
    [`PUT /${pathOf(CPO, 'L1')}`],
  )
  assert.equal(got[0]?.json, await current(dead))
  assert.is(statusIn(got[0]?.json), 'OUTOFORDER')
  for (const each of [slow, ...others]) {
    assert.equal(toldOf(each, dead), ['CONNECTED'], each.party)
    assert.equal(each.received(PLACE), [], 'nothing again for those who have it')
  }
  assert.equal(await openRows(), [])
})

test('a CPO that was away is asked for what it published meanwhile, and everybody gets that', async () => {
  const modules = ['sender/locations', 'receiver/tokens']
  const away = await hub.connect({
    parties: [{ party: 'BE-AWY', role: 'CPO' }],
    modules,
    pulled: true,
  })
  const location = locationOf('BE-AWY', 'L2')
  let listed: unknown[] = [location]
  away.answer = ({ place }) => (place === 'sender/locations' ? { data: listed } : undefined)
  await hub.passTime(limits.pullFirstDelayMs)
  await hub.drain()
  for (const each of [...receivers, away]) each.forget()
  away.answer = () => 'drop'
  await silence(away)
  await hub.drain()
  assert.equal(toldOf(slow, away), ['OFFLINE'])
  const evses = [{ ...Object(location.evses)[0], status: 'BLOCKED', last_updated: fromNow(0) }]
  listed = [{ ...location, evses, last_updated: fromNow(0) }]
  away.answer = ({ place }) => (place === 'sender/locations' ? { data: listed } : undefined)
  await hub.passTime(limits.offlineProbeMs)
  await hub.drain()
  await hub.passTime(limits.pullFirstDelayMs)
  await hub.drain()
  assert.is(away.received('sender/locations', 'GET').length, 1)
  assert.not.match(away.received('sender/locations')[0]?.rest ?? '', 'date_from')
  for (const each of receivers) {
    const got = each.received(PLACE).map(({ rest, json }) => `${rest} ${String(statusIn(json))}`)
    assert.equal(got, [`/${pathOf('BE-AWY', 'L2')} BLOCKED`], each.party)
    assert.equal(toldOf(each, away), ['OFFLINE', 'CONNECTED'])
  }
  assert.equal(await openRows(), [])
})

test.run()
