import { readText } from '../../clearing/read.ts'
import { VERSIONS } from '../../ocpi/version.ts'
import { priceCdr } from '../../pricing/price.ts'
import type { CaseFolder, VerifyCase } from './cases.ts'
import { readCase } from './cases.ts'
import { causesOf } from './causes.ts'
import type { Cause } from './causes.ts'
import type { Check, Checked, Unchecked } from './check.ts'
import { checkLint } from './check-lint.ts'
import { checkPriced } from './check-price.ts'
import { policyOf } from '../policy-of.ts'

/** What came of one case. `agrees` false with no check that failed: it could not be run, and `problem` says why. */
export type CaseResult = {
  readonly id: string
  readonly source: string
  readonly status: string
  readonly kind: 'price' | 'lint'
  readonly agrees: boolean
  readonly problem: string | null
  readonly failed: readonly Check[]
  readonly checked: number
  readonly unchecked: readonly Unchecked[]
  readonly beyond: readonly string[]
  readonly causes: readonly Cause[]
}

/** Runs one case. Never throws: a case that breaks us is one that disagrees, with the reason. */
export function runCase(folder: CaseFolder): CaseResult {
  const one = readCase(folder)
  try {
    const problem = one.problem ?? versionProblem(one)
    if (problem !== null) return resultOf(one, { problem })
    return one.kind === 'lint' ? resultOf(one, { checked: checkLint(one) }) : runPriced(one)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return resultOf(one, { problem: `the case cannot be run: ${why}` })
  }
}

function runPriced(one: VerifyCase): CaseResult {
  const policy = policyOf(one.meta['policy'])
  if (typeof policy === 'string') return resultOf(one, { problem: policy })
  const options = { timeZone: zoneOf(one), policy }
  const priced = priceCdr(one.cdr, one.tariffs, options)
  const checked = checkPriced(one.expected, { ...one, priced })
  const isDifferent = checked.checks.some(({ agrees }) => !agrees)
  const causes = priced.ok ? causesOf(one, { options, isDifferent }) : []
  return resultOf(one, { checked, causes })
}

/** An empty text names no zone here, as null does. */
function zoneOf({ meta }: VerifyCase): string | null {
  return readText(meta['timezone']) ?? readText(meta['time_zone'])
}

function resultOf(
  one: VerifyCase,
  {
    problem = null,
    checked = { checks: [], unchecked: [], beyond: [] },
    causes = [],
  }: { problem?: string | null; checked?: Checked; causes?: readonly Cause[] },
): CaseResult {
  const failed = checked.checks.filter(({ agrees }) => !agrees)
  const { id, source, status, kind } = one
  return {
    id,
    source,
    status,
    kind,
    agrees: problem === null && failed.length === 0,
    problem,
    failed,
    checked: checked.checks.length,
    unchecked: checked.unchecked,
    beyond: checked.beyond,
    causes,
  }
}

/** Another version may read the same words otherwise, so a price by the rules of ours would say nothing about it. */
function versionProblem({ meta }: VerifyCase): string | null {
  const version = meta['ocpi_version'] ?? null
  // Editions and branches are named behind the number: 2.2.1-d2, 2.3.0/bookings. What 2.2 says of prices, 2.2.1 says.
  const number = /^2(\.\d+)+/.exec(String(version))?.[0] ?? ''
  const known = number === '2.2' ? '2.2.1' : number
  if (version === null || VERSIONS.some((each) => each === known)) return null
  return `meta.ocpi_version ${JSON.stringify(version)} is not known here; known: ${VERSIONS.join(', ')}`
}
