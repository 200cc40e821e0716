import { limits } from '../../../config/limits.ts'
import type { DisputeState, DisputeVerb, Side } from '../../clearing/disputes/machine.ts'
import { eventText } from '../../clearing/disputes/sentences.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import type { Scope } from '../admin/scope.ts'
import { partyOf, readView } from './read.ts'
import type { DisputeView } from './read.ts'
import { grossText } from './tell.ts'
import { money } from './words.ts'

/** One thing that happened. `hash` is over `prev_hash` and everything said; see event_hash. */
export type DisputeEventView = {
  number: number
  state: DisputeState
  via: DisputeState[]
  verb: DisputeVerb
  side: Side
  actor: string
  /** In words, with amounts. */
  sentence: string
  text: string | null
  net: string | null
  tax: string | null
  deadline_at: string | null
  at: string
  prev_hash: string | null
  hash: string
}

/** `items` of a pattern: the first of `item_count`. */
export type DisputeDetail = DisputeView & {
  history: DisputeEventView[]
  items: { country_code: string; party_id: string; id: string; net: string; tax: string }[]
  item_count: number
  evidence: {
    number: number
    name: string
    media: string
    sha256: string
    added_by: string
    at: string
  }[]
  adjustments: string[]
}

/** One dispute with its history and evidence; a Refusal `notFound` where the scope has no such one. */
export async function getDispute(db: Sql, scope: Scope, id: bigint): Promise<DisputeDetail> {
  const view = await readView(db, scope, id)
  const items = await db.rows<ItemRow>(sql`
    select c.owner, c.cdr_id, i.net_micros, i.tax_micros, count(*) over () as total
    from dispute_items i join cdrs c on c.id = i.cdr_id
    where i.dispute_id = ${id.toString()}::bigint order by c.id limit ${limits.disputeItemsShown}`)
  const adjustments = await db.rows<{ id: bigint }>(sql`
    select id from adjustments where dispute_id = ${id.toString()}::bigint order by id
    limit ${limits.disputeItemsShown}`)
  return {
    ...view,
    history: await readHistory(db, { view, scope }),
    items: items.map((row) => ({
      ...partyOf(row.owner),
      id: row.cdr_id,
      net: fromMicros(row.net_micros),
      tax: fromMicros(row.tax_micros),
    })),
    item_count: Number(items[0]?.total ?? 0n),
    evidence: await readEvidence(db, { id, scope }),
    adjustments: adjustments.map((row) => row.id.toString()),
  }
}

type ItemRow = {
  owner: string
  cdr_id: string
  net_micros: bigint
  tax_micros: bigint
  total: bigint
}

type EventRow = {
  epoch: number
  state: DisputeState
  via: DisputeState[]
  verb: DisputeVerb
  side: Side
  actor: string
  reason_code: string
  reason: string | null
  net_micros: bigint | null
  tax_micros: bigint | null
  deadline_at: Date | null
  at: Date
  prev_hash: Buffer | null
  hash: Buffer
}

async function readHistory(
  db: Sql,
  { view, scope }: { view: DisputeView; scope: Scope },
): Promise<DisputeEventView[]> {
  const rows = await db.rows<EventRow>(sql`
    select epoch, state, via, verb, side, actor, reason_code, reason, net_micros, tax_micros, deadline_at, at, prev_hash, hash
    from dispute_events where dispute_id = ${view.id}::bigint order by epoch`)
  const disputed = money(micros(view.net) + micros(view.tax), view.currency)
  return rows.map((row, index) => {
    const { net_micros: net, tax_micros: tax } = row
    const accepted = acceptedBefore(rows.slice(0, index))
    return {
      number: row.epoch,
      state: row.state,
      via: row.via,
      verb: row.verb,
      side: row.side,
      actor: shownActor(row.actor, scope),
      sentence: eventText({
        verb: row.verb,
        side: row.side,
        state: row.state,
        via: row.via,
        amount: net === null ? null : grossText({ net, tax: tax ?? 0n }, view.currency),
        disputed,
        accepted: accepted === null ? null : grossText(accepted, view.currency),
        isWhole: WHOLE_CDR.has(row.reason_code),
        cpo: view.cpo,
        emsp: view.emsp,
      }),
      text: row.reason,
      net: net === null ? null : fromMicros(net),
      tax: tax === null ? null : fromMicros(tax),
      deadline_at: row.deadline_at?.toISOString() ?? null,
      at: row.at.toISOString(),
      prev_hash: row.prev_hash?.toString('hex') ?? null,
      hash: row.hash.toString('hex'),
    }
  })
}

/** What events have for a reason that follow a decision about the CDR as a whole (see endDisputes). */
const WHOLE_CDR: ReadonlySet<string> = new Set(['withdrawn', 'returned'])

/** What the CPO has accepted so far of what is disputed; null: nothing. */
function acceptedBefore(rows: readonly EventRow[]): { net: bigint; tax: bigint } | null {
  const last = rows.findLast(({ verb, state }) => verb === 'accept' && state === 'accepted_partial')
  return last === undefined ? null : { net: last.net_micros ?? 0n, tax: last.tax_micros ?? 0n }
}

function micros(text: string): bigint {
  const read = toMicros(text)
  return read.status === 'ok' ? read.micros : 0n
}

type EvidenceRow = {
  number: number
  name: string
  media: string
  sha256: Buffer
  added_by: string
  at: Date
}

async function readEvidence(
  db: Sql,
  { id, scope }: { id: bigint; scope: Scope },
): Promise<DisputeDetail['evidence']> {
  const rows = await db.rows<EvidenceRow>(sql`
    select number, name, media, sha256, added_by, at from dispute_evidence
    where dispute_id = ${id.toString()}::bigint order by number`)
  return rows.map((row) => ({
    number: row.number,
    name: row.name,
    media: row.media,
    sha256: row.sha256.toString('hex'),
    added_by: shownActor(row.added_by, scope),
    at: row.at.toISOString(),
  }))
}

/** Which operator acted is the hub's own affair: a party reads `operator`. */
function shownActor(actor: string, scope: Scope): string {
  return scope.kind === 'party' && actor.startsWith('operator') ? 'operator' : actor
}
