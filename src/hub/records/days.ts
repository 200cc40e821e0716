import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { appendOutbox } from '../../outbox/outbox.ts'

/** A row of `record_matches`. */
export type Pair = { record_id: bigint; cdr_id: bigint }

/** A day (UTC) of an eMSP, `2026-10-14`, whose records and CDRs are to be matched by what they look like. */
type Day = { receiver: string; day: string; cdrId?: bigint }

/** Something that began then, or at least came then. `apart_id`: a CDR whose record was taken from it. */
type Begun = { receiver: string; started_at: Date | null; received_at?: Date; apart_id?: bigint }

/** Orders the days of records and CDRs; a worker matches them, and judges CDRs whose record was taken from them. */
export async function orderMatching(tx: Tx, rows: readonly Begun[]): Promise<void> {
  const days = rows.flatMap((row) => {
    const at = row.started_at ?? row.received_at ?? null
    const cdr = row.apart_id === undefined ? {} : { cdrId: row.apart_id }
    return at === null ? [] : [{ receiver: row.receiver, day: dayOf(at), ...cdr }]
  })
  await orderDays(tx, { days, depth: 0 })
  const receivers = [...new Set(days.map(({ receiver }) => receiver))].sort()
  await appendOutbox(
    tx,
    receivers.map((receiver) => ({ kind: 'match' as const, subject: receiver })),
  )
}

/** Orders the days of both sides of pairs that are none any more: what is free now may belong to others. */
export async function orderMatchingOf(tx: Tx, pairs: readonly Pair[]): Promise<void> {
  await orderMatching(tx, await sidesOf(tx, pairs))
}

/**
 * Orders the other days of pairs that were taken apart while `day` was matched, where they have not come together again.
 * `depth`: after how many days that led to each other; the caller ends it.
 */
export async function orderOtherDays(
  tx: Tx,
  { pairs, day, depth }: { pairs: readonly Pair[]; day: Date; depth: number },
): Promise<void> {
  const sides = await sidesOf(tx, await lastingOf(tx, pairs))
  const days = sides
    .map(({ receiver, started_at: at }) => ({ receiver, day: dayOf(at) }))
    .filter((other) => other.day !== dayOf(day))
  await orderDays(tx, { days, depth })
}

async function orderDays(
  tx: Tx,
  { days, depth }: { days: readonly Day[]; depth: number },
): Promise<void> {
  if (days.length === 0) return
  await tx.rows(sql`
    insert into record_blocks as known (receiver, day, depth, cdrs)
    select receiver, day, ${depth}::int, coalesce(array_agg(cdr_id) filter (where cdr_id is not null), '{}')
    from unnest(${days.map(({ receiver }) => receiver)}::text[], ${days.map(({ day }) => day)}::date[],
      ${days.map(({ cdrId }) => cdrId?.toString() ?? null)}::bigint[]) as t (receiver, day, cdr_id)
    group by 1, 2 order by 1, 2
    on conflict (receiver, day) do update
      set depth = least(known.depth, excluded.depth), cdrs = known.cdrs || excluded.cdrs`)
}

/** Of pairs that went, those that are not there again. */
async function lastingOf(client: Sql, pairs: readonly Pair[]): Promise<Pair[]> {
  if (pairs.length === 0) return []
  const { records, cdrs } = columnsOf(pairs)
  return client.rows<Pair>(sql`
    select distinct t.record_id, t.cdr_id from unnest(${records}::bigint[], ${cdrs}::bigint[]) as t (record_id, cdr_id)
    where not exists (select from record_matches m where m.record_id = t.record_id and m.cdr_id = t.cdr_id)
    order by 1, 2`)
}

/** When the two sides of pairs began; a record that says no time, when it came. */
async function sidesOf(
  client: Sql,
  pairs: readonly Pair[],
): Promise<{ receiver: string; started_at: Date }[]> {
  if (pairs.length === 0) return []
  const { records, cdrs } = columnsOf(pairs)
  return client.rows<{ receiver: string; started_at: Date }>(sql`
    select distinct r.receiver, side.started_at
    from unnest(${records}::bigint[], ${cdrs}::bigint[]) as t (record_id, cdr_id)
    join emsp_records r on r.id = t.record_id join cdr_figures f on f.cdr_id = t.cdr_id
    cross join lateral (values (coalesce(r.started_at, r.received_at)), (f.started_at)) as side (started_at)
    where side.started_at is not null order by 1, 2`)
}

function columnsOf(pairs: readonly Pair[]): { records: string[]; cdrs: string[] } {
  return {
    records: pairs.map((pair) => pair.record_id.toString()),
    cdrs: pairs.map((pair) => pair.cdr_id.toString()),
  }
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
