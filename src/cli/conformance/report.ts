import { printable } from '../show.ts'
import type { Row } from './check.ts'
import type { Report } from './run.ts'

const SIGNS = { pass: 'ok', fail: 'FAIL', warn: 'warn', skipped: '-' } as const

/** The report as text: a table per subject, what was seen below each row that is not in order, totals last. */
export function reportText({ partner, rows, totals }: Report): string {
  const subjects = [...new Set(rows.map(({ subject }) => subject))]
  const parts = subjects.map((subject) => {
    const own = rows.filter((row) => row.subject === subject)
    return [subject, ...own.flatMap((row) => lines(row, own))].join('\n')
  })
  const sums = `${totals.pass} passed, ${totals.fail} failed, ${totals.warn} warnings, ${totals.skipped} not checked`
  return [`Partner: ${partner}`, ...parts, sums].join('\n\n')
}

function lines(row: Row, own: readonly Row[]): string[] {
  const width = (of: (row: Row) => string) => Math.max(...own.map((one) => of(one).length))
  const cells = [
    SIGNS[row.outcome].padEnd(4),
    row.id.padEnd(width(({ id }) => id)),
    row.what.padEnd(width(({ what }) => what)),
    row.citation,
  ]
  const isQuiet = row.outcome === 'pass' || row.detail === ''
  return [`  ${cells.join('  ')}`, ...(isQuiet ? [] : [`        ${printable(row.detail)}`])]
}
