import { currencies } from '../../config/currencies.ts'
import type { Amounts } from './amounts.ts'
import { claimedAmounts } from './amounts.ts'
import { checkCostSum, checkTax } from './checks/cost.ts'
import {
  checkDuplicates,
  checkEmptySession,
  checkSession,
  checkToken,
  isCompleted,
} from './checks/existence.ts'
import {
  checkCurrency,
  checkPrice,
  checkPriced,
  checkSign,
  checkTariffAge,
} from './checks/price.ts'
import { checkAgreedTariff, checkStoredTariff } from './checks/tariffs.ts'
import { checkNegativeEnergy, checkPower, checkSessionEnergy } from './checks/quantity.ts'
import {
  checkFineness,
  checkPeriods,
  checkPlaceholders,
  checkReadable,
  checkTotals,
  doubtful,
} from './checks/structure.ts'
import { checkAge, checkOrder, checkOverlap } from './checks/time.ts'
import { unitOf } from './decimal.ts'
import type { Draft, Finding } from './findings.ts'
import { decide, toFindings } from './findings.ts'
import type { Case, ClearingInput } from './input.ts'
import type { CdrFacts } from './read.ts'
import { at, readCdr, readText } from './read.ts'
import type { FindingCode } from './rules.ts'

/** What a CDR waits for. `completion`: its session is known, but not completed. */
type Missing = 'session' | 'completion' | 'token' | 'tariff' | 'original'

/**
 * The verdict on a CDR. `wait` lists what is missing and carries no findings; `code` is the finding that decided.
 * `amounts` is the claim; null when it cannot be read.
 */
export type Judgement = {
  verdict: 'wait' | 'quarantine' | 'hold' | 'clear'
  missing: readonly Missing[]
  code: FindingCode | null
  findings: readonly Finding[]
  amounts: Amounts | null
}

/**
 * Judges a CDR that is no credit by everything known. A fatal finding decides at once; otherwise, while its session,
 * token or tariff is missing and the wait is not over, it waits.
 */
export function judge(input: ClearingInput): Judgement {
  const amounts = claimedAmounts(input.cdr.value)
  const missing = missingOf(input)
  const decided = input.waitOver || missing.length === 0
  const reading = readCdr(input.cdr.value)
  const drafts = [
    ...checkToken(input, decided),
    ...checkSession(input, decided),
    ...checkDuplicates(input),
    ...checkReadable([...doubtful(input.cdr), ...reading.unreadable]),
    ...checkFineness(input.cdr.value),
    ...(reading.facts === null ? [] : checkFacts(caseOf({ input, facts: reading.facts, decided }))),
  ]
  const findings = toFindings(drafts, input.agreement.severities)
  const { verdict, code } = decide(findings)
  if (!decided && verdict !== 'quarantine')
    return { verdict: 'wait', missing, code: null, findings: [], amounts }
  return { verdict, missing, code, findings, amounts }
}

function missingOf(input: ClearingInput): readonly Missing[] {
  const missing: Missing[] = []
  const namesSession = readText(at(input.cdr.value, '/session_id')) !== null
  if (namesSession && input.session.state === 'missing') missing.push('session')
  if (namesSession && input.session.state === 'found' && !isCompleted(input))
    missing.push('completion')
  if (input.token.state === 'missing') missing.push('token')
  if (input.tariff.state === 'missing') missing.push('tariff')
  return missing
}

function caseOf(parts: { input: ClearingInput; facts: CdrFacts; decided: boolean }): Case {
  const digits = currencies.get(parts.facts.currency) ?? 2
  return { ...parts, digits, minorUnit: unitOf(digits) }
}

function checkFacts(subject: Case): readonly Draft[] {
  const currency = checkCurrency(subject)
  return [
    ...currency,
    ...checkOrder(subject),
    ...checkPlaceholders(subject),
    ...checkOverlap(subject),
    ...checkAge(subject),
    ...checkPeriods(subject),
    ...checkNegativeEnergy(subject),
    ...checkSessionEnergy(subject),
    ...checkPower(subject),
    ...checkEmptySession(subject),
    ...checkSign(subject),
    ...checkTotals(subject),
    ...checkTariffAge(subject),
    // Amounts of a wrong currency are compared with nothing.
    ...(currency.length > 0
      ? []
      : [
          checkPrice,
          checkAgreedTariff,
          checkStoredTariff,
          checkPriced,
          checkCostSum,
          checkTax,
        ].flatMap((check) => check(subject))),
  ]
}
