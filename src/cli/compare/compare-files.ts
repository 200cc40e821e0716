import { assert } from '../../assert.ts'
import { matchRecords } from '../../clearing/matching/match.ts'
import type { Ambiguity, Match, Matching, MatchRecord } from '../../clearing/matching/types.ts'
import { differencesOf } from './differences.ts'
import type { Difference, Tolerances } from './differences.ts'
import { notComparedIn } from './not-compared.ts'
import type { NotCompared } from './not-compared.ts'
import type { Pair } from './patterns.ts'
import { areForeignIds } from './same-id.ts'
import type { Row, SideFile } from './side.ts'

/** Rows that are one session; several on one side where it was split or merged. */
export type Compared = {
  match: Match
  ours: readonly Row[]
  theirs: readonly Row[]
  differences: readonly Difference[]
}

/** A row that a side has twice. */
export type Duplicate = { side: 'ours' | 'theirs'; row: Row; first: Row; isSame: boolean }

/** What one currency comes to: theirs − ours is what the parts add up to. */
export type Total = {
  currency: string
  ours: bigint
  theirs: bigint
  /** theirs − ours, of what was matched; of what only one side has; of what is not certain. */
  matched: bigint
  oursOnly: bigint
  theirsOnly: bigint
  unclear: bigint
  duplicates: bigint
}

export type FileComparison = {
  /** Which amounts were compared, in words; null: none. */
  basis: string | null
  notes: readonly string[]
  /** What sessions on both sides could not be compared in. */
  notCompared: readonly NotCompared[]
  compared: readonly Compared[]
  suggested: readonly Compared[]
  ambiguous: readonly { ours: readonly Row[]; theirs: readonly Row[] }[]
  oursOnly: readonly Row[]
  theirsOnly: readonly Row[]
  duplicates: readonly Duplicate[]
  totals: readonly Total[]
}

/** Matches two files row by row and compares what was matched. Pure. */
export function compareFiles(
  ours: SideFile,
  theirs: SideFile,
  tolerances: Tolerances,
): FileComparison {
  const notes: string[] = []
  const basis = basisOf(ours, theirs)
  const foreign = areForeignIds(ours.rows, theirs.rows)
  if (foreign)
    notes.push(
      'The ids of CDRs are other numbers on each side and were not used: equal ones are plainly not one session.',
    )
  const currency = onlyCurrency([...ours.rows, ...theirs.rows])
  const ready = (side: SideFile, which: 'ours' | 'theirs'): Row[] =>
    side.rows.map((row) =>
      withBasis(row, { column: basis?.[which] ?? null, keepsId: !foreign, currency }),
    )
  const [left, right] = [
    withoutTwins(ready(ours, 'ours'), 'ours'),
    withoutTwins(ready(theirs, 'theirs'), 'theirs'),
  ]
  const matching = matchRecords(left.rows.map(recordOf), right.rows.map(recordOf))
  const found = named(matching, { left: left.rows, right: right.rows, tolerances })
  const duplicates = [...left.duplicates, ...right.duplicates]
  return {
    basis: basis === null ? null : basis.sentence,
    notes,
    notCompared: notComparedIn(found.compared),
    ...found,
    duplicates,
    totals: totalsOf({ left: left.rows, right: right.rows, ...found, duplicates }),
  }
}

/** Pairs of one row each, for what many have in common. */
export function pairsOf({ compared }: FileComparison): Pair[] {
  return compared.flatMap(({ ours, theirs, differences }) => {
    const [a, b] = [ours[0], theirs[0]]
    if (a === undefined || b === undefined || ours.length + theirs.length !== 2) return []
    return [{ ours: a, theirs: b, differences }]
  })
}

type Money = 'net' | 'gross' | 'amount'
type Basis = Record<'ours' | 'theirs', Money> & { sentence: string }

/** Net with net or gross with gross; an amount that does not say which is taken for what the other side has. */
function basisOf(ours: SideFile, theirs: SideFile): Basis | null {
  const choices: readonly [Money, Money][] = [
    ['net', 'net'],
    ['gross', 'gross'],
    ['amount', 'amount'],
    ['amount', 'net'],
    ['net', 'amount'],
    ['amount', 'gross'],
    ['gross', 'amount'],
  ]
  const has = (side: SideFile, kind: Money): boolean =>
    side.rows.filter((row) => row[kind] !== null).length * 2 > side.rows.length
  const found = choices.find(([a, b]) => has(ours, a) && has(theirs, b))
  if (found === undefined) return null
  const [a, b] = found
  const column = (side: SideFile, kind: Money): string => `“${side.columns[kind] ?? kind}”`
  const sure = a === b && a !== 'amount'
  const kind = a === 'amount' ? b : a
  const words = kind === 'net' ? 'before tax' : kind === 'gross' ? 'with tax' : 'as they are'
  const sentence = `Amounts ${words}: ${column(ours, a)} of ours with ${column(theirs, b)} of theirs${sure ? '' : '; whether both are before or with tax is not said'}.`
  return { ours: a, theirs: b, sentence }
}

/** Where the files know one currency, a row that says none means it. */
function onlyCurrency(rows: readonly Row[]): string | null {
  const found = new Set(rows.flatMap(({ record }) => record.currency ?? []))
  const [only] = found
  return found.size === 1 ? (only ?? null) : null
}

function withBasis(
  row: Row,
  how: { column: Money | null; keepsId: boolean; currency: string | null },
): Row {
  const { column, keepsId, currency } = how
  const moneyMicros = column === null ? null : row[column]
  const { record } = row
  return {
    ...row,
    record: {
      ...record,
      moneyMicros,
      cdrId: keepsId ? record.cdrId : null,
      currency: record.currency ?? currency,
    },
  }
}

/** Leaves out rows whose CDR id a row before had: they are the same CDR twice. */
function withoutTwins(
  rows: readonly Row[],
  side: 'ours' | 'theirs',
): { rows: Row[]; duplicates: Duplicate[] } {
  const first = new Map<string, Row>()
  const kept: Row[] = []
  const duplicates: Duplicate[] = []
  for (const row of rows) {
    const { cdrId, cpo, isCredit } = row.record
    const key = cdrId === null ? null : `${cpo ?? ''} ${cdrId} ${isCredit}`
    const before = key === null ? undefined : first.get(key)
    if (before !== undefined)
      duplicates.push({ side, row, first: before, isSame: isTwin(row, before) })
    else {
      kept.push(row)
      if (key !== null) first.set(key, row)
    }
  }
  return { rows: kept, duplicates }
}

function isTwin({ record: a }: Row, { record: b }: Row): boolean {
  return a.start === b.start && a.energyMwh === b.energyMwh && a.moneyMicros === b.moneyMicros
}

function recordOf({ record }: Row): MatchRecord {
  return record
}

type Found = Pick<
  FileComparison,
  'compared' | 'suggested' | 'ambiguous' | 'oursOnly' | 'theirsOnly'
>

function named(
  matching: Matching,
  {
    left,
    right,
    tolerances,
  }: { left: readonly Row[]; right: readonly Row[]; tolerances: Tolerances },
): Found {
  const [ours, theirs] = [rowsById(left), rowsById(right)]
  const compared = (match: Match): Compared => {
    const sides = { ours: match.left.map(ours), theirs: match.right.map(theirs) }
    const differences = compareSides(sides, { match, tolerances })
    return { match, ...sides, differences }
  }
  const byState = (state: Match['state']): Compared[] =>
    matching.matches.filter((match) => match.state === state).map(compared)
  return {
    compared: byState('confirmed'),
    suggested: byState('suggested'),
    ambiguous: matching.ambiguous.map((each: Ambiguity) => ({
      ours: each.left.map(ours),
      theirs: each.right.map(theirs),
    })),
    oursOnly: matching.leftOnly.map(ours),
    theirsOnly: matching.rightOnly.map(theirs),
  }
}

function rowsById(rows: readonly Row[]): (id: string) => Row {
  const byId = new Map(rows.map((row) => [row.record.id, row]))
  return (id) => {
    const row = byId.get(id)
    assert(row !== undefined, 'a matched record is none of the rows')
    return row
  }
}

/** Where a side has several rows, their sums are compared. */
function compareSides(
  { ours, theirs }: { ours: readonly Row[]; theirs: readonly Row[] },
  { match, tolerances }: { match: Match; tolerances: Tolerances },
): Difference[] {
  const [a, b] = [summed(ours), summed(theirs)]
  return differencesOf(a, b, { tolerances, shiftMinutes: match.shiftMinutes })
}

function summed(rows: readonly Row[]): Row {
  const [first, ...rest] = rows
  assert(first !== undefined, 'a match has rows on both sides')
  return rest.reduce((sum, { record }) => {
    const { start, end, energyMwh, moneyMicros } = sum.record
    const both = <T, R>(a: T | null, b: T | null, join: (a: T, b: T) => R): R | null =>
      a === null || b === null ? null : join(a, b)
    return {
      ...sum,
      record: {
        ...sum.record,
        start: both(start, record.start, Math.min),
        end: both(end, record.end, Math.max),
        energyMwh: both(energyMwh, record.energyMwh, (x: bigint, y: bigint) => x + y),
        moneyMicros: both(moneyMicros, record.moneyMicros, (x: bigint, y: bigint) => x + y),
      },
    }
  }, first)
}

/** Every row with an amount counts once; what the columns say adds up to the difference, to the last digit. */
function totalsOf(
  of: Found & { left: readonly Row[]; right: readonly Row[]; duplicates: readonly Duplicate[] },
): Total[] {
  const totals = new Map<string, Total>()
  const add = (
    rows: readonly Row[],
    column: Exclude<keyof Total, 'currency'>,
    sign: bigint,
  ): void => {
    for (const { record } of rows) {
      if (record.moneyMicros === null) continue
      const currency = record.currency ?? ''
      const none = {
        ours: 0n,
        theirs: 0n,
        matched: 0n,
        oursOnly: 0n,
        theirsOnly: 0n,
        unclear: 0n,
        duplicates: 0n,
      }
      const total = totals.get(currency) ?? { currency, ...none }
      total[column] += sign * record.moneyMicros
      totals.set(currency, total)
    }
  }
  const twins = (side: Duplicate['side']): Row[] =>
    of.duplicates.filter((each) => each.side === side).map(({ row }) => row)
  add([...of.left, ...twins('ours')], 'ours', 1n)
  add([...of.right, ...twins('theirs')], 'theirs', 1n)
  add(of.oursOnly, 'oursOnly', -1n)
  add(of.theirsOnly, 'theirsOnly', 1n)
  add(twins('ours'), 'duplicates', -1n)
  add(twins('theirs'), 'duplicates', 1n)
  for (const { ours, theirs } of of.compared) {
    add(ours, 'matched', -1n)
    add(theirs, 'matched', 1n)
  }
  for (const { ours, theirs } of [...of.suggested, ...of.ambiguous]) {
    add(ours, 'unclear', -1n)
    add(theirs, 'unclear', 1n)
  }
  return [...totals.values()].toSorted((a, b) => (a.currency < b.currency ? -1 : 1))
}
