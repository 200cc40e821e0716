import { limits } from '../../../config/limits.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { DisputeRow } from './rows.ts'
import { deadlineOf, tellDispute } from './tell.ts'
import type { Deadlined } from './tell.ts'

type Near = Deadlined & Pick<DisputeRow, 'id' | 'code'>

/** Tells both parties once of each deadline that is near, with what happens by itself. */
export async function remindDisputes(db: Database): Promise<void> {
  const [any] = await readNear(db)
  if (!any) return
  await db.transaction(async (tx) => {
    for (const row of await takeNear(tx)) {
      const deadline = deadlineOf(row)
      if (deadline === null) continue
      const body = { state: row.state, deadline_at: deadline.at, message: deadline.text }
      await tellDispute(tx, { type: 'dispute.deadline', dispute: row, body })
    }
  })
}

async function readNear(db: Sql): Promise<object[]> {
  return db.rows(sql`
    select 1 from disputes
    where closed_at is null and deadline_at > clock_timestamp() and reminded_epoch is distinct from epoch
      and deadline_at < clock_timestamp() + ${limits.disputeReminderMs}::float8 * interval '1 millisecond'
    limit 1`)
}

/** Marks them; whoever acts on one just now has it locked, and is not waited for. */
async function takeNear(tx: Sql): Promise<Near[]> {
  return tx.rows<Near>(sql`
    update disputes d set reminded_epoch = d.epoch
    from (
      select id from disputes
      where closed_at is null and deadline_at > clock_timestamp() and reminded_epoch is distinct from epoch
        and deadline_at < clock_timestamp() + ${limits.disputeReminderMs}::float8 * interval '1 millisecond'
      order by id limit ${limits.disputeSweepMax} for update skip locked
    ) near
    where d.id = near.id
    returning d.id, d.owner, d.receiver, d.currency, d.code, d.state, d.net_micros, d.tax_micros, d.upheld_net,
      d.upheld_tax, d.proposed_net, d.proposed_tax, d.deadline_at, d.default_verb,
      cdr_time_zone(d.cdr_id) as time_zone`)
}
