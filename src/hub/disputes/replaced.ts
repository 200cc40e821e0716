import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { settleAwaiting } from './awaiting.ts'

/**
 * The credited CDR that another one of the same session replaces, and what that was to claim, net in micro-units: the
 * claim without what was taken off.
 */
type Replaced = { originalId: bigint; expectedNet: bigint }

/**
 * What CDRs replace, by their id: the CDR of the same CPO, eMSP, currency and session – or, where it names another session
 * or none, of the same token, start and EVSE – that came before them and whose adjustments wait for it; of several one of
 * the same session, then the one that was credited last. What was received before the dispute began is a duplicate, not
 * the outcome of it. What has taken the place of one CDR takes no
 * other's: it goes on replacing that one. Under the locks of clearing (session and card) nobody else takes the same.
 */
async function readReplaced(
  client: Sql,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, Replaced>> {
  if (ids.length === 0) return new Map()
  const rows = await client.rows<{ id: bigint } & Replaced>(sql`
    select distinct on (c.id) c.id, o.id as "originalId", s.net_micros - a.net as "expectedNet"
    from cdrs c
    join cdrs o on o.owner = c.owner and o.receiver = c.receiver and o.currency = c.currency and o.id < c.id
      and not o.is_credit and (o.session_key = c.session_key or (o.token_key = c.token_key
        and o.started_at = c.started_at and (o.evse_key is null or c.evse_key is null or o.evse_key = c.evse_key)))
    join cdr_states s on s.cdr_id = o.id
    join cdr_events e on e.cdr_id = o.id and e.state = 'credited'
    join lateral (
      select sum(j.net_micros)::bigint as net, coalesce(bool_or(j.replacement_id = c.id), false) as taken,
        bool_or(j.state = 'awaiting_replacement' and d.at < c.received_at) as waits
      from adjustments j join dispute_events d on d.dispute_id = j.dispute_id and d.epoch = 0
      where j.cdr_id = o.id
    ) a on a.taken or a.waits
    where c.id = any(${ids.map(String)}::bigint[]) and not c.is_credit
    order by c.id, a.taken desc, (o.session_key is not distinct from c.session_key) desc, e.at desc, o.id desc`)
  return new Map(rows.map(({ id, ...replaced }) => [id, replaced]))
}

/**
 * CDRs that were booked and replace a credited one consume what waits for them, each once: the first of a session takes
 * it. Keeps what a replacement claims beyond what was agreed. Returns how many adjustments were consumed.
 */
export async function consumeAdjustments(
  tx: Tx,
  replacements: readonly { cdrId: bigint; netMicros: bigint; dueDays: number }[],
): Promise<number> {
  if (replacements.length === 0) return 0
  const found = await readReplaced(
    tx,
    replacements.map(({ cdrId }) => cdrId),
  )
  const taken = new Set<bigint>()
  let count = 0
  for (const { cdrId, netMicros, dueDays } of replacements) {
    const replaced = found.get(cdrId)
    if (replaced === undefined || taken.has(replaced.originalId)) continue
    taken.add(replaced.originalId)
    const consumed = await tx.rows<{ dispute_id: bigint }>(sql`
      update adjustments set state = 'consumed', replacement_id = ${cdrId.toString()}::bigint, due_at = null,
        difference_net = ${(netMicros - replaced.expectedNet).toString()}::bigint, consumed_at = clock_timestamp()
      where cdr_id = ${replaced.originalId.toString()}::bigint and state = 'awaiting_replacement'
      returning dispute_id`)
    count += consumed.length
    await settleAwaiting(tx, {
      disputes: consumed.map(({ dispute_id: id }) => id),
      reasonCode: 'replaced',
      dueDays,
    })
  }
  return count
}
