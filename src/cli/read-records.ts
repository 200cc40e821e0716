import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { csvForm, csvOptions, csvRow } from '../clearing/records/csv.ts'
import { CliStop, EXIT } from './exit-codes.ts'
import { readFeed } from './read-feed.ts'

/** One record of a file as JSON text; `line`: of a CSV file. `problem`: nobody need send it. */
export type FileRecord = { text: string; line: number | null; problem: string | null }

/** The columns of a file of CSV that no record can hold, as they are called there. */
export async function unusedColumns(path: string): Promise<readonly string[]> {
  return isTable(path) ? csvForm(await headOf(path)).unused : []
}

/**
 * The records of a file, one after the other: CSV with a heading where its name ends in .csv or .tsv, else JSON as feeds
 * have it (a list, an object a line, packed or not).
 */
export async function* readRecords(path: string): AsyncGenerator<FileRecord> {
  if (!isTable(path)) {
    for await (const item of readFeed(path, 'records')) yield { ...item, line: null }
    return
  }
  const form = csvForm(await headOf(path))
  const rows = createReadStream(path).pipe(parse(csvOptions(form)))
  try {
    for await (const row of rows) {
      const { line, value } = csvRow(row, form)
      yield { text: JSON.stringify(value), line, problem: null }
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new CliStop(EXIT.cannot, `${path} cannot be read as CSV: ${why}`)
  }
}

function isTable(path: string): boolean {
  return /\.(csv|tsv)$/i.test(path)
}

const HEAD_BYTES = 65_536

async function headOf(path: string): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const piece of createReadStream(path, { end: HEAD_BYTES - 1 }))
      parts.push(Buffer.from(piece))
  } catch {
    throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  }
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
}
