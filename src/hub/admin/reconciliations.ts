import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import { DIFFERENCES } from '../records/reconcile-kinds.ts'
import type { DifferenceKind } from '../records/reconcile-kinds.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'

type Row = {
  id: bigint
  from_at: Date
  to_at: Date
  asked_by: string
  state: 'queued' | 'running' | 'done' | 'failed'
  step: string | null
  steps_done: number
  steps: number
  compared: { cdrs: number; sessions: number; records: number } | null
  totals:
    | {
        kind: DifferenceKind
        currency: string | null
        count: number
        value_micros: string | null
      }[]
    | null
  error: string | null
  asked_at: Date
  started_at: Date | null
  finished_at: Date | null
}

/** Orders a comparison of everything that began in a span of time; a worker does it. */
export async function orderReconciliation(
  context: Context,
  input: { actor: string; from: string; to: string; reason?: string | undefined },
) {
  const [from, to] = [new Date(input.from), new Date(input.to)]
  const spanMs = to.getTime() - from.getTime()
  const message =
    spanMs <= 0
      ? 'to must be after from.'
      : spanMs > limits.reconcileSpanMsMax
        ? `The span may be at most ${limits.reconcileSpanMsMax / 86_400_000} days.`
        : null
  if (message !== null)
    throw new Refusal('invalidBody', message, { faults: [{ pointer: '/to', message }] })
  const id = await context.db.transaction(async (tx) => {
    const [row] = await tx.rows<{ id: bigint }>(sql`
      insert into reconciliations (from_at, to_at, asked_by) values (${from}, ${to}, ${input.actor}) returning id`)
    const subject = String(row?.id)
    await appendOutbox(tx, [{ kind: 'reconcile', subject }])
    await appendAudit(tx, {
      actor: input.actor,
      action: 'reconciliation.order',
      subject,
      reason: input.reason,
      details: { from: from.toISOString(), to: to.toISOString() },
    })
    return subject
  })
  return readReconciliation(context, id)
}

export async function listReconciliations(context: Context, filter: PageRequest) {
  const { before, limit } = beforeId(filter)
  const rows = await context.db.rows<Row>(sql`
    select * from reconciliations
    where ${before?.toString() ?? null}::bigint is null or id < ${before?.toString() ?? null}::bigint
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [row.id.toString()], item: asItem })
}

export async function readReconciliation(context: Context, id: string) {
  const [row] = await context.db.rows<Row>(sql`
    select * from reconciliations where id = ${id}::bigint`)
  if (!row) throw new Refusal('notFound', `There is no reconciliation ${id}.`)
  return asItem(row)
}

function asItem(row: Row) {
  return {
    id: row.id.toString(),
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    asked_by: row.asked_by,
    state: row.state,
    step: row.step,
    steps_done: row.steps_done,
    steps: row.steps,
    compared: row.compared,
    differences: (row.totals ?? []).map(({ kind, currency, count, value_micros: value }) => ({
      ...wordsOf(kind),
      count,
      value: value === null ? null : fromMicros(BigInt(value)),
      currency,
    })),
    error: row.error,
    asked_at: row.asked_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
  }
}

function wordsOf(kind: DifferenceKind) {
  const { code, title } = DIFFERENCES[kind]
  return { kind, code, title }
}

type PairRow = {
  kind: DifferenceKind
  owner: string | null
  receiver: string
  currency: string | null
  many: bigint
  value: string | null
}

/** What was found, added up by pair of partners and kind. */
export async function listPairDifferences(
  context: Context,
  filter: PageRequest & { id: string; cpo?: string | undefined; emsp?: string | undefined },
) {
  const limit = pageLimit(filter)
  const [after] = cursorParts(filter, 1)
  const place = after === undefined ? null : after
  const rows = await context.db.rows<PairRow & { place: string }>(sql`
    select * from (
      select kind, owner, receiver, currency, count(*) as many, sum(value_micros)::text as value,
        concat_ws('|', coalesce(owner, ''), receiver, kind, coalesce(currency, '')) collate "C" as place
      from reconciliation_lines where reconciliation_id = ${filter.id}::bigint
        and (${filter.cpo ?? null}::text is null or owner = upper(${filter.cpo ?? null}))
        and (${filter.emsp ?? null}::text is null or receiver = upper(${filter.emsp ?? null}))
      group by kind, owner, receiver, currency
    ) t where ${place}::text is null or place > ${place}::text collate "C"
    order by place limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [row.place],
    item: (row) => ({
      cpo: row.owner,
      emsp: row.receiver,
      ...wordsOf(row.kind),
      count: Number(row.many),
      value: row.value === null ? null : fromMicros(BigInt(row.value)),
      currency: row.currency,
    }),
  })
}

type LineRow = {
  number: bigint
  kind: DifferenceKind
  owner: string | null
  receiver: string
  cdr_id: string | null
  session_key: string | null
  record_id: string | null
  expected: bigint | null
  actual: bigint | null
  tolerance: bigint | null
  currency: string | null
  value_micros: bigint | null
  level: number | null
}

/** The differences one by one, in the order in which they were found. */
export async function listDifferences(
  context: Context,
  filter: PageRequest & {
    id: string
    kind?: DifferenceKind | undefined
    cpo?: string | undefined
    emsp?: string | undefined
  },
) {
  const limit = pageLimit(filter)
  const [after] = cursorParts(filter, 1)
  if (after !== undefined && !/^\d{1,18}$/.test(after))
    throw new Refusal('invalidQuery', 'Take the cursor from next_cursor of the page before.')
  const cpo = filter.cpo === undefined ? null : foldUpper(filter.cpo)
  const emsp = filter.emsp === undefined ? null : foldUpper(filter.emsp)
  const rows = await context.db.rows<LineRow>(sql`
    select l.number, l.kind, l.owner, l.receiver, c.cdr_id, l.session_key, r.record_id, l.expected, l.actual, l.tolerance,
      l.currency, l.value_micros, l.level
    from reconciliation_lines l left join cdrs c on c.id = l.cdr_id left join emsp_records r on r.id = l.record_id
    where l.reconciliation_id = ${filter.id}::bigint and (${after ?? null}::bigint is null or l.number > ${after ?? null}::bigint)
      and (${filter.kind ?? null}::text is null or l.kind = ${filter.kind ?? null})
      and (${cpo}::text is null or l.owner = ${cpo}) and (${emsp}::text is null or l.receiver = ${emsp})
    order by l.number limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [row.number.toString()], item: asLine })
}

function asLine(row: LineRow) {
  const { unit } = DIFFERENCES[row.kind]
  const shown = (value: bigint | null): string | null =>
    value === null ? null : unit === 's' ? value.toString() : fromMicros(value)
  const apart = row.expected === null || row.actual === null ? null : row.actual - row.expected
  return {
    ...wordsOf(row.kind),
    cpo: row.owner,
    emsp: row.receiver,
    cdr_id: row.cdr_id,
    session_id: row.session_key,
    record_id: row.record_id,
    unit: unit === 'money' ? row.currency : unit,
    expected: shown(row.expected),
    actual: shown(row.actual),
    difference: shown(apart),
    tolerance: shown(row.tolerance),
    value: row.value_micros === null ? null : fromMicros(row.value_micros),
    currency: row.currency,
    level: row.level,
  }
}
