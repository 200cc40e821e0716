import { setImmediate } from 'node:timers/promises'
import { limits } from '../../../config/limits.ts'
import type { AtRisk } from '../../clearing/at-risk.ts'
import type { RuleParameters } from '../../clearing/rules.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Severities } from '../../clearing/severities.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { termsOf } from '../filled-terms.ts'
import { agreedFor } from './clear-agreed.ts'
import type { Judged } from './clear-decide.ts'
import { judgeRow } from './clear-decide.ts'
import { readCdrRows, readFacts } from './clear-facts.ts'
import { withoutLater } from './earlier-facts.ts'

/** Rules that are tried: each stands for everybody in place of what was agreed, everything else stays. */
export type TriedRules = {
  severities?: Severities
  tolerance?: Partial<AgreementTerms['tolerance']>
  rules?: RuleParameters
  capacity_kwh_max?: number
  signed_data_required?: boolean | string[]
  cdr_age_days_max?: number
}

/** CDRs received from `from` (inclusive) to `to` (exclusive), of a CPO or an eMSP; `after`: where the last part ended. */
export type Backtest = {
  from: string
  to: string
  cpo: string | null
  emsp: string | null
  after: bigint | null
  rules: TriedRules
}

type Sum = { net: bigint; tax: bigint }

/**
 * What a code would come to. `held`: CDRs that it would hold or quarantine, with what would be held of them; `was`: those
 * it does hold by the rules as they were; `newly` and `noLonger` the two differences. `resolved`: of `held` those with a
 * dispute of this code that is over, `upheld` how many of these were right; `unchallenged`: those that were approved
 * without any dispute. `missed`: disputes that were upheld and would not be found.
 */
export type CodeTally = {
  held: number
  was: number
  newly: number
  noLonger: number
  resolved: number
  upheld: number
  unchallenged: number
  missed: number
  value: Map<string, Sum>
}

export type BacktestPart = {
  cdrs: number
  waiting: number
  held: number
  wasHeld: number
  value: Map<string, Sum>
  codes: Map<string, CodeTally>
  /** null: the window is done. */
  after: bigint | null
}

type Past = {
  id: bigint
  severe: string[]
  disputes: { code: string; outcome: string }[]
  unchallenged: boolean
}

const RIGHT = ['upheld', 'partly_upheld', 'credited']

/**
 * Judges the CDRs of a window again by other rules and what is known now but for CDRs that came later, and holds the result against what the rules of
 * then found and how disputes ended. Writes nothing. One call does a part, so that nobody waits long and the process
 * stays awake for others; the next goes on from `after`.
 */
export async function backtest(context: Context, order: Backtest): Promise<BacktestPart> {
  const snapshot = await context.directory.snapshot()
  const terms = triedTerms(order.rules)
  const part: BacktestPart = {
    cdrs: 0,
    waiting: 0,
    held: 0,
    wasHeld: 0,
    value: new Map(),
    codes: new Map(),
    after: order.after,
  }
  const started = performance.now()
  while (part.cdrs < limits.backtestCdrsMax && performance.now() - started < limits.backtestRunMs) {
    const ids = await readIds(context, { ...order, after: part.after })
    if (ids.length > 0) await judgePage(context, { ids, snapshot, terms, part })
    if (ids.length < limits.clearBatchMax) return { ...part, after: null }
    part.after = ids.at(-1) ?? null
  }
  return part
}

async function judgePage(
  context: Context,
  work: {
    ids: readonly bigint[]
    snapshot: Snapshot
    terms: (agreed: AgreementTerms) => AgreementTerms
    part: BacktestPart
  },
): Promise<void> {
  const { ids, snapshot, terms, part } = work
  const { rows, facts, past } = await context.db.transaction(async (tx) => {
    await tx.script('set transaction isolation level repeatable read, read only')
    const found = await readCdrRows(tx, { ids, forUpdate: false })
    return {
      rows: found,
      facts: await withoutLater(tx, found, await readFacts(tx, found, [])),
      past: await readPast(tx, ids),
    }
  })
  const now = context.clock()
  for (const row of rows) {
    const agreed = agreedFor(context, { row, snapshot })
    const tried = { ...agreed, terms: terms(agreed.terms) }
    const before = past.get(row.id)
    if (before) count(part, judgeRow({ row, facts, agreed: tried, now }), before)
    // Others are served in between.
    await setImmediate()
  }
}

function count(part: BacktestPart, { judgement, row }: Judged, past: Past): void {
  part.cdrs += 1
  if (judgement.verdict === 'wait') part.waiting += 1
  const isHeld = judgement.verdict === 'hold' || judgement.verdict === 'quarantine'
  const claim = { net: row.net_micros ?? 0n, tax: row.tax_micros ?? 0n }
  const sumOf = (atRisk: AtRisk | null) => sumAtRisk(atRisk, claim)
  if (isHeld) {
    part.held += 1
    add(part.value, row.currency, sumOf(judgement.atRisk ?? 'all'))
  }
  if (past.severe.length > 0) part.wasHeld += 1
  const found = new Map<string, AtRisk | null>()
  for (const { code, severity, atRisk } of judgement.findings)
    if (severity === 'S' || severity === 'F')
      found.set(code, severity === 'F' ? 'all' : (found.get(code) ?? atRisk))
  const codes = [...found.keys(), ...past.severe, ...past.disputes.map(({ code }) => code)]
  for (const code of new Set(codes)) {
    const tally = tallyOf(part, code)
    const atRisk = found.get(code)
    countCode(tally, { isHeld: atRisk !== undefined, code, past })
    if (atRisk !== undefined && atRisk !== null) add(tally.value, row.currency, sumOf(atRisk))
  }
}

function countCode(
  tally: CodeTally,
  { isHeld, code, past }: { isHeld: boolean; code: string; past: Past },
): void {
  const wasHeld = past.severe.includes(code)
  const dispute = past.disputes.find((each) => each.code === code)
  const isRight = dispute !== undefined && RIGHT.includes(dispute.outcome)
  if (wasHeld) tally.was += 1
  if (wasHeld && !isHeld) tally.noLonger += 1
  if (!isHeld && isRight) tally.missed += 1
  if (!isHeld) return
  tally.held += 1
  if (!wasHeld) tally.newly += 1
  if (dispute !== undefined) tally.resolved += 1
  if (isRight) tally.upheld += 1
  if (past.unchallenged) tally.unchallenged += 1
}

/** The terms of a pair with the tried rules in their place, what sides had tightened included. */
function triedTerms(rules: TriedRules): (agreed: AgreementTerms) => AgreementTerms {
  const made = new WeakMap<AgreementTerms, AgreementTerms>()
  return (agreed) => {
    const known = made.get(agreed)
    if (known) return known
    const { tightenings: _worked, ...full } = termsOf(agreed)
    const { severities, tolerance, rules: numbers = {}, ...more } = rules
    const parameters = { ...full.rules }
    for (const [code, named] of Object.entries(numbers))
      parameters[code] = { ...parameters[code], ...named }
    const tried = {
      ...full,
      ...more,
      severities: { ...full.severities, ...severities },
      tolerance: { ...full.tolerance, ...tolerance },
      rules: parameters,
    }
    made.set(agreed, tried)
    return tried
  }
}

function tallyOf(part: BacktestPart, code: string): CodeTally {
  const known = part.codes.get(code)
  if (known) return known
  const fresh: CodeTally = {
    held: 0,
    was: 0,
    newly: 0,
    noLonger: 0,
    resolved: 0,
    upheld: 0,
    unchallenged: 0,
    missed: 0,
    value: new Map(),
  }
  part.codes.set(code, fresh)
  return fresh
}

function sumAtRisk(atRisk: AtRisk | null, claim: Sum): Sum {
  if (atRisk === null) return { net: 0n, tax: 0n }
  if (atRisk === 'all') return claim
  const micros = (text: string | null) => {
    const read = toMicros(text ?? '0')
    return read.status === 'ok' ? read.micros : 0n
  }
  return { net: micros(atRisk.net), tax: micros(atRisk.tax) }
}

function add(sums: Map<string, Sum>, currency: string, { net, tax }: Sum): void {
  const before = sums.get(currency) ?? { net: 0n, tax: 0n }
  sums.set(currency, { net: before.net + net, tax: before.tax + tax })
}

async function readIds(context: Context, order: Backtest): Promise<bigint[]> {
  const rows = await context.db.rows<{ id: bigint }>(sql`
    select c.id from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.received_at >= ${order.from} and c.received_at < ${order.to} and not c.is_credit and s.state <> 'received'
      and (${order.after?.toString() ?? null}::bigint is null or c.id > ${order.after?.toString() ?? null}::bigint)
      and (${order.cpo}::text is null or c.owner = ${order.cpo})
      and (${order.emsp}::text is null or c.receiver = ${order.emsp})
    order by c.id limit ${limits.clearBatchMax}`)
  return rows.map(({ id }) => id)
}

async function readPast(tx: Tx, ids: readonly bigint[]): Promise<Map<bigint, Past>> {
  const rows = await tx.rows<Past>(sql`
    select s.cdr_id as id,
      array(select distinct f.code from cdr_findings f where f.cdr_id = s.cdr_id and f.superseded_at is null
        and f.severity in ('F', 'S')) as severe,
      coalesce((select jsonb_agg(jsonb_build_object('code', d.code, 'outcome', coalesce(d.outcome, 'upheld'))) from disputes d
        where d.cdr_id = s.cdr_id and (d.closed_at is not null or d.state in ('await_credit', 'await_replacement'))),
        '[]'::jsonb) as disputes,
      s.state in ('approved', 'allocated', 'netted', 'settled')
        and not exists (select from disputes d where d.cdr_id = s.cdr_id) as unchallenged
    from cdr_states s where s.cdr_id = any(${ids.map(String)}::bigint[])`)
  return new Map(rows.map((row) => [row.id, row]))
}

/** A part of a backtest as its answer, sums as decimal texts. */
export function asAnswer(part: BacktestPart) {
  const sums = (of: Map<string, Sum>) =>
    [...of].map(([currency, { net, tax }]) => ({
      currency,
      net: fromMicros(net),
      tax: fromMicros(tax),
    }))
  const order = Object.keys(RULES)
  return {
    cdrs: part.cdrs,
    waiting: part.waiting,
    held: part.held,
    was_held: part.wasHeld,
    value: sums(part.value),
    codes: [...part.codes]
      .toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([code, { noLonger, value, ...tally }]) => ({
        code,
        title: titleOf(code),
        ...tally,
        no_longer: noLonger,
        value: sums(value),
      })),
    next_cursor: part.after?.toString() ?? null,
  }
}

function titleOf(code: string): string {
  const rules: Partial<Record<string, { title: string }>> = RULES
  return Object.hasOwn(rules, code) ? (rules[code]?.title ?? code) : code
}
