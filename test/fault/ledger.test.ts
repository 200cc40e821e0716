import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DatabaseUnavailable } from '../../src/db/database.ts'
import { sql } from '../../src/db/sql.ts'
import type { Database } from '../../src/db/sql.ts'
import type { Group } from '../../src/ledger/groups.ts'
import { postGroups } from '../../src/ledger/post-groups.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { closeCycle } from '../../src/settlement/close.ts'
import { holdCycles, openCycle } from '../../src/settlement/cycles.ts'
import { finalizeCycle } from '../../src/settlement/finalize.ts'
import { statement } from '../../src/settlement/statements.ts'
import { approvedGroup, pendingGroup } from '../helpers/claim-groups.ts'
import { approveClaim, bookClaim } from '../helpers/claims.ts'
import type { BookedState, TestClaim } from '../helpers/claims.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { seed, size } from '../helpers/seed.ts'

const PARTIES = ['BE-AAA', 'DE-EMA', 'FR-XYZ', 'NL-TNM', 'SE-VAT']
const WRITERS = 4

const test = suite<{ database: TestDatabase }>('ledger under faults')
test.before.each(async (context) => {
  context.database = await testDatabase({ poolMax: 10 })
})
test.after.each(async ({ database }) => {
  const verified = await verifyLedger(database.db)
  await database.drop()
  assert.equal(verified, { ok: true, differences: [], breaches: [] })
})

test('four writers over the same accounts never deadlock and book each group once', async ({
  database,
}) => {
  const random = generator(seed())
  const claims = Array.from({ length: size(400) }, (_, n) => claimGroup(n, random))
  const statuses = await Promise.all(
    Array.from({ length: WRITERS }, () =>
      inBatches(database.db, { groups: shuffle(claims, random), kills: false }),
    ),
  )
  for (const { id } of claims) {
    const all = statuses.map((writer) => writer.get(id))
    assert.equal(all.sort(), ['created', 'exists', 'exists', 'exists'])
  }
  assert.is(await countTransfers(database.db), claims.length * 2)
})

test('backends killed in the middle of postings leave whole groups, once, after all retries', async ({
  database,
}) => {
  const random = generator(seed() + 1)
  const claims = Array.from({ length: size(400) }, (_, n) => claimGroup(n, random))
  let isDone = false
  const writers = Promise.all(
    Array.from({ length: WRITERS }, () =>
      inBatches(database.db, { groups: shuffle(claims, random), kills: true }),
    ),
  ).finally(() => (isDone = true))
  let kills = 0
  while (!isDone && kills < 60) kills += await killOne(database.db)
  await writers
  assert.ok(kills > 0, 'no backend was killed')
  assert.is(await countTransfers(database.db), claims.length * 2)
})

test('a transaction whose backend dies before the commit leaves nothing', async ({
  database: { db },
}) => {
  const group = claimGroup(1, generator(seed()))
  const attempt = db.transaction(async (tx) => {
    await postGroups(tx, [group])
    await tx.rows(sql`select pg_terminate_backend(pg_backend_pid())`)
  })
  assert.instance(await attempt.catch((error: unknown) => error), DatabaseUnavailable)
  assert.is(await countTransfers(db), 0)
  assert.equal([...(await db.transaction((tx) => postGroups(tx, [group]))).values()], ['created'])
})

test('of many who resolve one pending at once, one does', async ({ database: { db } }) => {
  const claim = moneyOf(1, generator(seed()))
  await db.transaction((tx) =>
    postGroups(tx, [pendingGroup({ claim, book: 'provisional', epoch: 1, resolves: null })]),
  )
  const resolves = { book: 'provisional', epoch: 1 } as const
  const attempts = Array.from({ length: 6 }, (_, n) =>
    n % 2
      ? approvedGroup({ claim, cycleId: 'EUR-000001', epoch: n + 2, resolves })
      : pendingGroup({ claim, book: 'held', epoch: n + 2, resolves }),
  )
  const statuses = await Promise.all(
    attempts.map((group) =>
      db.transaction(async (tx) => (await postGroups(tx, [group])).get(group.id)),
    ),
  )
  assert.equal(statuses.sort(), [
    'created',
    ...Array.from({ length: 5 }, () => 'pending_already_resolved'),
  ])
})

test('booking, approving, closing and finalizing at once lose nothing and count nothing twice', async ({
  database,
}) => {
  const { db } = database
  const random = generator(seed() + 2)
  const claims = Array.from({ length: size(240) }, (_, n) => testClaim(n, random))
  await bookClaim(db, testClaim(-1, random))
  let isDone = false
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (const claim of claims.filter((__, n) => n % WRITERS === writer)) {
      await bookClaim(db, claim)
      if (claim.state !== 'approved' && random() < 0.5) await approveClaim(db, claim)
    }
  })
  const work = Promise.all(writers).finally(() => (isDone = true))
  const cycles: string[] = []
  for (let number = 1; !isDone || number < 3; number++) {
    const cycleId = `EUR-${String(number).padStart(6, '0')}`
    await Promise.all([1, 2].map(() => db.transaction((tx) => closeCycle(tx, { cycleId }))))
    await Promise.all([1, 2].map(() => db.transaction((tx) => finalizeCycle(tx, { cycleId }))))
    cycles.push(cycleId)
  }
  await work
  for (const cycleId of cycles) await assertStatementsAddUp(db, cycleId)
  const [counted] = await db.rows<{ cdrs: bigint; settled: bigint; open: bigint }>(sql`
    select (select count(*) from cdr_states) as cdrs, (select count(*) from cycle_lines where kind = 'final') as settled,
      (select count(*) from cdr_states s join cycles c on c.id = s.cycle_id where c.state <> 'final') as open`)
  assert.is(counted?.cdrs, BigInt(claims.length + 1))
  assert.is((counted?.settled ?? 0n) + (counted?.open ?? 0n), counted?.cdrs)
})

test('closing and finalizing get through writers that never pause', async ({
  database: { db },
}) => {
  const cycleId = await db.transaction((tx) => openCycle(tx, 'EUR'))
  let rounds = 0
  let isDone = false
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    while (!isDone && rounds < 400) {
      await db.transaction(async (tx) => {
        await (writer % 2 ? openCycle(tx, 'EUR') : holdCycles(tx, 'EUR'))
        await tx.rows(sql`select pg_sleep(0.01)`)
      })
      rounds += 1
    }
  })
  const work = Promise.all(writers)
  const closing = await db.transaction((tx) => closeCycle(tx, { cycleId }))
  const finalization = await db.transaction((tx) => finalizeCycle(tx, { cycleId }))
  const roundsNeeded = rounds
  isDone = true
  await work
  assert.equal([closing.status, finalization.status], ['closed', 'finalized'])
  assert.ok(roundsNeeded < 200, `${roundsNeeded} transactions overtook the closing`)
})

test('a finalization that dies in the middle is done whole by the next try', async ({
  database: { db },
}) => {
  const random = generator(seed() + 3)
  for (let n = 0; n < 12; n++) await bookClaim(db, testClaim(n, random))
  const cycleId = 'EUR-000001'
  await db.transaction((tx) => closeCycle(tx, { cycleId }))
  const attempt = db.transaction(async (tx) => {
    await finalizeCycle(tx, { cycleId })
    await tx.rows(sql`select pg_terminate_backend(pg_backend_pid())`)
  })
  assert.instance(await attempt.catch((error: unknown) => error), DatabaseUnavailable)
  const kinds = await db.rows<{ kind: string }>(sql`select distinct kind from cycle_lines`)
  assert.equal(kinds, [{ kind: 'preliminary' }])
  assert.is((await db.transaction((tx) => finalizeCycle(tx, { cycleId }))).status, 'finalized')
  await assertStatementsAddUp(db, cycleId)
})

/** Posts everything in batches of uneven size; a batch that an outage interrupted is posted again. */
async function inBatches(
  db: Database,
  { groups, kills }: { groups: readonly Group[]; kills: boolean },
): Promise<Map<string, string>> {
  const statuses = new Map<string, string>()
  for (let at = 0, length = 1; at < groups.length; at += length, length = (length % 23) + 1) {
    const batch = groups.slice(at, at + length)
    for (let attempt = 0; ; attempt++) {
      try {
        for (const [id, status] of await db.transaction((tx) => postGroups(tx, batch)))
          statuses.set(id, status)
        break
      } catch (error) {
        if (!kills || attempt > 100 || !(error instanceof DatabaseUnavailable)) throw error
      }
    }
  }
  return statuses
}

async function killOne(db: Database): Promise<number> {
  try {
    const killed = await db.rows(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
      order by random() limit 1`)
    return killed.length
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return 0
    throw error
  }
}

async function countTransfers(db: Database): Promise<number> {
  const [row] = await db.rows<{ count: bigint }>(sql`select count(*) from ledger_transfers`)
  return Number(row?.count)
}

async function assertStatementsAddUp(db: Database, cycleId: string): Promise<void> {
  let sum = 0n
  for (const party of PARTIES) {
    const found = await statement(db, { cycleId, party })
    assert.is(found?.kind, 'final')
    const gross = (direction: string): bigint =>
      (found?.lines ?? [])
        .filter((line) => line.direction === direction)
        .reduce((total, line) => total + micros(line.gross), 0n)
    assert.is(micros(found?.totals.approved.gets.gross), gross('gets'))
    assert.is(micros(found?.totals.approved.owes.gross), gross('owes'))
    assert.is(micros(found?.totals.net_position), gross('gets') - gross('owes'))
    sum += micros(found?.totals.net_position)
  }
  assert.is(sum, 0n)
}

function micros(text: string | undefined): bigint {
  const [whole = '', fraction = ''] = (text ?? '').split('.')
  return BigInt(whole + fraction.padEnd(6, '0'))
}

function claimGroup(n: number, random: () => number): Group {
  return pendingGroup({ claim: moneyOf(n, random), book: 'provisional', epoch: 1, resolves: null })
}

function moneyOf(n: number, random: () => number) {
  const { debtor, creditor, net } = testClaim(n, random)
  const source = `cdr:${creditor}/${n}`
  return {
    source,
    debtor,
    creditor,
    currency: 'EUR',
    netMicros: net,
    taxMicros: net / 5n,
    taxKnown: true,
  }
}

function testClaim(n: number, random: () => number): TestClaim {
  const pick = <T>(values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0]
  const state: BookedState = pick(['approved', 'provisional', 'held'])
  const net = BigInt(Math.floor(random() * 90_000_000)) - 5_000_000n
  return {
    id: `c${n}`,
    debtor: pick(['BE-AAA', 'DE-EMA', 'FR-XYZ']),
    creditor: pick(['NL-TNM', 'SE-VAT', 'DE-EMA']),
    net,
    tax: net / 5n,
    state,
  }
}

function shuffle<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value)
}

/** Mulberry32: small, seeded, good enough to mix orders. */
function generator(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

test.run()
