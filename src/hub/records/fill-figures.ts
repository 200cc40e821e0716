import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { FiguredCdr } from './columns.ts'
import { orderMatching } from './days.ts'
import { writeFigures } from './figures.ts'

const MARK = 'figures:back'
/** Longer than anything looks back for records; older CDRs stay without. */
const BACK_DAYS = 100
const STEP_HOURS = 6
const BATCH_ROWS = 500

/**
 * CDRs that were cleared before the hub kept figures get theirs, newest first, and are matched with the records that have
 * come since. A mark says back to when it is done; whoever comes next goes on from there. True once all is done.
 */
export async function fillFigures(
  context: Pick<Context, 'db' | 'clock'>,
  { budgetMs }: { budgetMs: number },
): Promise<boolean> {
  const until = context.clock().getTime() + budgetMs
  await context.db.rows(sql`
    insert into clock_marks (name, at) values (${MARK}, clock_timestamp()) on conflict do nothing`)
  let isDone = await fillBatch(context)
  while (!isDone && context.clock().getTime() < until) isDone = await fillBatch(context)
  return isDone
}

type UnfiguredCdr = FiguredCdr & { has_records: boolean }

/** Some of the hours before the mark; the mark moves when none is left in them. */
async function fillBatch({ db }: Pick<Context, 'db'>): Promise<boolean> {
  const [span] = await db.rows<{ from: Date; to: Date }>(sql`
    select at - ${STEP_HOURS} * interval '1 hour' as from, at as to from clock_marks
    where name = ${MARK} and at > clock_timestamp() - ${BACK_DAYS} * interval '1 day'`)
  if (!span) return true
  await db.transaction(async (tx) => {
    const rows = await tx.rows<UnfiguredCdr>(sql`
      select c.id, c.owner, c.receiver, c.cdr_key, c.session_key, c.location_key, c.value, c.is_credit, c.started_at,
        c.ended_at, c.currency, exists (select from emsp_records r where r.receiver = c.receiver) as has_records
      from cdrs c where c.received_at >= ${span.from} and c.received_at < ${span.to}
        and not exists (select from cdr_figures f where f.cdr_id = c.id)
      limit ${BATCH_ROWS}`)
    await writeFigures(tx, rows)
    await orderMatching(
      tx,
      rows.filter((row) => row.has_records && !row.is_credit),
    )
    if (rows.length === BATCH_ROWS) return
    await tx.rows(
      sql`update clock_marks set at = ${span.from} where name = ${MARK} and at > ${span.from}`,
    )
  })
  return false
}
