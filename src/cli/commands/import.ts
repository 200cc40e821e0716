import { limits } from '../../../config/limits.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { readFeed } from '../read-feed.ts'
import { items, member, printable, table, text } from '../show.ts'

/** Feeds. */
export const importCommands: readonly Command[] = [
  {
    words: 'import',
    args: ['FILE…'],
    about:
      'Import locations or tariffs out of feeds: JSON, NDJSON or recorded responses, packed or not (1: some were refused or quarantined). Nothing is broadcast, receivers pull',
    options: {
      module: { value: 'MODULE', about: 'locations, tariffs or tokens' },
      party: {
        value: 'CC/PID',
        about: 'whose they are where they do not say; from-evse-id: of a feed of many operators',
      },
      fallback: {
        value: 'CC/PID',
        about: 'with from-evse-id: whose the rest is (the hub’s own where no EVSE has an id)',
      },
      version: { value: 'VERSION', about: 'of OCPI (2.2.1)' },
      verbose: { about: 'a line for each object, also those that were plainly taken' },
    },
    run: runImport,
  },
]

type Tally = Map<string, number>
type Line = Record<string, unknown>

/** What a run has come to. `lines` are those that are shown; the counts are of all. */
type Progress = {
  totals: Tally
  tallies: Record<'stored' | 'supplied' | 'repairs' | 'notes', Tally>
  lines: Line[]
}

type Chunk = { texts: string[]; bytes: number; file: string; from: number }

async function runImport(call: CommandCall): Promise<Outcome> {
  const target = targetOf(call)
  const progress: Progress = {
    totals: new Map(),
    tallies: { stored: new Map(), supplied: new Map(), repairs: new Map(), notes: new Map() },
    lines: [],
  }
  for (const file of call.args) {
    for await (const chunk of chunksOf(call, { file, progress })) {
      await send(call, { chunk, target, progress })
      call.progress(`${file}: ${chunk.from + chunk.texts.length} objects`)
    }
  }
  const bad = (progress.totals.get('refused') ?? 0) + (progress.totals.get('quarantined') ?? 0)
  return {
    code: bad === 0 ? EXIT.ok : EXIT.differs,
    text: shown(progress),
    json: {
      totals: Object.fromEntries(progress.totals),
      ...Object.fromEntries(
        Object.entries(progress.tallies).map(([name, tally]) => [name, Object.fromEntries(tally)]),
      ),
      lines: progress.lines,
    },
  }
}

function targetOf({ option }: CommandCall): string {
  const [module, party] = [option('module'), option('party')]
  if (module === undefined || party === undefined)
    throw new CliStop(
      EXIT.usage,
      'Give --module and --party, say --module locations --party from-evse-id.',
    )
  const query = new URLSearchParams({ module, party })
  for (const name of ['fallback', 'version']) {
    const value = option(name)
    if (value !== undefined) query.set(name, value)
  }
  return `/admin/v1/imports?${query.toString()}`
}

/** Pieces of a file that one request takes. What is no JSON gets its line here and is not sent. */
async function* chunksOf(
  call: CommandCall,
  { file, progress }: { file: string; progress: Progress },
): AsyncGenerator<Chunk> {
  let chunk: Chunk = { texts: [], bytes: 0, file, from: 0 }
  const next = (from: number): Chunk => ({ texts: [], bytes: 0, file, from })
  let index = 0
  for await (const item of readFeed(file, call.option('module') ?? '')) {
    const bytes = Buffer.byteLength(item.text)
    const problem =
      item.problem ?? (bytes > limits.importChunkBytesMax ? 'the object is too large' : null)
    const isFull =
      chunk.texts.length === limits.objectBatchMax ||
      chunk.bytes + bytes > limits.importChunkBytesMax
    if (chunk.texts.length > 0 && (isFull || problem !== null)) {
      yield chunk
      chunk = next(index)
    }
    if (problem !== null) {
      addLine(progress, { call, line: unsent({ file, index, problem }) })
      chunk = next(index + 1)
    } else {
      chunk.texts.push(item.text)
      chunk.bytes += bytes
    }
    index += 1
  }
  if (chunk.texts.length > 0) yield chunk
}

function unsent({ file, index, problem }: { file: string; index: number; problem: string }): Line {
  const nothing = { id: null, owner: null, supplied: [], repairs: [], findings: [] }
  return {
    file,
    index,
    ...nothing,
    outcome: 'refused',
    stored: 'no',
    pointer: '',
    message: problem,
  }
}

async function send(
  call: CommandCall,
  { chunk, target, progress }: { chunk: Chunk; target: string; progress: Progress },
): Promise<void> {
  const report = await call.hub.upload(target, `[${chunk.texts.join(',\n')}]`)
  for (const [name, tally] of Object.entries(progress.tallies)) {
    const counts = member(report, name)
    for (const [what, many] of Object.entries(typeof counts === 'object' ? (counts ?? {}) : {}))
      tally.set(what, (tally.get(what) ?? 0) + Number(many))
  }
  for (const line of items(report, 'lines')) {
    const index = Number(member(line, 'index')) + chunk.from
    addLine(progress, { call, line: { file: chunk.file, ...Object(line), index } })
  }
}

function addLine(
  { totals, lines }: Progress,
  { call, line }: { call: CommandCall; line: Line },
): void {
  for (const what of ['objects', text(line, 'outcome')])
    totals.set(what, (totals.get(what) ?? 0) + 1)
  if (call.flag('verbose') || call.flag('json') || text(line, 'outcome') !== 'taken')
    lines.push(line)
}

function shown({ totals, tallies, lines }: Progress): string {
  const rows = lines.map((line) => [
    text(line, 'index'),
    text(line, 'id'),
    text(line, 'owner'),
    text(line, 'outcome'),
    text(line, 'stored'),
    reasonOf(line),
  ])
  const listed = rows.length === 0 ? [] : [table(HEADINGS, rows, ['line'])]
  const sums = Object.entries({ totals, ...tallies }).flatMap(([name, tally]) =>
    tally.size === 0 ? [] : [`${name}\n${sumsOf(tally)}`],
  )
  return [...listed, ...sums].join('\n\n')
}

const HEADINGS = ['line', 'id', 'owner', 'outcome', 'stored', 'why']

function reasonOf(line: Line): string {
  if (line['message'] !== null) return `${text(line, 'pointer')} ${text(line, 'message')}`
  const reasons = [...items(line, 'repairs'), ...items(line, 'findings')].map(
    (one) => `${text(one, 'pointer')} ${text(one, 'message')}`,
  )
  return reasons.join('; ')
}

function sumsOf(tally: Tally): string {
  const rows = [...tally].sort(([, a], [, b]) => b - a)
  const width = Math.max(...rows.map(([, many]) => String(many).length))
  return rows
    .map(([what, many]) => `  ${String(many).padStart(width)}  ${printable(what)}`)
    .join('\n')
}
