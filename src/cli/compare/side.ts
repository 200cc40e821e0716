import { contractKey, evseKey, idKey } from '../../clearing/matching/keys.ts'
import type { MatchRecord } from '../../clearing/matching/types.ts'
import type { Columns, Field } from '../../clearing/records/column-names.ts'
import { columnsOf, unusedOf } from '../../clearing/records/column-names.ts'
import type { Table, TableRow } from './table.ts'
import { decimalMark, readMillionths, readMoment, slashOrder } from './values.ts'
import type { Style } from './values.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { limits } from '../../../config/limits.ts'
import { zoneNamed } from '../../pricing/time-zone.ts'

/** A row that was understood. Money in micro-units; `record.moneyMicros` is filled in when the basis is known. */
export type Row = {
  line: number
  record: MatchRecord
  /** How people call it. */
  name: string
  net: bigint | null
  gross: bigint | null
  amount: bigint | null
}

/** What is wrong with a row, and where. */
export type BadRow = { line: number; column: string; message: string }

/** One file, read. */
export type SideFile = {
  path: string
  place: Table['place']
  columns: Columns
  /** Columns that were not understood. */
  unused: readonly string[]
  rows: readonly Row[]
  bad: readonly BadRow[]
  rowCount: number
}

/** How the user says a file is written. */
export type Reading = { path: string; columns: ReadonlyMap<string, string>; zone: string | null }

/** Understands the rows of a file; one that cannot be understood is named and left out. */
export function readSide(table: Table, { path, columns: given, zone }: Reading): SideFile {
  const columns = columnsOf(table.headers, given)
  if (typeof columns === 'string') throw new CliStop(EXIT.cannot, `${path}: ${columns}.`)
  refuseUseless(path, columns)
  const style = styleOf(table, { columns, zone })
  const rows: Row[] = []
  const bad: BadRow[] = []
  const telling = tellingOf(table, columns)
  for (const row of table.rows) {
    const read = isTotal(row, telling) ? totalRow(row) : readRow(row, { columns, style })
    if ('message' in read) bad.push(read)
    else rows.push(read)
  }
  const unused = unusedOf(table.headers, columns)
  return { path, place: table.place, columns, unused, rows, bad, rowCount: table.rows.length }
}

/** The columns that say where and when a session was, of those that most rows fill in. */
function tellingOf({ rows }: Table, columns: Columns): string[] {
  const fields = ['tokenUid', 'contract', 'evse', 'location', 'start', 'end'] as const
  return fields
    .flatMap((field) => columns[field] ?? [])
    .filter((name) => rows.filter(({ cells }) => cells.has(name)).length * 2 >= rows.length)
}

/** A sum below the rows has a name and amounts, but was nowhere and at no time. */
function isTotal({ cells, problem }: TableRow, telling: readonly string[]): boolean {
  return problem === null && telling.length > 1 && telling.every((name) => !cells.has(name))
}

function totalRow({ line }: TableRow): BadRow {
  return { line, column: '', message: 'has no card, no place and no time: it looks like a total' }
}

function refuseUseless(path: string, columns: Columns): void {
  const hasKey = ['cdrId', 'sessionId', 'reference', 'tokenUid', 'contract', 'evse'].some((name) =>
    Object.hasOwn(columns, name),
  )
  const hasFigure = ['energyKwh', 'energyWh', 'net', 'gross', 'amount'].some((name) =>
    Object.hasOwn(columns, name),
  )
  if (hasKey && hasFigure) return
  const missing = hasKey
    ? 'an amount or an energy (kwh, net, gross, amount)'
    : 'an id, a card or an EVSE (cdr_id, session_id, token, contract_id, evse_id)'
  throw new CliStop(
    EXIT.cannot,
    `${path} has no column with ${missing}. Name your columns, say --ours-column energyKwh=Menge.`,
  )
}

function styleOf(
  table: Table,
  { columns, zone }: { columns: Columns; zone: string | null },
): Style {
  const found = zone === null ? null : zoneNamed(zone)
  if (zone !== null && found === null)
    throw new CliStop(EXIT.usage, `${zone} is no time zone; write one like Europe/Berlin.`)
  return {
    zone: found,
    decimal: decimalMark(
      cellsOf(table, columns, ['energyKwh', 'energyWh', 'net', 'gross', 'amount']),
    ),
    slashes: slashOrder(cellsOf(table, columns, ['start', 'end'])),
  }
}

function* cellsOf(table: Table, columns: Columns, fields: readonly Field[]): Generator<string> {
  const names = fields.flatMap((field) => columns[field] ?? [])
  for (const { cells } of table.rows)
    for (const name of names) {
      const cell = cells.get(name)
      if (cell !== undefined) yield cell
    }
}

function readRow(
  row: TableRow,
  { columns, style }: { columns: Columns; style: Style },
): Row | BadRow {
  const { line, cells } = row
  if (row.problem !== null) return { line, column: '', message: row.problem }
  const cell = (field: Field): string | null => cells.get(columns[field] ?? '') ?? null
  const faults: BadRow[] = []
  const wrong = (field: Field, message: string): null => {
    faults.push({ line, column: columns[field] ?? '', message })
    return null
  }
  for (const [field, column] of Object.entries(columns)) {
    if ((cells.get(column)?.length ?? 0) > limits.compareCellCharsMax)
      return {
        line,
        column,
        message: `is longer than ${limits.compareCellCharsMax} characters (${field})`,
      }
  }
  const number = (field: Field): bigint | null => {
    const text = cell(field)
    if (text === null) return null
    return readMillionths(text, style) ?? wrong(field, `is no number: ${text.slice(0, 60)}`)
  }
  const time = (field: Field): number | null => {
    const text = cell(field)
    if (text === null) return null
    const moment = readMoment(text, style)
    return typeof moment === 'number' ? moment : wrong(field, `${moment}: ${text.slice(0, 60)}`)
  }
  const wh = number('energyWh')
  const figures = {
    start: time('start'),
    end: time('end'),
    energyMwh: number('energyKwh') ?? (wh === null ? null : wh / 1_000n),
    net: number('net'),
    gross: number('gross'),
    amount: number('amount'),
  }
  const [fault] = faults
  if (fault !== undefined) return fault
  return rowOf({ line, cell, figures })
}

type Figures = Record<'start' | 'end', number | null> &
  Record<'energyMwh' | 'net' | 'gross' | 'amount', bigint | null>

function rowOf({
  line,
  cell,
  figures,
}: {
  line: number
  cell: (field: Field) => string | null
  figures: Figures
}): Row | BadRow {
  const { net, gross, amount, ...times } = figures
  const cdrId = idKey(cell('cdrId'))
  const record: MatchRecord = {
    id: String(line).padStart(9, '0'),
    cpo: partyKey(cell('cpo')),
    emsp: partyKey(cell('emsp')),
    isCredit: isCredit(cell('credit'), net ?? gross ?? amount),
    cdrId,
    sessionId: idKey(cell('sessionId')),
    reference: idKey(cell('reference')),
    meter: null,
    tokenUid: idKey(cell('tokenUid')),
    contract: contractKey(cell('contract')),
    evse: evseKey(cell('evse')),
    location: idKey(cell('location')),
    ...times,
    moneyMicros: null,
    currency: idKey(cell('currency')),
  }
  const isNamed = [
    record.cdrId,
    record.sessionId,
    record.reference,
    record.tokenUid,
    record.contract,
    record.evse,
  ]
  if (isNamed.every((key) => key === null))
    return { line, column: '', message: 'has no id, no card and no EVSE' }
  const name = cell('cdrId') ?? cell('sessionId') ?? cell('reference') ?? `row ${line}`
  return { line, record, name, net, gross, amount }
}

/** A credit says so, or is negative. */
function isCredit(flag: string | null, money: bigint | null): boolean {
  if (flag !== null) return /^(true|yes|ja|1|credit)$/i.test(flag)
  return money !== null && money < 0n
}

/** `NL*TNM`, `NL-TNM` and `NLTNM` are one party; other names are themselves. */
function partyKey(text: string | null): string | null {
  const key = idKey(text)
  return key === null ? null : key.replace(/^([A-Z]{2})[-*. ]?([A-Z0-9]{3})$/, '$1-$2')
}
