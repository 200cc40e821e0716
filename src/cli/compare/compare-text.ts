import { limits } from '../../../config/limits.ts'
import { printable, table } from '../show.ts'
import type { Compared, FileComparison, Total } from './compare-files.ts'
import { shownDifference, shownEnergy, shownMoney, shownTime } from './figures.ts'
import { notComparedText } from './not-compared.ts'
import type { Pattern } from './patterns.ts'
import type { Row, SideFile } from './side.ts'

/** Everything that is told about two files. */
export type CompareReport = {
  ours: SideFile
  theirs: SideFile
  result: FileComparison
  patterns: readonly Pattern[]
  /** Nothing that was compared differs. */
  isEqual: boolean
  /** And energies and amounts were compared, of every session where a side says them. */
  isSame: boolean
  showsAll: boolean
}

const TIERS = [
  'by the id of the CDR',
  'by the id of the session',
  'by the authorization reference',
  'by the meter and its registers',
  'by card, EVSE and time',
  'by card, location and time',
  'by EVSE and time',
] as const

/** The comparison in words and tables: sums first, then what many rows have in common, then row by row. */
export function compareText(report: CompareReport): string {
  const { result, patterns } = report
  return [
    headText(report),
    filesText(report),
    matchedText(result),
    ...section(
      'NOT COMPARED',
      result.notCompared.map((each) => `- ${notComparedText(each)}`),
    ),
    totalsText(result.totals),
    ...section(
      'PATTERNS',
      patterns.map(({ sentence }) => `- ${sentence}`),
    ),
    ...differencesText(report),
    ...onlyText(report, 'ours'),
    ...onlyText(report, 'theirs'),
    ...duplicatesText(report),
    ...unclearText(report),
    ...badText(report),
  ]
    .filter((part) => part !== '')
    .map(printable)
    .join('\n\n')
}

/** A plain SAME is said only where everything was compared that one side says. */
function headText({ result, isEqual, isSame }: CompareReport): string {
  if (!isEqual) return 'DIFFERENT'
  const open = result.notCompared.map(({ field }) => field).join(', ')
  if (open === '')
    return 'SAME: every session is on both sides and says the same within the tolerances'
  const said = 'every session is on both sides and says the same in what was compared'
  return `${isSame ? 'SAME' : 'NOT COMPARED'}, except for ${open}: ${said}`
}

function filesText({ ours, theirs, result }: CompareReport): string {
  return [
    ...sideText('ours:  ', ours),
    ...sideText('theirs:', theirs),
    result.basis ?? 'Amounts are not compared: the two files have none in common.',
    ...result.notes,
  ].join('\n')
}

/** The columns of a file that are named in words; JSON has them all. */
const UNUSED_SHOWN = 20

/** What the file is, which of its columns was taken for what, and which for nothing. */
function sideText(name: string, { path, rowCount, bad, columns, unused }: SideFile): string[] {
  const unread = bad.length === 0 ? '' : `, ${bad.length} of them cannot be read`
  const read = Object.entries(columns).map(([field, column]) => `${field} “${column}”`)
  const left = unused.slice(0, UNUSED_SHOWN).map((column) => `“${column}”`)
  const more = unused.length - left.length
  return [
    `${name} ${path}: ${rowCount} rows${unread}`,
    `        ${read.join(', ')}`,
    ...(left.length === 0
      ? []
      : [`        not used: ${left.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]),
  ]
}

function matchedText({
  compared,
  suggested,
  ambiguous,
  oursOnly,
  theirsOnly,
  duplicates,
}: FileComparison): string {
  const equal = compared.filter(({ differences }) => differences.length === 0).length
  const ways = TIERS.flatMap((words, tier) => {
    const count = compared.filter(({ match }) => match.tier === tier).length
    return count === 0 ? [] : [`${count} ${words}`]
  })
  const kinds = new Map<string, number>()
  for (const { differences } of compared)
    for (const { kind } of differences) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const rows: [string, string][] = [
    ['on both sides', `${compared.length}${ways.length === 0 ? '' : ` (${ways.join(', ')})`}`],
    ['the same', `${equal}`],
    [
      'different',
      `${compared.length - equal}${kinds.size === 0 ? '' : ` (${[...kinds].map(([kind, count]) => `${count} in ${kind}`).join(', ')})`}`,
    ],
    ['only in ours', `${oursOnly.length}`],
    ['only in theirs', `${theirsOnly.length}`],
    ['twice on one side', `${duplicates.length}`],
    ['not certain', `${suggested.length + ambiguous.length}`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return ['SESSIONS', ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)].join('\n')
}

function totalsText(totals: readonly Total[]): string {
  if (totals.length === 0) return ''
  const headings = [
    'currency',
    'ours',
    'theirs',
    'difference',
    'of it: same sessions',
    'only ours',
    'only theirs',
    'twice',
    'not certain',
  ]
  const rows = totals.map((total) => [
    total.currency === '' ? '-' : total.currency,
    ...[
      total.ours,
      total.theirs,
      total.theirs - total.ours,
      total.matched,
      total.oursOnly,
      total.theirsOnly,
      total.duplicates,
      total.unclear,
    ].map((micros) => shownMoney(micros, total.currency).replace(/ [A-Z]{3}$/, '')),
  ])
  return `TOTALS\n${table(headings, rows, headings.slice(1))}`
}

/** The rows of one match: `12+13` where a side has several. */
function linesOf(rows: readonly Row[]): string {
  return rows.map(({ line }) => line).join('+')
}

function differencesText(report: CompareReport): string[] {
  const { result, showsAll, ours } = report
  const headings = [
    `ours, ${ours.place}`,
    `theirs, ${report.theirs.place}`,
    'which',
    'what',
    'ours',
    'theirs',
    'theirs − ours',
    'why',
  ]
  const rows = result.compared.flatMap((each) => differenceRows(each))
  return tables('DIFFERENCES', {
    headings,
    rows,
    right: ['ours', 'theirs', 'theirs − ours'],
    showsAll,
  })
}

function differenceRows({ ours, theirs, differences, match }: Compared): string[][] {
  const currency = ours[0]?.record.currency ?? null
  const kind = match.kind === 'one' ? [] : ['several rows of one session']
  return differences.map((each) => [
    linesOf(ours),
    linesOf(theirs),
    ours[0]?.name ?? '',
    each.kind,
    ...shownDifference(each, currency),
    [...kind, each.why ?? 'nothing in the rows explains it'].join('; '),
  ])
}

function onlyText(
  { result, showsAll, ...sides }: CompareReport,
  which: 'ours' | 'theirs',
): string[] {
  const rows = (which === 'ours' ? result.oursOnly : result.theirsOnly).map(rowCells)
  return tables(`ONLY IN ${which.toUpperCase()}`, {
    headings: [sides[which].place, ...ROW_HEADINGS],
    rows,
    right: ['energy', 'amount'],
    showsAll,
  })
}

const ROW_HEADINGS = ['which', 'begin', 'card', 'EVSE', 'energy', 'amount']

function rowCells({ line, name, record }: Row): string[] {
  const { start, tokenUid, contract, evse, energyMwh, moneyMicros, currency } = record
  return [
    String(line),
    name,
    start === null ? '-' : shownTime(start),
    tokenUid ?? contract ?? '-',
    evse ?? '-',
    energyMwh === null ? '-' : shownEnergy(energyMwh),
    moneyMicros === null ? '-' : shownMoney(moneyMicros, currency),
  ]
}

function duplicatesText({ result, showsAll }: CompareReport): string[] {
  const rows = result.duplicates.map(({ side, row, first, isSame }) => [
    side,
    String(row.line),
    row.name,
    isSame ? `the same as ${first.line}` : `other content than ${first.line}, which was compared`,
  ])
  return tables('TWICE ON ONE SIDE', {
    headings: ['side', 'row', 'which', 'what'],
    rows,
    right: [],
    showsAll,
  })
}

function unclearText({ result, showsAll }: CompareReport): string[] {
  const headings = ['ours', 'theirs', 'which', 'what']
  const rows = [
    ...result.suggested.map(({ ours, theirs, match }) => [
      linesOf(ours),
      linesOf(theirs),
      ours[0]?.name ?? '',
      `probably one session (${Math.round(match.score * 100)} %, ${TIERS[match.tier]})`,
    ]),
    ...result.ambiguous.map(({ ours, theirs }) => [
      linesOf(ours),
      linesOf(theirs),
      ours[0]?.name ?? '',
      'fit each other equally well: nobody can tell which belong together',
    ]),
  ]
  return tables('NOT CERTAIN: a person has to look', { headings, rows, right: [], showsAll })
}

function badText({ ours, theirs, showsAll }: CompareReport): string[] {
  const rows = [...sideFaults('ours', ours), ...sideFaults('theirs', theirs)]
  return tables('ROWS THAT CANNOT BE READ', {
    headings: ['side', 'row', 'column', 'what'],
    rows,
    right: [],
    showsAll,
  })
}

function sideFaults(side: string, { bad, place }: SideFile): string[][] {
  return bad.map(({ line, column, message }) => [side, `${place} ${line}`, column, message])
}

function tables(
  title: string,
  {
    headings,
    rows,
    right,
    showsAll,
  }: { headings: string[]; rows: string[][]; right: string[]; showsAll: boolean },
): string[] {
  if (rows.length === 0) return []
  const most = showsAll ? rows.length : limits.compareLinesShown
  const rest = rows.length - most
  const more = rest > 0 ? `\n… and ${rest} more: --all shows them, --json has them too` : ''
  return [`${title}\n${table(headings, rows.slice(0, most), right)}${more}`]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [[title, ...lines].join('\n')]
}
