import { stringify } from 'csv-stringify/sync'
import { limits } from '../../config/limits.ts'
import type { Sql } from '../db/sql.ts'
import { fromMicros } from '../ledger/money.ts'
import { carriedCursor, readCarried } from './carried.ts'
import type { CarriedLine } from './carried.ts'
import { findCycle } from './cycles.ts'
import { cursorOf, kindOf, readLines } from './lines.ts'
import type { PartyLine, StatementKind } from './lines.ts'

/** The columns of a statement as CSV. New ones are added at the end, none is renamed. */
const COLUMNS = [
  'cycle',
  'kind',
  'party',
  'cdr_id',
  'owner',
  'counterparty',
  'direction',
  'state',
  'currency',
  'net',
  'tax',
  'gross',
  'tax_known',
  'carried_from',
  'late_from',
  'part',
  'dispute',
  'carried_to',
] as const

/**
 * The lines of a party's statement as CSV text (RFC 4180, dot decimals, one header), page by page so that it can be
 * streamed; then those that were not approved when the cycle became final, each with `carried_to`, which no total of the
 * statement holds; nothing at all when there is no such cycle. Text that a spreadsheet would run as a formula is disarmed.
 */
export async function* statementCsv(
  db: Sql,
  { cycleId, party }: { cycleId: string; party: string },
): AsyncGenerator<string, void, undefined> {
  const cycle = await findCycle(db, cycleId)
  if (!cycle) return
  const kind = kindOf(cycle.state)
  const of = { cycleId, kind, party, currency: cycle.currency }
  let after: string | undefined
  yield toCsv([[...COLUMNS]])
  for (;;) {
    const lines = await readLines(db, {
      cycleId,
      kind,
      party,
      after,
      limit: limits.statementLinesMax,
    })
    yield toCsv(lines.map((line) => recordOf(line, of)))
    const last = lines.at(-1)
    if (!last || lines.length < limits.statementLinesMax) break
    after = cursorOf(last)
  }
  yield* carriedCsv(db, of)
}

type Of = { cycleId: string; kind: StatementKind; party: string; currency: string }

async function* carriedCsv(db: Sql, of: Of): AsyncGenerator<string, void, undefined> {
  let after: string | undefined
  for (;;) {
    const limit = limits.statementLinesMax
    const lines = await readCarried(db, { ...of, after, limit })
    if (lines.length > 0) yield toCsv(lines.map((line) => recordOf(line, of)))
    const last = lines.at(-1)
    if (!last || lines.length < limit) return
    after = carriedCursor(last)
  }
}

function recordOf(line: PartyLine | CarriedLine, of: Of): (string | bigint)[] {
  const [from, late, to] =
    'carriedTo' in line
      ? ['', '', line.carriedTo]
      : [line.carriedFrom ?? '', line.lateFrom ?? '', '']
  return [
    of.cycleId,
    of.kind,
    of.party,
    line.cdrId,
    line.owner,
    line.counterparty,
    line.direction,
    line.state,
    of.currency,
    line.net,
    line.tax,
    line.net + line.tax,
    line.taxKnown ? 'true' : 'false',
    from,
    late,
    String(line.part),
    line.dispute?.toString() ?? '',
    to,
  ]
}

/** Amounts stay bigint up to here: only text is searched for formulas, so a negative amount keeps its plain sign. */
function toCsv(records: readonly (readonly (string | bigint)[])[]): string {
  return stringify([...records], {
    cast: { bigint: fromMicros },
    escape_formulas: true,
    record_delimiter: 'windows',
  })
}
