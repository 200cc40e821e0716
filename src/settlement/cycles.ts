import { AssertionFailed } from '../assert.ts'
import { limits } from '../../config/limits.ts'
import type { Sql, Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

export type CycleState = 'open' | 'closing' | 'closed' | 'contest' | 'final'

export type CycleRow = {
  readonly id: string
  readonly currency: string
  readonly number: number
  readonly state: CycleState
}

/**
 * The id of the currency's open cycle, made if it is the first. Holds it FOR SHARE until the transaction ends: closing
 * waits for whoever still books into it. Once per currency and transaction, currencies in alphabetical order; a
 * transaction that needs holdCycles calls only that.
 */
export async function openCycle(tx: Tx, currency: string): Promise<string> {
  await passGate(tx, { gate: 'open', currency })
  for (let attempt = 0; attempt < limits.cycleOpenAttemptsMax; attempt++) {
    const held = await holdOpen(tx, currency)
    if (held !== undefined) return held
    await createFirst(tx, currency)
  }
  throw new AssertionFailed(`no open cycle for ${currency} could be held`)
}

/**
 * Holds every cycle of the currency that is not final FOR SHARE, so that none of them closes or becomes final before
 * this transaction ends, and returns the open one and all of them. Whoever changes a CDR that may have a cycle (approve,
 * hold, release, credit, recheck) calls this before it locks the CDR's row: finalizing takes cycle, then CDRs, then
 * accounts, and so must everybody. A CDR's cycle read under its lock is then final or one of `live`.
 */
export async function holdCycles(
  tx: Tx,
  currency: string,
): Promise<{ open: string; live: ReadonlySet<string> }> {
  await passGate(tx, { gate: 'live', currency })
  await passGate(tx, { gate: 'open', currency })
  for (let attempt = 0; attempt < limits.cycleOpenAttemptsMax; attempt++) {
    const rows = await holdLive(tx, currency)
    // Without the open one among them, the next was opened after our statement began: look again. With it, none is new.
    const open = rows.find((row) => row.state === 'open')
    if (open) return { open: open.id, live: new Set(rows.map((row) => row.id)) }
    await createFirst(tx, currency)
  }
  throw new AssertionFailed(`the cycles of ${currency} could not be held`)
}

/** The cycle, or undefined; takes no lock. */
export async function findCycle(db: Sql, cycleId: string): Promise<CycleRow | undefined> {
  const [row] = await db.rows<CycleRow>(
    sql`select id, currency, number, state from cycles where id = ${cycleId}`,
  )
  return row
}

/**
 * Locks the cycle for update: waits for all who hold it and keeps new ones away until the transaction ends. A cycle that
 * was open when it began keeps away everybody who books; any other only those who need all live cycles.
 */
export async function lockCycle(tx: Tx, cycleId: string): Promise<CycleRow | undefined> {
  const seen = await findCycle(tx, cycleId)
  if (!seen) return undefined
  await closeGate(tx, { gate: seen.state === 'open' ? 'open' : 'live', currency: seen.currency })
  const [row] = await tx.rows<CycleRow>(sql`
    select id, currency, number, state from cycles where id = ${cycleId} for update`)
  return row
}

/** `EUR-000001`: ids sort by currency and number. */
export function cycleIdOf({ currency, number }: { currency: string; number: number }): string {
  return `${currency}-${String(number).padStart(6, '0')}`
}

/** Opens the cycle after `cycle`. */
export async function openNext(tx: Tx, cycle: CycleRow): Promise<void> {
  const number = cycle.number + 1
  await tx.rows(sql`
    insert into cycles (id, currency, number, state)
    values (${cycleIdOf({ currency: cycle.currency, number })}, ${cycle.currency}, ${number}, 'open')`)
}

// Those who share a row lock overtake who waits to have it alone, for ever if they never pause; in front of an advisory
// lock everybody queues. Order: live gate, open gate, cycles by number, CDRs, accounts.
const GATES = { open: 7_235_861, live: 7_235_862 } as const

type Gate = { gate: keyof typeof GATES; currency: string }

async function passGate(tx: Tx, { gate, currency }: Gate): Promise<void> {
  await tx.rows(
    sql`select pg_advisory_xact_lock_shared(${GATES[gate]}::integer, hashtext(${currency}))`,
  )
}

async function closeGate(tx: Tx, { gate, currency }: Gate): Promise<void> {
  await tx.rows(sql`select pg_advisory_xact_lock(${GATES[gate]}::integer, hashtext(${currency}))`)
}

async function holdOpen(tx: Tx, currency: string): Promise<string | undefined> {
  const [row] = await tx.rows<{ id: string }>(sql`
    select id from cycles where currency = ${currency} and state = 'open' for share`)
  return row?.id
}

async function holdLive(tx: Tx, currency: string): Promise<{ id: string; state: CycleState }[]> {
  return tx.rows(sql`
    select id, state from cycles where currency = ${currency} and state <> 'final' order by number for share`)
}

/** Two who make the first cycle at once: one waits for the other and makes nothing. */
async function createFirst(tx: Tx, currency: string): Promise<void> {
  await tx.rows(sql`
    insert into cycles (id, currency, number, state)
    select ${cycleIdOf({ currency, number: 1 })}, ${currency}::text, 1, 'open'
    where not exists (select from cycles where currency = ${currency})
    on conflict do nothing`)
}
