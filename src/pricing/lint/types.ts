import type { LINT_RULES, LintCode } from './rules.ts'

/** error: nobody can price by it as it stands. warning: it will not do what its author meant. info: worth knowing. */
export type Severity = (typeof LINT_RULES)[LintCode]['severity']

export type LintVersion = '2.1.1' | '2.2.1' | '2.3.0'

/**
 * One remark about a tariff. `pointer` (RFC 6901) leads to the place in the tariff, or to where a missing field would
 * stand; `message` says what happens to a driver; `witness` describes a session that shows it, null where there is none.
 */
export type LintFinding = {
  readonly code: LintCode
  readonly severity: Severity
  readonly pointer: string
  readonly message: string
  readonly witness: string | null
}

export type LintOptions = {
  /** Epoch milliseconds by which a tariff counts as expired. Absent: that is not looked at. */
  readonly at?: number | undefined
  /** The version the tariff was sent in. Absent: inferred from its fields. */
  readonly version?: LintVersion | undefined
  /** False: the CPO is known to state no current and power in charging periods. Absent: not known. */
  readonly sendsMeter?: boolean | undefined
}
