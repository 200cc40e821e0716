import type { Severity } from '../clearing/rules.ts'
import type { ClearingTerms } from '../clearing/terms.ts'
import { TERMS } from '../clearing/terms.ts'
import { exactly } from '../clearing/decimal.ts'
import { stricterSeverity } from '../clearing/severities.ts'
import type { AgreementTerms } from './agreement-terms.ts'

type Gaps = 'auto_dispute' | 'dispute' | 'materiality' | 'capacity_kwh_max' | 'signed_data_required'
type Full<T> = { [Key in keyof T]-?: Exclude<T[Key], undefined> }

/** Terms without gaps, the tightenings of both sides worked in. Amounts as decimal text, days as numbers. */
export type FilledTerms = Omit<AgreementTerms, Gaps | 'tolerance' | 'severities' | 'rules'> & {
  tolerance: Full<AgreementTerms['tolerance']>
  severities: Readonly<Record<string, Severity>>
  rules: NonNullable<AgreementTerms['rules']>
  signed_data_required: NonNullable<AgreementTerms['signed_data_required']>
  capacity_kwh_max: number
  auto_dispute: Full<NonNullable<AgreementTerms['auto_dispute']>>
  dispute: Full<NonNullable<AgreementTerms['dispute']>>
  materiality: Full<NonNullable<AgreementTerms['materiality']>>
}

const filled = new WeakMap<AgreementTerms, FilledTerms>()
const judged = new WeakMap<AgreementTerms, ClearingTerms>()

/** What a pair agreed with every gap filled from TERMS; where a side asks for more, the stricter value. */
export function termsOf(terms: AgreementTerms): FilledTerms {
  const known = filled.get(terms)
  if (known !== undefined) return known
  const made = tightened(fill(terms))
  filled.set(terms, made)
  return made
}

/** The same as the rules of clearing read it. */
export function clearingTermsOf(terms: AgreementTerms): ClearingTerms {
  const known = judged.get(terms)
  if (known !== undefined) return known
  const full = termsOf(terms)
  const made = {
    tolerance: full.tolerance,
    cdrAgeDaysMax: full.cdr_age_days_max,
    capacityKwhMax: full.capacity_kwh_max,
    lineMin: full.materiality.line,
    signedDataRequired: full.signed_data_required,
    severities: full.severities,
    parameters: full.rules,
  }
  judged.set(terms, made)
  return made
}

function fill(terms: AgreementTerms): FilledTerms {
  return {
    ...terms,
    tolerance: { ...TERMS.tolerance, ...terms.tolerance },
    severities: terms.severities ?? {},
    rules: terms.rules ?? {},
    signed_data_required: terms.signed_data_required ?? TERMS.signed_data_required,
    capacity_kwh_max: terms.capacity_kwh_max ?? TERMS.capacity_kwh_max,
    auto_dispute: { ...TERMS.auto_dispute, ...terms.auto_dispute },
    dispute: { ...TERMS.dispute, ...terms.dispute },
    materiality: { ...TERMS.materiality, ...terms.materiality },
  }
}

function tightened(terms: FilledTerms): FilledTerms {
  const { cpo, emsp } = terms.tightenings ?? {}
  return [cpo, emsp].reduce<FilledTerms>((sum, side) => {
    if (side === undefined) return sum
    const { tolerance: own = {}, severities = {}, capacity_kwh_max: most } = side
    const { cost, energy, duration } = sum.tolerance
    return {
      ...sum,
      capacity_kwh_max: Math.min(sum.capacity_kwh_max, most ?? sum.capacity_kwh_max),
      tolerance: {
        cost: {
          absolute: least(cost.absolute, own.cost?.absolute),
          relative: least(cost.relative, own.cost?.relative),
        },
        energy: {
          absolute: least(energy.absolute, own.energy?.absolute),
          relative: least(energy.relative, own.energy?.relative),
        },
        duration: {
          absolute_s: least(duration.absolute_s, own.duration?.absolute_s),
          relative: least(duration.relative, own.duration?.relative),
        },
      },
      severities: Object.entries(severities).reduce(
        (all, [code, wanted]) => ({
          ...all,
          [code]: stricterSeverity(code, wanted, { severities: all }),
        }),
        sum.severities,
      ),
    }
  }, terms)
}

function least(agreed: string, wanted: string | undefined): string {
  return wanted !== undefined && exactly(wanted) < exactly(agreed) ? wanted : agreed
}
