import { stringify } from 'csv-stringify/sync'
import { limits } from '../../config/limits.ts'
import type { Sql } from '../db/sql.ts'
import { fromMicros } from '../ledger/money.ts'
import { findCycle } from './cycles.ts'
import { cursorOf, kindOf, readLines } from './lines.ts'

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
] as const

/**
 * The lines of a party's statement as CSV text (RFC 4180, dot decimals, one header), page by page so that it can be
 * streamed; nothing at all when there is no such cycle. Text that a spreadsheet would run as a formula is disarmed.
 */
export async function* statementCsv(
  db: Sql,
  { cycleId, party }: { cycleId: string; party: string },
): AsyncGenerator<string, void, undefined> {
  const cycle = await findCycle(db, cycleId)
  if (!cycle) return
  const kind = kindOf(cycle.state)
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
    yield toCsv(
      lines.map((line) => [
        cycleId,
        kind,
        party,
        line.cdrId,
        line.owner,
        line.counterparty,
        line.direction,
        line.state,
        cycle.currency,
        line.net,
        line.tax,
        line.net + line.tax,
        line.taxKnown ? 'true' : 'false',
        line.carriedFrom ?? '',
        line.lateFrom ?? '',
        String(line.part),
        line.dispute?.toString() ?? '',
      ]),
    )
    const last = lines.at(-1)
    if (!last || lines.length < limits.statementLinesMax) return
    after = cursorOf(last)
  }
}

/** Amounts stay bigint up to here: only text is searched for formulas, so a negative amount keeps its plain sign. */
function toCsv(records: readonly (readonly (string | bigint)[])[]): string {
  return stringify([...records], {
    cast: { bigint: fromMicros },
    escape_formulas: true,
    record_delimiter: 'windows',
  })
}
