import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import type { DisputeState, DisputeVerb, Side } from '../../clearing/disputes/machine.ts'
import { possibleVerbs } from '../../clearing/disputes/possible.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Page, PageRequest } from '../admin/paging.ts'
import { beforeId, pageOf } from '../admin/paging.ts'
import { Refusal } from '../admin/refusal.ts'
import type { Scope } from '../admin/scope.ts'
import { standOf } from './rows.ts'
import type { LastEvent } from './rows.ts'
import { deadlineOf, titleOf } from './tell.ts'

/** A CDR in a view. `token`: the uid for its two parties, hashed for anybody else. */
type CdrOf = { country_code: string; party_id: string; id: string; token: string }

/** A dispute as parties and operators see it. Amounts are decimal texts in `currency`; times RFC 3339. */
export type DisputeView = {
  id: string
  /** The CDR it is about; null: a pattern over many. */
  cdr: CdrOf | null
  cpo: string
  emsp: string
  code: string
  title: string
  state: DisputeState
  round: number
  opened_by: 'hub' | 'emsp' | 'operator'
  opened_at: string
  closed_at: string | null
  /** When something happened last. */
  last_updated: string
  currency: string
  /** What is disputed, what is upheld so far. */
  net: string
  tax: string
  tax_known: boolean
  upheld_net: string
  upheld_tax: string
  /** What is on the table, and whose offer it is. */
  offer: { net: string; tax: string; by: Side } | null
  statement: string | null
  outcome: string | null
  out_of_time: boolean
  /** True: the disputed amount is held out of settlement; false: it was settled before, is decided, or is a pattern. */
  holds: boolean
  deadline: { at: string; verb: DisputeVerb; text: string } | null
  /** Of the place where was charged, by whose clock times are told; null: not known, and they are told in UTC. */
  time_zone: string | null
  /** What the asker can do now: what is refused as the dispute stands, or done already, is not there. */
  possible: DisputeVerb[]
  /** SHA-256 hex of the manifest of the frozen evidence; null until it is opened. */
  evidence_hash: string | null
}

/** `isOpen`: true – those with a clock, false – those that are closed. */
export type DisputeFilter = PageRequest & {
  state?: string
  isOpen?: boolean
  code?: string
  counterparty?: string
  /** Where the CDR, or the part that is disputed, stands. */
  cycle?: string
  ids?: readonly bigint[]
  cdr?: { owner: string; cdrId: string }
}

type ViewRow = {
  id: bigint
  cdr_id: string | null
  token_key: string | null
  owner: string
  receiver: string
  code: string
  state: DisputeState
  round: number
  opened_by: 'hub' | 'emsp' | 'operator'
  opened_at: Date
  closed_at: Date | null
  last: (Pick<LastEvent, 'verb' | 'side'> & { at: string }) | null
  last_round: boolean
  is_overdue: boolean
  currency: string
  net_micros: bigint
  tax_micros: bigint
  tax_known: boolean
  upheld_net: bigint
  upheld_tax: bigint
  proposed_net: bigint | null
  proposed_tax: bigint | null
  proposed_by: Side | null
  statement: string | null
  outcome: string | null
  out_of_time: boolean
  holds: boolean
  deadline_at: Date | null
  default_verb: DisputeVerb | null
  evidence_hash: Buffer | null
  time_zone: string | null
}

/** A page of disputes, newest first, as far as the scope may see them. */
export async function listDisputes(
  db: Sql,
  scope: Scope,
  filter: DisputeFilter,
): Promise<Page<DisputeView>> {
  const { before, limit } = beforeId(filter)
  const rows = await readRows(db, scope, { ...filter, before, limit: limit + 1, only: null })
  return pageOf(rows, {
    limit,
    cursor: (row) => [String(row.id)],
    item: (row) => viewOf(row, scope),
  })
}

/** One dispute; a Refusal `notFound` where the scope has no such one. */
export async function readView(db: Sql, scope: Scope, id: bigint): Promise<DisputeView> {
  const [row] = await readRows(db, scope, { before: null, limit: 1, only: id })
  if (!row) throw new Refusal('notFound', `No dispute ${id} is known here.`)
  return viewOf(row, scope)
}

async function readRows(
  db: Sql,
  scope: Scope,
  by: Omit<DisputeFilter, 'limit'> & { before: bigint | null; limit: number; only: bigint | null },
): Promise<ViewRow[]> {
  const isAll = scope.kind === 'operator'
  const owners = isAll ? [] : [...scope.cpos]
  const receivers = isAll ? [] : [...scope.emsps]
  return db.rows<ViewRow>(sql`
    select d.id, c.cdr_id, c.token_key, d.owner, d.receiver, d.code, d.state, d.round, d.opened_by, d.opened_at, d.closed_at,
      d.currency, d.net_micros, d.tax_micros, d.tax_known, d.upheld_net, d.upheld_tax, d.proposed_net, d.proposed_tax,
      d.proposed_by, d.statement, d.outcome, d.out_of_time, d.deadline_at, d.default_verb, d.evidence_hash,
      coalesce(p.book = 'held', false) as holds, cdr_time_zone(d.cdr_id) as time_zone,
      d.last_round, coalesce(d.deadline_at <= clock_timestamp(), false) as is_overdue,
      (select jsonb_build_object('at', e.at, 'verb', e.verb, 'side', e.side) from dispute_events e
        where e.dispute_id = d.id order by e.epoch desc limit 1) as last
    from disputes d
    left join cdrs c on c.id = d.cdr_id
    left join cdr_states s on s.cdr_id = d.cdr_id
    left join cdr_parts p on p.cdr_id = d.cdr_id and p.part = d.part
    where (${by.only?.toString() ?? null}::bigint is null or d.id = ${by.only?.toString() ?? null}::bigint)
      and (${by.before?.toString() ?? null}::bigint is null or d.id < ${by.before?.toString() ?? null}::bigint)
      and (${isAll} or d.owner = any(${owners}::text[])
        -- What is kept back from an eMSP, because nobody knows the card, is not there for it.
        or (d.receiver = any(${receivers}::text[]) and s.delivery is distinct from 'withheld'))
      and (${by.ids?.map(String) ?? null}::bigint[] is null or d.id = any(${by.ids?.map(String) ?? null}::bigint[]))
      and (${by.state ?? null}::text is null or d.state = ${by.state ?? null})
      and (${by.isOpen ?? null}::boolean is null or (d.closed_at is null) = ${by.isOpen ?? null}::boolean)
      and (${by.code ?? null}::text is null or d.code = ${by.code ?? null})
      and (${by.counterparty ?? null}::text is null or d.owner = ${by.counterparty ?? null}
        or d.receiver = ${by.counterparty ?? null})
      and (${by.cdr?.owner ?? null}::text is null or (c.owner = ${by.cdr?.owner ?? null}
        and c.cdr_key = ${by.cdr === undefined ? null : foldKey(by.cdr.cdrId)}))
      and (${by.cycle ?? null}::text is null or p.cycle_id = ${by.cycle ?? null}
        or exists (select 1 from cdr_states s where s.cdr_id = d.cdr_id and s.cycle_id = ${by.cycle ?? null}))
    order by d.id desc limit ${by.limit}`)
}

function viewOf(row: ViewRow, scope: Scope): DisputeView {
  const { proposed_net: net, proposed_tax: tax, proposed_by: by } = row
  return {
    id: row.id.toString(),
    cdr:
      row.cdr_id === null
        ? null
        : { ...partyOf(row.owner), id: row.cdr_id, token: shownToken(row.token_key ?? '', scope) },
    cpo: row.owner,
    emsp: row.receiver,
    code: row.code,
    title: titleOf(row.code),
    state: row.state,
    round: row.round,
    opened_by: row.opened_by,
    opened_at: row.opened_at.toISOString(),
    closed_at: row.closed_at?.toISOString() ?? null,
    last_updated: (row.last === null ? row.opened_at : new Date(row.last.at)).toISOString(),
    currency: row.currency,
    net: fromMicros(row.net_micros),
    tax: fromMicros(row.tax_micros),
    tax_known: row.tax_known,
    upheld_net: fromMicros(row.upheld_net),
    upheld_tax: fromMicros(row.upheld_tax),
    offer:
      net === null || tax === null || by === null
        ? null
        : { net: fromMicros(net), tax: fromMicros(tax), by },
    statement: row.statement,
    outcome: row.outcome,
    out_of_time: row.out_of_time,
    holds: row.holds,
    deadline: deadlineOf(row),
    time_zone: row.time_zone,
    possible: possibleFor(row, scope),
    evidence_hash: row.evidence_hash?.toString('hex') ?? null,
  }
}

function possibleFor(row: ViewRow, scope: Scope): DisputeVerb[] {
  const stand = standOf(row)
  const { last_round: isLastRound } = row
  const verbs = sidesOf(row, scope).flatMap((side) => possibleVerbs(stand, { side, isLastRound }))
  return [...new Set(verbs)]
}

/** The sides that the scope is in this dispute. */
function sidesOf(row: { owner: string; receiver: string }, scope: Scope): Side[] {
  if (scope.kind === 'operator') return ['operator']
  return [
    ...(scope.cpos.includes(row.owner) ? (['cpo'] as const) : []),
    ...(scope.emsps.includes(row.receiver) ? (['emsp'] as const) : []),
  ]
}

/** `NL-TNM` → the two members that OCPI writes it with. */
export function partyOf(party: string): { country_code: string; party_id: string } {
  return { country_code: party.slice(0, 2), party_id: party.slice(3) }
}

/**
 * The uid of a card names a driver to those who know it: its two parties read it, an operator of the hub a hash that is
 * the same for the same card.
 */
function shownToken(key: string, scope: Scope): string {
  if (scope.kind === 'party') return key
  const hash = createHash('sha256').update(`token|${key}`).digest('hex')
  return `sha256:${hash.slice(0, limits.tokenHashCharsShown)}`
}
