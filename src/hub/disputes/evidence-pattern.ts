import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { BiasRun, EnergyApart } from '../../clearing/bias.ts'
import { textOf } from '../../clearing/decimal.ts'
import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { patternTable } from '../../clearing/pack/pattern.ts'
import type { FrozenPattern, PatternLine, PatternTest } from '../../clearing/pack/pattern-types.ts'
import { EVIDENCE_NAMES } from '../../clearing/pack/types.ts'
import { at, readText } from '../../clearing/read.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { contentHash } from '../../ocpi/canonical.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { readTariffs, tariffKey } from '../cdrs/clear-tariffs.ts'
import { jsonFile, readDecisions } from './evidence-gather.ts'
import type { EvidenceFile } from './evidence-gather.ts'

/** A CDR of a pattern: what it is too high by. `difference`: as it was measured; more where only a part is disputed. */
export type PatternItem = {
  cdrId: bigint
  difference?: bigint
  /** Where it was measured by energy. */
  energy?: EnergyApart | null
} & DisputeAmount

/** How a pattern was found; see PatternTest. `material`: the threshold. */
export type Measured = {
  by: PatternTest['by']
  key: string
  from: Date
  until: Date
  run: BiasRun
  material: bigint
}

/** What a pattern is judged by, before it is frozen. */
export type PatternSubject = {
  disputeId: bigint
  owner: string
  receiver: string
  currency: string
  code: string
  statement: string
  terms: AgreementTerms
  items: readonly PatternItem[]
  amount: DisputeAmount
  measured: Measured | null
}

/** What is said of the CDRs, the figures it was found by, the CDRs one by one, and the tariffs they were priced by. */
export async function gatherPattern(tx: Tx, subject: PatternSubject): Promise<EvidenceFile[]> {
  assert(
    subject.measured === null || subject.items.every(({ difference }) => difference !== undefined),
    'what was measured is the difference of each CDR',
  )
  const rows = await readRows(tx, subject.items)
  const tariffs = await versionsOf(tx, rows)
  const lines = subject.items.map((item, index) =>
    lineOf(item, { subject, row: rows[index], tariff: tariffs[index] ?? null }),
  )
  const decisions = await readDecisions(tx, subject.disputeId)
  const table = patternTable(lines)
  return [
    jsonFile(EVIDENCE_NAMES.pattern, patternOf(subject)),
    jsonFile(EVIDENCE_NAMES.patternLines, lines),
    { name: EVIDENCE_NAMES.patternTable, media: 'text/csv', bytes: table },
    jsonFile(EVIDENCE_NAMES.patternTariffs, distinct(tariffs)),
    jsonFile('agreement.json', { terms: subject.terms }),
    ...(decisions === null ? [] : [jsonFile('decisions.json', decisions)]),
  ]
}

function patternOf({ items, amount, measured, ...of }: PatternSubject): FrozenPattern {
  return {
    code: of.code,
    cpo: of.owner,
    emsp: of.receiver,
    currency: of.currency,
    statement: of.statement,
    cdrs: items.length,
    net: fromMicros(amount.net),
    tax: fromMicros(amount.tax),
    test: measured === null ? null : testOf(measured),
  }
}

function testOf({ by, key, from, until, run, material }: Measured): PatternTest {
  return {
    name: 'cusum',
    by,
    key: key === '' ? null : key,
    from: from.toISOString(),
    until: until.toISOString(),
    cdrs: run.count,
    sum: fromMicros(run.sum),
    mean: fromMicros(run.sum / BigInt(run.count)),
    threshold: fromMicros(material),
    slack: fromMicros(run.slack),
    rise: fromMicros(run.rise),
    // Square micro-units are 10^-12, decimals are scaled by 10^36.
    squares: textOf(run.squares * 10n ** 24n),
    others: run.others,
  }
}

type Row = {
  id: bigint
  cdr_id: string | null
  owner: string
  receiver: string
  started_at: Date | null
  received_at: Date
  currency: string | null
  sha256: string | null
  content_hash: string | null
  claim_micros: bigint | null
  delta_micros: bigint | null
  tariff_key: string | null
  tariffs: unknown
}

/** In the order of the items; what is not known of one is null. */
async function readRows(tx: Tx, items: readonly PatternItem[]): Promise<Row[]> {
  return tx.rows<Row>(sql`
    select i.id, c.cdr_id, coalesce(c.owner, '') as owner, coalesce(c.receiver, '') as receiver,
      coalesce(f.started_at, c.started_at) as started_at, coalesce(c.received_at, clock_timestamp()) as received_at,
      c.currency, encode(sha256(c.original), 'hex') as sha256, encode(c.content_hash, 'hex') as content_hash, f.net_micros as claim_micros, f.delta_micros,
      f.tariff_key, c.value->'tariffs' as tariffs
    from unnest(${items.map(({ cdrId }) => cdrId.toString())}::bigint[]) with ordinality as i (id, number)
    left join cdrs c on c.id = i.id left join cdr_figures f on f.cdr_id = i.id order by i.number`)
}

type Version = { from: 'the CDR' | 'the hub'; tariff: unknown; id: string; sha256: string }

/** By the index of the row: the version of its tariff that the CDR carries, else the one in force when it began. */
async function versionsOf(tx: Tx, rows: readonly Row[]): Promise<(Version | null)[]> {
  const wanted = rows.flatMap((row) =>
    // As if the CDR named the tariff that its figures say it was priced by: that leads to the stored version.
    row.tariff_key === null || carriedBy(row) !== undefined
      ? []
      : [
          {
            ...row,
            value: { charging_periods: [{ tariff_id: row.tariff_key }] },
            location_key: null,
          },
        ],
  )
  const stored = await readTariffs(tx, wanted, new Map())
  return rows.map((row) => {
    const own = carriedBy(row)
    if (own !== undefined) return versionOf('the CDR', own)
    const found = stored.get(`${row.id}/${row.tariff_key ?? ''}`)
    return found === undefined ? null : versionOf('the hub', found.value)
  })
}

function carriedBy({ tariffs, tariff_key: key }: Row): unknown {
  return Array.isArray(tariffs) && key !== null
    ? tariffs.find((tariff: unknown) => tariffKey(tariff) === key)
    : undefined
}

function versionOf(from: Version['from'], tariff: unknown): Version {
  const sha256 = contentHash(tariff, new Map()).toString('hex')
  return { from, tariff, id: readText(at(tariff, '/id')) ?? '', sha256 }
}

/** Each version once, by its hash: many CDRs share a tariff. */
function distinct(versions: readonly (Version | null)[]): object[] {
  const byHash = new Map(versions.flatMap((each) => (each === null ? [] : [[each.sha256, each]])))
  return [...byHash.values()]
    .slice(0, limits.patternTariffsMax)
    .map(({ sha256, from, tariff }) => ({ sha256, from, tariff }))
}

/** What was measured is the difference; where nothing was, what the figures of the CDR say. */
function lineOf(
  { net, tax, difference: measured, energy = null }: PatternItem,
  of: { subject: PatternSubject; row: Row | undefined; tariff: Version | null },
): PatternLine {
  const { subject, row, tariff } = of
  const claim = row?.claim_micros ?? null
  const delta = row?.delta_micros ?? null
  const isByRecord = subject.measured?.by === 'record'
  const isByPrice = !isByRecord && energy === null
  const difference = measured ?? delta
  const less = (by: bigint | null): string | null =>
    claim === null || by === null ? null : fromMicros(claim - by)
  return {
    cdr: row?.cdr_id ?? null,
    start: row?.started_at?.toISOString() ?? null,
    currency: row?.currency ?? subject.currency,
    claim: claim === null ? null : fromMicros(claim),
    price: less(isByPrice ? difference : delta),
    record: isByRecord ? less(difference) : null,
    energy:
      energy === null
        ? null
        : {
            billed: fromMicros(energy.billed),
            other: fromMicros(energy.other),
            cost: fromMicros(energy.cost),
          },
    difference: difference === null ? null : fromMicros(difference),
    net: fromMicros(net),
    tax: fromMicros(tax),
    sha256: row?.sha256 ?? null,
    content_hash: row?.content_hash ?? null,
    tariff:
      tariff === null
        ? null
        : {
            id: tariff.id,
            last_updated: readText(at(tariff.tariff, '/last_updated')),
            sha256: tariff.sha256,
          },
  }
}
