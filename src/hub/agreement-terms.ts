import Type from 'typebox'
import type { Static } from 'typebox'
import { TERMS } from '../clearing/terms.ts'
import {
  disputeTerms,
  ruleParameters,
  severityTerms,
  tightening,
  tolerances,
} from './clearing-terms.ts'
import { policyTerms } from './policy-terms.ts'

const strict = { additionalProperties: false }

/**
 * What a CPO and an eMSP agreed, filled in: what `agreements.terms` holds and what a CDR is judged by. Later issues add
 * fields and rename none. `valid_from` is inclusive, `valid_to` exclusive; see inForce for where they are absent.
 */
export const agreementTerms = Type.Object(
  {
    valid_from: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'RFC 3339 with zone, inclusive; absent = since ever in the first version of a pair, since its creation in later ones',
      }),
    ),
    valid_to: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'RFC 3339 with zone, exclusive; absent = without end',
      }),
    ),
    modules: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{1,36}$' }), {
        minItems: 1,
        uniqueItems: true,
        description:
          'ids of the modules that may be used between the two; absent = all of OCPI. A custom module must be listed',
      }),
    ),
    cdr_delivery: Type.Enum(['clear', 'relay'], {
      description:
        'clear: recorded, answered and delivered with retries. relay: passed on at once, as OCPI messages are',
    }),
    credit_from_211: Type.Optional(
      Type.Boolean({
        description:
          'true: a negative CDR of a CPO that speaks 2.1.1 is taken as a credit. absent = false: 2.1.1 has no credits',
      }),
    ),
    credit_to_211: Type.Optional(
      Type.Boolean({
        description:
          'true: credits go to an eMSP that speaks 2.1.1 as CDRs with negative amounts. absent = false: withheld',
      }),
    ),
    contest_days: Type.Integer({ minimum: 0, maximum: 365, description: '0 = approved at once' }),
    cdr_age_days_max: Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'a CDR that comes later is held',
    }),
    tolerance: Type.Object(
      {
        ...tolerances,
        energy: Type.Optional(tolerances.energy),
        duration: Type.Optional(tolerances.duration),
      },
      strict,
    ),
    pricing_policy: Type.Optional(policyTerms),
    tariff: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            'the tariff that was agreed: an OCPI Tariff of 2.2.1, or of 2.3.0 with tax_included. Every session of the pair is priced by it too, and what a claim asks beyond it is held (P3)',
        },
      ),
    ),
    severities: Type.Optional(severityTerms),
    ...disputeTerms,
    rules: Type.Optional(ruleParameters),
    tightenings: Type.Optional(
      Type.Object(
        { cpo: Type.Optional(tightening), emsp: Type.Optional(tightening) },
        {
          ...strict,
          description:
            'what one side wants to be stricter than agreed; of each value the strictest counts',
        },
      ),
    ),
  },
  strict,
)
export type AgreementTerms = Static<typeof agreementTerms>

/** The terms of a pair that agreed nothing, and what fills the gaps of what was agreed. */
export const defaultTerms: AgreementTerms = {
  cdr_delivery: 'clear',
  contest_days: 30,
  cdr_age_days_max: 60,
  tolerance: { cost: TERMS.tolerance.cost },
}

/** One version of a pair's agreement. `Terms` is unknown where it comes straight out of the database. */
export type AgreementVersion<Terms> = {
  version: number
  terms: Terms
  /** Inclusive; null = since ever in the first version of a pair, since `createdAt` in later ones. */
  validFrom: Date | null
  /** Exclusive; null = without end. */
  validTo: Date | null
  /** A DELETE: from its creation on nothing is agreed. */
  ended: boolean
  createdAt: Date
}

/**
 * The version in force at `at`: the highest one whose window contains it. Without `validFrom` only the first version of
 * a pair counts since ever, later ones since their creation: what began before stays as it was agreed. An ended version
 * ends everything before it from its creation on, so that sessions that began earlier are still judged by what was
 * agreed then.
 */
export function inForce<Terms>(
  versions: readonly AgreementVersion<Terms>[],
  at: Date,
): { version: number; terms: Terms } | null {
  const newestFirst = versions.toSorted((a, b) => b.version - a.version)
  const first = newestFirst.at(-1)
  for (const candidate of newestFirst) {
    const from = candidate.validFrom ?? (candidate === first ? null : candidate.createdAt)
    if (candidate.ended) {
      if (candidate.createdAt <= at) return null
    } else if (contains({ from, to: candidate.validTo }, at)) {
      return { version: candidate.version, terms: candidate.terms }
    }
  }
  return null
}

function contains({ from, to }: { from: Date | null; to: Date | null }, at: Date): boolean {
  return (from === null || from <= at) && (to === null || at < to)
}
