import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'csv-parse/sync'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { statementCsv } from '../../src/settlement/statement-csv.ts'
import { statement } from '../../src/settlement/statements.ts'
import { bookClaim, creditClaim } from '../helpers/claims.ts'
import { approvedA, bookAll, close, finalize, read } from '../helpers/cycles.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'

const test = suite<{ database: TestDatabase }>('statements')
test.before.each(async (context) => {
  context.database = await testDatabase()
})
test.after.each(async ({ database }) => {
  const verified = await verifyLedger(database.db)
  await database.drop()
  assert.equal(verified, { ok: true, differences: [], breaches: [] })
})

test('closing opens the next cycle and states approved, provisional and held in columns of their own', async ({
  database,
}) => {
  await bookAll(database)
  assert.equal(await close(database, 'EUR-000001'), { status: 'closed', nextCycleId: 'EUR-000002' })
  const { kind, totals, bilateral, lines } = await read(database, 'EUR-000001', 'NL-TNM')
  const none = { net: '0.00', tax: '0.00', gross: '0.00' }
  assert.is(kind, 'preliminary')
  assert.equal(totals, {
    approved: {
      owes: { net: '5.00', tax: '0.000001', gross: '5.000001' },
      gets: { net: '20.17', tax: '3.83', gross: '24.00' },
    },
    provisional: { owes: none, gets: { net: '1.00', tax: '0.19', gross: '1.19' } },
    held: { owes: none, gets: { net: '2.00', tax: '0.00', gross: '2.00' } },
    net_position: '18.999999',
  })
  assert.equal(bilateral, [
    { counterparty: 'DE-EMA', net: '18.999999' },
    { counterparty: 'FR-XYZ', net: '0.00' },
  ])
  assert.equal(
    lines.map(({ cdr_id, owner, counterparty, direction, state, gross, tax_known }) => [
      cdr_id,
      owner,
      counterparty,
      direction,
      state,
      gross,
      tax_known,
    ]),
    [
      ['A', 'NL-TNM', 'DE-EMA', 'gets', 'approved', '24.00', true],
      ['B', 'DE-EMA', 'DE-EMA', 'owes', 'approved', '5.000001', true],
      ['C', 'NL-TNM', 'DE-EMA', 'gets', 'provisional', '1.19', true],
      ['D', 'NL-TNM', 'FR-XYZ', 'gets', 'held', '2.00', false],
    ],
  )
})

test('a credit of a settled CDR is a negative line of the open cycle, and the debt turns round', async ({
  database,
}) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  await finalize(database, 'EUR-000001')
  await creditClaim(database.db, approvedA)
  await close(database, 'EUR-000002')
  const { positions } = await finalize(database, 'EUR-000002')
  assert.equal(positions, [
    { party: 'DE-EMA', micros: 24_000_000n },
    { party: 'NL-TNM', micros: -24_000_000n },
  ])
  const [line] = (await read(database, 'EUR-000002', 'NL-TNM')).lines
  assert.equal(
    [line?.cdr_id, line?.net, line?.tax, line?.gross],
    ['A-C', '-20.17', '-3.83', '-24.00'],
  )
  assert.is((await read(database, 'EUR-000001', 'NL-TNM')).totals.approved.gets.gross, '24.00')
})

test('a CDR credited in its own cycle and its credit cancel out', async ({ database }) => {
  await bookClaim(database.db, approvedA)
  await creditClaim(database.db, approvedA)
  const running = await read(database, 'EUR-000001', 'DE-EMA')
  assert.equal(
    running.lines.map(({ state, gross }) => [state, gross]),
    [
      ['approved', '24.00'],
      ['approved', '-24.00'],
    ],
  )
  await close(database, 'EUR-000001')
  const { positions } = await finalize(database, 'EUR-000001')
  assert.ok(positions.every(({ micros }) => micros === 0n))
})

test('what a party owes itself is stated on both sides and nets to nothing', async ({
  database,
}) => {
  await bookClaim(database.db, { ...approvedA, debtor: 'NL-TNM' })
  await close(database, 'EUR-000001')
  assert.equal((await finalize(database, 'EUR-000001')).positions, [
    { party: 'NL-TNM', micros: 0n },
  ])
  const { totals, lines } = await read(database, 'EUR-000001', 'NL-TNM')
  assert.equal(
    [totals.approved.owes.gross, totals.approved.gets.gross, totals.net_position],
    ['24.00', '24.00', '0.00'],
  )
  assert.equal(
    lines.map(({ direction }) => direction),
    ['gets', 'owes'],
  )
})

test('statements page through every line once', async ({ database }) => {
  await bookAll(database)
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await statement(database.db, {
      cycleId: 'EUR-000001',
      party: 'NL-TNM',
      limit: 1,
      ...(after === undefined ? {} : { after }),
    })
    seen.push(...(page?.lines.map(({ cdr_id }) => cdr_id) ?? []))
    after = page?.next_cursor ?? undefined
  } while (after !== undefined)
  assert.equal(seen, ['A', 'B', 'C', 'D'])
  assert.is(await statement(database.db, { cycleId: 'XXX-000001', party: 'NL-TNM' }), undefined)
  assert.equal((await read(database, 'EUR-000001', 'XX-NIL')).lines, [])
})

test('CSV keeps the sign of amounts and disarms ids that look like formulas', async ({
  database,
}) => {
  await bookClaim(database.db, { ...approvedA, id: '=cmd|x' })
  await creditClaim(database.db, { ...approvedA, id: '=cmd|x' })
  let text = ''
  for await (const part of statementCsv(database.db, { cycleId: 'EUR-000001', party: 'NL-TNM' }))
    text += part
  const rows: Record<string, string>[] = parse(text, { columns: true })
  assert.equal(
    rows.map((row) => [row['cdr_id'], row['net'], row['gross'], row['tax_known']]),
    [
      ["'=cmd|x", '20.17', '24.00', 'true'],
      ["'=cmd|x-C", '-20.17', '-24.00', 'true'],
    ],
  )
})

test('written statements, lines and moves cannot be changed', async ({ database }) => {
  await bookAll(database)
  await close(database, 'EUR-000001')
  await finalize(database, 'EUR-000001')
  for (const change of [
    sql`update cycle_lines set net_micros = 0`,
    sql`delete from cycle_statements`,
    sql`truncate cycle_moves`,
  ]) {
    assert.match(await database.db.rows(change).then(() => 'accepted', String), /permission denied/)
  }
})

test.run()
