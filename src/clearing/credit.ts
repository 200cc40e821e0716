import { currencies } from '../../config/currencies.ts'
import { claimedAmounts } from './amounts.ts'
import { checkCredit } from './checks/credit.ts'
import { checkFineness, checkReadable, doubtful } from './checks/structure.ts'
import type { Draft } from './findings.ts'
import { decide, toFindings } from './findings.ts'
import { contextOf } from './origins.ts'
import type { CreditInput } from './input.ts'
import type { Judgement } from './judge.ts'
import { at, readCdr, readText } from './read.ts'

/**
 * Judges a credit CDR: can it be read, and is it the exact opposite of a CDR that may be credited (OCPI 2.2.1, Credit
 * CDRs). It is not priced. It waits for an original that is not judged yet; when the wait is over, a missing original is
 * C1, and one that is there but still not judged holds the credit until it is.
 */
export function judgeCredit(input: CreditInput): Judgement {
  const amounts = claimedAmounts(input.cdr.value)
  const reading = readCdr(input.cdr.value)
  const isLacking = lacksOriginal(input)
  const drafts = [
    ...checkReadable([...doubtful(input.cdr), ...reading.unreadable]),
    ...checkFineness(input.cdr.value),
    ...checkCurrencyExists(reading.facts?.currency ?? null),
    ...checkCredit(input),
    ...checkWait(input),
  ]
  const found = toFindings(drafts, contextOf(input, reading.facts))
  const { findings } = found
  const { verdict, ...held } = decide(found)
  const missing = isLacking ? (['original'] as const) : []
  if (isLacking && !input.waitOver && verdict !== 'quarantine')
    return {
      verdict: 'wait',
      missing,
      code: null,
      findings: [],
      amounts,
      atRisk: null,
      beside: null,
    }
  return { verdict, missing, findings, amounts, ...held }
}

/** A credit of a currency that does not exist cannot be booked, not even as held. */
function checkCurrencyExists(actual: string | null): readonly Draft[] {
  if (actual === null || currencies.has(actual)) return []
  const inputs = [{ field: '/currency', source: 'cdr' as const, value: actual }]
  return [{ code: 'P8', inputs, actual, words: { reason: 'which is not a currency of ISO 4217' } }]
}

/** An original that is there but not judged in all that time: held, not fatal, because it is not the sender's fault. */
function checkWait(input: CreditInput): readonly Draft[] {
  if (!input.waitOver || input.original.state === 'missing' || !lacksOriginal(input)) return []
  const value = readText(at(input.cdr.value, '/credit_reference_id'))
  const inputs = [{ field: '/credit_reference_id', source: 'cdr' as const, value }]
  const what = `The CDR ${value ?? ''} that this credit takes back is still not judged; the credit is decided once it is.`
  return [{ code: 'C1', milder: 'S', inputs, words: { what } }]
}

/** The fate of the original decides what a credit reverses, so one that is not judged yet is as good as missing. */
function lacksOriginal({ original }: CreditInput): boolean {
  return (
    original.state === 'missing' ||
    original.cdrState === 'received' ||
    original.cdrState === 'unmatched' ||
    original.cdrState === 'orphan_credit'
  )
}
