import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/**
 * A dispute that the hub opens by itself about what a check put at risk. `isProven`: the CDR itself shows that it is
 * wrong, so that it is upheld by itself; otherwise the draft becomes an open dispute. Either happens after `days`.
 */
export type NewDraft = {
  cdrId: bigint
  part: number
  owner: string
  receiver: string
  currency: string
  code: string
  netMicros: bigint
  taxMicros: bigint
  taxKnown: boolean
  isProven: boolean
  days: number
}

/**
 * Opens drafts set-wise, each with its deadline by PostgreSQL's clock and its first event, and returns their ids in the
 * order given. The part that a draft holds is written by who calls (writeTransitions): it is a part of the CDR.
 */
export async function openDrafts(
  client: Tx | Sql,
  drafts: readonly NewDraft[],
): Promise<readonly bigint[]> {
  if (drafts.length === 0) return []
  const rows = await client.rows<{ id: bigint; place: bigint }>(sql`
    with wanted as materialized (
      select nextval(pg_get_serial_sequence('disputes', 'id')) as id, t.*, clock_timestamp() as at
      from unnest(${drafts.map((d) => d.cdrId.toString())}::bigint[], ${drafts.map((d) => d.part)}::int[],
        ${drafts.map((d) => d.owner)}::text[], ${drafts.map((d) => d.receiver)}::text[],
        ${drafts.map((d) => d.currency)}::text[], ${drafts.map((d) => d.code)}::text[],
        ${drafts.map((d) => d.netMicros.toString())}::bigint[], ${drafts.map((d) => d.taxMicros.toString())}::bigint[],
        ${drafts.map((d) => d.taxKnown)}::boolean[], ${drafts.map((d) => (d.isProven ? 'resolve' : 'open'))}::text[],
        ${drafts.map((d) => d.days)}::float8[]) with ordinality
        as t (cdr_id, part, owner, receiver, currency, code, net, tax, tax_known, verb, days, place)
    ), hashed as materialized (
      select w.*, w.at + w.days * interval '1 day' as deadline_at,
        event_hash(null, 'dispute:' || w.id, 0, array['draft', '', 'hub', w.code, '', 'open', 'hub', w.net::text, w.tax::text],
          w.at) as hash
      from wanted w
    ), made as (
      insert into disputes (id, cdr_id, part, owner, receiver, currency, code, opened_by, state, net_micros, tax_micros,
        tax_known, deadline_at, default_verb, event_hash, opened_at)
      overriding system value
      select id, cdr_id, part, owner, receiver, currency, code, 'hub', 'draft', net, tax, tax_known, deadline_at, verb, hash, at
      from hashed returning id
    ), told as (
      insert into dispute_events (dispute_id, epoch, state, verb, side, actor, reason_code, net_micros, tax_micros,
        deadline_at, at, hash)
      select id, 0, 'draft', 'open', 'hub', 'hub', code, net, tax, deadline_at, at, hash from hashed
    )
    select h.id, h.place from hashed h join made using (id) order by h.place`)
  return rows.map(({ id }) => id)
}
