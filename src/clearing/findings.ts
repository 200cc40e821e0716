import { assert } from '../assert.ts'
import type { AtRisk, Claim, Risk } from './at-risk.ts'
import { amountsAtRisk, hasNegativeTax, isEmpty, sizeOf } from './at-risk.ts'
import { decisionText, EXPLAINED } from './decision.ts'
import { exactly, readDecimal, shownText } from './decimal.ts'
import type { Bills, Hold } from './holds.ts'
import { heldBy } from './holds.ts'
import type { Confidence, FindingCode, RuleParameters, Severity } from './rules.ts'
import { RULES, ruleOf } from './rules.ts'
import type { Severities } from './severities.ts'
import { agreedSeverity, isMilder } from './severities.ts'
import type { Standing } from './standing.ts'
import { mayHold } from './standing.ts'

/** Where a compared value stands: `field` is a JSON pointer into the `source`, `value` what stands there. */
export type FindingInput = {
  field: string
  source: Source
  value: string | null
  /** ISO 8601 in UTC, null = the hub did not note it. */
  received_at: string | null
  /** SHA-256 of what it stands in, hex; null = not kept. */
  hash: string | null
}

export type Source =
  | 'cdr'
  | 'session'
  | 'token'
  | 'tariff'
  | 'location'
  | 'pricing'
  | 'agreement'
  | 'original'
  | 'hub'
  | 'record'
  | 'authorization'
  | 'meter'
  | 'rival'
  | 'payment'

/** What a check hands over as read; where and when it came from is added. */
export type DraftInput = Pick<FindingInput, 'field' | 'source' | 'value'> & {
  receivedAt?: Date | null
  hash?: string | null
}

/**
 * How a finding comes about, for a person who reckons it again. `unit`: of its figures. `steps`: the arithmetic, a line
 * each. `decision`: what follows from it, in a sentence. `parameters`: the numbers of the rule as they were in force.
 */
export type Explanation = {
  rule_version: number
  confidence: Confidence
  unit: string | null
  steps: readonly string[]
  decision: string
  counterfactual: string
  parameters: Readonly<Record<string, string>>
  at_risk: AtRisk | null
}

/**
 * What a check found. Numbers are plain decimal text, `difference` = actual − expected; null = does not apply. `atRisk`:
 * what a severe finding holds of the claim; null: nothing by itself.
 */
export type Finding = {
  code: FindingCode
  severity: Severity
  message: string
  inputs: readonly FindingInput[]
  expected: string | null
  actual: string | null
  difference: string | null
  tolerance: string | null
  explanation: Explanation
  atRisk: AtRisk | null
}

/**
 * What a check hands over. `milder` is a grade below the rule's own (a small internal sum error, say). `words` fill the
 * braces of the rule's sentence and remedy, beside expected, actual, difference and tolerance. `risk` left out: all of
 * the claim; one of nothing makes a severe finding a warning. `steps` left out: the subtraction.
 */
export type Draft = {
  code: FindingCode
  milder?: Severity
  inputs: readonly DraftInput[]
  expected?: string
  actual?: string
  difference?: string
  tolerance?: string
  unit?: string
  steps?: readonly string[]
  words?: Readonly<Record<string, string>>
  risk?: Risk
  confidence?: Confidence
}

/** What findings are made with: the terms, whom and how much the CDR bills, and where its facts came from. */
export type FindingContext = {
  severities: Severities
  parameters: RuleParameters
  /** A severe finding that puts less at risk is only reported. */
  lineMin: string
  receiver: string
  claim: Claim | null
  /** What the session costs; null for a credit, which is compared with its original. */
  bills: Bills | null
  /** Of a CDR that is booked already; null: of one that is judged before it is. */
  standing: Standing | null
  /** Codes of what was decided already of the CDR that this one replaces, so that nothing is held for it again. */
  settled: readonly string[]
  origins: Partial<Record<Source, { receivedAt: Date | null; hash: string | null }>>
}

/** What was found, and what is held for it: the findings that hold something, the one that holds most first. */
export type Found = { findings: readonly Finding[]; holds: readonly Hold[] }

/** Findings in the order of the rule table, each with the agreed severity, its sentence and its explanation. */
export function toFindings(drafts: readonly Draft[], context: FindingContext): Found {
  if (drafts.length === 0) return { findings: [], holds: [] }
  const order = Object.keys(RULES)
  const graded = drafts
    .map((draft) => grade(draft, context))
    .toSorted((a, b) => order.indexOf(a.draft.code) - order.indexOf(b.draft.code))
  const holds = heldBy(graded, context)
  return { findings: graded.map((one) => toFinding(one, { ...context, graded, holds })), holds }
}

/**
 * What the findings lead to, and *the* code that decided: the first fatal one, else the severe one that holds most, since
 * what is held is disputed under its code; null when nothing stands against clearing. `beside`: what a second finding,
 * independent of that one, holds of the rest.
 */
export function decide({ findings, holds }: Found): {
  verdict: 'quarantine' | 'hold' | 'clear'
  code: FindingCode | null
  atRisk: AtRisk | null
  beside: Hold | null
} {
  const none = { code: null, atRisk: null, beside: null }
  const fatal = findings.find((finding) => finding.severity === 'F')
  if (fatal !== undefined) return { ...none, verdict: 'quarantine', code: fatal.code }
  const [most, beside = null] = holds
  return most === undefined
    ? { ...none, verdict: 'clear' }
    : { verdict: 'hold', code: most.code, atRisk: most.atRisk, beside }
}

/** The sentence of a rule for the partner, its braces filled. For findings that no check of a CDR makes. */
export function sentenceOf(code: FindingCode, words: Readonly<Record<string, string>>): string {
  return filled(RULES[code].sentence, { code, words })
}

type Graded = {
  draft: Draft
  severity: Severity
  atRisk: AtRisk | null
  /** Whether it may hold what it puts at risk. */
  mayHold: boolean
  spared: 'empty' | 'free' | 'small' | 'settled' | null
}

/** Of one session one CDR stands, also of those that claim nothing, of which nothing can be held. */
const ONE_PER_SESSION: ReadonlySet<FindingCode> = new Set(['D2', 'C4'])

function grade(draft: Draft, context: FindingContext): Graded {
  const { severities, claim, bills, lineMin, standing } = context
  const { code, milder, risk = 'all' } = draft
  const agreed = agreedSeverity(code, severities)
  const stated = milder !== undefined && isMilder(milder, agreed) ? milder : agreed
  const isClaimless = bills !== null && claim !== null && isEmpty(claim)
  const wanted = isClaimless && ONE_PER_SESSION.has(code) ? 'F' : stated
  // What is booked was accepted: what would have refused it can only be held.
  const severity = wanted === 'F' && standing !== null ? 'S' : wanted
  const plain = { draft, severity, atRisk: null, mayHold: false, spared: null }
  if (severity !== 'S' || risk === 'explains') return plain
  const atRisk = isClaimless ? null : amountsAtRisk(risk, claim)
  if (atRisk === null) return { ...plain, severity: 'W', spared: isClaimless ? 'empty' : 'free' }
  if (sizeOf(atRisk) < exactly(lineMin)) return { ...plain, severity: 'W', spared: 'small' }
  if (risk !== 'all' && context.settled.includes(code))
    return { ...plain, severity: 'W', spared: 'settled' }
  const isHopeless = bills !== null && claim !== null && hasNegativeTax(claim)
  return isHopeless && standing === null
    ? { ...plain, severity: 'F' }
    : { ...plain, atRisk, mayHold: mayHold(draft, standing) }
}

type Outcome = FindingContext & { graded: readonly Graded[]; holds: readonly Hold[] }

function toFinding(one: Graded, context: Outcome): Finding {
  const { draft } = one
  const { code, expected = null, actual = null, difference = null, tolerance = null } = draft
  // What only explains is severe as far as what it explains is.
  const isCause = draft.risk === 'explains'
  const explained = context.graded.find((other) => other.draft.code === EXPLAINED)
  const isVain = one.severity === 'S' && isCause && explained?.severity !== 'S'
  const severity = isVain ? 'W' : one.severity
  const held = context.holds.find((hold) => hold.code === code)
  const atRisk = held?.atRisk ?? one.atRisk
  const words = wordsOf(draft)
  const rule = ruleOf(code)
  const explanation = {
    rule_version: rule?.version ?? 1,
    confidence: draft.confidence ?? rule?.confidence ?? 'certain',
    unit: draft.unit ?? null,
    steps: draft.steps?.length ? draft.steps : subtraction(draft, context.claim),
    decision: decisionText(
      { ...one, code, severity, atRisk, isCause },
      {
        ...context,
        isRefused: context.graded.some((other) => other.severity === 'F'),
      },
    ),
    counterfactual: `It would pass if ${filled(RULES[code].remedy, { code, words })}.`,
    parameters: { ...rule?.parameters, ...context.parameters[code] },
    at_risk: atRisk,
  }
  const inputs = draft.inputs.map((input) => withOrigin(input, context))
  const message = filled(RULES[code].sentence, { code, words })
  return {
    code,
    severity,
    message,
    inputs,
    expected,
    actual,
    difference,
    tolerance,
    explanation,
    atRisk,
  }
}

function withOrigin(
  { field, source, value, ...own }: DraftInput,
  { origins }: FindingContext,
): FindingInput {
  const { receivedAt = null, hash = null } = { ...origins[source], ...own }
  return { field, source, value, received_at: receivedAt?.toISOString() ?? null, hash }
}

/** The arithmetic of a draft that tells none. */
function subtraction(draft: Draft, claim: Claim | null): readonly string[] {
  const { expected, actual, difference, tolerance, unit } = draft
  const placesMin = claim !== null && unit === claim.currency ? claim.digits : 0
  const text = (value: string | undefined): string | null => {
    const read = readDecimal(value)
    return read === null || unit === undefined
      ? null
      : `${shownText(read, { places: 6, placesMin })} ${unit}`
  }
  const [to, from, apart, least] = [expected, actual, difference, tolerance].map(text)
  if (!to || !from || !apart) return []
  const steps = [`${from} − ${to} = ${apart}`]
  return least ? [...steps, `tolerated: ${least}`] : steps
}

function wordsOf(draft: Draft): Readonly<Record<string, string | undefined>> {
  const { expected, actual, tolerance } = draft
  const difference = draft.difference?.replace('-', '')
  return { expected, actual, difference, tolerance, ...draft.words }
}

function filled(
  text: string,
  { code, words }: { code: string; words: Readonly<Record<string, string | undefined>> },
): string {
  return text.replace(/\{(\w+)\}/g, (_, word: string) => {
    const value = words[word]
    assert(value !== undefined, `finding ${code} lacks the word ${word}`)
    return value
  })
}
