import { limits } from '../../../config/limits.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { countText } from '../../clearing/compare.ts'
import { decimal, micros, whenText } from '../dispute-words.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { readJsonSync } from '../json-file.ts'
import { items, member, table, text } from '../show.ts'

/** Commands about the rules that CDRs are judged by. */
export const ruleCommands: readonly Command[] = [
  {
    words: 'rules backtest',
    args: [],
    about:
      'Judge CDRs of the past again by other rules: what would be held, its value, and how disputes judged the same. Writes nothing',
    options: {
      from: { value: 'TIME', about: 'CDRs received at or after, say 2026-01-01T00:00:00Z' },
      to: { value: 'TIME', about: 'and before' },
      rules: {
        value: 'FILE',
        about:
          'JSON as in an agreement: {"severities": {"Z2": "S"}, "tolerance": {"cost": {"absolute": "0.05", "relative": "0.01"}}, "rules": {…}}',
      },
      cpo: { value: 'NL-TNM', about: 'of this CPO only' },
      emsp: { value: 'DE-EMP', about: 'billed to this eMSP only' },
    },
    run: runBacktest,
  },
]

const COUNTS = [
  'held',
  'was',
  'newly',
  'no_longer',
  'resolved',
  'upheld',
  'unchallenged',
  'missed',
] as const
type Count = (typeof COUNTS)[number]

type Tally = {
  title: string
  counts: Record<Count, number>
  value: Map<string, bigint>
}

type Sums = {
  cdrs: number
  waiting: number
  held: number
  was_held: number
  value: Map<string, bigint>
  codes: Map<string, Tally>
}

async function runBacktest(call: CommandCall): Promise<Outcome> {
  const { hub, option, progress } = call
  const [from, to, file] = [option('from'), option('to'), option('rules')]
  if (from === undefined || to === undefined || file === undefined)
    throw new CliStop(
      EXIT.usage,
      'Say when and what: --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --rules rules.json.',
    )
  const read = readJsonSync(file)
  if (!read.ok) throw new CliStop(EXIT.usage, `${file} ${read.problem}`)
  const sums: Sums = {
    cdrs: 0,
    waiting: 0,
    held: 0,
    was_held: 0,
    value: new Map(),
    codes: new Map(),
  }
  let cursor: string | undefined
  for (let part = 0; part < limits.backtestPartsMax; part += 1) {
    const body = { from, to, rules: read.value, cursor, cpo: option('cpo'), emsp: option('emsp') }
    const answer = await hub.post('/admin/v1/rules/backtest', body)
    addUp(sums, answer)
    const next = member(answer, 'next_cursor')
    if (typeof next !== 'string') return shown(sums, { from, to })
    cursor = next
    progress(`${sums.cdrs} CDRs judged, ${sums.held} would be held`)
  }
  throw new CliStop(EXIT.cannot, 'The window is too large; take a shorter one.')
}

function addUp(sums: Sums, answer: unknown): void {
  for (const name of ['cdrs', 'waiting', 'held', 'was_held'] as const)
    sums[name] += Number(member(answer, name))
  addValue(sums.value, items(answer, 'value'))
  for (const one of items(answer, 'codes')) {
    const code = text(one, 'code')
    const tally = sums.codes.get(code) ?? freshTally(text(one, 'title'))
    sums.codes.set(code, tally)
    for (const name of COUNTS) tally.counts[name] += Number(member(one, name))
    addValue(tally.value, items(one, 'value'))
  }
}

function freshTally(title: string): Tally {
  return {
    title,
    counts: {
      held: 0,
      was: 0,
      newly: 0,
      no_longer: 0,
      resolved: 0,
      upheld: 0,
      unchallenged: 0,
      missed: 0,
    },
    value: new Map(),
  }
}

function addValue(sums: Map<string, bigint>, values: readonly unknown[]): void {
  for (const value of values) {
    const currency = text(value, 'currency')
    const gross = (micros(member(value, 'net')) ?? 0n) + (micros(member(value, 'tax')) ?? 0n)
    sums.set(currency, (sums.get(currency) ?? 0n) + gross)
  }
}

function shown(sums: Sums, window: { from: string; to: string }): Outcome {
  const codes = [...sums.codes].map(([code, tally]) => ({
    code,
    title: tally.title,
    ...tally.counts,
    precision: shareOf(tally.counts),
    value: valueJson(tally.value),
  }))
  const rows = [...sums.codes].map(([code, { title, counts, value }]) => [
    `${title} (${code})`,
    ...COUNTS.map((name) => String(counts[name])),
    shareOf(counts) ?? '-',
    valueText(value),
  ])
  const headings = [
    'finding',
    'held',
    'held before',
    'newly',
    'no longer',
    'decided',
    'right',
    'unchallenged',
    'missed',
    'precision',
    'value',
  ]
  const json = { ...window, ...sums, value: valueJson(sums.value), codes }
  const lines = [
    `${countText(sums.cdrs, 'CDR')} received from ${whenText(window.from)} to ${whenText(window.to)}`,
    `${sums.held} would be held (${sums.was_held} ${sums.was_held === 1 ? 'was' : 'were'}), worth ${sums.value.size === 0 ? 'nothing' : `${valueText(sums.value)} with tax`}`,
    ...(sums.waiting === 0
      ? []
      : [`${sums.waiting} would still wait for their session, token or tariff`]),
  ]
  const legend =
    'decided: disputes of the same finding that are over; right: of these, upheld; unchallenged: approved without a dispute; missed: upheld disputes that would not be found; precision: right of decided'
  const found =
    rows.length === 0
      ? 'No finding would hold anything.'
      : table(headings, rows, headings.slice(1, 10))
  return { code: EXIT.ok, text: [lines.join('\n'), found, legend].join('\n\n'), json }
}

/** Of the disputes that are decided, how many were right: a share with two decimals. */
function shareOf({ resolved, upheld }: Record<Count, number>): string | null {
  if (resolved === 0) return null
  return (upheld / resolved).toFixed(2)
}

function valueJson(sums: Map<string, bigint>): { currency: string; gross: string }[] {
  return [...sums].map(([currency, gross]) => ({ currency, gross: decimal(gross) }))
}

function valueText(sums: Map<string, bigint>): string {
  const texts = [...sums].map(([currency, gross]) => `${decimal(gross)} ${currency}`)
  return texts.length === 0 ? '-' : texts.join(', ')
}
