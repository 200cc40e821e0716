import { setTimeout as pause } from 'node:timers/promises'
import { limits } from '../../../config/limits.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { whenText } from '../dispute-words.ts'
import { readRecords, unusedColumns } from '../read-records.ts'
import type { FileRecord } from '../read-records.ts'
import { items, member, pairs, table, text } from '../show.ts'
import { query, segment } from './hub.ts'

/** The eMSPs' own records, and everything compared with everything. */
export const recordCommands: readonly Command[] = [
  {
    words: 'records import',
    args: ['FILE…'],
    about:
      'Send an eMSP’s own records of sessions: CSV with a heading (.csv), or JSON like CDRs of which anything may be missing (1: some were refused). May be run again: what is there already is skipped',
    options: {
      party: { value: 'CC-PID', about: 'whose records these are, say DE-EMA' },
      verbose: { about: 'a line for each record, also those that were plainly taken' },
    },
    run: importRecords,
  },
  {
    words: 'records',
    args: [],
    about: 'List records of eMSPs with the CDRs they belong to and why',
    options: {
      party: { value: 'CC-PID', about: 'of this eMSP' },
      state: { value: 'STATE', about: 'matched, suggested, ambiguous or unmatched' },
      limit: { value: 'N', about: 'how many at most, 1 to 500 (100)' },
    },
    run: listRecords,
  },
  {
    words: 'reconcile',
    args: [],
    about:
      'Compare all CDRs of a time with their sessions and the eMSPs’ records, both ways, and say what differs (1: something does)',
    options: {
      from: { value: 'TIME', about: 'first moment, say 2026-10-01 or 2026-10-01T00:00:00Z' },
      to: { value: 'TIME', about: 'the moment after the last, say 2026-11-01' },
    },
    run: runReconcile,
  },
]

type Line = {
  file: string
  index: number
  line: number | null
  id: string
  outcome: string
  why: string
}
type Run = { totals: Map<string, number>; lines: Line[]; unused: Map<string, readonly string[]> }
type Chunk = { file: string; from: number; records: FileRecord[]; bytes: number }

async function importRecords(call: CommandCall): Promise<Outcome> {
  const party = call.option('party')
  if (party === undefined)
    throw new CliStop(EXIT.usage, 'Say whose records these are: --party DE-EMA.')
  const run: Run = { totals: new Map(), lines: [], unused: new Map() }
  for (const file of call.args) {
    const unused = await unusedColumns(file)
    if (unused.length > 0) run.unused.set(file, unused)
    for await (const chunk of chunksOf(file)) {
      await send(call, { chunk, party, run })
      const refused = run.totals.get('refused') ?? 0
      const done = chunk.from + chunk.records.length
      call.progress(`${file}: ${done} records${refused === 0 ? '' : `, ${refused} refused`}`)
    }
  }
  const isClean = (run.totals.get('refused') ?? 0) === 0
  const shown = run.lines.map((line) => [
    line.file,
    String(line.line ?? line.index + 1),
    line.id,
    line.outcome,
    line.why,
  ])
  const sums = pairs([...run.totals].map(([name, many]) => [name, String(many)]))
  return {
    code: isClean ? EXIT.ok : EXIT.differs,
    text: [
      ...(shown.length === 0
        ? []
        : [table(['file', 'line', 'id', 'outcome', 'why'], shown, ['line'])]),
      ...[...run.unused].map(([file, names]) => `not used of ${file}: ${names.join(', ')}`),
      sums === '' ? 'the file holds no records' : sums,
    ].join('\n\n'),
    json: {
      totals: Object.fromEntries(run.totals),
      not_used: Object.fromEntries(run.unused),
      lines: run.lines,
    },
  }
}

async function* chunksOf(file: string): AsyncGenerator<Chunk> {
  let chunk: Chunk = { file, from: 0, records: [], bytes: 0 }
  for await (const record of readRecords(file)) {
    const bytes = Buffer.byteLength(record.text)
    const isFull =
      chunk.records.length === limits.recordsPerRequestMax ||
      chunk.bytes + bytes > limits.importChunkBytesMax
    if (chunk.records.length > 0 && isFull) {
      yield chunk
      chunk = { file, from: chunk.from + chunk.records.length, records: [], bytes: 0 }
    }
    chunk.records.push(record)
    chunk.bytes += bytes
  }
  if (chunk.records.length > 0) yield chunk
}

async function send(
  call: CommandCall,
  { chunk, party, run }: { chunk: Chunk; party: string; run: Run },
): Promise<void> {
  const sent: { record: FileRecord; index: number }[] = []
  for (const [at, record] of chunk.records.entries()) {
    const index = chunk.from + at
    if (record.problem === null) sent.push({ record, index })
    else
      note(call, run, {
        ...place(chunk, { record, index }),
        id: '',
        outcome: 'refused',
        why: record.problem,
      })
  }
  if (sent.length === 0) return
  const target = `/admin/v1/records${query({ party, source: 'cli' })}`
  const body = `[${sent.map(({ record }) => record.text).join(',\n')}]`
  const report = await call.hub.upload(target, body)
  for (const line of items(report, 'lines')) {
    const origin = sent[Number(member(line, 'index'))]
    if (!origin) continue
    note(call, run, {
      ...place(chunk, origin),
      id: text(line, 'record_id'),
      outcome: text(line, 'outcome'),
      why: whyOf(line, origin.record),
    })
  }
}

function place(chunk: Chunk, { record, index }: { record: FileRecord; index: number }) {
  return { file: chunk.file, index, line: record.line }
}

/** Where the fault is: the column of a CSV file, else the place in the JSON. */
function whyOf(line: unknown, { line: row }: FileRecord): string {
  return items(line, 'faults')
    .map((fault) => {
      const pointer = text(fault, 'pointer')
      const where = row === null || pointer === '' ? pointer : `column ${pointer.slice(1)}`
      return `${where} ${text(fault, 'message')}`.trim()
    })
    .join('; ')
}

function note(call: CommandCall, { totals, lines }: Run, line: Line): void {
  for (const what of ['records', line.outcome]) totals.set(what, (totals.get(what) ?? 0) + 1)
  const isShown = call.flag('verbose') || call.flag('json') || line.outcome === 'refused'
  if (isShown && lines.length < limits.recordLinesShownMax) lines.push(line)
}

async function listRecords({ hub, option }: CommandCall): Promise<Outcome> {
  const asked = { party: option('party'), state: option('state'), limit: option('limit') }
  const page = await hub.get(`/admin/v1/records${query(asked)}`)
  const rows = items(page).flatMap((record) => {
    const common = ['id', 'party', 'record_id', 'start', 'kwh', 'state'].map((name) =>
      name === 'start' ? whenText(member(record, name)) : text(record, name),
    )
    const matches = items(record, 'matches')
    if (matches.length === 0) return [[...common, '-', '-']]
    return matches.map((match) => [
      ...common,
      `${text(match, 'country_code')}-${text(match, 'party_id')} ${text(match, 'cdr_id')}`,
      text(match, 'reason'),
    ])
  })
  const headings = ['id', 'party', 'record', 'start', 'kWh', 'state', 'CDR', 'why']
  const shown = rows.length === 0 ? 'none' : table(headings, rows, ['kWh'])
  return { code: EXIT.ok, text: shown, json: page }
}

async function runReconcile(call: CommandCall): Promise<Outcome> {
  const [from, to] = [instantOf(call, 'from'), instantOf(call, 'to')]
  const ordered = await call.hub.post('/admin/v1/reconciliations', { from, to })
  const path = `/admin/v1/reconciliations/${segment(text(ordered, 'id'))}`
  let report = ordered
  for (let looked = 0; !isOver(report); looked += 1) {
    if (looked === limits.reconcileLooksMax)
      throw new CliStop(
        EXIT.cannot,
        `It takes long; look at GET ${path} later. Is a worker running?`,
      )
    await pause(limits.reconcileLookMs)
    report = await call.hub.get(path)
    const done = `${text(report, 'steps_done')} of ${text(report, 'steps')}`
    call.progress(`${done}: ${text(report, 'step')}`)
  }
  if (text(report, 'state') === 'failed')
    throw new CliStop(EXIT.cannot, `The comparison failed: ${text(report, 'error')}`)
  const compared = member(report, 'compared')
  const found = items(report, 'differences').map((row) => [
    text(row, 'title'),
    text(row, 'code'),
    text(row, 'count'),
    member(row, 'value') === null ? '-' : `${text(row, 'value')} ${text(row, 'currency')}`,
  ])
  const head = pairs([
    ['CDRs', text(compared, 'cdrs')],
    ['sessions', text(compared, 'sessions')],
    ['records', text(compared, 'records')],
    ['details', `GET ${path}/lines, ${path}/pairs`],
  ])
  const shown =
    found.length === 0
      ? 'nothing differs'
      : table(['what', 'code', 'count', 'worth'], found, ['count', 'worth'])
  return {
    code: found.length === 0 ? EXIT.ok : EXIT.differs,
    text: `${head}\n\n${shown}`,
    json: report,
  }
}

function isOver(report: unknown): boolean {
  return ['done', 'failed'].includes(text(report, 'state'))
}

function instantOf({ option }: CommandCall, name: 'from' | 'to'): string {
  const given = option(name) ?? ''
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given)
  if (Number.isNaN(time.getTime()))
    throw new CliStop(EXIT.usage, `Give --${name} as a day or a time, say --${name} 2026-10-01.`)
  return time.toISOString()
}
