// The outbox under rivals, and what one bad row must not do to the others.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { approveDue } from '../../src/hub/cdrs/approve-due.ts'
import { appendOutbox, claimDue, finishOutbox } from '../../src/outbox/outbox.ts'
import type { OutboxEntry } from '../../src/outbox/outbox.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { testDatabase } from '../helpers/database.ts'
import { startHub } from '../helpers/hub.ts'

const entry: OutboxEntry = { kind: 'sync', platformId: 'one', subject: 'an object' }
const test = suite('outbox')

test('equal rows of one call are one, due when the first of them is', async () => {
  await using database = await testDatabase()
  const { db } = database
  await db.transaction((tx) =>
    appendOutbox(tx, [{ ...entry, delayMs: 60_000 }, entry, { ...entry, subject: 'another' }]),
  )
  assert.is((await claimDue(db, 10)).length, 2)
})

test('of equal rows one is out at a time, so that the older never arrives last', async () => {
  await using database = await testDatabase()
  const { db } = database
  const append = () => db.transaction((tx) => appendOutbox(tx, [entry]))
  await append()
  const [first] = await claimDue(db, 10)
  await append()
  assert.equal(await claimDue(db, 10), [])
  await finishOutbox(db, { ids: first ? [first.id] : [], outcome: 'done' })
  assert.is((await claimDue(db, 10)).length, 1)
})

test('however many platforms fall silent together, few of them are asked at once and the rest goes on', async () => {
  await using database = await testDatabase()
  const { db } = database
  const names = Array.from({ length: limits.probesInFlightMax * 3 }, (_, index) => `p${index}`)
  const probes = names.map((platformId) => ({ kind: 'probe' as const, platformId, subject: '' }))
  await db.transaction((tx) => appendOutbox(tx, [...probes, { ...entry, platformId: 'p0' }]))
  const claimed = await claimDue(db, 1_000)
  const asked = claimed.filter(({ kind }) => kind === 'probe')
  assert.is(asked.length, limits.probesInFlightMax)
  assert.is(claimed.length, limits.probesInFlightMax + 1)
  assert.equal(await claimDue(db, 1_000), [])
  await finishOutbox(db, { ids: asked.slice(0, 4).map(({ id }) => id), outcome: 'done' })
  assert.is((await claimDue(db, 1_000)).length, 4)
})

test('of two transactions in a deadlock both are done in the end', async () => {
  await using database = await testDatabase()
  const { db } = database
  await db.transaction((tx) => appendOutbox(tx, [entry, { ...entry, subject: 'another' }]))
  let arrived = 0
  const touch = (subjects: readonly string[]) =>
    db.transaction(async (tx) => {
      for (const [index, subject] of subjects.entries()) {
        await tx.rows(sql`update outbox set attempts = attempts + 1 where subject = ${subject}`)
        arrived += 1
        while (index === 0 && arrived < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  await Promise.all([touch(['an object', 'another']), touch(['another', 'an object'])])
  const rows = await db.rows<{ attempts: number }>(sql`select attempts from outbox`)
  assert.equal(rows, [{ attempts: 2 }, { attempts: 2 }])
})

test('one CDR that cannot be approved does not hold up the others', async () => {
  await using hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
  const { charge, prepare, cdr, post, stand } = storyOf(hub, cpo)
  for (const id of ['O1', 'O2', 'O3']) {
    const one = charge(id, emsp)
    await prepare(one, emsp)
    await post(cdr(one))
  }
  await hub.drain()
  const { context } = hub
  await context.db.rows(sql`
    update cdr_states set contest_until = clock_timestamp(),
      net_micros = case when cdr_id = (select id from cdrs where cdr_id = 'O2') then null else net_micros end`)
  const quiet = { ...context, log: { ...context.log, error: () => undefined } }
  assert.is(await approveDue(quiet, []), 2)
  assert.equal(
    [await stand('O1'), await stand('O2'), await stand('O3')],
    ['approved', 'provisional', 'approved'],
  )
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'cdr_not_approved')
})

test.run()
