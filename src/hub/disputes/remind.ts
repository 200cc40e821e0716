import { limits } from '../../../config/limits.ts'
import { deadlineText } from '../../clearing/disputes/sentences.ts'
import type { DisputeState, DisputeVerb } from '../../clearing/disputes/machine.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { grossText, tellDispute } from './tell.ts'
import { moment } from './words.ts'

type Near = {
  id: bigint
  owner: string
  receiver: string
  currency: string
  code: string
  state: DisputeState
  net_micros: bigint
  tax_micros: bigint
  upheld_net: bigint
  upheld_tax: bigint
  proposed_net: bigint | null
  proposed_tax: bigint | null
  deadline_at: Date
  default_verb: DisputeVerb
  /** Of the place where was charged; null where nobody knows it. */
  time_zone: string | null
}

/** Tells both parties once of each deadline that is near, with what happens by itself. */
export async function remindDisputes(db: Database): Promise<void> {
  const [any] = await readNear(db)
  if (!any) return
  await db.transaction(async (tx) => {
    for (const row of await takeNear(tx)) {
      const { proposed_net: net, proposed_tax: tax, currency, deadline_at: at } = row
      const message = deadlineText({
        verb: row.default_verb,
        state: row.state,
        cpo: row.owner,
        emsp: row.receiver,
        when: moment(at, row.time_zone ?? 'UTC'),
        upheld: grossText({ net: row.upheld_net, tax: row.upheld_tax }, currency),
        disputed: grossText({ net: row.net_micros, tax: row.tax_micros }, currency),
        offered: net === null || tax === null ? null : grossText({ net, tax }, currency),
      })
      const body = { state: row.state, deadline_at: at.toISOString(), message }
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
      d.upheld_tax, d.proposed_net, d.proposed_tax, d.deadline_at, d.default_verb, (
        select o.time_zone from cdrs c join objects o on o.module = 'locations' and o.owner = c.owner
          and o.object_key = c.location_key and o.deleted_at is null
        where c.id = d.cdr_id order by (o.audience = '*') desc, o.seq desc limit 1) as time_zone`)
}
