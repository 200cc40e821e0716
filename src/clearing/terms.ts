import type { Severities } from './severities.ts'
import type { RuleParameters } from './rules.ts'

/** The larger of the two counts: decimal text in the unit of what is compared, and a share (0.005 = 0.5 %). */
export type Tolerance = { absolute: string | number; relative: string | number }

/**
 * The terms in force at the start of a session that the rules read, every gap filled. Energy in kWh. `signedDataRequired`:
 * everywhere, nowhere, or in the countries of that list (ISO 3166-1 alpha-3).
 */
export type ClearingTerms = {
  tolerance: {
    cost: Tolerance
    energy: Tolerance
    duration: { absolute_s: string | number; relative: string | number }
  }
  cdrAgeDaysMax: number
  capacityKwhMax: number
  /** A severe finding that puts less at risk, with tax, is only reported; in the currency, as decimal text. */
  lineMin: string
  signedDataRequired: boolean | readonly string[]
  severities: Severities
  /** Numbers of rules that were agreed otherwise, by code. */
  parameters: RuleParameters
  currency?: string
}

/** What fills the gaps of an agreement, whoever reads it. */
export const TERMS = {
  tolerance: {
    cost: { absolute: '0.02', relative: '0.005' },
    energy: { absolute: '0.05', relative: '0.005' },
    duration: { absolute_s: '60', relative: '0.01' },
  },
  signed_data_required: false,
  capacity_kwh_max: 300,
  auto_dispute: { hold_days: 3, auto_uphold_days: 10 },
  dispute: {
    raise_days: 30,
    raise_days_hard: 120,
    answer_days: 14,
    evidence_days: 21,
    rebuttal_days: 10,
    proposal_days: 10,
    arbitration_days: 30,
    credit_days: 30,
    rounds: 3,
  },
  materiality: { line: '0.00', pattern: '5.00' },
} as const
