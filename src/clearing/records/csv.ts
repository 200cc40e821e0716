import { columnsOf } from './column-names.ts'
import type { Field } from './column-names.ts'
import { PLACES } from './read-record.ts'
import type { Name } from './read-record.ts'

/**
 * How a file separates its columns, and so how it writes decimals; the line of its heading; and the columns, as they are
 * called there, that say nothing a record can hold.
 */
export type CsvForm = {
  delimiter: string
  hasDecimalComma: boolean
  headingLine: number
  unused: readonly string[]
}

const DELIMITERS = [';', '\t', ',', '|']

/** The separator that the heading has most of; where it is no comma, a comma in a number is its decimal point. */
export function csvForm(text: string): CsvForm {
  const [first = '', second = ''] = text.split(/\r?\n/, 2)
  // What Excel writes first, so that it knows itself.
  const said = /^sep=(.)$/i.exec(first)
  const heading = said === null ? first : second
  const counts = DELIMITERS.map((each) => heading.split(each).length)
  const delimiter = said?.[1] ?? DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
  const names = heading.split(delimiter).map((name) => name.replace(/^\s*"|"\s*$/g, ''))
  return {
    delimiter,
    hasDecimalComma: delimiter !== ',',
    headingLine: said === null ? 1 : 2,
    unused: namesOf(names).unused,
  }
}

/** Options of csv-parse for such a file; every row becomes {record, info}. */
export function csvOptions({ delimiter, headingLine }: CsvForm) {
  return {
    delimiter,
    bom: true,
    columns: (names: string[]) => namesOf(names).names,
    from_line: headingLine,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
  }
}

/** What a table may call by many names, as a record calls it. */
const MEANT: Readonly<Partial<Record<Field, Name>>> = {
  cdrId: 'cdr',
  sessionId: 'session',
  reference: 'reference',
  tokenUid: 'uid',
  contract: 'contract',
  evse: 'evse',
  location: 'location',
  meter: 'meter',
  cpo: 'cpo',
  start: 'start',
  end: 'end',
  energyKwh: 'kwh',
  energyWh: 'wh',
  net: 'net',
  gross: 'gross',
  amount: 'amount',
  currency: 'currency',
}

/** The columns as a record calls them. One that a record knows by its own name stays; of two that say the same one does. */
function namesOf(given: readonly string[]): { names: string[]; unused: string[] } {
  const own = given.map((name) => name.trim().toLowerCase())
  const knownAs = (name: string): string | undefined =>
    Object.entries(PLACES).find(([, places]) => places.some((place) => place === name))?.[0]
  const said = new Set(own.flatMap((name) => knownAs(name) ?? []))
  const others = given.map((name) => name.trim()).filter((_, at) => !knownAs(own[at] ?? ''))
  const found = columnsOf(others, new Map())
  const meant = new Map<string, Name>()
  for (const [field, name] of Object.entries(MEANT)) {
    const column = Object.entries(found).find(([each]) => each === field)?.[1]
    if (column !== undefined && !said.has(name)) meant.set(column, name)
  }
  const names = given.map((name, at) => {
    const place = meant.get(name.trim())
    const plain = place && PLACES[place].find((each) => !each.includes('.'))
    return plain ?? own[at] ?? ''
  })
  const unused = others.filter((name) => name !== '' && !meant.has(name))
  return { names, unused }
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
