import { limits } from '../../../config/limits.ts'
import { NO_RUN, addDelta, isBias } from '../../clearing/bias.ts'
import type { BiasRun } from '../../clearing/bias.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import { defaultTerms } from '../agreement-terms.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { agreementAt } from '../agreements.ts'
import { openPattern } from '../disputes/pattern.ts'
import { termsOf } from '../filled-terms.ts'
import { OUT_STATES } from './match-by-ids.ts'

type Row = {
  cdr_id: bigint
  owner: string
  receiver: string
  currency: string
  evse_key: string | null
  tariff_key: string | null
  net_micros: bigint
  gross_micros: bigint | null
  delta_micros: bigint | null
  record_micros: bigint | null
}

/** One line of differences that is added up by itself. */
type Series = { by: 'pair' | 'tariff' | 'evse' | 'record'; key: string }
type Line = { series: Series; run: BiasRun; rows: { row: Row; delta: bigint }[] }

/**
 * Adds up the small differences of the CDRs of a time, by pair, by tariff, by EVSE, and against the eMSP's records. Where
 * those of one sign come to more than the pattern materiality and chance cannot have done it, one dispute is opened over
 * all of them. Running it again finds the same, and what is disputed already is not disputed twice.
 */
export async function findBias(
  context: Context,
  span: { from: Date; to: Date },
): Promise<bigint[]> {
  const opened: bigint[] = []
  const pairs = await context.db.rows<{ owner: string; receiver: string; currency: string }>(sql`
    select distinct owner, receiver, currency from cdr_figures
    where started_at >= ${span.from} and started_at < ${span.to} and not is_credit order by 1, 2, 3`)
  const snapshot = await context.directory.snapshot()
  const mode = context.config.agreements
  for (const pair of pairs) {
    const agreed = agreementAt({
      snapshot,
      mode,
      cpo: pair.owner,
      emsp: pair.receiver,
      at: span.to,
    })
    const id = await context.db.transaction((tx) =>
      findInPair(tx, { ...pair, ...span, terms: agreed?.terms ?? defaultTerms }),
    )
    if (id !== null) opened.push(id)
  }
  return opened
}

type PairSpan = {
  owner: string
  receiver: string
  currency: string
  from: Date
  to: Date
  terms: AgreementTerms
}

async function findInPair(tx: Tx, pair: PairSpan): Promise<bigint | null> {
  const material = toMicros(String(termsOf(pair.terms).materiality.pattern))
  const least = material.status === 'ok' ? material.micros : 0n
  const runs = new Map<
    string,
    { run: BiasRun; rows: { row: Row; delta: bigint }[]; series: Series }
  >()
  for (const row of await readRows(tx, pair)) {
    for (const { series, delta } of seriesOf(row, pair.terms)) {
      const name = `${series.by}|${series.key}`
      const line = runs.get(name) ?? { run: NO_RUN, rows: [], series }
      line.run = addDelta(line.run, { delta, amount: row.net_micros })
      if (line.run.count <= 1) line.rows.length = 0
      if (line.run.count > 0) line.rows.push({ row, delta })
      runs.set(name, line)
    }
  }
  const found = [...runs.values()].filter(({ run }) => isBias(run, least))
  // The one that explains the most of it.
  const [worst] = found.sort((a, b) => (a.run.sum < b.run.sum ? 1 : -1))
  return worst ? open(tx, { pair, material: least, ...worst }) : null
}

async function readRows(tx: Tx, pair: PairSpan): Promise<Row[]> {
  return tx.rows<Row>(sql`
    select f.cdr_id, f.owner, f.receiver, f.currency, f.evse_key, f.tariff_key, f.net_micros, f.gross_micros, f.delta_micros,
      f.net_micros - r.net_micros as record_micros
    from cdr_figures f join cdr_states s on s.cdr_id = f.cdr_id and s.state <> all(${OUT_STATES}::text[])
    left join record_matches m on m.cdr_id = f.cdr_id and m.confirmed and m.kind = 'one'
    left join emsp_records r on r.id = m.record_id and r.currency = f.currency
    where f.receiver = ${pair.receiver} and f.owner = ${pair.owner} and f.currency = ${pair.currency}
      and f.started_at >= ${pair.from} and f.started_at < ${pair.to} and not f.is_credit and f.net_micros is not null
      and s.state not in ('received', 'unmatched')
    order by f.started_at, f.cdr_id limit ${limits.biasCdrsMax}`)
}

/** What a difference counts for; one beyond tolerance is a finding of its own. */
function seriesOf(row: Row, terms: AgreementTerms): { series: Series; delta: bigint }[] {
  const { delta_micros: delta, record_micros: apart } = row
  const found: { series: Series; delta: bigint }[] = []
  if (delta !== null && isSmall(delta, row, terms)) {
    found.push({ series: { by: 'pair', key: '' }, delta })
    if (row.tariff_key !== null)
      found.push({ series: { by: 'tariff', key: row.tariff_key }, delta })
    if (row.evse_key !== null) found.push({ series: { by: 'evse', key: row.evse_key }, delta })
  }
  if (apart !== null && isSmall(apart, row, terms))
    found.push({ series: { by: 'record', key: '' }, delta: apart })
  return found
}

function isSmall(delta: bigint, row: Row, terms: AgreementTerms): boolean {
  const { absolute, relative } = terms.tolerance.cost
  const [least, share] = [toMicros(String(absolute)), toMicros(String(relative))]
  if (least.status !== 'ok' || share.status !== 'ok') return false
  const expected = row.net_micros - delta
  const relativeMicros = ((expected < 0n ? -expected : expected) * share.micros) / 1_000_000n
  const tolerance = least.micros > relativeMicros ? least.micros : relativeMicros
  return delta <= tolerance && -delta <= tolerance
}

/** What is too little on some CDRs is taken off the latest that are too much: nobody disputes more than the sum. */
async function open(
  tx: Tx,
  of: {
    pair: PairSpan
    material: bigint
    run: BiasRun
    rows: readonly { row: Row; delta: bigint }[]
    series: Series
  },
): Promise<bigint | null> {
  const { pair, material, run, rows, series } = of
  let left = run.sum
  const items = rows.flatMap(({ row, delta }) => {
    const net = delta < left ? delta : left
    if (net <= 0n) return []
    left -= net
    return [{ cdrId: row.cdr_id, net, tax: taxOn(row, net), difference: delta }]
  })
  const share =
    Number((run.sum * 100_000n) / rows.reduce((sum, { row }) => sum + row.net_micros, 0n)) / 1_000
  const where = {
    pair: '',
    tariff: ` by tariff ${series.key}`,
    evse: ` at EVSE ${series.key}`,
    record: ' against the records of the eMSP',
  }[series.by]
  const statement =
    `${run.count} CDRs of ${pair.owner} in a row${where} are ${share} % too high on average: ` +
    `${fromMicros(run.sum)} ${pair.currency} in all. Each is within tolerance, together they are not chance.`
  const { owner, receiver, currency, terms, from, to: until } = pair
  const found = { owner, receiver, currency, code: 'S4', items, statement, terms }
  return openPattern(tx, { ...found, measured: { ...series, from, until, run, material } })
}

/** The tax that belongs to it, as the CDR has it; cut to a micro-unit. */
function taxOn(row: Row, net: bigint): bigint {
  const { gross_micros: gross, net_micros: whole } = row
  return gross === null || whole <= 0n ? 0n : ((gross - whole) * net) / whole
}
