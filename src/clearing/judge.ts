import { currencies } from '../../config/currencies.ts'
import type { Amounts } from './amounts.ts'
import { claimedAmounts } from './amounts.ts'
import { checkAuthority } from './checks/authority.ts'
import { checkClock } from './checks/clock.ts'
import { checkCostSum, checkTax } from './checks/cost.ts'
import { checkDuplicates, checkSameCharge, checkSplit, sameChargeIds } from './checks/duplicates.ts'
import { checkCapacity, checkNegativeEnergy, checkRecordEnergy } from './checks/energy.ts'
import {
  checkEmptySession,
  checkSession,
  checkToken,
  isCompleted,
  needsNoToken,
} from './checks/existence.ts'
import {
  checkCurrency,
  checkPrice,
  checkPriced,
  checkSign,
  checkTariffAge,
} from './checks/price.ts'
import { checkAgreedTariff, checkStoredTariff } from './checks/tariffs.ts'
import { checkCapture, checkReplaced } from './checks/payment.ts'
import { checkMeter } from './checks/meter.ts'
import { checkRegression } from './checks/regression.ts'
import { checkConnector, checkJourney } from './checks/places.ts'
import { checkPower } from './checks/quantity.ts'
import { checkFinalSession } from './checks/session.ts'
import { checkSameSession } from './checks/same-session.ts'
import { checkReservation, isAllReservation } from './checks/reservation.ts'
import {
  checkFineness,
  checkPeriods,
  checkPlaceholders,
  checkReadable,
  checkTotals,
  doubtful,
} from './checks/structure.ts'
import { checkStatedTaxes, checkTaxTwice } from './checks/tax.ts'
import { checkAge, checkOrder, checkOverlap } from './checks/time.ts'
import { checkSpans } from './checks/spans.ts'
import { explainPrice } from './checks/why.ts'
import { unitOf } from './decimal.ts'
import type { AtRisk } from './at-risk.ts'
import type { Draft, Finding } from './findings.ts'
import { decide, toFindings } from './findings.ts'
import { contextOf } from './origins.ts'
import type { Hold } from './holds.ts'
import type { Case, ClearingInput } from './input.ts'
import type { CdrFacts } from './read.ts'
import { at, readCdr, readText } from './read.ts'
import type { FindingCode } from './rules.ts'

/** What a CDR waits for. `completion`: its session is known, but not completed. */
type Missing = 'session' | 'completion' | 'token' | 'tariff' | 'original'

/**
 * The verdict on a CDR. `wait` lists what is missing and carries no findings; `code` is the finding that decided.
 * `amounts` is the claim; null when it cannot be read. `atRisk`: what is held of it, the most that any severe finding puts
 * at risk; null unless the verdict is `hold`. `beside`: what is held of the rest for another, independent finding.
 */
export type Judgement = {
  verdict: 'wait' | 'quarantine' | 'hold' | 'clear'
  missing: readonly Missing[]
  code: FindingCode | null
  findings: readonly Finding[]
  amounts: Amounts | null
  atRisk: AtRisk | null
  beside: Hold | null
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
    ...checkSameSession(input),
    ...checkDuplicates(input),
    ...checkReadable([...doubtful(input.cdr), ...reading.unreadable]),
    ...checkFineness(input.cdr.value),
    ...(reading.facts === null ? [] : checkFacts(caseOf({ input, facts: reading.facts, decided }))),
  ]
  const found = toFindings(drafts, contextOf(input, reading.facts))
  const { findings } = found
  const { verdict, ...held } = decide(found)
  if (!decided && verdict !== 'quarantine')
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

function missingOf(input: ClearingInput): readonly Missing[] {
  const missing: Missing[] = []
  const namesSession = readText(at(input.cdr.value, '/session_id')) !== null
  if (namesSession && input.session.state === 'missing') missing.push('session')
  if (namesSession && input.session.state === 'found' && !isCompleted(input))
    missing.push('completion')
  if (input.token.state === 'missing' && !needsNoToken(input.cdr)) missing.push('token')
  if (input.tariff.state === 'missing') missing.push('tariff')
  return missing
}

function caseOf(parts: { input: ClearingInput; facts: CdrFacts; decided: boolean }): Case {
  const digits = currencies.get(parts.facts.currency) ?? 2
  const { known, priced } = parts.input
  // Where its Location is not stored, what the CDR says of its own place told its price.
  const zone =
    known?.place?.timeZone ?? (priced?.ok === true ? priced.timeZone?.name : null) ?? null
  return { ...parts, digits, minorUnit: unitOf(digits), zone }
}

/** What the times, the energy and the others tell, each on its own. */
const CHECKS: readonly ((subject: Case) => readonly Draft[])[] = [
  checkOrder,
  checkPlaceholders,
  checkAge,
  checkClock,
  checkPeriods,
  checkAuthority,
  checkSameCharge,
  checkSplit,
  checkConnector,
  checkJourney,
  checkNegativeEnergy,
  checkFinalSession,
  checkRecordEnergy,
  checkCapacity,
  checkMeter,
  checkRegression,
  checkPower,
  checkEmptySession,
  checkSign,
  checkTotals,
  checkTariffAge,
]

/** What compares amounts: with those of a wrong currency, nothing. */
const PRICE_CHECKS: typeof CHECKS = [
  checkAgreedTariff,
  checkStoredTariff,
  checkPriced,
  checkCostSum,
  checkTax,
  checkStatedTaxes,
  checkReservation,
  checkCapture,
  checkReplaced,
]

function checkFacts(subject: Case): readonly Draft[] {
  const currency = checkCurrency(subject)
  const drafts = [
    ...currency,
    ...checkOverlap(subject, sameChargeIds(subject)),
    ...CHECKS.flatMap((check) => check(subject)),
  ]
  if (currency.length > 0) return drafts
  const price = checkPrice(subject)
  const wrong = price.find(({ code }) => code === 'P1')
  const inOneLine = wrong !== undefined && isAllReservation(subject)
  const causes = wrong === undefined ? checkSpans(subject) : explainPrice(subject, wrong)
  const why = causes.filter(({ code }) => !(inOneLine && code === 'V3'))
  const isExplained = inOneLine || (wrong !== undefined && why.some(({ code }) => code !== 'V3'))
  const tax = checkTaxTwice(subject, { isExplained })
  return [
    ...drafts,
    ...price,
    ...tax,
    ...PRICE_CHECKS.flatMap((check) => check(subject)),
    ...why.filter(({ code }) => !tax.some((said) => said.code === code)),
  ]
}
