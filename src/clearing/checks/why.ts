import { limits } from '../../../config/limits.ts'
import { attribute } from '../../pricing/attribution.ts'
import type { Attribution } from '../../pricing/attribution.ts'
import { priceCdr } from '../../pricing/price.ts'
import { compared, costTolerance, moneyText } from '../compare.ts'
import { roundMicros } from '../at-risk.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at, isRecord, listOf, readPrice } from '../read.ts'
import type { FindingCode } from '../rules.ts'

/**
 * P4 to P7, P10, V3: why a price differs, where one other reading of the tariff gives the claim. `wrong` is the finding
 * that it does; what explains it adds nothing to what is at risk. Prices the CDR once for each such reading, so it is for
 * CDRs that are wrong only.
 */
export function explainPrice(subject: Case, wrong: Draft): readonly Draft[] {
  const found = readingOf(subject, wrong)
  if (found.length > 0 && found.every(({ code }) => code !== 'V3')) return found
  // What lies in one line of the bill is no tax on all of it, even where the sums agree by chance.
  const idle = idleTimeOf(subject, wrong)
  return idle.length > 0 ? idle : found
}

function readingOf(subject: Case, wrong: Draft): readonly Draft[] {
  const { pricing, agreement } = subject.input
  // What would take long is left to the study that follows, which holds no lock.
  if (!pricing || subject.facts.periods.length > limits.explainedPeriodsMax) return []
  const { absolute, relative } = agreement.tolerance.cost
  const tolerance = { absolute: String(absolute), relative: String(relative) }
  const { found } = attribute({ ...pricing, tolerance, keys: KEYS })
  const best = found.find(({ explains }) => explains.includes('total_cost'))
  const code = best === undefined ? null : codeOf(best)
  if (best === undefined || code === null) return []
  return [draftOf({ code, best, wrong })]
}

/** What each other reading means in the words of the rule table; a key, or a key with its value. */
const CAUSES: Readonly<Record<string, FindingCode>> = {
  step_size: 'P4',
  stepped_time: 'P4',
  unpriced_in_step: 'P4',
  exact_multiple: 'P4',
  empty_volume_step: 'P4',
  parking_time: 'P5',
  parking_restrictions: 'P5',
  time_prices: 'P5',
  'left_out:PARKING_TIME': 'P5',
  time_zone: 'P6',
  restrictions: 'P6',
  equal_window: 'P6',
  midnight_end: 'P6',
  missing_meter: 'P6',
  meter_pairing: 'P6',
  end_date: 'P6',
  duration_origin: 'P6',
  wrapping_window: 'P6',
  price_limits: 'P7',
  reservation_elements: 'P10',
  expired_reservation: 'P10',
  reservation_expired: 'P10',
  reserved_step: 'P10',
  'vat:twice': 'V3',
  'vat:in_net': 'V3',
  'vat:prices_include_it': 'V3',
  'vat:on_both_sides': 'V3',
  'vat:sides_exchanged': 'V3',
}

const KEYS = new Set(Object.keys(CAUSES))

function codeOf({ code, changes }: Attribution): FindingCode | null {
  return CAUSES[code] ?? CAUSES[changes[0]?.key ?? ''] ?? null
}

function draftOf({
  code,
  best,
  wrong,
}: {
  code: FindingCode
  best: Attribution
  wrong: Draft
}): Draft {
  const { unit, words = {} } = wrong
  const { price = '', basis = '' } = words
  const total = best.total.excl ?? best.total.incl ?? ''
  const steps = [`read that way, the session costs ${total} ${unit ?? ''}`.trim()]
  // One sentence for codes that are found in other ways too.
  const what = `${best.sentence} By the tariff it is ${price} ${basis}.`
  const known = { price, basis, what, fair: 'what the tariff says', net: price }
  return { ...wrong, code, words: known, steps, risk: 'explains' }
}

/** P5: no reading gives the claim, but all of the difference lies in what is asked for idle time. */
function idleTimeOf(subject: Case, wrong: Draft): readonly Draft[] {
  const { priced, cdr } = subject.input
  const bill = priced?.ok === true ? priced.dimensions?.parking.excl : null
  const total = priced?.ok === true ? priced.total.excl : null
  const stated = readPrice(at(cdr.value, '/total_parking_cost'))
  if (bill === null || bill === undefined || total === null) return []
  if (stated === null) return wholeTimeOf(subject, { wrong, bill, total })
  const expected = exactly(bill)
  const tolerance = costTolerance(subject, exactly(total))
  const apart = stated.excl - expected
  const rest = subject.facts.total.excl - exactly(total) - apart
  if (absolute(apart) <= tolerance || absolute(rest) > tolerance) return []
  const [claim, price] = [moneyText(subject, stated.excl), moneyText(subject, expected)]
  const what = `The difference lies in the idle time: ${claim} are billed for parking, the tariff gives ${price}.`
  const inputs: DraftInput[] = [
    { field: '/total_parking_cost/excl_vat', source: 'cdr', value: textOf(stated.excl) },
    { field: '/dimensions/parking/excl', source: 'pricing', value: bill },
  ]
  return [
    {
      code: 'P5',
      inputs,
      words: { what },
      unit: subject.facts.currency,
      risk: 'explains',
      steps: [`${claim} − ${price} = ${moneyText(subject, apart)}`],
      ...(wrong.milder === undefined ? {} : { milder: wrong.milder }),
      ...compared({ expected, actual: stated.excl, tolerance }),
    },
  ]
}

/** P5 where the CDR states no parts: the claim is what it would be if all of the session had been idle time. */
function wholeTimeOf(
  subject: Case,
  { wrong, bill, total }: { wrong: Draft; bill: string; total: string },
): readonly Draft[] {
  const { priced } = subject.input
  const idle = priced?.ok === true ? exactly(priced.quantities?.parkingH ?? '0') : 0n
  const { hours } = subject.facts
  if (hours <= idle) return []
  const expected = exactly(total)
  const tolerance = costTolerance(subject, expected)
  const scaled = idle <= 0n ? allIdle(subject) : (exactly(bill) * hours) / idle
  if (scaled === null) return []
  const whole = roundMicros(scaled)
  const actual = subject.facts.total.excl
  const apart = actual - expected
  if (apart <= tolerance || absolute(apart - (whole - exactly(bill))) > tolerance) return []
  const [claim, price] = [moneyText(subject, whole), moneyText(subject, exactly(bill))]
  const [all, parked] = [shownHours(hours), shownHours(idle)]
  const what =
    `The difference lies in the idle time: the claim is reached where all of the ${all} are billed as parking, ` +
    `${claim}; the vehicle was idle for ${parked}, which the tariff gives ${price} for.`
  const inputs: DraftInput[] = [
    { field: '/total_cost/excl_vat', source: 'cdr', value: textOf(actual) },
    { field: '/dimensions/parking/excl', source: 'pricing', value: bill },
  ]
  const steps = [
    idle <= 0n
      ? `by the price of the tariff for idle time, ${all} are ${claim} (rounded half up to 6 decimals)`
      : `${price} for ${parked}, so ${all} are ${claim} (rounded half up to 6 decimals)`,
    `${claim} − ${price} = ${moneyText(subject, whole - exactly(bill))}`,
  ]
  const unit = subject.facts.currency
  const milder = wrong.milder === undefined ? {} : { milder: wrong.milder }
  const words = { what }
  const risk = 'explains' as const
  const figures = compared({ expected, actual, tolerance })
  return [{ code: 'P5', inputs, words, unit, risk, steps, ...milder, ...figures }]
}

/** What the time of the session costs where all of it is taken for idle time; null where that has no price. */
function allIdle({ input, facts }: Case): Decimal | null {
  const { pricing } = input
  if (!pricing || facts.periods.length > limits.explainedPeriodsMax) return null
  const { cdr, tariffs, options } = pricing
  if (!isRecord(cdr)) return null
  const charging_periods = listOf(cdr['charging_periods']).map((period) => ({
    ...(isRecord(period) ? period : {}),
    dimensions: listOf(at(period, '/dimensions')).map((dimension) =>
      isRecord(dimension) && dimension['type'] === 'TIME'
        ? { ...dimension, type: 'PARKING_TIME' }
        : dimension,
    ),
  }))
  const priced = priceCdr({ ...cdr, charging_periods }, tariffs, options)
  const cost = priced.ok ? exactly(priced.dimensions.parking.excl ?? '0') : 0n
  return cost > 0n ? cost : null
}

function shownHours(hours: Decimal): string {
  return `${shownText(hours, { places: 4 })} h`
}
