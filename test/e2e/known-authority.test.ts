// Who allowed a session: real-time authorisations, commands with their results, and what was captured.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { command, commandOf, mintedIn } from '../helpers/command-story.ts'
import { startHub } from '../helpers/hub.ts'
import { knownOf } from '../helpers/known.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import {
  cdrOf,
  fromNow,
  locationOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'

const hub = await startHub({ peerDeadlineMs: 400 })
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  modules: ['sender/locations', 'sender/sessions', 'sender/cdrs', 'receiver/commands'],
})
const newCpo = await hub.connect({
  parties: [{ party: 'NL-NEW', role: 'CPO' }],
  modules: ['sender/sessions', 'sender/cdrs', 'receiver/payments'],
  version: '2.3.0',
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMA', role: 'EMSP' }],
  modules: ['receiver/sessions', 'receiver/cdrs', 'sender/tokens', 'sender/commands'],
})
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
})
const ptp = await hub.connect({ parties: [{ party: 'NL-PTP', role: 'PTP' }], version: '2.3.0' })
const { charge, cdr, post } = storyOf(hub, cpo)

const test = suite('known: authority')
test.before.each(() => {
  for (const partner of [cpo, newCpo, emsp, oldEmsp, ptp]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const noted = () =>
  hub.database.db.rows<Record<string, unknown>>(sql`
    delete from authorizations
    returning kind, cpo, emsp, token_key, location_key, evse_uid, session_key, reference, answer,
      answered_at is not null as over`)
const place = { location_id: 'L1', evse_uids: ['E1'] }
const realtime = (uid: string, more: { to?: string } = {}) =>
  cpo.send('POST', `sender/tokens/${uid}/authorize`, { body: place, ...more })

test('an authorisation with its answer, addressed and not', async () => {
  const said = { allowed: 'ALLOWED', authorization_reference: 'REF-1' }
  emsp.answer = ({ rest }) => ({
    data: { ...said, token: tokenOf('DE-EMA', rest.split('/')[1] ?? '', { type: 'APP_USER' }) },
  })
  oldEmsp.answer = () => ({ status: 404, code: 2004 })
  const row = {
    kind: 'realtime',
    cpo: 'NL-TNM',
    emsp: 'DE-EMA',
    location_key: 'l1',
    evse_uid: 'e1',
    session_key: null,
    reference: 'ref-1',
    answer: 'ALLOWED',
    over: true,
  }
  await realtime('A1', { to: 'DE-EMA' })
  assert.equal(await noted(), [{ ...row, token_key: 'a1|APP_USER' }])
  await realtime('A2')
  assert.equal(await noted(), [{ ...row, token_key: 'a2|APP_USER' }])
})

test('what a provider refuses, does not know or does not answer', async () => {
  const answers = async (answer: typeof emsp.answer) => {
    emsp.answer = answer
    await realtime('A3', { to: 'DE-EMA' })
    return (await noted()).map(({ answer: said, over }) => [said, over])
  }
  const blocked = { allowed: 'BLOCKED', token: tokenOf('DE-EMA', 'A3') }
  assert.equal(await answers(() => ({ data: blocked })), [['BLOCKED', true]])
  assert.equal(await answers(() => ({ status: 404, code: 2004 })), [['UNKNOWN_TOKEN', true]])
  assert.equal(await answers(() => 'silence'), [[null, false]])
})

test('of 2.1.1, which names no token in its answer, the one that was asked for', async () => {
  emsp.answer = () => ({ status: 404, code: 2004 })
  oldEmsp.answer = () => ({ data: { allowed: 'ALLOWED' } })
  await realtime('A4')
  const [row] = await noted()
  assert.equal(
    [row?.['emsp'], row?.['token_key'], row?.['answer']],
    ['FR-OLE', 'a4|RFID', 'ALLOWED'],
  )
})

test('commands with their response and the result that comes later', async () => {
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  const body = { ...commandOf(emsp, 'START_SESSION', 'c1'), authorization_reference: 'REF-2' }
  await command(emsp, 'START_SESSION', { body, to: 'NL-TNM' })
  const minted = mintedIn(cpo.received('receiver/commands', 'POST')[0])
  const rows = () =>
    hub.database.db.rows(sql`
      select kind, emsp, token_key, reference, answer, answered_at is not null as over from authorizations`)
  const row = { kind: 'START_SESSION', emsp: 'DE-EMA', token_key: 'card1|RFID', reference: 'ref-2' }
  assert.equal(await rows(), [{ ...row, answer: 'ACCEPTED', over: false }])
  await cpo.send('POST', minted, { body: { result: 'EVSE_OCCUPIED' }, to: 'DE-EMA' })
  assert.equal(await rows(), [{ ...row, answer: 'EVSE_OCCUPIED', over: true }])
  await noted()
})

test('a command that is refused at once; STOP_SESSION by the card of its session', async () => {
  const one = charge('A5', emsp)
  await put(cpo, 'sessions', sessionOf({ ...one, id: 'S-c2' }, { status: 'ACTIVE' }))
  cpo.answer = ({ place: at }) =>
    at === 'receiver/commands' ? { data: { result: 'REJECTED', timeout: 0 } } : undefined
  await command(emsp, 'STOP_SESSION', {
    body: commandOf(emsp, 'STOP_SESSION', 'c2'),
    to: 'NL-TNM',
  })
  const [row] = await noted()
  assert.equal(
    [row?.['kind'], row?.['token_key'], row?.['session_key'], row?.['answer'], row?.['over']],
    ['STOP_SESSION', 'card-a5|RFID', 's-c2', 'REJECTED', true],
  )
})

test('a session that ended ten minutes before the command to end it has a clock that is off', async () => {
  const one = charge('Z1', emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  const ended = { end_date_time: fromNow(-600_000) }
  await put(cpo, 'sessions', sessionOf({ ...one, id: 'S-Z1' }, { status: 'ACTIVE' }))
  const body = { ...commandOf(emsp, 'STOP_SESSION', 'z1'), session_id: 'S-Z1' }
  await command(emsp, 'STOP_SESSION', { body, to: 'NL-TNM' })
  await put(
    cpo,
    'sessions',
    sessionOf({ ...one, id: 'S-Z1' }, { ...ended, last_updated: fromNow(0) }),
  )
  await post(cdr(one, { ...ended, total_time: 1.8333 }))
  await hub.drain()
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/Z1')
  const [drift] = items(at(json, 'findings')).filter((found) => at(found, 'code') === 'Z2')
  assert.match(String(at(drift, 'message')), /by the stop command of DE-EMA at .*: 10 min/)
  // The next session of the card has its own command.
  const next = charge('Z2', emsp, { uid: one.uid })
  await put(cpo, 'sessions', sessionOf({ ...next, id: 'S-Z2' }, ended))
  await post(cdr(next, ended))
  const { authorizations } = await knownOf(hub, 'Z2')
  assert.equal(authorizations, [])
  await noted()
})

test('of a CDR: by its card in the day before, and by its reference whenever', async () => {
  emsp.answer = ({ rest }) => ({
    data: {
      allowed: 'ALLOWED',
      token: tokenOf('DE-EMA', rest.split('/')[1] ?? ''),
      authorization_reference: 'REF-6',
    },
  })
  await realtime('CARD-A6', { to: 'DE-EMA' })
  await hub.drain()
  const one = charge('A6', emsp)
  await put(cpo, 'sessions', sessionOf({ ...one, id: 'S-A6' }))
  const known = async (id: string) =>
    (await knownOf(hub, id)).authorizations?.map(({ kind, answer, reference, evseUid }) => [
      kind,
      answer,
      reference,
      evseUid,
    ])
  const expected = [['realtime', 'ALLOWED', 'REF-6', 'e1']]
  // Its session ended an hour ago: the card was asked for after it.
  await post(cdr(one))
  assert.equal(await known('A6'), [])
  await post({ ...cdr(one), id: 'A6-b', end_date_time: fromNow(0) })
  assert.equal(await known('A6-b'), expected)
  await post({ ...cdr(one), id: 'A6-c', authorization_reference: 'ref-6' })
  assert.equal(await known('A6-c'), expected)
})

test('what a terminal captured, as it passed by; the newest word counts', async () => {
  const confirmation = {
    id: 'FAC-1',
    authorization_reference: 'TERM-7',
    total_costs: { before_taxes: 3, taxes: [{ name: 'VAT', amount: 0.6 }] },
    currency: 'EUR',
    eft_data: ['receipt'],
    capture_status_code: 'PARTIAL_SUCCESS',
    last_updated: fromNow(0),
  }
  const send = (body: object) =>
    ptp.send('POST', 'receiver/payments/financial-advice-confirmations', { body, to: 'NL-NEW' })
  assert.is((await send(confirmation)).code, 1000)
  await send({ ...confirmation, capture_status_code: 'SUCCESS' })
  const total_cost = { before_taxes: 3, taxes: [{ name: 'VAT', amount: 0.5 }] }
  const body = cdrOf(
    { owner: 'NL-NEW', payer: 'DE-EMA', id: 'A7' },
    {
      total_cost,
      total_energy_cost: total_cost,
      tariffs: undefined,
      authorization_reference: 'term-7',
    },
  )
  const posted = await newCpo.send('POST', 'receiver/cdrs', { body })
  assert.is(posted.code, 1000, posted.text)
  const { captured } = await knownOf(hub, 'A7')
  assert.equal(captured, { total: '3.6', currency: 'EUR', status: 'SUCCESS', id: 'FAC-1' })
})

test('what was captured after its CDR was booked holds what is billed beyond it', async () => {
  const one = { owner: 'NL-NEW', payer: 'DE-EMA', id: 'A8', uid: 'CARD-A8' }
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  await put(newCpo, 'sessions', sessionOf({ ...one, id: 'S-A8' }))
  const taxed = (net: number, tax: number) => ({
    before_taxes: net,
    taxes: [{ name: 'VAT', amount: tax }],
  })
  const costs = { total_cost: taxed(3, 0.6), total_energy_cost: taxed(3, 0.6) }
  const tariffs = [{ ...tariffOf('NL-NEW', 'T1'), tax_included: 'NO' }]
  const body = cdrOf(one, { ...costs, tariffs, authorization_reference: 'Term-8' })
  const posted = await newCpo.send('POST', 'receiver/cdrs', { body })
  assert.is(posted.code, 1000, posted.text)
  await hub.drain()
  const standing = async () => {
    const { json } = await hub.admin('GET', '/cdrs/NL/NEW/A8')
    const codes = items(at(json, 'findings')).map((finding) => at(finding, 'code'))
    return `${String(at(json, 'state'))} ${codes.filter((code) => code === 'P12').join()}`
  }
  assert.is(await standing(), 'provisional ')
  const confirmation = {
    id: 'FAC-8',
    authorization_reference: 'TERM-8',
    total_costs: taxed(2, 0.4),
    currency: 'EUR',
    eft_data: ['receipt'],
    capture_status_code: 'SUCCESS',
    last_updated: fromNow(0),
  }
  const path = 'receiver/payments/financial-advice-confirmations'
  await ptp.send('POST', path, { body: confirmation, to: 'NL-NEW' })
  await hub.drain()
  assert.is(await standing(), 'held P12')
})

test.run()
