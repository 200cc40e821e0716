import { limits } from '../../../config/limits.ts'
import { NO_RUN, addDelta, energyDelta, isBias } from '../../clearing/bias.ts'
import type { BiasRun, EnergyApart } from '../../clearing/bias.ts'
import type { PatternTest } from '../../clearing/pack/pattern-types.ts'
import { at, listOf, readText } from '../../clearing/read.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { defaultTerms } from '../agreement-terms.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { agreementAt } from '../agreements.ts'
import { openPattern } from '../disputes/pattern.ts'
import { money } from '../disputes/words.ts'
import { termsOf } from '../filled-terms.ts'
import type { FilledTerms } from '../filled-terms.ts'
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
  energy_mwh: bigint | null
  energy_cost_micros: bigint | null
  metered_mwh: bigint | null
  record_mwh: bigint | null
}

/** One line of differences that is added up by itself. */
type Series = { by: PatternTest['by']; key: string }
/** What one CDR is too high by. `amount`: what is compared; `energy`: where it follows from that. */
type Apart = { series: Series; delta: bigint; amount: bigint; energy?: EnergyApart }
type Line = { series: Series; run: BiasRun; rows: { row: Row; apart: Apart }[] }

/**
 * Adds up the small differences of the CDRs of a time: of prices by pair, by tariff, by EVSE, and against the eMSP's
 * records; of energies against signed meters and sessions, and against the records. Where those of one sign come to more than the pattern materiality and chance cannot have done it, one dispute is opened over
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
  const terms = termsOf(pair.terms)
  const material = toMicros(String(terms.materiality.pattern))
  const least = material.status === 'ok' ? material.micros : 0n
  const runs = new Map<string, Line>()
  for (const row of await readRows(tx, pair)) {
    for (const apart of [...pricesApart(row, terms), ...energiesApart(row, terms)]) {
      const { series } = apart
      const name = `${series.by}|${series.key}`
      const line = runs.get(name) ?? { run: NO_RUN, rows: [], series }
      line.run = addDelta(line.run, apart)
      if (line.run.count <= 1) line.rows.length = 0
      if (line.run.count > 0) line.rows.push({ row, apart })
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
      f.net_micros - r.net_micros as record_micros, f.energy_mwh, f.energy_cost_micros, f.metered_mwh, n.energy_mwh as record_mwh
    from cdr_figures f join cdr_states s on s.cdr_id = f.cdr_id and s.state <> all(${OUT_STATES}::text[])
    left join record_matches m on m.cdr_id = f.cdr_id and m.confirmed and m.kind = 'one'
    left join emsp_records n on n.id = m.record_id
    left join emsp_records r on r.id = n.id and r.currency = f.currency
    where f.receiver = ${pair.receiver} and f.owner = ${pair.owner} and f.currency = ${pair.currency}
      and f.started_at >= ${pair.from} and f.started_at < ${pair.to} and not f.is_credit and f.net_micros is not null
      and s.state not in ('received', 'unmatched')
    order by f.started_at, f.cdr_id limit ${limits.biasCdrsMax}`)
}

/** What a difference counts for; one beyond tolerance is a finding of its own. */
function pricesApart(row: Row, { tolerance }: FilledTerms): Apart[] {
  const { delta_micros: delta, record_micros: record, net_micros: amount } = row
  const isSmall = (apart: bigint): boolean =>
    isWithin(apart, { of: amount - apart, bound: tolerance.cost })
  const of = (by: Series['by'], key: string | null, apart: bigint): Apart[] =>
    key === null ? [] : [{ series: { by, key }, delta: apart, amount }]
  return [
    ...(delta === null || !isSmall(delta)
      ? []
      : [
          ...of('pair', '', delta),
          ...of('tariff', row.tariff_key, delta),
          ...of('evse', row.evse_key, delta),
        ]),
    ...(record === null || !isSmall(record) ? [] : of('record', '', record)),
  ]
}

/** The same of energies, at what they cost in the CDR. What is lost in charging is more than the tolerance. */
function energiesApart(row: Row, { tolerance }: FilledTerms): Apart[] {
  const { energy_mwh: billed, energy_cost_micros: cost } = row
  if (billed === null || billed <= 0n || cost === null || cost <= 0n) return []
  const of = (by: Series['by'], other: bigint | null): Apart[] => {
    if (other === null || !isWithin(billed - other, { of: other, bound: tolerance.energy }))
      return []
    const energy = { billed, other, cost }
    return [{ series: { by, key: '' }, delta: energyDelta(energy), amount: cost, energy }]
  }
  return [...of('energy', row.metered_mwh), ...of('record_energy', row.record_mwh)]
}

/** The larger of both bounds; cut to a millionth. */
function isWithin(
  apart: bigint,
  { of, bound }: { of: bigint; bound: { absolute: string; relative: string } },
): boolean {
  const [least, share] = [toMicros(bound.absolute), toMicros(bound.relative)]
  if (least.status !== 'ok' || share.status !== 'ok') return false
  const relative = ((of < 0n ? -of : of) * share.micros) / 1_000_000n
  const most = least.micros > relative ? least.micros : relative
  return apart <= most && -apart <= most
}

/** What is too little on some CDRs is taken off the latest that are too much: nobody disputes more than the sum. */
async function open(
  tx: Tx,
  of: Line & { pair: PairSpan; material: bigint },
): Promise<bigint | null> {
  const { pair, material, run, rows } = of
  const series = { ...of.series, key: await shownKey(tx, of) }
  let left = run.sum
  const items = rows.flatMap(({ row, apart: { delta, energy = null } }) => {
    const net = delta < left ? delta : left
    if (net <= 0n) return []
    left -= net
    return [{ cdrId: row.cdr_id, net, tax: taxOn(row, net), difference: delta, energy }]
  })
  const amount = rows.reduce((sum, { apart }) => sum + apart.amount, 0n)
  const share = Number((run.sum * 100_000n) / amount) / 1_000
  const low = `are ${share} % too high on average`
  const much = `bill ${share} % more energy on average than`
  const what = {
    pair: low,
    tariff: `by tariff ${series.key} ${low}`,
    evse: `at EVSE ${series.key} ${low}`,
    record: `against the records of the eMSP ${low}`,
    energy: `${much} their signed meters or sessions say`,
    record_energy: `${much} the records of the eMSP say`,
  }[series.by]
  const statement =
    `${run.count} CDRs of ${pair.owner} in a row ${what}: ` +
    `${money(run.sum, pair.currency)} in all. Each is within tolerance, together they are not chance.`
  const { owner, receiver, currency, terms, from, to: until } = pair
  const found = { owner, receiver, currency, code: 'S4', items, statement, terms }
  return openPattern(tx, { ...found, measured: { ...series, from, until, run, material } })
}

/** The id of the tariff or EVSE as its owner writes it. */
async function shownKey(tx: Tx, { series, rows }: Line): Promise<string> {
  const { by, key } = series
  const [first] = rows
  if ((by !== 'tariff' && by !== 'evse') || first === undefined) return key
  const [found] = await tx.rows<{
    evse: string | null
    tariffs: unknown
    stored: string | null
  }>(sql`
    select c.value #>> '{cdr_location,evse_id}' as evse, c.value -> 'tariffs' as tariffs, (
      select o.value ->> 'id' from objects o
      where o.module = 'tariffs' and o.owner = c.owner and o.object_key = ${key} limit 1) as stored
    from cdrs c where c.id = ${first.row.cdr_id.toString()}::bigint`)
  if (by === 'evse') return found?.evse ?? key
  const ids = listOf(found?.tariffs).flatMap((tariff) => readText(at(tariff, '/id')) ?? [])
  return ids.find((id) => foldKey(id) === key) ?? found?.stored ?? key
}

/** The tax that belongs to it, as the CDR has it; cut to a micro-unit. */
function taxOn(row: Row, net: bigint): bigint {
  const { gross_micros: gross, net_micros: whole } = row
  return gross === null || whole <= 0n ? 0n : ((gross - whole) * net) / whole
}
