import { LINT_REFERENCES } from '../../pricing/lint/reference-table.ts'
import { BUILT_IN_POLICIES } from '../../pricing/policies.ts'
import { DEFAULT_POLICY } from '../../pricing/policy.ts'
import { table } from '../show.ts'
import { ERROR_CODES, NOTE_CODES } from './codes.ts'

type Row = {
  readonly kind: 'error' | 'note' | 'lint' | 'policy'
  readonly theirs: string
  readonly ours: readonly string[]
  readonly about: string
}

/** What a peer does and its policy does not; nothing is said of those that lack nothing known. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  [DEFAULT_POLICY.name]: 'ours, for cases that name none',
  'ocpi-tariffs-0.6':
    'without its rounding of prices and volumes to 4 decimals as it reads them, and its zones of countries',
  'ocpi-kit-0.2':
    'without its rounding of each segment to 4 decimals; its limits come from the tariff of the session type',
  'ocpi-tariffs-py-0.1':
    'without its ignoring of min_kwh and max_kwh, and its UTC for all but five countries',
  wwcp: 'OCPI 2.1.1 only; its reading of windows, end dates and meter restrictions is not known',
}

/**
 * Every code of a reference that cases may use, and which of ours stand for it: any of them agrees. Then the policies that
 * a case may name, with what each leaves out of what its peer does.
 */
export function codeRows(): readonly Row[] {
  const rows = (kind: Row['kind'], from: readonly Omit<Row, 'kind'>[]): Row[] =>
    from.map(({ theirs, ours, about }) => ({ kind, theirs, ours, about }))
  const lints = LINT_REFERENCES.flatMap(({ theirs, ours, about }) =>
    theirs.map((each) => ({ theirs: each, ours, about })),
  )
  const policies = Object.keys(BUILT_IN_POLICIES).map((name) => ({
    theirs: name,
    ours: [name],
    about: NOT_MODELLED[name] ?? 'nothing is known to be left out',
  }))
  return [
    ...rows('error', ERROR_CODES),
    ...rows('note', NOTE_CODES),
    ...rows('lint', lints),
    ...rows('policy', policies),
  ]
}

/** The rows for people. */
export function codesText(rows: readonly Row[]): string {
  const shown = rows.map(({ kind, theirs, ours, about }) => [kind, theirs, ours.join(', '), about])
  return [
    table(['kind', 'theirs', 'any of ours', 'which means'], shown),
    'A `*` stands for any words. A code of ours in a case stands for itself.',
  ].join('\n\n')
}
