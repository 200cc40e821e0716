import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import type { DisputeTerms } from '../../clearing/disputes/terms.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { sql } from '../../db/sql.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { lockSubjects } from '../../store/objects.ts'
import { agreedFor } from '../cdrs/clear-agreed.ts'
import { readCdrRows } from '../cdrs/clear-facts.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { standingSubjects } from '../cdrs/clear.ts'
import type { FilledTerms } from '../filled-terms.ts'
import { termsOf } from '../filled-terms.ts'
import { lockDisputes } from './rows.ts'
import type { DisputeRow } from './rows.ts'

/** CDRs of one currency with all their disputes, under lock until the transaction ends. */
export type Locked = {
  tx: Tx
  cdrs: readonly CdrRow[]
  /** Those of the CDRs that are not closed, and the one that was asked for. */
  disputes: readonly DisputeRow[]
  openCycle: string
  terms: FilledTerms
}

/** A dispute under lock with what it is about. `items`: the CDRs of a pattern and what each is too high by. */
export type LockedDispute = Locked & {
  dispute: DisputeRow
  items: readonly ({ cdrId: bigint } & DisputeAmount)[]
}

/**
 * What is needed beside the transaction. The directory is read before it: within, that would take a second connection
 * while the first is kept, and when all do so at once none gets one.
 */
export type Desk = { context: Context; snapshot: Snapshot }

/** The desk as the directory is now; call it outside of transactions. */
export async function openDesk(context: Context): Promise<Desk> {
  return { context, snapshot: await context.directory.snapshot() }
}

type Pair = { owner: string; receiver: string; currency: string }

/**
 * Locks CDRs of a pair and their disputes, in the order in which everybody locks: subjects, cycles, CDRs by id, disputes
 * by id. `disputeId`: one that may be closed, or a pattern over many.
 */
export async function lockCdrs(
  { context, snapshot }: Desk,
  tx: Tx,
  what: { pair: Pair; cdrIds: readonly bigint[]; disputeId: bigint | null },
): Promise<Locked> {
  const { pair, cdrIds, disputeId } = what
  const before = await readCdrRows(tx, { ids: cdrIds, forUpdate: false })
  await lockSubjects(
    tx,
    before.flatMap(standingSubjects).map((subject) => ({ subject, exclusive: true })),
  )
  const { open } = await holdCycles(tx, pair.currency)
  const cdrs = await readCdrRows(tx, { ids: cdrIds, forUpdate: true })
  const disputes = await lockDisputes(tx, { cdrIds, ids: disputeId === null ? [] : [disputeId] })
  const now = context.clock()
  const [first] = cdrs
  const row = first ?? { ...pair, started_at: null, received_at: now }
  return {
    tx,
    cdrs,
    disputes,
    openCycle: open,
    terms: termsOf(agreedFor(context, { row, snapshot }).terms),
  }
}

/** Locks a dispute with its CDR, or all those of its pattern; null where there is none. */
export async function lockDispute(desk: Desk, tx: Tx, id: bigint): Promise<LockedDispute | null> {
  const [seen] = await tx.rows<Pair & { cdr_id: bigint | null }>(sql`
    select cdr_id, owner, receiver, currency from disputes where id = ${id.toString()}::bigint`)
  if (!seen) return null
  const items =
    seen.cdr_id === null
      ? await tx.rows<{ cdrId: bigint; net: bigint; tax: bigint }>(sql`
          select cdr_id as "cdrId", net_micros as net, tax_micros as tax from dispute_items
          where dispute_id = ${id.toString()}::bigint order by cdr_id`)
      : []
  const cdrIds = seen.cdr_id === null ? items.map(({ cdrId }) => cdrId) : [seen.cdr_id]
  const locked = await lockCdrs(desk, tx, { pair: seen, cdrIds, disputeId: id })
  const dispute = locked.disputes.find((row) => row.id === id)
  return dispute ? { ...locked, dispute, items } : null
}

/** The days of disputes of an agreement. */
export function disputeTermsOf(terms: FilledTerms): DisputeTerms {
  return { ...terms.auto_dispute, ...terms.dispute }
}
