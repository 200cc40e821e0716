import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { closeCycle, fenceCycle } from '../../settlement/close.ts'
import type { CycleState } from '../../settlement/cycles.ts'
import { findCycle } from '../../settlement/cycles.ts'
import { finalizeCycle } from '../../settlement/finalize.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

type CycleRow = {
  id: string
  currency: string
  state: CycleState
  opened_at: Date
  closed_at: Date | null
  final_at: Date | null
}

type Deed = { actor: string; cycleId: string; reason?: string | undefined }

/** A page of cycles by currency and number; a party sees those in which it has lines. */
export async function listCyclesFor(
  db: Sql,
  scope: Scope,
  request: PageRequest & { state?: CycleState },
) {
  const limit = pageLimit(request)
  const [after] = cursorParts(request, 1)
  const parties = scope.kind === 'party' ? [...scope.cpos, ...scope.emsps] : null
  const rows = await db.rows<CycleRow>(sql`
    select c.id, c.currency, c.state, c.opened_at, c.closed_at, c.final_at from cycles c
    where (${after ?? null}::text is null or c.id > ${after ?? null})
      and (${request.state ?? null}::text is null or c.state = ${request.state ?? null})
      and (${parties}::text[] is null or exists (select from settlement_lines l
        where l.cycle_id = c.id and (l.debtor = any(${parties}) or l.creditor = any(${parties}))))
    order by c.id limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [row.id],
    item: (row) => ({
      ...row,
      opened_at: row.opened_at.toISOString(),
      closed_at: row.closed_at?.toISOString() ?? null,
      final_at: row.final_at?.toISOString() ?? null,
    }),
  })
}

/** A cycle's lines are written in one statement, and a month has many. */
const SETTLEMENT = { deadlineMs: limits.settlementMs }

/** Closes a cycle; a second time changes nothing. The fence is its own transaction so that bookings wait only for it. */
export async function closeCycleBy(context: Context, deed: Deed) {
  await context.db.transaction(async (tx) => {
    const fenced = await fenceCycle(tx, { cycleId: deed.cycleId })
    if (!fenced) throw unknownCycle(deed.cycleId)
    await appendAudit(tx, { ...asEntry(deed, 'cycle.close'), details: { state: fenced.state } })
  })
  const closing = await context.db.transaction(
    (tx) => closeCycle(tx, { cycleId: deed.cycleId }),
    SETTLEMENT,
  )
  return { ...(await readCycle(context.db, deed.cycleId)), next_cycle: closing.nextCycleId }
}

/** Makes a closed cycle final and answers every party's net position; a second time changes nothing. */
export async function finalizeCycleBy(context: Context, deed: Deed) {
  const { positions } = await context.db.transaction(async (tx) => {
    const outcome = await finalizeCycle(tx, { cycleId: deed.cycleId })
    if (outcome.status === 'not_found') throw unknownCycle(deed.cycleId)
    if (outcome.status === 'not_closed') {
      throw new Refusal(
        'conflict',
        `Close ${deed.cycleId} first: POST /admin/v1/cycles/${deed.cycleId}/close.`,
      )
    }
    await appendAudit(tx, {
      ...asEntry(deed, 'cycle.finalize'),
      details: { status: outcome.status },
    })
    return outcome
  }, SETTLEMENT)
  const cycle = await readCycle(context.db, deed.cycleId)
  return {
    ...cycle,
    positions: positions.map(({ party, micros }) => ({
      party,
      currency: cycle.currency,
      net: fromMicros(micros),
    })),
  }
}

/** The cycle as the API shows it after a change. */
async function readCycle(db: Sql, cycleId: string) {
  const cycle = await findCycle(db, cycleId)
  if (!cycle) throw unknownCycle(cycleId)
  return { id: cycle.id, currency: cycle.currency, state: cycle.state }
}

function asEntry(deed: Deed, action: string) {
  return { actor: deed.actor, action, subject: deed.cycleId, reason: deed.reason }
}

/** The refusal for a cycle id that does not exist. */
export function unknownCycle(cycleId: string): Refusal {
  return new Refusal('notFound', `There is no cycle ${cycleId}; GET cycles lists them.`)
}
