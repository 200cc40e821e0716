// Tokens that nobody published: those that a provider itself started a session with, and the contracts of vehicles.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { command, commandOf, mintedIn } from '../helpers/command-story.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdrOf,
  cdrTokenOf,
  locationOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  modules: ['sender/locations', 'sender/sessions', 'sender/cdrs', 'receiver/commands'],
})
const newCpo = await hub.connect({
  parties: [{ party: 'NL-NEW', role: 'CPO' }],
  version: '2.3.0',
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMA', role: 'EMSP' }],
  modules: ['receiver/sessions', 'receiver/cdrs', 'sender/tokens', 'sender/commands'],
})
const { charge, cdr, post } = storyOf(hub, cpo)
const LONG_MS = 2 * 3_600_000

const test = suite('known: tokens that nobody published')
test.after(() => hub.close())

async function found(id: string, party = 'NL/TNM'): Promise<string> {
  await hub.drain()
  const { json } = await hub.admin('GET', `/cdrs/${party}/${id}`)
  const codes = items(at(json, 'findings')).map(
    (one) => `${String(at(one, 'code'))}/${String(at(one, 'severity'))}`,
  )
  return [at(json, 'state'), ...codes].join(' ')
}

/** The eMSP has a session started, and three hours later its CDR comes; `claimed` is what that says otherwise. */
async function started(
  id: string,
  said: { name?: string; result?: string; claimed?: Json },
): Promise<void> {
  const { name = 'START_SESSION', result = 'ACCEPTED', claimed = {} } = said
  const one = charge(id, emsp)
  const type = 'AD_HOC_USER'
  const token = tokenOf('DE-EMA', one.uid, { type, whitelist: 'NEVER' })
  const reference = { authorization_reference: `REF-${id}` }
  const body = { ...commandOf(emsp, name, id), token, ...reference }
  await command(emsp, name, { body, to: 'NL-TNM' })
  const minted = mintedIn(cpo.received('receiver/commands', 'POST').at(-1))
  await cpo.send('POST', minted, { body: { result }, to: 'DE-EMA' })
  await hub.database.db.rows(sql`
    update authorizations set at = at - interval '2 hours 1 minute' where reference = ${`ref-${id.toLowerCase()}`}`)
  const card = { cdr_token: { ...cdrTokenOf('DE-EMA', one.uid), type }, ...reference, ...claimed }
  const authorised = { auth_method: 'COMMAND', ...card }
  await put(cpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }, authorised))
  await post(cdr(one, authorised))
}

test('a token that the eMSP itself started the session with need not be known', async () => {
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  await started('K1', {})
  assert.is(await found('K1'), 'provisional')
  await started('K2', { name: 'RESERVE_NOW' })
  assert.is(await found('K2'), 'provisional')
})

test('one that was refused, or another card, must be', async () => {
  await started('K3', { result: 'REJECTED' })
  const cdr_token = { ...cdrTokenOf('DE-EMA', 'CARD-OTHER'), type: 'AD_HOC_USER' }
  await started('K4', { claimed: { cdr_token } })
  assert.match(await found('K3'), /^unmatched/)
  await hub.passTime(LONG_MS)
  assert.match(await found('K3'), /^held A1\/S/)
  assert.match(await found('K4'), /^held A1\/S/)
})

test('the contract of a vehicle is not published; the one of another provider would have to be', async () => {
  const total_cost = { before_taxes: 3, taxes: [{ name: 'VAT', amount: 0.6 }] }
  const send = async (id: string, contract_id: string) => {
    const one = { owner: 'NL-NEW', payer: 'DE-EMA', id, uid: contract_id }
    const cdr_token = { ...cdrTokenOf('DE-EMA', contract_id), type: 'EMAID', contract_id }
    await put(newCpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }, { cdr_token }))
    const tariffs = [{ ...tariffOf('NL-NEW', 'T1'), tax_included: 'NO' }]
    const more = { cdr_token, tariffs, total_cost, total_energy_cost: total_cost }
    const body = cdrOf({ ...one, session: `S-${id}` }, more)
    const sent = await newCpo.send('POST', 'receiver/cdrs', { body })
    assert.is(sent.code, 1000, sent.text)
  }
  await send('V1', 'DE-EMA-C12345678-X')
  await send('V2', 'DE-XYZ-C12345678-X')
  assert.is(await found('V1', 'NL/NEW'), 'provisional A1/I')
  await hub.passTime(LONG_MS)
  assert.match(await found('V2', 'NL/NEW'), /^held A1\/S/)
})

test.run()
