// Makes the hub call its partners in every way it has, so that a test can show what none of these calls does.
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { ask, at } from './ask.ts'
import type { Reply } from './ask.ts'
import { commandOf, mintedIn } from './command-story.ts'
import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'
import { cdrOf, locationOf, pathOf, put, sessionOf, tariffOf, tokenOf } from './objects.ts'

/** An operator that is pulled from, a provider, and a provider of 2.3.0, which gets credentials by PUT. */
export type Callees = { cpo: FakePartner; emsp: FakePartner; newer: FakePartner; minted: string }

/** Registers them. */
export async function connectCallees(hub: TestHub): Promise<Callees> {
  const cpo = await hub.connect({
    parties: [{ party: 'NL-TNM', role: 'CPO' }],
    modules: [
      ...['sender/locations', 'sender/tariffs', 'sender/sessions', 'sender/cdrs'],
      ...['receiver/tokens', 'receiver/commands', 'receiver/chargingprofiles'],
    ],
    pulled: true,
  })
  const modules = [
    ...['receiver/locations', 'receiver/tariffs', 'receiver/sessions', 'receiver/cdrs'],
    ...['sender/tokens', 'receiver/hubclientinfo', 'sender/commands'],
  ]
  const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }], modules })
  const newer = await hub.connect({
    parties: [{ party: 'DE-NEW', role: 'EMSP' }],
    modules,
    version: '2.3.0',
  })
  const body = { ...commandOf(emsp, 'STOP_SESSION', 'late'), session_id: 'S1' }
  const to = cpo.party
  const reply = await emsp.send('POST', 'receiver/commands/STOP_SESSION', { body, to })
  assert.is(reply.code, 1000, reply.text)
  const minted = mintedIn(cpo.received('receiver/commands').at(-1))
  await put(emsp, 'tokens', tokenOf(emsp.party, 'CARD1'))
  await hub.drain()
  return { cpo, emsp, newer, minted }
}

/** What partners ask of each other through the hub, with every method and in both directions; by what it is. */
export async function callThrough({
  cpo,
  emsp,
  minted,
}: Callees): Promise<ReadonlyMap<string, Reply>> {
  const toCpo = { to: cpo.party }
  const toEmsp = { to: emsp.party }
  const tariff = `receiver/tariffs/${pathOf(cpo.party, 'DIRECT')}`
  const session = sessionOf({ owner: cpo.party, payer: emsp.party, id: 'S-CALL' })
  const start = { body: commandOf(emsp, 'START_SESSION', 'x'), ...toCpo }
  const response_url = `${emsp.url}/cb/a/b/c`
  const query = { duration: '60', response_url }
  const patch = { kwh: 11, last_updated: session.last_updated }
  const place = `receiver/sessions/${pathOf(cpo.party, 'S-CALL')}`
  const profile = { charging_profile: { charging_rate_unit: 'A' }, response_url }
  const calls: [string, () => Promise<Reply>][] = [
    ['a list', () => emsp.send('GET', 'sender/locations', toCpo)],
    ['one object', () => emsp.send('GET', 'sender/locations/L1', toCpo)],
    ['a tariff', () => cpo.send('PUT', tariff, { body: tariffOf(cpo.party, 'DIRECT'), ...toEmsp })],
    ['a deletion', () => cpo.send('DELETE', tariff, toEmsp)],
    ['a session', () => cpo.send('PUT', place, { body: session })],
    ['a patch', () => cpo.send('PATCH', place, { body: patch })],
    ['a command', () => emsp.send('POST', 'receiver/commands/START_SESSION', start)],
    ['profiles', () => emsp.send('GET', 'receiver/chargingprofiles/S1', { query, ...toCpo })],
    [
      'a profile',
      () => emsp.send('PUT', 'receiver/chargingprofiles/S1', { body: profile, ...toCpo }),
    ],
    ['an authorisation', () => cpo.send('POST', 'sender/tokens/CARD1/authorize', toEmsp)],
    ['an open authorisation', () => cpo.send('POST', 'sender/tokens/CARD1/authorize')],
    ['a result', () => cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })],
  ]
  const replies = new Map<string, Reply>()
  for (const [name, call] of calls) replies.set(name, await call())
  return replies
}

/** What the hub does by itself: broadcasts, CDRs, copies, who is there, credentials, whether they are still alive. */
export async function callFromWorkers(hub: TestHub, { cpo, emsp }: Callees): Promise<void> {
  await put(cpo, 'locations', locationOf(cpo.party, 'BROADCAST'))
  await put(cpo, 'sessions', sessionOf({ owner: cpo.party, payer: emsp.party, id: 'S-OUT' }))
  const body = cdrOf({ owner: cpo.party, payer: emsp.party, id: 'OUT', session: 'S-OUT' })
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body })).code, 1000)
  await hub.drain()
  assert.is((await hub.admin('POST', `/platforms/${cpo.id}/pull`)).status, 200)
  // A new party is told to the others, and in 2.3.0 stands in the hub's credentials.
  await hub.connect({ parties: [{ party: 'FR-LAT', role: 'CPO' }] })
  await hub.drain()
  await hub.passTime(limits.credentialsBatchMs)
  await hub.fallSilent(2 * limits.stillAliveMs)
  await hub.drain()
}

/** POST credentials of somebody invited, naming a URL. */
export function registerAt(hub: TestHub, fresh: FakePartner, url: string): Promise<Reply> {
  const token = Buffer.from(fresh.token).toString('base64')
  return ask({
    url: `${hub.url}/ocpi/2.2.1/credentials`,
    method: 'POST',
    headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...fresh.credentials(), url }),
  })
}

/** Each HTTP status and OCPI status, for a message. */
export function codesOf(replies: ReadonlyMap<string, Reply>): Record<string, string> {
  return Object.fromEntries(
    [...replies].map(([name, { status, code }]) => [name, `${status}/${code}`]),
  )
}

/** The members of every object of a list. */
export function membersOf(list: readonly unknown[], name: string): string[] {
  return list.map((each) => String(at(each, name)))
}
