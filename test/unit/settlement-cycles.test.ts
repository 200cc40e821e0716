import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sql } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { fenceCycle } from '../../src/settlement/close.ts'
import { holdCycles, openCycle } from '../../src/settlement/cycles.ts'
import { listStatements } from '../../src/settlement/statements.ts'
import { approveClaim, bookClaim } from '../helpers/claims.ts'
import {
  approvedA,
  bookAll,
  close,
  finalize,
  heldD,
  provisionalC,
  read,
} from '../helpers/cycles.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'

/** Every cycle as it stands, by currency and number. */
const cyclesOf = (db: Sql) =>
  db.rows<{ id: string; state: string }>(sql`select id, state from cycles order by id`)

const test = suite<{ database: TestDatabase }>('settlement')
test.before.each(async (context) => {
  context.database = await testDatabase()
})
test.after.each(async ({ database }) => {
  const verified = await verifyLedger(database.db)
  await database.drop()
  assert.equal(verified, { ok: true, differences: [], breaches: [] })
})

test('the first CDR of a currency opens its first cycle, once, whoever comes first', async ({
  database: { db },
}) => {
  const opened = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      db.transaction((tx) => openCycle(tx, n % 2 ? 'EUR' : 'SEK')),
    ),
  )
  assert.equal(new Set(opened), new Set(['SEK-000001', 'EUR-000001']))
  const items = await cyclesOf(db)
  assert.equal(
    items.map(({ id, state }) => [id, state]),
    [
      ['EUR-000001', 'open'],
      ['SEK-000001', 'open'],
    ],
  )
})

test('closing twice, or by two at once, changes nothing', async ({ database }) => {
  await bookAll(database)
  const closings = await Promise.all([close(database, 'EUR-000001'), close(database, 'EUR-000001')])
  assert.equal(closings.map(({ status }) => status).sort(), ['already_closed', 'closed'])
  assert.equal(new Set(closings.map(({ nextCycleId }) => nextCycleId)), new Set(['EUR-000002']))
  assert.equal(await close(database, 'EUR-000001'), {
    status: 'already_closed',
    nextCycleId: 'EUR-000002',
  })
  assert.is((await cyclesOf(database.db)).length, 2)
  assert.equal(await close(database, 'EUR-000009'), { status: 'not_found', nextCycleId: null })
})

test('a cycle whose closing broke off after the fence is closed by the next try', async ({
  database,
}) => {
  await bookAll(database)
  const fenced = await database.db.transaction((tx) => fenceCycle(tx, { cycleId: 'EUR-000001' }))
  assert.is(fenced?.state, 'closing')
  await bookClaim(database.db, { ...approvedA, id: 'late' })
  assert.is((await close(database, 'EUR-000001')).status, 'closed')
  assert.is((await read(database, 'EUR-000001', 'NL-TNM')).line_count, 4)
  assert.is((await read(database, 'EUR-000002', 'NL-TNM')).line_count, 1)
})

test('finalizing nets what is approved and carries the rest to the open cycle by recorded moves', async ({
  database,
}) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  assert.equal(await finalize(database, 'EUR-000001'), {
    status: 'finalized',
    positions: [
      { party: 'DE-EMA', micros: -18_999_999n },
      { party: 'NL-TNM', micros: 18_999_999n },
    ],
  })
  const final = await read(database, 'EUR-000001', 'NL-TNM')
  assert.is(final.kind, 'final')
  assert.equal(
    final.lines.map(({ cdr_id }) => cdr_id),
    ['A', 'B'],
  )
  assert.is(final.totals.net_position, '18.999999')
  assert.is(final.carried.line_count, 2)
  assert.is(final.carried.gets.gross, '3.19')
  const running = await read(database, 'EUR-000002', 'NL-TNM')
  assert.is(running.kind, 'running')
  assert.equal(
    running.lines.map(({ cdr_id, state, carried_from }) => [cdr_id, state, carried_from]),
    [
      ['C', 'provisional', 'EUR-000001'],
      ['D', 'held', 'EUR-000001'],
    ],
  )
  const due = await database.db.rows<{ code: string; balance: bigint }>(sql`
    select code, debits_posted - credits_posted as balance from ledger_accounts where code like 'obl:%:due'`)
  assert.ok(due.length === 2 && due.every(({ balance }) => balance === 0n))
})

test('finalizing twice, or by two at once, changes nothing and gives the same positions', async ({
  database,
}) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  const both = await Promise.all([
    finalize(database, 'EUR-000001'),
    finalize(database, 'EUR-000001'),
  ])
  assert.equal(both.map(({ status }) => status).sort(), ['already_final', 'finalized'])
  assert.equal(both[0]?.positions, both[1]?.positions)
  const before = await read(database, 'EUR-000001', 'DE-EMA')
  assert.is((await finalize(database, 'EUR-000001')).status, 'already_final')
  assert.is((await close(database, 'EUR-000001')).status, 'already_closed')
  assert.equal(await read(database, 'EUR-000001', 'DE-EMA'), before)
})

test('only a closed cycle becomes final', async ({ database }) => {
  await bookAll(database)
  assert.equal(await finalize(database, 'EUR-000001'), { status: 'not_closed', positions: [] })
  assert.equal(await finalize(database, 'EUR-000009'), { status: 'not_found', positions: [] })
})

test('an empty cycle closes and becomes final without positions', async ({ database }) => {
  await database.db.transaction((tx) => openCycle(tx, 'EUR'))
  await close(database, 'EUR-000001')
  assert.equal(await finalize(database, 'EUR-000001'), { status: 'finalized', positions: [] })
  assert.equal(await listStatements(database.db, 'EUR-000001'), [])
})

test('what is approved during the contest is netted in its cycle, the preliminary statement stays', async ({
  database,
}) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  assert.ok(await approveClaim(database.db, provisionalC))
  assert.is((await read(database, 'EUR-000001', 'NL-TNM')).totals.provisional.gets.gross, '1.19')
  const { positions } = await finalize(database, 'EUR-000001')
  assert.equal(positions.find(({ party }) => party === 'NL-TNM')?.micros, 18_999_999n + 1_190_000n)
  assert.is((await read(database, 'EUR-000001', 'NL-TNM')).carried.line_count, 1)
})

test('a carried CDR is approved and netted in the cycle it went on to', async ({ database }) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  await finalize(database, 'EUR-000001')
  await approveClaim(database.db, heldD)
  await close(database, 'EUR-000002')
  const { positions } = await finalize(database, 'EUR-000002')
  assert.equal(positions, [
    { party: 'FR-XYZ', micros: -2_000_000n },
    { party: 'NL-TNM', micros: 2_000_000n },
  ])
  assert.equal(
    (await read(database, 'EUR-000003', 'NL-TNM')).lines.map(({ cdr_id }) => cdr_id),
    ['C'],
  )
})

test('finalizing refuses lines that the ledger does not have', async ({ database }) => {
  await bookAll(database)
  await database.db.rows(
    sql`update cdr_states set net_micros = net_micros + 1 where state = 'approved'`,
  )
  await close(database, 'EUR-000001')
  assert.match(
    await finalize(database, 'EUR-000001').then(() => 'accepted', String),
    /the ledger gives/,
  )
  assert.is((await cyclesOf(database.db))[0]?.state, 'contest')
})

test('closing waits for who still books, and newcomers book into the next cycle', async ({
  database,
}) => {
  await bookAll(database)
  let closing: Promise<unknown> = Promise.resolve()
  await database.db.transaction(async (tx) => {
    assert.is(await openCycle(tx, 'EUR'), 'EUR-000001')
    closing = close(database, 'EUR-000001')
    const waiting = sql`select from pg_locks where not granted`
    for (let tries = 0; tries < 500 && (await database.db.rows(waiting)).length === 0; tries++);
    assert.is((await cyclesOf(database.db)).length, 1)
  })
  const newcomer = bookClaim(database.db, { ...approvedA, id: 'late' })
  await closing
  assert.ok(['EUR-000001', 'EUR-000002'].includes((await newcomer).cycleId))
  assert.is((await bookClaim(database.db, { ...approvedA, id: 'later' })).cycleId, 'EUR-000002')
})

test('holding the cycles gives the open one and all that are not final', async ({ database }) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  await close(database, 'EUR-000002')
  await finalize(database, 'EUR-000001')
  const held = await database.db.transaction((tx) => holdCycles(tx, 'EUR'))
  assert.equal(held, { open: 'EUR-000003', live: new Set(['EUR-000002', 'EUR-000003']) })
})

test.run()
