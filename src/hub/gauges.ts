import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'

/** The metrics of this process as Prometheus text, with what PostgreSQL knows counted now. */
export async function readMetrics(context: Context): Promise<string> {
  const { outboxOpen, alertsOpen, registry } = context.metrics
  const outbox = await context.db.rows<{ kind: string; open: bigint }>(sql`
    select kind, count(*) as open from outbox where finished_at is null group by kind`)
  const alerts = await context.db.rows<{ code: string; open: bigint }>(sql`
    select code, count(*) as open from alerts where state = 'open' group by code`)
  outboxOpen.reset()
  alertsOpen.reset()
  for (const row of outbox) outboxOpen.set({ kind: row.kind }, Number(row.open))
  for (const row of alerts) alertsOpen.set({ code: row.code }, Number(row.open))
  return registry.metrics()
}
