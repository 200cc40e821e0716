import { isObject } from '../reading.ts'
import { lintComponents } from './components.ts'
import { TARIFF_FIELDS } from './fields.ts'
import { findingsOf, newFindings, report } from './findings.ts'
import { lintFields } from './form.ts'
import { lintGaps } from './gaps.ts'
import { instantAt, lintHead } from './head.ts'
import { lintLosses } from './losses.ts'
import { openReach } from './reach.ts'
import { lintRestrictions } from './restrictions.ts'
import { elementsOf } from './terms.ts'
import type { Json } from './terms.ts'
import type { LintFinding, LintOptions, LintVersion } from './types.ts'

/**
 * What is wrong or odd about a tariff (OCPI 2.1.1, 2.2.1 and 2.3.0, mod_tariffs, Tariff): values nobody can read, prices
 * no session reaches, moments without a price, and whatever partners stumble over. Takes any JSON value and never throws;
 * what cannot be read is reported and left out of the rest. Pure: "now" is only what `at` says. The findings come in the
 * order form, head, restrictions, components, reach; LINT_RULES has their meaning.
 */
export function lintTariff(tariff: unknown, options: LintOptions = {}): readonly LintFinding[] {
  const findings = newFindings()
  if (!isObject(tariff)) {
    report(findings, { code: 'not_a_tariff', pointer: '' })
    return findingsOf(findings)
  }
  const { at, sendsMeter, version = inferVersion(tariff) } = options
  const place = { pointer: '', field: 'tariff', depth: 0 }
  lintFields(tariff, { fields: TARIFF_FIELDS[version], walk: { findings, version }, place })
  lintHead(tariff, { findings, at })
  const elements = elementsOf(tariff)
  for (const element of elements)
    lintRestrictions(tariff, element, { findings, version, sendsMeter })
  lintComponents(tariff, elements, { findings, version })
  const fromMs = latestOf(at ?? null, instantAt(tariff, 'start_date_time'))
  const reach = openReach(elements, { findings, version, fromMs })
  lintLosses(reach)
  lintGaps(reach)
  if (reach.stepsLeft < 0) findings.isCut = true
  return findingsOf(findings)
}

function latestOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

/** Fields that OCPI 2.1.1 does not have. */
const SINCE_22 = [
  'country_code',
  'party_id',
  'type',
  'min_price',
  'max_price',
  'start_date_time',
  'end_date_time',
] as const

/** The version a tariff was written for, as far as its fields tell: those that only later versions have decide. */
export function inferVersion(tariff: Json): LintVersion {
  const limits = [tariff['min_price'], tariff['max_price']].filter(isObject)
  const isLater =
    'tax_included' in tariff ||
    'preauthorize_amount' in tariff ||
    limits.some((limit) => 'before_taxes' in limit)
  if (isLater) return '2.3.0'
  const isOwned = SINCE_22.some((key) => key in tariff) || elementsOf(tariff).some(isSince22)
  return isOwned ? '2.2.1' : '2.1.1'
}

function isSince22({ restrictions, components }: ReturnType<typeof elementsOf>[number]): boolean {
  if (components.some(({ hasVat }) => hasVat)) return true
  return (
    restrictions !== null &&
    ['min_current', 'max_current', 'reservation'].some((key) => key in restrictions)
  )
}
