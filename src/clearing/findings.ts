import { assert } from '../assert.ts'
import type { AtRisk, Claim, Risk } from './at-risk.ts'
import { amountsAtRisk, heldText, isMore, leftText, sizeOf } from './at-risk.ts'
import { exactly, readDecimal, shownText } from './decimal.ts'
import type { Confidence, FindingCode, RuleParameters, Severity } from './rules.ts'
import { RULES, ruleOf } from './rules.ts'
import type { Severities } from './severities.ts'
import { agreedSeverity, isMilder } from './severities.ts'

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
  origins: Partial<Record<Source, { receivedAt: Date | null; hash: string | null }>>
}

/**
 * Findings in the order of the rule table, each with the agreed severity, its sentence and its explanation; `most`: the
 * severe one that puts most at risk, of equal ones the first.
 */
export function toFindings(
  drafts: readonly Draft[],
  context: FindingContext,
): { findings: readonly Finding[]; most: Finding | null } {
  if (drafts.length === 0) return { findings: [], most: null }
  const order = Object.keys(RULES)
  const graded = drafts
    .map((draft) => grade(draft, context))
    .toSorted((a, b) => order.indexOf(a.draft.code) - order.indexOf(b.draft.code))
  const most = graded.reduce<Graded | null>(
    (sum, one) => (isMore(one.atRisk, sum?.atRisk ?? null) ? one : sum),
    null,
  )
  const findings = graded.map((one) => toFinding(one, { ...context, most }))
  return { findings, most: most === null ? null : (findings[graded.indexOf(most)] ?? null) }
}

/**
 * What the findings lead to, and *the* code that decided: the first fatal one, else the severe one that holds most, since
 * what is held is disputed under its code; null when nothing stands against clearing.
 */
export function decide({ findings, most }: ReturnType<typeof toFindings>): {
  verdict: 'quarantine' | 'hold' | 'clear'
  code: FindingCode | null
  atRisk: AtRisk | null
} {
  const fatal = findings.find((finding) => finding.severity === 'F')
  if (fatal !== undefined) return { verdict: 'quarantine', code: fatal.code, atRisk: null }
  return most === null
    ? { verdict: 'clear', code: null, atRisk: null }
    : { verdict: 'hold', code: most.code, atRisk: most.atRisk }
}

/** The sentence of a rule for the partner, its braces filled. For findings that no check of a CDR makes. */
export function sentenceOf(code: FindingCode, words: Readonly<Record<string, string>>): string {
  return filled(RULES[code].sentence, { code, words })
}

/** `spared`: why a severe finding is a warning: the CDR asks for no more than it should, or for too little more. */
type Graded = {
  draft: Draft
  severity: Severity
  atRisk: AtRisk | null
  spared?: 'free' | 'small'
}

function grade(draft: Draft, { severities, claim, lineMin }: FindingContext): Graded {
  const { code, milder, risk = 'all' } = draft
  const agreed = agreedSeverity(code, severities)
  const severity = milder !== undefined && isMilder(milder, agreed) ? milder : agreed
  if (severity !== 'S' || risk === 'explains') return { draft, severity, atRisk: null }
  const atRisk = amountsAtRisk(risk, claim)
  if (atRisk === null) return { draft, severity: 'W', atRisk, spared: 'free' }
  return sizeOf(atRisk) < exactly(lineMin)
    ? { draft, severity: 'W', atRisk: null, spared: 'small' }
    : { draft, severity, atRisk }
}

type Outcome = FindingContext & { most: Graded | null }

function toFinding(one: Graded, context: Outcome): Finding {
  const { draft, atRisk } = one
  const { code, expected = null, actual = null, difference = null, tolerance = null } = draft
  // What only explains is severe as far as what it explains is.
  const isVain = one.severity === 'S' && draft.risk === 'explains' && context.most === null
  const severity = isVain ? 'W' : one.severity
  const words = wordsOf(draft)
  const rule = ruleOf(code)
  const explanation = {
    rule_version: rule?.version ?? 1,
    confidence: draft.confidence ?? rule?.confidence ?? 'certain',
    unit: draft.unit ?? null,
    steps: draft.steps?.length ? draft.steps : subtraction(draft, context.claim),
    decision: decisionOf({ ...one, severity }, context),
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

function decisionOf(one: Graded, { most, claim, receiver }: Outcome): string {
  const { severity, atRisk } = one
  switch (severity) {
    case 'F':
      return 'The CDR is not accepted, and nothing of it is booked.'
    case 'S':
      if (atRisk === null || claim === null)
        return 'It says why the price differs; what is held for that covers it.'
      if (one.draft !== most?.draft)
        return `${heldText(atRisk, claim)} at risk; what is held for another finding covers it.`
      return `${heldText(atRisk, claim)} held until this is decided${leftText(atRisk, claim)}.`
    case 'W':
      if (one.spared === 'free')
        return `Nothing is held for it: ${receiver} does not pay more than it owes.`
      return one.spared === 'small'
        ? 'Nothing is held for it: what is at risk is less than was agreed to hold.'
        : 'Nothing is held for it; it is reported.'
    case 'I':
      return 'Nothing is held for it; it is kept for the record.'
    default:
      return severity satisfies never
  }
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
