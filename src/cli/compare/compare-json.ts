import type { Compared, FileComparison, Total } from './compare-files.ts'
import type { CompareReport } from './compare-text.ts'
import { plainText } from './figures.ts'
import type { Difference } from './differences.ts'
import type { Row, SideFile } from './side.ts'

/** The comparison as data: amounts and kWh as decimal text, times RFC 3339, differences theirs − ours. */
export function compareJson({ ours, theirs, result, patterns, isSame }: CompareReport): object {
  return {
    same: isSame,
    basis: result.basis,
    notes: result.notes,
    not_compared: result.notCompared,
    ours: sideOf(ours),
    theirs: sideOf(theirs),
    totals: result.totals.map(totalOf),
    patterns: patterns.map(({ difference, ...pattern }) => ({
      ...pattern,
      difference: difference === null ? null : plainText(difference),
    })),
    matched: result.compared.length,
    different: result.compared.filter(({ differences }) => differences.length > 0).map(comparedOf),
    suggested: result.suggested.map(comparedOf),
    ambiguous: result.ambiguous.map((each) => ({
      ours: each.ours.map(rowOf),
      theirs: each.theirs.map(rowOf),
    })),
    only_ours: result.oursOnly.map(rowOf),
    only_theirs: result.theirsOnly.map(rowOf),
    duplicates: duplicatesOf(result),
  }
}

function sideOf({ path, place, columns, unused, rowCount, bad }: SideFile): object {
  const read = { columns, unused_columns: unused }
  return { path, rows: rowCount, counted_by: place, ...read, bad_rows: bad }
}

function totalOf({ currency, ...sums }: Total): object {
  const texts = Object.entries({ ...sums, difference: sums.theirs - sums.ours })
  return {
    currency,
    ...Object.fromEntries(texts.map(([name, sum]) => [snake(name), plainText(sum)])),
  }
}

function comparedOf({ match, ours, theirs, differences }: Compared): object {
  const { kind, tier, score, shiftMinutes } = match
  return {
    kind,
    tier,
    score,
    shift_minutes: shiftMinutes,
    ours: ours.map(rowOf),
    theirs: theirs.map(rowOf),
    differences: differences.map(differenceOf),
  }
}

function differenceOf({ kind, ours, theirs, difference, why }: Difference): object {
  const isTime = kind === 'time' || kind === 'time zone'
  const text = (value: bigint | string | null): string | null => {
    if (typeof value !== 'bigint') return value
    return isTime ? new Date(Number(value)).toISOString() : plainText(value)
  }
  const between =
    difference === null ? null : isTime ? `${Number(difference) / 1_000} s` : plainText(difference)
  return { kind, ours: text(ours), theirs: text(theirs), difference: between, why }
}

function duplicatesOf({ duplicates }: FileComparison): object[] {
  return duplicates.map(({ side, row, first, isSame }) => ({
    side,
    row: row.line,
    of: first.line,
    same_content: isSame,
  }))
}

function rowOf({ line, name, record }: Row): object {
  const { start, end, energyMwh, moneyMicros, currency, isCredit } = record
  return {
    row: line,
    name,
    session_id: record.sessionId,
    evse: record.evse,
    start: start === null ? null : new Date(start).toISOString(),
    end: end === null ? null : new Date(end).toISOString(),
    kwh: energyMwh === null ? null : plainText(energyMwh),
    amount: moneyMicros === null ? null : plainText(moneyMicros),
    currency,
    credit: isCredit,
  }
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
