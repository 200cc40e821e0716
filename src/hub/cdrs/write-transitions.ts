import { assert } from '../../assert.ts'
import { limits } from '../../../config/limits.ts'
import type { Side } from '../../clearing/disputes/machine.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { postGroups } from '../../ledger/post-groups.ts'
import { creditDisputes } from '../disputes/credited.ts'
import { openDrafts } from '../disputes/drafts.ts'
import { endDisputes, sideOf } from '../disputes/ends.ts'
import { tellParties } from '../disputes/events.ts'
import { cdrEvents, endEvents } from './tell-cdrs.ts'
import type { PartWrite, Transition } from './transition.ts'

/** Who decided: `hub`, an operator, a party; `side` where that is not the eMSP's. */
export type Decider = { actor: string; reason: string | null; side?: Side }

/**
 * Writes transitions with their parts, drafts, ends of disputes and ledger groups, set-wise, in the caller's
 * transaction. The rows are locked; the epoch is a second fence: a run that continues on old state writes nothing and
 * fails. A CDR that gets its cycle also gets the one it would have had in time: the first that ended after its session
 * did. Each transition is an event that carries the hash of the one before.
 *
 * Once per transaction: it locks accounts, which come last. What it does beyond a plain CDR costs nothing where there is
 * none of it.
 */
export async function writeTransitions(
  tx: Tx,
  transitions: readonly Transition[],
  decider: Decider,
): Promise<void> {
  if (transitions.length === 0) return
  await writeStates(tx, { transitions, decider })
  const { actor, reason, side = sideOf(actor) } = decider
  const ended = await endDisputes(
    tx,
    transitions.flatMap(({ ends }) => ends),
    { actor, reason, side },
  )
  const credited = await creditDisputes(
    tx,
    transitions.flatMap(({ row, creditedBy }) =>
      creditedBy === null ? [] : [{ cdrId: row.id, ...creditedBy }],
    ),
  )
  const draftIds = await writeParts(tx, transitions)
  await tellParties(tx, [
    ...cdrEvents(transitions, draftIds),
    ...endEvents([...ended, ...credited]),
  ])
  const groups = transitions.flatMap(({ group }) => (group ? [group] : []))
  const statuses = await postGroups(tx, groups)
  for (const group of groups) {
    const status = statuses.get(group.id)
    assert(status === 'created', `the ledger answered ${status} to ${group.id}`)
  }
}

/** State rows and events in one statement: the event's hash goes into both. */
async function writeStates(
  tx: Tx,
  { transitions, decider }: { transitions: readonly Transition[]; decider: Decider },
): Promise<void> {
  const ids = transitions.map(({ row }) => row.id.toString())
  const written = await tx.rows(sql`
    with wanted as materialized (
      select t.*, s.event_hash as prev, clock_timestamp() as at
      from unnest(${ids}::bigint[], ${transitions.map((t) => t.state)}::text[], ${transitions.map((t) => t.epoch)}::int[],
        ${transitions.map((t) => t.cycleId)}::text[], ${transitions.map((t) => text(t.netMicros))}::bigint[],
        ${transitions.map((t) => text(t.taxMicros))}::bigint[], ${transitions.map((t) => t.taxKnown)}::boolean[],
        ${transitions.map((t) => t.residue)}::text[], ${transitions.map((t) => text(t.partNet))}::bigint[],
        ${transitions.map((t) => text(t.partTax))}::bigint[],
        ${transitions.map((t) => (t.booked ? JSON.stringify(t.booked) : null))}::jsonb[],
        ${transitions.map((t) => t.contestUntil)}::timestamptz[],
        ${transitions.map(({ row }) => row.ended_at)}::timestamptz[], ${transitions.map((t) => t.reasonCode)}::text[],
        ${transitions.map((t) => t.via.join(' '))}::text[], ${transitions.map((t) => t.returnDays)}::float8[])
        as t (cdr_id, state, epoch, cycle_id, net_micros, tax_micros, tax_known, residue, part_net, part_tax, booked,
          contest_until, ended_at, reason_code, via, return_days)
      join cdr_states s on s.cdr_id = t.cdr_id and s.epoch = t.epoch - 1
    ), hashed as materialized (
      select w.*, event_hash(w.prev, 'cdr:' || w.cdr_id, w.epoch,
        array[w.state, w.via, ${decider.actor}::text, w.reason_code, ${decider.reason ?? ''}::text], w.at) as hash
      from wanted w
    ), moved as (
      update cdr_states s set state = t.state, epoch = t.epoch, cycle_id = t.cycle_id, net_micros = t.net_micros,
        tax_micros = t.tax_micros, tax_known = t.tax_known, residue = t.residue, part_net = t.part_net,
        part_tax = t.part_tax, booked = t.booked, contest_until = t.contest_until, event_hash = t.hash, updated_at = t.at,
        drop_at = case when t.state = 'quarantined'
          then t.at + ${limits.quarantineAgeMsMax}::float8 * interval '1 millisecond'
          else t.at + t.return_days * interval '1 day' end,
        late_from = case when s.cycle_id is not null or t.cycle_id is null then s.late_from else (
          select y.id from cycles y where y.currency = s.currency and y.closing_at > t.ended_at order by y.number limit 1)
          end
      from hashed t where s.cdr_id = t.cdr_id and s.epoch = t.epoch - 1
      returning s.cdr_id
    )
    insert into cdr_events (cdr_id, epoch, state, via, actor, reason_code, reason, at, prev_hash, hash)
    select h.cdr_id, h.epoch, h.state, string_to_array(h.via, ' '), ${decider.actor}::text, h.reason_code,
      ${decider.reason}::text, h.at, h.prev, h.hash
    from hashed h join moved using (cdr_id)
    returning cdr_id`)
  assert(written.length === transitions.length, 'a CDR changed while its row was locked')
}

/** Drafts first: the parts that they hold name them. Returns their ids by `cdr part`. */
async function writeParts(
  tx: Tx,
  transitions: readonly Transition[],
): Promise<ReadonlyMap<string, bigint>> {
  const drafts = transitions.flatMap((transition) => transition.drafts)
  const opened = await openDrafts(tx, drafts)
  const ids = new Map(
    opened.flatMap((id, at) => {
      const draft = drafts[at]
      return draft ? [[`${draft.cdrId} ${draft.part}`, id] as const] : []
    }),
  )
  const parts = transitions.flatMap(({ row, parts: own }) =>
    own.map((part) => ({
      ...part,
      row,
      dispute: part.dispute_id ?? ids.get(`${row.id} ${part.part}`),
    })),
  )
  if (parts.length === 0) return ids
  const column = <K extends keyof PartWrite>(key: K): PartWrite[K][] =>
    parts.map((part) => part[key])
  await tx.rows(sql`
    insert into cdr_parts (cdr_id, part, kind, dispute_id, owner, receiver, currency, net_micros, tax_micros, tax_known,
      book, epoch, cycle_id, leg, carried_from, late_from)
    select t.cdr_id, t.part, t.kind, t.dispute_id, s.owner, s.receiver, s.currency, t.net_micros, t.tax_micros, t.tax_known,
      t.book, t.epoch, t.cycle_id, t.leg, case when t.cycle_id = s.cycle_id then s.carried_from end,
      case when t.cycle_id = s.cycle_id then s.late_from end
    from unnest(${parts.map(({ row }) => row.id.toString())}::bigint[], ${column('part')}::int[], ${column('kind')}::text[],
      ${parts.map(({ dispute }) => dispute?.toString() ?? null)}::bigint[],
      ${parts.map((part) => part.net_micros.toString())}::bigint[],
      ${parts.map((part) => part.tax_micros.toString())}::bigint[], ${column('tax_known')}::boolean[],
      ${column('book')}::text[], ${column('epoch')}::int[], ${column('cycle_id')}::text[], ${column('leg')}::text[])
      as t (cdr_id, part, kind, dispute_id, net_micros, tax_micros, tax_known, book, epoch, cycle_id, leg)
    join cdr_states s on s.cdr_id = t.cdr_id
    on conflict (cdr_id, part) do update set net_micros = excluded.net_micros, tax_micros = excluded.tax_micros,
      book = excluded.book, epoch = excluded.epoch, leg = excluded.leg`)
  return ids
}

function text(amount: bigint | null): string | null {
  return amount?.toString() ?? null
}
