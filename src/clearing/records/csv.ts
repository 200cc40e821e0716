/** How a file separates its columns, and so how it writes decimals. */
export type CsvForm = { delimiter: string; hasDecimalComma: boolean }

const DELIMITERS = [';', '\t', ',', '|']

/** The separator that the heading has most of; where it is no comma, a comma in a number is its decimal point. */
export function csvForm(heading: string): CsvForm {
  const [line = ''] = heading.split(/\r?\n/, 1)
  const counts = DELIMITERS.map((each) => line.split(each).length)
  const delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
  return { delimiter, hasDecimalComma: delimiter !== ',' }
}

/** Options of csv-parse for such a file; every row becomes {record, info}. */
export function csvOptions({ delimiter }: CsvForm) {
  return {
    delimiter,
    bom: true,
    columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
  }
}

/** A row as csv-parse gives it: the object to be read as a record, and the line of the file that it ends on. */
export function csvRow(
  given: unknown,
  { hasDecimalComma }: CsvForm,
): { line: number; value: Record<string, string> } {
  const record = memberOf(given, 'record')
  const line = memberOf(memberOf(given, 'info'), 'lines')
  const entries = typeof record === 'object' && record !== null ? Object.entries(record) : []
  const value = entries.flatMap(([name, cell]): [string, string][] => {
    if (name === '' || typeof cell !== 'string' || cell === '') return []
    const isDecimal = hasDecimalComma && /^-?\d+,\d+$/.test(cell)
    return [[name, isDecimal ? cell.replace(',', '.') : cell]]
  })
  return { line: typeof line === 'number' ? line : 0, value: Object.fromEntries(value) }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
}
