import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Evidence } from '../../clearing/evidence.ts'
import type { Explanation } from '../../clearing/findings.ts'
import { ruleOf } from '../../clearing/rules.ts'
import type { CdrState, CdrVerb } from '../../clearing/states.ts'
import { foldKey, foldUpper } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { fromMicros } from '../../ledger/money.ts'
import { decideCdr } from '../cdrs/decide-cdr.ts'
import { appendAudit } from './audit.ts'
import { readPartsOf } from './cdr-parts.ts'
import { decisionNow } from './decision-now.ts'
import type { HeldFor } from './decision-now.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

/** The natural key of a CDR; the id compares case-insensitively, as OCPI's CiString does. */
type CdrKey = { owner: string; cdrId: string }

/** `party`: owner or receiver. `from` (inclusive) and `to` (exclusive) are times of receipt. */
type CdrFilter = PageRequest & {
  state?: CdrState
  party?: string
  from?: string
  to?: string
}

type CdrRow = {
  id: bigint
  owner: string
  cdr_id: string
  receiver: string
  session_id: string | null
  is_credit: boolean
  currency: string
  received_at: Date
  state: CdrState
  net_micros: bigint | null
  tax_micros: bigint | null
  tax_known: boolean
  cycle_id: string | null
  late_from: string | null
  delivery: string
  codes: string[]
}

/** A page of CDRs, newest first, as far as the asker may see them. Amounts are the CPO's claim as decimal text. */
export async function listCdrs(db: Sql, scope: Scope, filter: CdrFilter) {
  const { before, limit } = beforeId(filter)
  const rows = await readCdrs(db, {
    ...sideOf(scope),
    only: null,
    before,
    limit: limit + 1,
    state: filter.state ?? null,
    party: filter.party === undefined ? null : foldUpper(filter.party),
    from: filter.from ?? null,
    to: filter.to ?? null,
  })
  return pageOf(rows, { limit, cursor: (row) => [String(row.id)], item: asItem })
}

/** One CDR with everything known about it. `original` is the text that was sent, byte for byte. */
export async function getCdr(db: Sql, scope: Scope, key: CdrKey) {
  const row = await findCdr(db, scope, key)
  const [stored] = await db.rows<StoredRow>(sql`
    select c.original, c.ocpi_version, c.correlation_id, s.breakdown, s.residue, s.carried_from,
      s.contest_until, s.wait_until, s.agreement_version, s.part_net, s.part_tax
    from cdrs c join cdr_states s on s.cdr_id = c.id where c.id = ${row.id}`)
  if (!stored) throw unknownCdr(key)
  return {
    ...asItem(row),
    undisputed: undisputedOf(row, stored),
    parts: await readPartsOf(db, row.id),
    history: await readHistory(db, { id: row.id, scope }),
    findings: await readFindings(db, row),
    breakdown: stored.breakdown,
    pricing_policy: policyIn(stored.breakdown),
    residue: stored.residue,
    carried_from: stored.carried_from,
    contest_until: stored.contest_until?.toISOString() ?? null,
    wait_until: stored.wait_until?.toISOString() ?? null,
    agreement_version: stored.agreement_version,
    correlation_id: stored.correlation_id,
    ocpi_version: stored.ocpi_version,
    original: stored.original.toString('utf8'),
  }
}

/**
 * Approves, rechecks, releases or returns a CDR. A party may only approve, and only as the eMSP that is billed: its CPO
 * is told so, to anybody else the CDR does not exist. Refused with what is possible instead when its state does not
 * allow it.
 */
export async function decideOnCdr(
  context: Context,
  order: { scope: Scope; key: CdrKey; verb: CdrVerb; reason: string },
) {
  const { scope, key, verb, reason } = order
  const row = await findCdr(context.db, scope, key)
  if (scope.kind === 'party' && verb !== 'approve') throw unknownCdr(key)
  if (scope.kind === 'party' && !scope.emsps.includes(row.receiver)) {
    const message = `Only ${row.receiver}, which is billed, can approve this CDR.`
    throw new Refusal('forbidden', message)
  }
  const { actor } = scope
  const decision = await decideCdr(
    context,
    { owner: row.owner, cdrId: row.cdr_id, verb, actor, reason },
    (tx, state) => {
      const subject = `${row.owner}/${row.cdr_id}`
      return appendAudit(tx, { actor, action: `cdr.${verb}`, subject, reason, details: { state } })
    },
  )
  if (!decision.ok) throw new Refusal('conflict', decision.message)
  return {
    country_code: row.owner.slice(0, 2),
    party_id: row.owner.slice(3),
    id: row.cdr_id,
    state: decision.state,
  }
}

/** The policy that the price was reckoned by: bills of before there were any name none. */
function policyIn(bill: unknown): { name: string; version: string } | null {
  const policy = isRecord(bill) ? bill.policy : undefined
  if (!isRecord(policy)) return null
  const { name, version } = policy
  return typeof name === 'string' && typeof version === 'string' ? { name, version } : null
}

type Side = { owners: string[] | null; receivers: string[] | null }

/** The parties whose CDRs a scope may see; null = everybody's. */
function sideOf(scope: Scope): Side {
  return scope.kind === 'operator'
    ? { owners: null, receivers: null }
    : { owners: [...scope.cpos], receivers: [...scope.emsps] }
}

async function findCdr(db: Sql, scope: Scope, key: CdrKey): Promise<CdrRow> {
  const [found] = await db.rows<{ id: bigint }>(sql`
    select id from cdrs where owner = ${key.owner} and cdr_key = ${foldKey(key.cdrId)}`)
  if (!found) throw unknownCdr(key)
  const anything = { before: null, state: null, party: null, from: null, to: null }
  const [row] = await readCdrs(db, {
    ...sideOf(scope),
    ...anything,
    only: found.id,
    limit: 1,
  })
  if (row?.id !== found.id) throw unknownCdr(key)
  return row
}

/**
 * A receiver sees a CDR once it was judged and may be delivered: before that it could turn out to be billed to the
 * wrong party.
 */
async function readCdrs(
  db: Sql,
  by: Side & {
    only: bigint | null
    before: bigint | null
    limit: number
    state: string | null
    party: string | null
    from: string | null
    to: string | null
  },
): Promise<CdrRow[]> {
  return db.rows<CdrRow>(sql`
    select c.id, c.owner, c.cdr_id, c.receiver, c.value->>'session_id' as session_id, c.is_credit, c.currency, c.received_at,
      s.state, s.net_micros, s.tax_micros, s.tax_known, s.cycle_id, s.late_from, s.delivery,
      array(select distinct f.code from cdr_findings f where f.cdr_id = c.id and f.superseded_at is null order by 1) as codes
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where (${by.only}::bigint is null or c.id = ${by.only}) and (${by.before}::bigint is null or c.id < ${by.before})
      and (${by.state}::text is null or s.state = ${by.state})
      and (${by.party}::text is null or c.owner = ${by.party} or c.receiver = ${by.party})
      and (${by.from}::timestamptz is null or c.received_at >= ${by.from})
      and (${by.to}::timestamptz is null or c.received_at < ${by.to})
      and (${by.owners}::text[] is null or c.owner = any(${by.owners}) or (c.receiver = any(${by.receivers}::text[])
        and s.state not in ('received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped') and s.delivery <> 'withheld'))
    order by c.id desc limit ${by.limit}`)
}

type StoredRow = {
  original: Buffer
  ocpi_version: string
  correlation_id: string
  breakdown: unknown
  residue: string | null
  carried_from: string | null
  contest_until: Date | null
  wait_until: Date | null
  agreement_version: number | null
  part_net: bigint | null
  part_tax: bigint | null
}

/** What nobody disputes of the claim; null while there is none. */
function undisputedOf(row: CdrRow, stored: StoredRow): { net: string; tax: string } | null {
  const net = stored.part_net ?? row.net_micros
  const tax = stored.part_tax ?? row.tax_micros
  return net === null ? null : { net: fromMicros(net), tax: fromMicros(tax ?? 0n) }
}

type EventRow = {
  epoch: number
  state: CdrState
  via: string[]
  hash: Buffer | null
  actor: string
  reason_code: string
  reason: string | null
  at: Date
}

/** Which operator acted is the hub's own affair: a party reads `operator`. */
async function readHistory(db: Sql, of: { id: bigint; scope: Scope }) {
  const rows = await db.rows<EventRow>(sql`
    select epoch, state, via, hash, actor, reason_code, reason, at from cdr_events where cdr_id = ${of.id} order by epoch`)
  const shown = (text: string) =>
    of.scope.kind === 'party' ? text.replace(/operator:[\w-]+/g, 'operator') : text
  return rows.map((row) => ({
    ...row,
    actor: shown(row.actor),
    reason_code: shown(row.reason_code),
    hash: row.hash?.toString('hex') ?? null,
    at: row.at.toISOString(),
  }))
}

type FindingRow = {
  code: string
  severity: 'F' | 'S' | 'W' | 'I'
  message: string
  inputs: unknown
  expected: string | null
  actual: string | null
  difference: string | null
  tolerance: string | null
  explanation: Explanation | null
  evidence: Evidence | null
}

async function readFindings(
  db: Sql,
  { id, state }: CdrRow,
): Promise<(FindingRow & { title: string })[]> {
  const rows = await db.rows<FindingRow & HeldFor>(sql`
    select code, severity, message, inputs, expected, actual, difference, tolerance, explanation, evidence,
      (select bool_or(p.book = 'held') from cdr_parts p join disputes d on d.id = p.dispute_id
        where p.cdr_id = f.cdr_id and d.code = f.code) as own_held,
      exists (select from cdr_parts p where p.cdr_id = f.cdr_id and p.book = 'held') as any_held
    from cdr_findings f where cdr_id = ${id} and superseded_at is null order by id`)
  return rows.map(({ own_held, any_held, ...row }) => ({
    title: ruleOf(row.code)?.title ?? row.code,
    ...row,
    explanation: row.explanation && {
      ...row.explanation,
      decision: decisionNow(row.explanation.decision, { own_held, any_held, state }),
    },
  }))
}

function asItem(row: CdrRow) {
  const { net_micros: net, tax_micros: tax } = row
  return {
    country_code: row.owner.slice(0, 2),
    party_id: row.owner.slice(3),
    id: row.cdr_id,
    receiver: row.receiver,
    state: row.state,
    currency: row.currency,
    net: net === null ? null : fromMicros(net),
    tax: tax === null ? null : fromMicros(tax),
    tax_known: row.tax_known,
    gross: net === null ? null : fromMicros(net + (tax ?? 0n)),
    findings: row.codes,
    cycle: row.cycle_id,
    late_from: row.late_from,
    delivery: row.delivery,
    received_at: row.received_at.toISOString(),
    session_id: row.session_id,
    is_credit: row.is_credit,
  }
}

function unknownCdr({ owner, cdrId }: CdrKey): Refusal {
  return new Refusal('notFound', `No CDR ${cdrId} of ${owner} is known here.`)
}
