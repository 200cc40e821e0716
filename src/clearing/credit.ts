import { claimedAmounts } from './amounts.ts'
import { checkCredit } from './checks/credit.ts'
import { checkReadable } from './checks/structure.ts'
import { decide, toFindings } from './findings.ts'
import type { CreditInput } from './input.ts'
import type { Judgement } from './judge.ts'
import { readCdr } from './read.ts'

/**
 * Judges a credit CDR: can it be read, and is it the exact opposite of a CDR that may be credited (OCPI 2.2.1, Credit
 * CDRs). It is not priced. It waits for an original that is
 * not judged yet; one that is missing when the wait is over is C1.
 */
export function judgeCredit(input: CreditInput): Judgement {
  const amounts = claimedAmounts(input.cdr.value)
  const drafts = [...checkReadable(readCdr(input.cdr.value).unreadable), ...checkCredit(input)]
  const findings = toFindings(drafts, input.agreement.severities)
  const { verdict, code } = decide(findings)
  const missing = lacksOriginal(input) ? (['original'] as const) : []
  if (missing.length > 0 && verdict !== 'quarantine')
    return { verdict: 'wait', missing, code: null, findings: [], amounts }
  return { verdict, missing, code, findings, amounts }
}

/** The fate of the original decides what a credit reverses, so one that is not judged yet is as good as missing. */
function lacksOriginal({ original }: CreditInput): boolean {
  return (
    original.state === 'missing' ||
    original.cdrState === 'received' ||
    original.cdrState === 'unmatched'
  )
}
