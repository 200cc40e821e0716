import { limits } from '../../config/limits.ts'
import type { PricedSegment } from '../pricing/types.ts'
import { moneyText } from './compare.ts'
import type { Decimal } from './decimal.ts'
import { absolute, exactly, multiply, shownText } from './decimal.ts'
import type { Case, PricedInput } from './input.ts'

const UNITS = { ENERGY: 'kWh', TIME: 'h', PARKING_TIME: 'h', FLAT: '×' } as const
const NAMES = {
  energy: '',
  time: ' of time',
  parking: ' of parking',
  reservation: ' of reservation',
  fixed: '',
} as const

/** The bill as a person reckons it: `24.3 kWh × 0.49 EUR = 11.907 EUR`, one line a price. Nothing where none is kept. */
export function billSteps(subject: Case, priced: PricedInput | null): readonly string[] {
  if (priced?.ok !== true || priced.segments === undefined) return []
  const lines = new Map<
    string,
    { segment: PricedSegment; billed: Decimal; excl: Decimal; incl: Decimal }
  >()
  for (const segment of priced.segments) {
    const { dimension, type, unitPrice } = segment
    const key = `${dimension} ${type} ${unitPrice}`
    const known = lines.get(key) ?? { segment, billed: 0n, excl: 0n, incl: 0n }
    const billed = known.billed + exactly(segment.billed)
    const excl = known.excl + exactly(segment.excl ?? segment.incl ?? '0')
    const incl = known.incl + exactly(segment.incl ?? segment.excl ?? '0')
    lines.set(key, { segment, billed, excl, incl })
  }
  const all = [...lines.values()].filter(({ billed }) => billed !== 0n)
  const shown = all.slice(0, limits.explanationLinesMax).map((line) => lineText(subject, line))
  const rest = all.length - shown.length
  const clamp = exactly(priced.clamp?.excl ?? priced.clamp?.incl ?? '0')
  return [
    ...shown,
    ...(rest > 0 ? [`and ${rest} more prices`] : []),
    ...(clamp === 0n
      ? []
      : [
          `to the ${clamp > 0n ? 'least price (min_price)' : 'highest price (max_price)'} of the tariff: ${moneyText(subject, clamp)}`,
        ]),
  ]
}

function lineText(
  subject: Case,
  line: { segment: PricedSegment; billed: Decimal; excl: Decimal; incl: Decimal },
): string {
  const { type, dimension, unitPrice } = line.segment
  const price = moneyText(subject, exactly(unitPrice))
  const { billed, excl, incl } = line
  const product = multiply(billed, exactly(unitPrice))
  const net = moneyText(subject, excl)
  // A price with its tax inside gives the amount with tax, and only that.
  const cost =
    absolute(product - incl) < absolute(product - excl)
      ? `${moneyText(subject, incl)} with tax, which is ${net} without it`
      : net
  const count = shownText(billed, { places: 6 })
  if (type === 'FLAT') return `${count} × ${price} start fee = ${cost}`
  return `${count} ${UNITS[type]}${NAMES[dimension]} × ${price} = ${cost}`
}
