import type { Decimal } from '../decimal.ts'
import { absolute, exactly } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case, PricedInput } from '../input.ts'
import { compared, costTolerance, moneyText, timeText, whenText } from '../compare.ts'
import { at, readText, readTime, shown } from '../read.ts'
import { riskBeyond } from '../risks.ts'
import { comparePrice } from './price.ts'

/** P3: the claim against the price by the tariff of the agreement, beyond the tolerance. */
export function checkAgreedTariff(subject: Case): readonly Draft[] {
  const agreed = subject.input.others?.agreed ?? null
  return comparePrice(subject, agreed, { beyond: 'P3', within: null }).slice(0, 1)
}

/**
 * P2: the tariffs in the CDR and those that their owner had published when the session began price it differently,
 * beyond the tolerance, or only one of them can; or that in the CDR was not in force.
 */
export function checkStoredTariff(subject: Case): readonly Draft[] {
  const { priced, others, tariff } = subject.input
  const stored = others?.stored ?? null
  if (tariff.state !== 'own' || priced === null) return []
  const apart = stored === null ? [] : compareStored(subject, { priced, stored })
  return apart.length > 0 ? apart : checkInForce(subject, tariff.tariffs)
}

function compareStored(
  subject: Case,
  { priced, stored }: { priced: PricedInput; stored: PricedInput },
): readonly Draft[] {
  if (!priced.ok || !stored.ok) return onlyOnePrices(subject, { priced, stored })
  const [first] = (['excl', 'incl'] as const).flatMap((side) => {
    const [own, published] = [priced.total[side], stored.total[side]]
    if (own === null || published === null) return []
    const [actual, expected] = [exactly(own), exactly(published)]
    const tolerance = costTolerance(subject, expected)
    return absolute(actual - expected) > tolerance ? [{ side, actual, expected, tolerance }] : []
  })
  if (first === undefined) return []
  const { side, ...figures } = first
  const { actual, expected } = figures
  const claimed = subject.facts.total[side]
  const isOfStored =
    claimed !== null && absolute(claimed - expected) <= subject.minorUnit / 2n
      ? ' The claim is what the published one gives.'
      : ''
  const isUnpublished = subject.input.others?.isUnpublished === true
  const never = isUnpublished ? ', which was never published,' : ''
  const by = isUnpublished ? 'the dearest that its connector named' : 'the one published'
  const basis = side === 'excl' ? 'without tax' : 'with tax'
  const what =
    `By the tariff in the CDR${never} the session costs ${moneyText(subject, actual)} ${basis}, by ${by} when it ` +
    `began ${moneyText(subject, expected)}: ${moneyText(subject, absolute(actual - expected))} apart.${isOfStored}`
  const inputs = [
    { field: `/total/${side}`, source: 'pricing' as const, value: priced.total[side] },
    { field: `/total/${side}`, source: 'tariff' as const, value: stored.total[side] },
  ]
  const { risk, steps } = beyondPublished(subject, stored)
  const unit = subject.facts.currency
  return [{ code: 'P2', inputs, words: { what }, unit, risk, steps, ...compared(figures) }]
}

/** What the claim asks more than the published price; a claim that is within the tolerance of that asks nothing more. */
function beyondPublished(
  subject: Case,
  stored: Extract<PricedInput, { ok: true }>,
): ReturnType<typeof riskBeyond> {
  const { total } = subject.facts
  const price = totalOf(stored)
  const isTolerated = (['excl', 'incl'] as const).every((side) => {
    const [claimed, expected] = [total[side], price[side]]
    if (claimed === null || expected === null) return true
    return absolute(claimed - expected) <= costTolerance(subject, expected)
  })
  return isTolerated ? { risk: { net: 0n, tax: 0n }, steps: [] } : riskBeyond(subject, price)
}

/** Clocks of back offices and charge points differ by as much. */
const SKEW_MS = 90_000

/**
 * P2 too: by the tariff's own words it was not in force, neither when the session nor when the period that names it
 * began. It prices the period all the same, since nothing else is known to.
 */
function checkInForce(subject: Case, tariffs: readonly unknown[]): readonly Draft[] {
  const { facts, input } = subject
  const windows = tariffs.map((tariff) => ({
    tariff,
    id: readText(at(tariff, '/id')),
    from: readTime(at(tariff, '/start_date_time')),
    until: readTime(at(tariff, '/end_date_time')),
  }))
  for (const { pointer, start } of facts.periods) {
    const named = readText(at(input.cdr.value, `${pointer}/tariff_id`))
    const own = windows.filter(({ id }) => id?.toUpperCase() === named?.toUpperCase())
    const isInForce = own.some(({ from, until }) =>
      [facts.start, start].some(
        (ms) => (from ?? ms) <= ms + SKEW_MS && (until === null || until > ms - SKEW_MS),
      ),
    )
    const [first] = own
    if (named === null || first === undefined || isInForce) continue
    const { from, until } = first
    const isEarly = from !== null && from > start
    const bound = isEarly
      ? `only from ${whenText(subject, from)}`
      : `only until ${whenText(subject, until ?? start)}`
    const what =
      `By its own words the tariff ${first.id ?? named} in the CDR is valid ${bound}, and the session that is priced by it ` +
      `began at ${whenText(subject, facts.start)}.`
    const field = isEarly ? '/start_date_time' : '/end_date_time'
    const inputs = [
      { field: '/start_date_time', source: 'cdr' as const, value: timeText(facts.start) },
      { field, source: 'tariff' as const, value: shown(at(first.tariff, field)) },
    ]
    // What it should have cost instead nobody knows.
    return [{ code: 'P2', milder: 'W', inputs, words: { what } }]
  }
  return []
}

/** A tariff that prices the session beside one that cannot: only beyond a published price anything is at risk. */
function onlyOnePrices(
  subject: Case,
  { priced, stored }: { priced: PricedInput; stored: PricedInput },
): readonly Draft[] {
  if (priced.ok === stored.ok) return []
  const [failed, worked] = priced.ok ? [stored, priced] : [priced, stored]
  if (failed.ok || !worked.ok) return []
  const [own, published] = ['the tariff in the CDR', 'the one published when the session began']
  const [cannot, can] = priced.ok ? [published, own] : [own, published]
  const total = worked.total.excl ?? worked.total.incl
  const price = total === null ? '' : `, where it costs ${moneyText(subject, exactly(total))}`
  const what = `By ${cannot} the session cannot be priced, only by ${can}${price}: ${failed.message.replace(/[.]$/, '')} (${failed.code.replaceAll('_', ' ')}).`
  const inputs = [{ field: failed.pointer, source: 'tariff' as const, value: failed.code }]
  if (priced.ok || !stored.ok) return [{ code: 'P2', milder: 'W', inputs, words: { what } }]
  const { risk, steps } = beyondPublished(subject, stored)
  return [{ code: 'P2', inputs, words: { what }, risk, steps }]
}

function totalOf({ total }: Extract<PricedInput, { ok: true }>): {
  excl: Decimal | null
  incl: Decimal | null
} {
  const { excl, incl } = total
  return { excl: excl === null ? null : exactly(excl), incl: incl === null ? null : exactly(incl) }
}
