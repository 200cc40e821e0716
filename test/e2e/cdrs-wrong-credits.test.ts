// Credits that do not mirror their original: they take nothing back, stand in nobody's way, and do not stay for ever.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { clearCdrs } from '../../src/hub/cdrs/clear.ts'
import { at } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr: cdrOf, ...story } = disputesOf(hub, { cpo, emsp })
const { clean, days, verify, stand, post, parts } = story

const test = suite('wrong credits')
test.after.each(verify)
test.after(() => hub.close())

async function send(...cdrs: Json[]): Promise<void> {
  for (const cdr of cdrs) {
    const answer = await post(cdr)
    assert.is(answer.code, 1000, answer.text)
  }
  await hub.drain()
}

/** A credit of 1.00 of a CDR of 3.00. */
const tooLittle = (cdr: Json, id: string, more: Json = {}): Json =>
  creditOf(cdr, id, { total_cost: { excl_vat: -1, incl_vat: -1.2 }, ...more })

async function lastReason(id: string): Promise<string> {
  const [row] = await hub.context.db.rows<{ reason: string }>(sql`
    select e.reason_code as reason from cdr_events e join cdrs c on c.id = e.cdr_id where c.cdr_id = ${id}
    order by e.epoch desc limit 1`)
  return row?.reason ?? ''
}

test('a wrong credit gives way to the right one', async () => {
  const cdr = await clean('WAY')
  await send(tooLittle(cdr, 'WAY-1'))
  assert.is(await stand('WAY-1'), 'held C2')
  await send(tooLittle(cdr, 'WAY-2'))
  assert.is(await stand('WAY-2'), 'held C2')
  await send(creditOf(cdr, 'WAY-C'))
  assert.equal([await stand('WAY'), await stand('WAY-C')], ['credited', 'credited'])
  for (const id of ['WAY-1', 'WAY-2']) {
    assert.is(await parts(id), 'withdrawn none:-1')
    assert.is(await lastReason(id), 'superseded by WAY-C')
  }
  await send(tooLittle(cdr, 'WAY-3'))
  assert.is(await stand('WAY-3'), 'quarantined C3')
})

test('also one in another currency, and after the original is approved', async () => {
  const cdr = await clean('ELSE')
  await hub.admin('POST', '/cdrs/NL/TNM/ELSE/approve', { reason: 'a test' })
  await send(tooLittle(cdr, 'ELSE-1', { currency: 'USD' }))
  assert.match(await stand('ELSE-1'), /^held C2/)
  await send(creditOf(cdr, 'ELSE-C'))
  assert.equal([await stand('ELSE'), await stand('ELSE-C')], ['credited', 'credited'])
  assert.is(await parts('ELSE-1'), 'withdrawn none:-1')
})

test('where both came before their original, the right one takes it back', async () => {
  const one = charge('FIRST', emsp)
  await prepare(one, emsp)
  const cdr = cdrOf(one)
  await send(tooLittle(cdr, 'FIRST-1'), creditOf(cdr, 'FIRST-C'))
  assert.equal([await stand('FIRST-1'), await stand('FIRST-C')], ['orphan_credit', 'orphan_credit'])
  await send(cdr)
  assert.equal([await stand('FIRST'), await stand('FIRST-C')], ['credited', 'credited'])
  assert.match(await stand('FIRST-1'), /^(quarantined|withdrawn)/)
})

test('of two right ones the first counts, also when all of them waited long and come in pieces', async () => {
  const one = charge('LONG', emsp)
  await prepare(one, emsp)
  const cdr = cdrOf(one)
  for (const body of [cdr, creditOf(cdr, 'LONG-1'), creditOf(cdr, 'LONG-2')]) await post(body)
  const asked = await hub.context.db.rows<{ id: bigint; cdr: bigint }>(sql`
    with taken as (
      update outbox o set enqueued_at = clock_timestamp() from cdrs c
      where o.kind = 'clear' and o.subject = c.id::text and c.cdr_id like 'LONG%' returning o.id, c.id as cdr)
    select id, cdr from taken order by id`)
  assert.is(asked.length, 3)
  const later = new Date(hub.context.clock().getTime() + 10 * 86_400_000)
  for (const piece of [asked.slice(0, 2), asked.slice(2)])
    await clearCdrs(
      { ...hub.context, clock: () => later },
      {
        ids: piece.map((row) => row.cdr),
        outboxIds: piece.map(({ id }) => id),
      },
    )
  await hub.drain()
  assert.equal(
    [await stand('LONG'), await stand('LONG-1'), await stand('LONG-2')],
    ['credited', 'credited', 'quarantined C3'],
  )
})

test('its CPO is told, and when it sends no right one the wrong one goes back', async () => {
  await using receiver = await startReceiver()
  await hub.asParty(cpo, 'PUT', '/webhook', { url: receiver.url, events: ['cdr.held'] })
  const cdr = await clean('ALONE')
  await send(tooLittle(cdr, 'ALONE-1'))
  await hub.drain()
  const told = receiver.got.map(({ body }) => at(JSON.parse(body), 'data'))
  assert.equal(
    told.map((one) => [at(one, 'cdr', 'id'), at(one, 'code'), at(one, 'net')]),
    [['ALONE-1', 'C2', '-1.00']],
  )
  assert.match(String(at(told[0], 'message')), 'goes back after 30 days')
  await days(29)
  assert.is(await stand('ALONE-1'), 'held C2')
  await days(1)
  assert.is(await parts('ALONE-1'), 'withdrawn none:-1')
  assert.is(await lastReason('ALONE-1'), 'held for too long')
  assert.is(await parts('ALONE'), 'approved due:3')
  await send(creditOf(cdr, 'ALONE-C'))
  assert.equal([await stand('ALONE'), await stand('ALONE-C')], ['credited', 'credited'])
})

test.run()
