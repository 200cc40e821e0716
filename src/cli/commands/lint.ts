import { isRecord } from '../../clearing/read.ts'
import { lintTariff } from '../../pricing/lint/lint.ts'
import { countFindings } from '../../pricing/lint/report.ts'
import type { RuleCount } from '../../pricing/lint/report.ts'
import type { LintFinding, LintVersion, Severity } from '../../pricing/lint/types.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { readFeed } from '../read-feed.ts'
import { printable, table } from '../show.ts'

/** What is wrong with tariffs, before anybody is billed by them. */
export const lintCommands: readonly Command[] = [
  {
    words: 'lint',
    args: ['TARIFF.json…'],
    about:
      'Say what is wrong or doubtful in tariffs: files with one, a list, an OCPI answer or NDJSON, also gzipped (0: nothing above info, 1: warnings or errors, 2: cannot be read); needs no hub',
    options: {
      ocpi: {
        value: 'VERSION',
        about: '2.1.1, 2.2.1 or 2.3.0; without it read from each tariff',
      },
      all: { about: 'list every finding also where there are many tariffs' },
    },
    run: lintFiles,
  },
]

const VERSIONS = ['2.1.1', '2.2.1', '2.3.0'] as const
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']
/** Up to so many tariffs every finding is listed; beyond, rules are counted. */
const LISTED_MAX = 20
const PROGRESS_EACH = 5_000

type Linted = { file: string; index: number; id: string; findings: readonly LintFinding[] }
async function lintFiles({ args, option, flag, progress }: CommandCall): Promise<Outcome> {
  const version = readVersion(option('ocpi'))
  const linted: Linted[] = []
  for (const file of args) {
    let index = 0
    for await (const item of readFeed(file, 'tariffs')) {
      linted.push(lintItem(item.text, { file, index, version }))
      index += 1
      if (linted.length % PROGRESS_EACH === 0) progress(`${linted.length} tariffs`)
    }
  }
  if (linted.length === 0) throw new CliStop(EXIT.cannot, `${args.join(', ')} holds no tariff.`)
  const rules = countRules(linted)
  const isSound = rules.every(({ severity }) => severity === 'info')
  const isListed = flag('all') || linted.length <= LISTED_MAX
  const text = [
    ...(isListed ? [linted.map(tariffText).join('\n\n')] : []),
    ...(linted.length > 1 ? [rulesText(rules)] : []),
    summaryText(linted, rules),
  ].join('\n\n')
  // Of many tariffs the counts alone, as in the text.
  const listed = isListed ? linted : null
  const json = { tariffs: linted.length, rules, findings: listed }
  return { code: isSound ? EXIT.ok : EXIT.differs, text, json }
}

function readVersion(given: string | undefined): LintVersion | undefined {
  const version = VERSIONS.find((each) => each === given)
  if (given !== undefined && version === undefined)
    throw new CliStop(EXIT.usage, `--ocpi ${given} is none of ${VERSIONS.join(', ')}.`)
  return version
}

function lintItem(
  text: string,
  { file, index, version }: { file: string; index: number; version: LintVersion | undefined },
): Linted {
  const tariff = parsed(text)
  const id = isRecord(tariff) ? String(tariff['id'] ?? '') : ''
  return { file, index, id, findings: lintTariff(tariff, { version }) }
}

/** Undefined for what is no JSON: the linter then says that it is no tariff. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Counted = RuleCount & { first: string }

/** How often each rule was broken and where first, the worst before the rest. */
function countRules(linted: readonly Linted[]): readonly Counted[] {
  const { rules } = countFindings(linted.map(({ findings }) => findings))
  const firsts = new Map<string, string>()
  for (const each of linted)
    for (const { code, pointer } of each.findings)
      if (!firsts.has(code)) firsts.set(code, `${nameOf(each)} ${pointer || '/'}`)
  const rank = ({ severity }: RuleCount): number => SEVERITIES.indexOf(severity)
  return rules
    .map((rule) => ({ ...rule, first: firsts.get(rule.code) ?? '' }))
    .toSorted((a, b) => rank(a) - rank(b) || b.findings - a.findings)
}

function nameOf({ file, index, id }: Linted): string {
  return id === '' ? `${file} #${index}` : id
}

function tariffText(linted: Linted): string {
  const lines = SEVERITIES.flatMap((wanted) =>
    linted.findings
      .filter(({ severity }) => severity === wanted)
      .flatMap(({ code, severity, pointer, message, witness }) => [
        `  ${severity.padEnd(7)} ${code} at ${pointer || '/'}: ${message}`,
        ...(witness === null ? [] : [`          ${witness}`]),
      ]),
  )
  const head = `${nameOf(linted)}${lines.length === 0 ? ': nothing to say' : ''}`
  return [head, ...lines].map(printable).join('\n')
}

function rulesText(rules: readonly Counted[]): string {
  const rows = rules.map(({ code, severity, findings, elements, tariffs, first }) => [
    code,
    severity,
    ...[findings, elements, tariffs].map(String),
    first,
  ])
  const counts = ['findings', 'elements', 'tariffs']
  return table(['rule', 'severity', ...counts, 'first'], rows, counts)
}

function summaryText(linted: readonly Linted[], rules: readonly RuleCount[]): string {
  const count = (wanted: Severity): number =>
    rules
      .filter(({ severity }) => severity === wanted)
      .reduce((sum, { findings }) => sum + findings, 0)
  const [errors, warnings, infos] = SEVERITIES.map(count)
  const noun = linted.length === 1 ? 'tariff' : 'tariffs'
  return `${linted.length} ${noun}: ${errors} errors, ${warnings} warnings, ${infos} remarks`
}
