import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { DatabaseUnavailable } from '../../db/database.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { Refusal } from '../admin/refusal.ts'
import type { Scope } from '../admin/scope.ts'
import { readCdrRows } from '../cdrs/clear-facts.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { planParts } from '../cdrs/parts.ts'
import { part0Of } from '../cdrs/transition.ts'
import { writeTransitions } from '../cdrs/write-transitions.ts'
import { partyOf } from './read.ts'

/**
 * Which CDRs: those of `counterparty` (the CPO), of `cycle`, received before `until` (RFC 3339), of at most `amountMax`
 * in `currency` (gross of what is not disputed, decimal text).
 */
export type ApproveFilter = {
  counterparty?: string
  cycle?: string
  until?: string
  currency?: string
  amountMax?: string
}

/** `totals` as decimal texts. `failed`: CDRs that could not be approved, with the reason; at most 20 are named. */
export type Approved = {
  approved: number
  totals: { currency: string; count: number; net: string; tax: string }[]
  failed: { country_code: string; party_id: string; id: string; message: string }[]
}

type Order = {
  scope: Scope
  actor: string
  filter: ApproveFilter
  reason: string | null
  /** Joins the transaction of each batch (the audit row). */
  also?: (tx: Tx, batch: { count: number; currency: string }) => Promise<void>
}

/** What is left to do: a place in the order of currency and id. */
type Batch = { ids: bigint[]; currency: string }

/**
 * Approves what is not disputed of every CDR whose contest period runs, as far as the scope is billed for it and the
 * filter fits, in batches. What is held or contested of a CDR stays so. Each is approved once, whoever asks how often;
 * one that cannot be approved does not hold up the others.
 */
export async function approveCdrs(context: Context, order: Order): Promise<Approved> {
  const amountMax = readMax(order.filter)
  const totals = new Map<string, { count: number; net: bigint; tax: bigint }>()
  const failed: Approved['failed'] = []
  let after: { currency: string; id: bigint } = { currency: '', id: 0n }
  for (;;) {
    const batch = await readBatch(context, { order, amountMax, after })
    const last = batch.ids.at(-1)
    if (last === undefined) break
    after = { currency: batch.currency, id: last }
    for (const row of await approveAll(context, { order, batch, failed })) {
      const part = part0Of(row)
      const sum = totals.get(row.currency) ?? { count: 0, net: 0n, tax: 0n }
      totals.set(row.currency, {
        count: sum.count + 1,
        net: sum.net + part.netMicros,
        tax: sum.tax + part.taxMicros,
      })
    }
  }
  const approved = [...totals.values()].reduce((sum, { count }) => sum + count, 0)
  if (approved > 0) context.metrics.cdrs.inc({ state: 'approved' }, approved)
  return {
    approved,
    totals: [...totals].map(([currency, { count, net, tax }]) => ({
      currency,
      count,
      net: fromMicros(net),
      tax: fromMicros(tax),
    })),
    failed: failed.slice(0, limits.approveFailuresShown),
  }
}

function readMax({ amountMax, currency }: ApproveFilter): bigint | null {
  if (amountMax === undefined) return null
  const read = toMicros(amountMax)
  if (currency === undefined || read.status !== 'ok')
    throw new Refusal('invalidBody', 'A maximum is decimal text like 50.00, with its currency.')
  return read.micros
}

async function readBatch(
  context: Context,
  by: { order: Order; amountMax: bigint | null; after: { currency: string; id: bigint } },
): Promise<Batch> {
  const { order, amountMax, after } = by
  const { filter, scope } = order
  const receivers = scope.kind === 'operator' ? null : [...scope.emsps]
  const rows = await context.db.rows<{ cdr_id: bigint; currency: string }>(sql`
    select s.cdr_id, s.currency from cdr_states s
    where s.state in ('provisional', 'held', 'contested') and s.booked->>'book' = 'provisional' and not s.is_credit
      and s.delivery <> 'withheld'
      and (${receivers}::text[] is null or s.receiver = any(${receivers}::text[]))
      and (${filter.counterparty ?? null}::text is null or s.owner = ${filter.counterparty ?? null})
      and (${filter.cycle ?? null}::text is null or s.cycle_id = ${filter.cycle ?? null})
      and (${filter.currency ?? null}::text is null or s.currency = ${filter.currency ?? null})
      and (${filter.until ?? null}::timestamptz is null or exists (
        select from cdrs c where c.id = s.cdr_id and c.received_at < ${filter.until ?? null}::timestamptz))
      and (${amountMax?.toString() ?? null}::bigint is null or coalesce(s.part_net, s.net_micros, 0)
        + coalesce(s.part_tax, s.tax_micros, 0) <= ${amountMax?.toString() ?? null}::bigint)
      and (s.currency, s.cdr_id) > (${after.currency}::text, ${after.id.toString()}::bigint)
    order by s.currency, s.cdr_id limit ${limits.clearBatchMax}`)
  const currency = rows[0]?.currency ?? ''
  return {
    currency,
    ids: rows.filter((row) => row.currency === currency).map((row) => row.cdr_id),
  }
}

/** All together; when that fails, one by one. Returns the rows that were approved, as they stood before. */
async function approveAll(
  context: Context,
  input: { order: Order; batch: Batch; failed: Approved['failed'] },
): Promise<CdrRow[]> {
  const { order, batch, failed } = input
  try {
    return await approveBatch(context, { order, batch })
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error
    const [only] = batch.ids
    if (batch.ids.length === 1 && only !== undefined) {
      context.log.error({ err: error, cdr_id: only.toString() }, 'a CDR could not be approved')
      failed.push(await nameOf(context, only))
      return []
    }
  }
  const approved: CdrRow[] = []
  for (const id of batch.ids)
    approved.push(...(await approveAll(context, { ...input, batch: { ...batch, ids: [id] } })))
  return approved
}

async function approveBatch(
  context: Context,
  { order, batch }: { order: Order; batch: Batch },
): Promise<CdrRow[]> {
  return context.db.transaction(async (tx) => {
    await holdCycles(tx, batch.currency)
    const rows = await readCdrRows(tx, { ids: batch.ids, forUpdate: true })
    // The clock, or somebody else, may have been faster.
    const open = rows.filter((row) => row.booked?.book === 'provisional')
    const transitions = open.map((row) =>
      planParts(row, {
        changes: [],
        approve: true,
        state: row.state === 'provisional' ? 'approved' : row.state,
        reasonCode: `approve by ${order.actor}`,
      }),
    )
    await writeTransitions(tx, transitions, { actor: order.actor, reason: order.reason })
    if (open.length > 0) await order.also?.(tx, { count: open.length, currency: batch.currency })
    return open
  })
}

async function nameOf(context: Context, id: bigint): Promise<Approved['failed'][number]> {
  const [cdr] = await context.db.rows<{ owner: string; cdr_id: string }>(sql`
    select owner, cdr_id from cdrs where id = ${id.toString()}::bigint`)
  return {
    ...partyOf(cdr?.owner ?? ''),
    id: cdr?.cdr_id ?? '',
    message: 'It could not be approved just now; an operator of the hub can see why.',
  }
}
