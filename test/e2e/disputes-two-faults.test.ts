// What is held of a CDR with two faults, and of one whose claim cannot be parted at all.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { money, put, tokenOf } from '../helpers/objects.ts'
import type { Charge, Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { charge, clean, session, cdr, post, stand, of, parts, act, days, verify } = story

const test = suite('two faults of one CDR')
test.after.each(verify)
test.after(() => hub.close())

/** The eMSP's card, and a session of another energy than its CDR. */
async function prepare(one: Charge & { uid: string }, kwh: number): Promise<void> {
  await put(emsp, 'tokens', tokenOf(emsp.party, one.uid))
  await session(one, { kwh })
}

/** A CDR of 10 kWh that claims `net` beside a session of 8 kWh; a kWh costs 0.30. */
async function doubtful(id: string, net: number): Promise<void> {
  const one = charge(id, emsp)
  await prepare(one, 8)
  await post(cdr(one, { total_cost: money(net), total_energy_cost: money(net) }))
  await hub.drain()
}

async function decisions(id: string): Promise<string[]> {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  return items(at(json, 'findings'))
    .filter((finding) => ['S', 'F'].includes(String(at(finding, 'severity'))))
    .map(
      (finding) =>
        `${String(at(finding, 'code'))}: ${String(at(finding, 'explanation', 'decision'))}`,
    )
}

test('a price too high and energy too much are held as two parts, and the sound rest settles', async () => {
  await doubtful('BOTH', 3.5)
  assert.is(await parts('BOTH'), 'held provisional:2.4 held:0.6 held:0.5')
  const drafts = await of('BOTH')
  assert.equal(
    drafts.map(({ code, net, tax, state, deadline: due }) => [code, net, tax, state, due !== null]),
    [
      ['Q1', '0.60', '0.12', 'draft', true],
      ['P1', '0.50', '0.10', 'draft', true],
    ],
  )
  assert.equal(await decisions('BOTH'), [
    'Q1: 0.60 EUR (0.72 EUR with tax) of the claim of 3.50 EUR are held until this is decided, and 0.50 EUR for another finding; the rest, 2.40 EUR, settles.',
    'P1: 0.50 EUR (0.60 EUR with tax) of the claim of 3.50 EUR are held until this is decided, and 0.60 EUR for another finding; the rest, 2.40 EUR, settles.',
  ])
})

test('what was decided of one of the two is not held once more, and the other goes on', async () => {
  await doubtful('ONE', 3.5)
  const [energy, price] = await of('ONE')
  assert.ok(energy && price)
  if (!energy || !price) return
  assert.is((await act(price, 'accept', 'cpo')).state, 'await_credit')
  assert.is(await parts('ONE'), 'held provisional:2.4 held:0.6')
  const again = await hub.admin('POST', '/cdrs/NL/TNM/ONE/recheck', { reason: 'once more' })
  assert.is(again.status < 300, true, again.text)
  await hub.drain()
  assert.is(await parts('ONE'), 'held provisional:2.4 held:0.6')
  assert.equal((await of('ONE')).length, 2)
  assert.is((await act(energy, 'withdraw', 'emsp')).outcome, 'withdrawn')
  assert.match(await parts('ONE'), /:3$/)
})

test('more than the claim is never held', async () => {
  await doubtful('ALL', 3.05)
  assert.is(await parts('ALL'), 'held provisional:2.4 held:0.6 held:0.05')
  const one = charge('ALL-2', emsp)
  await prepare(one, 0.001)
  await post(cdr(one, { total_cost: money(30), total_energy_cost: money(30) }))
  await hub.drain()
  assert.is(await parts('ALL-2'), 'held provisional:0.0003 held:27 held:2.9997')
})

test('net and gross exchanged: refused, with a clock and texts that are true', async () => {
  await clean('SWAP', { total_cost: { excl_vat: 3.6, incl_vat: 3 } })
  assert.match(await stand('SWAP'), /^quarantined .*V3/)
  assert.equal(await of('SWAP'), [])
  for (const text of await decisions('SWAP'))
    assert.match(text, /: The CDR is not accepted.*, and nothing of it is booked\.$/)
  await clean('MINUS', { total_cost: { excl_vat: -3, incl_vat: -3.6 } })
  assert.match(await stand('MINUS'), /^quarantined .*C6/)
  await days(limits.quarantineAgeMsMax / 86_400_000)
  assert.match(await stand('SWAP'), /^dropped/)
  assert.match(await stand('MINUS'), /^dropped/)
})

test('tax that rounding made a trifle negative: no more is held than would be paid', async () => {
  const cents = (excl: number, incl: number): Json => ({
    total_cost: { excl_vat: excl, incl_vat: incl },
  })
  await clean('TRIFLE', cents(4.004, 4))
  assert.is(await parts('TRIFLE'), 'held provisional:3 held:1.004')
  const [draft] = await of('TRIFLE')
  assert.equal([draft?.code, draft?.tax], ['P1', '0.00'])
})

test.run()
