// What only 2.3.0 has, routed by headers: reconciliation of invoices, payments, bookings (requirements 189 to 192).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { FakePartner, SendOptions } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, ownerOf, pathOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { requirement } from './requirements.ts'

const version = '2.3.0'
const invoices = ['sender/invoicereconciliation', 'receiver/invoicereconciliation']
const hub = await startHub()
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  version,
  modules: [...invoices, 'sender/Booking', 'receiver/payments'],
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMA', role: 'EMSP' }],
  version,
  modules: [...invoices, 'receiver/Booking'],
})
const ptp = await hub.connect({
  parties: [{ party: 'FR-PAY', role: 'PTP' }],
  version,
  modules: ['sender/payments'],
})
// Who has the same modules and is not addressed.
const bystanders = [
  await hub.connect({
    parties: [{ party: 'NL-XYZ', role: 'CPO' }],
    version,
    modules: [...invoices, 'sender/Booking', 'receiver/payments'],
  }),
  await hub.connect({
    parties: [{ party: 'DE-XYZ', role: 'EMSP' }],
    version,
    modules: [...invoices, 'receiver/Booking'],
  }),
]
const all = [cpo, emsp, ptp, ...bystanders]

const test = suite('modules of 2.3.0')
test.before.each(async () => {
  await hub.drain()
  for (const partner of all) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const last_updated = fromNow(0)
const routing = ['from', 'to'].flatMap((side) => [
  `ocpi-${side}-country-code`,
  `ocpi-${side}-party-id`,
])

/**
 * One request as it has to go: to whom it is addressed and nobody else, path, query and body byte for byte, the four
 * headers on the way there and back, the answer as it was given.
 */
async function assertRouted(
  [sender, receiver]: readonly [FakePartner, FakePartner],
  { method, target, more = {} }: { method: string; target: string; more?: SendOptions },
): Promise<void> {
  for (const partner of all) partner.forget()
  const [side = '', module = '', ...rest] = target.split('/')
  const text = `{"data": {"from": "${receiver.party}", "x":1.10} ,"status_code":1000,"timestamp":"${last_updated}"}`
  receiver.answer = ({ place }) => (place === `${side}/${module}` ? { text } : undefined)
  const { body, ...others } = more
  const raw = body === undefined ? {} : { raw: ` ${JSON.stringify(body)} ` }
  const reply = await sender.send(method, target, { ...others, ...raw, to: receiver.party })
  const what = `${method} ${target}`
  assert.is(reply.text, text, what)
  assert.equal(partiesIn(reply.headers), [receiver.party, sender.party], what)
  const query = new URLSearchParams(more.query).toString()
  const path = rest.map((part) => `/${part}`).join('') + (query === '' ? '' : `?${query}`)
  assert.equal(
    receiver.got.map((got) => [got.method, got.place, got.rest, got.body]),
    [[method, `${side}/${module}`, path, raw.raw ?? '']],
    what,
  )
  assert.equal(partiesIn(receiver.got[0]?.headers ?? {}), [sender.party, receiver.party], what)
  for (const other of all.filter((each) => each !== receiver)) assert.equal(other.got, [], what)
}

function partiesIn(headers: Readonly<Record<string, unknown>>): string[] {
  const [fromCountry, from, toCountry, to] = routing.map((name) => String(headers[name]))
  return [`${fromCountry}-${from}`, `${toCountry}-${to}`]
}

const record = (owner: string, id: string): Json => ({
  ...ownerOf(owner),
  id,
  invoice_id: 'INV-2026/001',
  cdrs: ['C1', 'C2'],
  last_updated,
})

test(requirement(189), async () => {
  const place = 'receiver/invoicereconciliation'
  const target = `${place}/${pathOf(cpo.party, 'I1')}`
  const body = record(cpo.party, 'I1')
  const pair = [cpo, emsp] as const
  await assertRouted(pair, { method: 'POST', target: place, more: { body } })
  await assertRouted(pair, { method: 'GET', target })
  await assertRouted(pair, { method: 'PUT', target, more: { body } })
  await assertRouted(pair, { method: 'DELETE', target })
  emsp.forget()
  const patched = await cpo.send('PATCH', target, { body: { last_updated }, to: emsp.party })
  assert.is(patched.status, 405)
  const foreign = record('NL-XYZ', 'I1')
  const options = { body: foreign, to: emsp.party }
  assert.is((await cpo.send('POST', place, options)).code, 2001)
  assert.is((await cpo.send('PUT', `${place}/${pathOf('NL-XYZ', 'I1')}`, options)).status, 404)
  const { cdrs: _cdrs, ...withoutCdrs } = body
  const bare = await cpo.send('POST', place, { body: withoutCdrs, to: emsp.party })
  assert.is(bare.code, 2001)
  assert.match(bare.message, '/cdrs')
  assert.equal(emsp.got, [])
})

test(requirement(190), async () => {
  for (const pair of [
    [cpo, emsp],
    [emsp, cpo],
  ] as const) {
    const [issuer, receiver] = pair
    const target = `receiver/invoicereconciliation/${pathOf(issuer.party, 'I2')}`
    const more = { body: record(issuer.party, 'I2') }
    await assertRouted(pair, { method: 'POST', target: 'receiver/invoicereconciliation', more })
    await assertRouted(pair, { method: 'PUT', target, more })
    await assertRouted(pair, { method: 'DELETE', target })
    await assertRouted([receiver, issuer], {
      method: 'GET',
      target: 'sender/invoicereconciliation',
      more: { query: { date_from: '2026-01-01T00:00:00Z' } },
    })
  }
})

test(requirement(191), async () => {
  const terminal = { terminal_id: 'TT1', location_ids: ['L1'], last_updated }
  const at = 'sender/payments/terminals'
  const asked = [cpo, ptp] as const
  const { terminal_id: _id, ...nameless } = terminal
  await assertRouted(asked, { method: 'POST', target: `${at}/activate`, more: { body: nameless } })
  await assertRouted(asked, { method: 'POST', target: `${at}/TT1/deactivate` })
  await assertRouted(asked, { method: 'PUT', target: `${at}/TT1`, more: { body: terminal } })
  const change = { invoice_base_url: 'https://cpo.example/invoices', last_updated }
  await assertRouted(asked, { method: 'PATCH', target: `${at}/TT1`, more: { body: change } })
  await assertRouted(asked, { method: 'GET', target: at, more: { query: { limit: '10' } } })
  await assertRouted(asked, { method: 'GET', target: `${at}/TT1` })
  const confirmation = {
    id: 'F1',
    authorization_reference: 'A1',
    total_costs: { before_taxes: 10, taxes: [{ name: 'VAT', percentage: 20, amount: 2 }] },
    currency: 'EUR',
    eft_data: ['VISA ****1234'],
    capture_status_code: 'SUCCESS',
    last_updated,
  }
  const told = [ptp, cpo] as const
  const advice = 'payments/financial-advice-confirmations'
  await assertRouted(told, {
    method: 'POST',
    target: `receiver/${advice}`,
    more: { body: confirmation },
  })
  await assertRouted(told, { method: 'GET', target: `receiver/${advice}/F1` })
  await assertRouted(asked, { method: 'GET', target: `sender/${advice}/F1` })
  const created = { body: terminal }
  await assertRouted(told, { method: 'POST', target: 'receiver/payments/terminals', more: created })
  // Nothing in a terminal says whose it is: without a receiver it goes nowhere.
  ptp.forget()
  const open = await cpo.send('PUT', `${at}/TT1`, { body: terminal })
  assert.equal([open.status, open.code], [200, 2001])
  assert.match(open.message, 'OCPI-to')
  assert.equal(ptp.got, [])
})

const period = { start_date_time: fromNow(86_400_000), end_date_time: fromNow(90_000_000) }
const request: Json = {
  ...ownerOf('DE-EMA'),
  request_id: 'R1',
  location_id: 'L1',
  booking_location_id: 'BL1',
  period,
  authorization_reference: 'A1',
}
const booking: Json = {
  ...ownerOf('NL-TNM'),
  id: 'B1',
  request_id: 'R1',
  location_id: 'L1',
  period,
  reservation_status: 'RESERVED',
  authorization_reference: 'A1',
  booking_terms: {
    supported_access_methods: ['TOKEN'],
    change_until_minutes: 60,
    cancel_until_minutes: 30,
  },
  booking_requests: [
    { request_status: 'ACCEPTED', booking_request: request, request_received: last_updated },
  ],
  last_updated,
}

test(requirement(192), async () => {
  const asks = [emsp, cpo] as const
  const tells = [cpo, emsp] as const
  await assertRouted(asks, { method: 'POST', target: 'sender/Booking', more: { body: request } })
  const target = `receiver/Booking/${pathOf(cpo.party, 'B1')}`
  await assertRouted(tells, { method: 'PUT', target, more: { body: booking } })
  const change = { reservation_status: 'NO_SHOW', last_updated }
  await assertRouted(tells, { method: 'PATCH', target, more: { body: change } })
  await assertRouted(tells, { method: 'GET', target })
  const undated = { body: { reservation_status: 'NO_SHOW' }, to: emsp.party }
  const refused = await cpo.send('PATCH', target, undated)
  assert.is(refused.code, 2001)
  const stray = await cpo.send('PUT', `receiver/Booking/${pathOf('NL-XYZ', 'B1')}`, {
    body: booking,
    to: emsp.party,
  })
  assert.is(stray.status, 404)
})

test(requirement(192, 'places to book'), async () => {
  const tells = [cpo, emsp] as const
  const calendar = {
    id: 'K1',
    begin_from: period.start_date_time,
    end_before: period.end_date_time,
    available_timeslots: [period],
    last_updated,
  }
  const place = { ...ownerOf(cpo.party), id: 'BL1', location_id: 'L1', last_updated }
  const target = `receiver/Booking/${cpo.party.replace('-', '/')}/booking_locations/BL1`
  await assertRouted(tells, { method: 'PUT', target, more: { body: place } })
  await assertRouted(tells, { method: 'PATCH', target, more: { body: { last_updated } } })
  await assertRouted(tells, { method: 'PUT', target: `${target}/K1`, more: { body: calendar } })
  await assertRouted(tells, {
    method: 'PATCH',
    target: `${target}/K1`,
    more: { body: { last_updated } },
  })
  await assertRouted([emsp, cpo], {
    method: 'GET',
    target: 'sender/Booking/booking_locations',
    more: { query: { timeslot_from: '2026-01-01T00:00:00Z' } },
  })
})

test.run()
