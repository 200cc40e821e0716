import { pairs, table } from '../show.ts'
import type { CaseResult } from './run-case.ts'

type SourceCount = {
  source: string
  kind: string
  status: string
  cases: number
  agree: number
  disagree: number
}

/** What a run of cases came to, as JSON. `gate` false: a current case disagrees. */
export type VerifyReport = {
  gate: boolean
  cases: number
  current: { cases: number; agree: number; disagree: number }
  figures_checked: number
  sources: readonly SourceCount[]
  disagreements: readonly Shown[]
  others: readonly Shown[]
  not_checked: readonly { item: string; why: string; cases: number; first: string }[]
  beyond: readonly { finding: string; cases: number; first: string }[]
  causes_of_claims: readonly Shown[]
  oddities: readonly string[]
}

type Shown = Pick<CaseResult, 'id' | 'source' | 'status' | 'problem' | 'failed' | 'causes'>

export function reportOf(
  results: readonly CaseResult[],
  oddities: readonly string[],
): VerifyReport {
  const current = results.filter(isCurrent)
  const differing = current.filter(({ agrees }) => !agrees)
  return {
    gate: differing.length === 0,
    cases: results.length,
    current: {
      cases: current.length,
      agree: current.length - differing.length,
      disagree: differing.length,
    },
    figures_checked: results.reduce((sum, { checked }) => sum + checked, 0),
    sources: countSources(results),
    disagreements: differing.map(shownOf),
    others: results.filter((each) => !isCurrent(each)).map(shownOf),
    not_checked: countTold(results, ({ unchecked }) => unchecked).map(({ told, ...rest }) => ({
      ...told,
      ...rest,
    })),
    beyond: countTold(results, ({ beyond }) => beyond.map((item) => ({ item, why: '' }))).map(
      ({ told, ...rest }) => ({ finding: told.item, ...rest }),
    ),
    causes_of_claims: current
      .filter(({ agrees, causes }) => agrees && causes.length > 0)
      .map(shownOf),
    oddities,
  }
}

function isCurrent({ status }: CaseResult): boolean {
  return status === 'current'
}

function shownOf({ id, source, status, problem, failed, causes }: CaseResult): Shown {
  return { id, source, status, problem, failed, causes }
}

function countSources(results: readonly CaseResult[]): readonly SourceCount[] {
  const counts = new Map<string, SourceCount>()
  for (const { source, kind, status, agrees } of results) {
    const key = JSON.stringify([status === 'current' ? 0 : 1, source, status, kind])
    const count = counts.get(key) ?? { source, kind, status, cases: 0, agree: 0, disagree: 0 }
    count.cases += 1
    count[agrees ? 'agree' : 'disagree'] += 1
    counts.set(key, count)
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
}

type Told = { item: string; why: string }

function countTold(
  results: readonly CaseResult[],
  read: (result: CaseResult) => readonly Told[],
): readonly { told: Told; cases: number; first: string }[] {
  const counts = new Map<string, { told: Told; cases: number; first: string }>()
  for (const result of results) {
    for (const told of read(result)) {
      const key = JSON.stringify([told.item, told.why])
      const count = counts.get(key) ?? { told, cases: 0, first: result.id }
      count.cases += 1
      counts.set(key, count)
    }
  }
  return [...counts.values()].toSorted((a, b) => b.cases - a.cases)
}

/** The report for people: counts, every disagreement with both figures, what gates nothing, what was not checked. */
export function reportText(report: VerifyReport): string {
  const parts = [
    sourcesText(report.sources),
    ...section('Current cases that disagree', report.disagreements.map(caseText)),
    ...section('Cases that gate nothing', report.others.map(caseText)),
    ...section('Figures that sources quote beside theirs', report.causes_of_claims.map(caseText)),
    ...section(
      'Not checked',
      report.not_checked.map(
        ({ item, why, cases, first }) => `  ${item} ${why} (${casesText(cases)}, first ${first})`,
      ),
    ),
    ...section(
      'Found by us and not stated by the source, which is no fault',
      report.beyond.map(
        ({ finding, cases, first }) => `  ${finding} (${casesText(cases)}, first ${first})`,
      ),
    ),
    ...section(
      'Odd',
      report.oddities.map((each) => `  ${each}`),
    ),
    verdictText(report),
  ]
  return parts.join('\n\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [[title, ...lines].join('\n')]
}

function sourcesText(sources: readonly SourceCount[]): string {
  const headings = ['source', 'kind', 'status', 'cases', 'agree', 'disagree']
  const rows = sources.map(({ source, kind, status, cases, agree, disagree }) => [
    source,
    kind,
    status,
    String(cases),
    String(agree),
    String(disagree),
  ])
  return table(headings, rows, ['cases', 'agree', 'disagree'])
}

function caseText({ id, source, status, problem, failed, causes }: Shown): string {
  const lines = [
    `  ${id} (${source}, ${status})`,
    ...(problem === null ? [] : [`    ${problem}`]),
    ...failed.map(
      ({ item, expected, computed }) => `    ${item}: expected ${expected}, computed ${computed}`,
    ),
    ...(problem === null && failed.length === 0 ? ['    agrees'] : []),
    ...causes.map(({ about, codes, sentence }) => {
      const named = codes.length === 0 ? '' : ` [${codes.join(', ')}]`
      return `    ${ABOUT[about]}: ${sentence}${named}`
    }),
  ]
  return lines.join('\n')
}

const ABOUT = {
  expected: 'why expected so',
  claimed: 'what the CDR claims',
  spec_internal_conflict: 'what the specification says elsewhere',
} as const

function verdictText({ cases, current, figures_checked, gate }: VerifyReport): string {
  return [
    pairs([
      ['cases', String(cases)],
      ['figures compared', String(figures_checked)],
      ['current cases', `${current.agree} of ${current.cases} agree`],
    ]),
    gate ? 'AGREES' : 'DISAGREES',
  ].join('\n')
}

function casesText(count: number): string {
  return count === 1 ? '1 case' : `${count} cases`
}
