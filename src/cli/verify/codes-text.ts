import { LINT_REFERENCES } from '../../pricing/lint/reference-table.ts'
import { table } from '../show.ts'
import { ERROR_CODES, NOTE_CODES } from './codes.ts'

type Row = {
  readonly kind: 'error' | 'note' | 'lint'
  readonly theirs: string
  readonly ours: readonly string[]
  readonly about: string
}

/** Every code of a reference that cases may use, and which of ours stand for it: any of them agrees. */
export function codeRows(): readonly Row[] {
  const rows = (kind: Row['kind'], from: readonly Omit<Row, 'kind'>[]): Row[] =>
    from.map(({ theirs, ours, about }) => ({ kind, theirs, ours, about }))
  const lints = LINT_REFERENCES.flatMap(({ theirs, ours, about }) =>
    theirs.map((each) => ({ theirs: each, ours, about })),
  )
  return [...rows('error', ERROR_CODES), ...rows('note', NOTE_CODES), ...rows('lint', lints)]
}

/** The rows for people. */
export function codesText(rows: readonly Row[]): string {
  const shown = rows.map(({ kind, theirs, ours, about }) => [kind, theirs, ours.join(', '), about])
  return [
    table(['kind', 'theirs', 'any of ours', 'which means'], shown),
    'A `*` stands for any words. A code of ours in a case stands for itself.',
  ].join('\n\n')
}
