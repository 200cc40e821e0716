import type { FindingCode, Severity } from './rules.ts'
import { RULES, ruleOf } from './rules.ts'

/**
 * Severity by finding code, as an agreement overrides it, never below the rule's floor. Codes that do not exist are
 * ignored.
 */
export type Severities = Readonly<Record<string, Severity>>

/** The overrides that are milder than the floor of their rule, which no agreement may ask for. */
export function belowFloor(severities: Severities): readonly { code: string; floor: Severity }[] {
  return Object.entries(severities).flatMap(([code, agreed]) => {
    const floor = ruleOf(code)?.floor ?? null
    return floor !== null && isMilder(agreed, floor) ? [{ code, floor }] : []
  })
}

/** The severity of a rule under an agreement. */
export function agreedSeverity(code: FindingCode, severities: Severities): Severity {
  const agreed = Object.hasOwn(severities, code) ? severities[code] : undefined
  if (agreed === undefined) return RULES[code].severity
  const floor = ruleOf(code)?.floor ?? null
  return floor !== null && isMilder(agreed, floor) ? floor : agreed
}

/** Of a wanted severity and the one that stands, agreed or of the table, the stricter. */
export function stricterSeverity(
  code: string,
  wanted: Severity,
  { severities }: { severities: Severities },
): Severity {
  const stands =
    (Object.hasOwn(severities, code) ? severities[code] : null) ?? ruleOf(code)?.severity
  return stands === undefined || isMilder(stands, wanted) ? wanted : stands
}

/** True when `one` is milder than `other`. */
export function isMilder(one: Severity, other: Severity): boolean {
  const order = ['F', 'S', 'W', 'I']
  return order.indexOf(one) > order.indexOf(other)
}
