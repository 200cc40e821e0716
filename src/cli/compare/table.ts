import { readFileSync, statSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { limits } from '../../../config/limits.ts'
import { isRecord, readPrice } from '../../clearing/read.ts'
import { textOf } from '../../clearing/decimal.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { unwrapped } from '../json-file.ts'

/** A row as it stands in a file: `line` in CSV and NDJSON, the number of the item in a JSON list. */
export type TableRow = { line: number; cells: ReadonlyMap<string, string>; problem: string | null }

/** A file of rows. `place`: what `line` counts. */
export type Table = {
  place: 'line' | 'item'
  headers: readonly string[]
  rows: readonly TableRow[]
}

/** Reads a file of CDRs: CSV with a heading (comma, semicolon or tab), a JSON list, an OCPI answer, or NDJSON. */
export function readTable(path: string): Table {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true)
    throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  if (found.size > limits.compareFileBytesMax)
    throw new CliStop(EXIT.cannot, `${path} is larger than ${limits.compareFileBytesMax} bytes.`)
  const text = decoded(path)
  const table = /^\s*[[{]/.test(text) ? jsonTable(path, text) : csvTable(path, text)
  if (table.rows.length === 0) throw new CliStop(EXIT.cannot, `${path} has no rows.`)
  if (table.rows.length > limits.compareRowsMax)
    throw new CliStop(EXIT.cannot, `${path} has more than ${limits.compareRowsMax} rows.`)
  return table
}

/** UTF-8, or what spreadsheets of the West write where it is none. */
function decoded(path: string): string {
  const bytes = readFileSync(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'windows-1252').decode(bytes)
  }
}

function csvTable(path: string, whole: string): Table {
  // What Excel writes first, so that it knows itself what parts the columns.
  const said = /^\ufeff?sep=(.)\r?\n/i.exec(whole)
  const text = said === null ? whole : whole.slice(said[0].length)
  const delimiter = said?.[1] ?? delimiterOf(text)
  const records = parsedCsv(path, { text, delimiter })
  const [heading, ...rest] = records
  const headers = (heading?.record ?? []).map((name) => name.trim())
  if (headers.length < 2)
    throw new CliStop(EXIT.cannot, `${path} has no heading with the names of its columns.`)
  return {
    place: 'line',
    headers,
    rows: rest.map(({ record, info }) => {
      const cells = new Map<string, string>()
      headers.forEach((header, index) => {
        const cell = record[index]?.trim() ?? ''
        if (cell !== '' && !cells.has(header)) cells.set(header, cell)
      })
      const problem =
        record.length === headers.length
          ? null
          : `has ${record.length} columns, the heading has ${headers.length}`
      // Of a row over several lines the parser says the last one.
      const breaks = record.reduce((sum, cell) => sum + (cell.match(/\n/g)?.length ?? 0), 0)
      return { line: info.lines - breaks + (said === null ? 0 : 1), cells, problem }
    }),
  }
}

type CsvRecord = { record: string[]; info: { lines: number } }

function parsedCsv(
  path: string,
  { text, delimiter }: { text: string; delimiter: string },
): CsvRecord[] {
  try {
    const found: unknown = parse(text, {
      delimiter,
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    })
    return Array.isArray(found) ? found.filter(isCsvRecord) : []
  } catch (error) {
    const why = error instanceof CsvError ? error.message : 'it is no CSV'
    throw new CliStop(EXIT.cannot, `${path} cannot be read: ${why.slice(0, 200)}`)
  }
}

function isCsvRecord(value: unknown): value is CsvRecord {
  return isRecord(value) && Array.isArray(value['record']) && isRecord(value['info'])
}

/** What parts the names of the heading most often. */
function delimiterOf(text: string): string {
  const heading = text.slice(0, Math.max(0, text.search(/\r?\n|$/)))
  const count = (mark: string): number => heading.split(mark).length
  return [',', ';', '\t', '|'].toSorted((a, b) => count(b) - count(a))[0] ?? ','
}

function jsonTable(path: string, text: string): Table {
  const whole = jsonOf(text)
  const list = unwrapped(whole)
  if (whole !== undefined) {
    const items: readonly unknown[] = Array.isArray(list) ? list : [list]
    return tableOf(
      items.map((item, index) => ({ line: index + 1, item })),
      'item',
    )
  }
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line.trim() }))
  const items = lines
    .filter((each) => each.text !== '')
    .map((each) => ({ line: each.line, item: jsonOf(each.text) }))
  if (items.every(({ item }) => item === undefined))
    throw new CliStop(EXIT.cannot, `${path} is neither CSV nor JSON.`)
  return tableOf(items, 'line')
}

function tableOf(items: readonly { line: number; item: unknown }[], place: Table['place']): Table {
  const headers = new Set<string>()
  const rows = items.map(({ line, item }) => {
    const cells = new Map<string, string>()
    if (!isRecord(item)) return { line, cells, problem: 'is no JSON object' }
    flatten(item, { path: '', cells })
    addOcpi(item, cells)
    for (const header of cells.keys()) headers.add(header)
    return { line, cells, problem: null }
  })
  return { place, headers: [...headers], rows }
}

/** `{a: {b: 1}}` → `a.b`: 1. Lists are left out: what is in them is no column. */
function flatten(
  value: Readonly<Record<string, unknown>>,
  to: { path: string; cells: Map<string, string> },
): void {
  for (const [name, member] of Object.entries(value)) {
    const path = to.path === '' ? name : `${to.path}.${name}`
    if (isRecord(member)) {
      if (path.split('.').length < 4) flatten(member, { path, cells: to.cells })
    } else if (typeof member === 'string' || typeof member === 'number') {
      if (String(member) !== '') to.cells.set(path, String(member))
    } else if (member === true) to.cells.set(path, 'true')
  }
}

/** What an OCPI CDR says in several members: its parties, and what it costs with tax. */
function addOcpi(cdr: Readonly<Record<string, unknown>>, cells: Map<string, string>): void {
  const partyOf = (of: unknown): string | null => {
    if (!isRecord(of)) return null
    const { country_code: country, party_id: party } = of
    return typeof country === 'string' && typeof party === 'string' ? `${country}-${party}` : null
  }
  const [cpo, emsp] = [partyOf(cdr), partyOf(cdr['cdr_token'])]
  if (cpo !== null && !cells.has('cpo')) cells.set('cpo', cpo)
  if (emsp !== null && !cells.has('emsp')) cells.set('emsp', emsp)
  const price = readPrice(cdr['total_cost'])
  if (price !== null && price.incl !== null) cells.set('total_cost.incl_vat', textOf(price.incl))
  // In 2.1.1 the place is a Location with the one EVSE that was used.
  const evses = isRecord(cdr['location']) ? cdr['location']['evses'] : null
  const evse: unknown = Array.isArray(evses) && evses.length === 1 ? evses[0] : null
  if (isRecord(evse) && typeof evse['evse_id'] === 'string' && !cells.has('evse_id'))
    cells.set('evse_id', evse['evse_id'])
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}
