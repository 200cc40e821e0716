import { stringify } from 'csv-stringify/sync'
import { contentHash } from '../../ocpi/canonical.ts'
import { energyDelta, isBias, slackOf } from '../bias.ts'
import { exactly } from '../decimal.ts'
import { at, listOf, readText, readTime } from '../read.ts'
import { patternFile, patternLines } from './pattern-types.ts'
import type { FrozenPattern, PatternLine, PatternTest } from './pattern-types.ts'

/** The evidence of a pattern as it stands in a pack: parsed, `table` as bytes. `manifest`: of the whole pack. */
type Evidence = {
  manifest: unknown
  pattern: unknown
  lines: unknown
  tariffs: unknown
  table: Buffer | undefined
}

/** What does not hold in the evidence of a pattern, in words; null: all of it does. */
export function patternFault({
  manifest,
  pattern,
  lines,
  tariffs,
  table,
}: Evidence): string | null {
  if (!patternFile.Check(pattern)) return 'pattern.json is missing or cannot be read'
  if (!patternLines.Check(lines)) return 'cdrs.json is missing or cannot be read'
  const ids = lines.flatMap(({ cdr }) => cdr ?? [])
  if (new Set(ids).size < ids.length) return 'a CDR is listed twice'
  for (const line of lines) {
    const fault = lineFault(line, pattern)
    if (fault !== null) return `CDR ${line.cdr ?? 'without id'} ${fault}`
  }
  return (
    sumFault(lines, { pattern, manifest }) ??
    (pattern.test === null ? null : testFault(pattern.test, lines)) ??
    tariffFault(tariffs) ??
    (table?.equals(patternTable(lines)) === true ? null : 'cdrs.csv says something else')
  )
}

/** The list as people open it: CSV with one header; text that a spreadsheet would run as a formula is disarmed. */
export function patternTable(lines: readonly PatternLine[]): Buffer {
  const records = lines.map(({ tariff, energy, ...line }) => ({
    ...line,
    kwh: energy?.billed ?? null,
    other_kwh: energy?.other ?? null,
    energy_cost: energy?.cost ?? null,
    tariff: tariff?.id ?? null,
    tariff_last_updated: tariff?.last_updated ?? null,
    tariff_sha256: tariff?.sha256 ?? null,
  }))
  const text = stringify(records, {
    header: true,
    columns: COLUMNS.map(([key, header]) => ({ key, header })),
    // Amounts are decimals by their schema: a minus is no formula.
    cast: {
      string: (value, { header, column }) =>
        !header && AMOUNTS.has(String(column)) ? { value, escape_formulas: false } : value,
    },
    escape_formulas: true,
    record_delimiter: 'windows',
  })
  return Buffer.from(text)
}

const COLUMNS = [
  ['cdr', 'cdr_id'],
  ['start', 'start'],
  ['currency', 'currency'],
  ['claim', 'claim'],
  ['price', 'price_by_tariff'],
  ['record', 'record_of_emsp'],
  ['kwh', 'kwh'],
  ['other_kwh', 'compared_with_kwh'],
  ['energy_cost', 'cost_of_kwh'],
  ['difference', 'difference'],
  ['net', 'disputed_net'],
  ['tax', 'disputed_tax'],
  ['tariff', 'tariff'],
  ['tariff_last_updated', 'tariff_last_updated'],
  ['tariff_sha256', 'tariff_sha256'],
  ['sha256', 'sha256'],
  ['content_hash', 'content_hash'],
] as const
const AMOUNTS: ReadonlySet<string> = new Set([
  'claim',
  'price',
  'record',
  'kwh',
  'other_kwh',
  'energy_cost',
  'difference',
  'net',
  'tax',
])

/** What is wrong with one CDR of the list, to be read after its name. */
function lineFault(line: PatternLine, { currency, test }: FrozenPattern): string | null {
  if (line.currency !== currency) return `is in ${line.currency}, not ${currency}`
  if (micros(line.net) < 0n || micros(line.tax) < 0n) return 'has less than nothing disputed'
  const { claim, difference } = line
  if (test?.by === 'energy' || test?.by === 'record_energy') return energyFault(line)
  const other = test?.by === 'record' ? line.record : line.price
  const isKnown = claim !== null && difference !== null && other !== null
  if (isKnown && micros(claim) - micros(other) !== micros(difference))
    return `claims ${claim} instead of ${other}, which is not a difference of ${difference}`
  if (test === null) return null
  return isKnown ? netFault(line, difference) : 'was measured and has no difference'
}

function energyFault(line: PatternLine): string | null {
  const { energy, difference } = line
  if (energy === null || difference === null) return 'was measured and has no difference'
  const { billed, other, cost } = energy
  const apart = energyDelta({ billed: micros(billed), other: micros(other), cost: micros(cost) })
  return apart === micros(difference)
    ? netFault(line, difference)
    : `bills ${billed} kWh for ${cost} instead of ${other} kWh, which is not a difference of ${difference}`
}

function netFault({ net }: PatternLine, difference: string): string | null {
  return micros(net) > micros(difference)
    ? `has ${net} disputed, more than its difference of ${difference}`
    : null
}

/** The list, what was frozen about it, the pack and the event that opened the dispute say the same sums. */
function sumFault(
  lines: readonly PatternLine[],
  { pattern, manifest }: { pattern: FrozenPattern; manifest: unknown },
): string | null {
  if (lines.length !== pattern.cdrs) return `it has ${lines.length} CDRs, not ${pattern.cdrs}`
  for (const [name, word] of [
    ['net', 7],
    ['tax', 8],
  ] as const) {
    const sum = lines.reduce((all, line) => all + micros(line[name]), 0n)
    const shown = readText(at(manifest, `/dispute/${name}`))
    const said = readText(at(manifest, `/events/0/said/${word}`))
    if (sum !== micros(pattern[name]))
      return `the CDRs do not add up to the ${name} of ${pattern[name]} that is disputed`
    if (shown === null || !isAmount(shown) || sum !== micros(shown))
      return `the dispute is over a ${name} of ${shown ?? 'nothing'}, not of ${pattern[name]}`
    if (said !== String(sum)) return `the dispute was opened over another ${name}`
  }
  return null
}

/** The figures of the test follow from each other, are above what it asks for, and have room for what is listed. */
function testFault(test: PatternTest, lines: readonly PatternLine[]): string | null {
  const [sum, slack, rise] = [micros(test.sum), micros(test.slack), micros(test.rise)]
  const squares = exactly(test.squares) / SQUARES
  if (sum - slack !== rise) return 'the rise of the test is not its sum less its slack'
  if (micros(test.mean) !== sum / BigInt(test.cdrs)) return 'the mean of the test is another one'
  const { cdrs: count, others } = test
  if (!isBias({ rise, count, sum, slack, squares, others }, micros(test.threshold)))
    return 'by the figures of the test it may be chance, or is below the threshold'
  const listed = lines.map(({ difference }) => micros(difference ?? '0'))
  const net = lines.reduce((all, line) => all + micros(line.net), 0n)
  if (lines.length > test.cdrs || net > sum) return 'more is disputed than was measured'
  if (listed.reduce((all, each) => all + each * each, 0n) > squares)
    return 'the differences are not those that were measured'
  if (others === 0 && (lines.length < count || !lines.every(isAboveSlack)))
    return 'not all of them are above their slack'
  const [from, until] = [readTime(test.from), readTime(test.until)]
  const isWithin = lines.every(({ start }) => {
    const ms = readTime(start)
    return ms !== null && from !== null && until !== null && ms >= from && ms < until
  })
  return isWithin ? null : 'a CDR began at another time than was measured'
}

function isAboveSlack({ difference, energy, claim }: PatternLine): boolean {
  return micros(difference ?? '0') > slackOf(micros(energy?.cost ?? claim ?? '0'))
}

/** Each tariff has the hash by which the list names it. */
function tariffFault(tariffs: unknown): string | null {
  const wrong = listOf(tariffs).find(
    (each) => contentHash(at(each, '/tariff'), new Map()).toString('hex') !== at(each, '/sha256'),
  )
  return wrong === undefined ? null : 'a tariff is not the one that its hash names'
}

const MICRO = 10n ** 30n
const SQUARES = 10n ** 24n

/** Exact: the schema allows no more than six decimals. */
function micros(text: string): bigint {
  return exactly(text) / MICRO
}

function isAmount(text: string): boolean {
  return /^\d{1,18}(?:\.\d{1,6})?$/.test(text)
}
