import {
  figureOf,
  figureText,
  minorDigits,
  perFigure,
  roundHalfUp,
  timesFigure,
  unitFigure,
} from './figures.ts'
import type { Figure } from './figures.ts'
import type { Money, PricedBill } from './types.ts'

const HUNDRED = figureOf('100')

/** The amounts after taxes stand on both sides. Null: these are unknown. */
export function withTaxOnBothSides(bill: PricedBill): PricedBill | null {
  return swapSides(bill, ({ incl }) => ({ excl: incl, incl }))
}

/** The amounts before and after taxes are exchanged. */
export function withSidesExchanged(bill: PricedBill): PricedBill | null {
  return swapSides(bill, ({ excl, incl }) => ({ excl: incl, incl: excl }))
}

/** The rate of the session on its rounded net. Null where there is no single rate. */
export function withTaxOfRoundedNet(bill: PricedBill): PricedBill | null {
  return withTaxOfNet(bill, (net) => roundHalfUp(net, minorDigits(bill.currency)))
}

/** The rate of the session on its net, cut off at the minor unit. Null where there is no single rate. */
export function withTaxOfCutNet(bill: PricedBill): PricedBill | null {
  return withTaxOfNet(bill, (net) => net - (net % unitFigure(minorDigits(bill.currency))))
}

/** Both sides cut off at the minor unit. */
export function withCutTotal(bill: PricedBill): PricedBill {
  const unit = unitFigure(minorDigits(bill.currency))
  const cut = (text: string | null): string | null =>
    text === null ? null : figureText(figureOf(text) - (figureOf(text) % unit))
  return { ...bill, total: { excl: cut(bill.total.excl), incl: cut(bill.total.incl) } }
}

function withTaxOfNet(bill: PricedBill, edit: (net: Figure) => Figure): PricedBill | null {
  const rate = singleRate(bill)
  if (rate === null || bill.total.excl === null) return null
  const net = edit(figureOf(bill.total.excl))
  return withTotal(bill, { net, tax: perFigure(timesFigure(net, rate), HUNDRED), rate })
}

/** The net as the rounded gross without the rate of the session. Null where there is no single rate. */
export function withNetOfRoundedGross(bill: PricedBill): PricedBill | null {
  const rate = singleRate(bill)
  if (rate === null || bill.total.incl === null) return null
  const gross = roundHalfUp(figureOf(bill.total.incl), minorDigits(bill.currency))
  const net = perFigure(timesFigure(gross, HUNDRED), HUNDRED + rate)
  return withTotal(bill, { net, tax: gross - net, rate })
}

/** Net and the tax of each rate are rounded, then added. Null where no taxes are known. */
export function withRoundedTaxLines(bill: PricedBill): PricedBill | null {
  if (bill.total.excl === null || bill.taxes.length === 0) return null
  const digits = minorDigits(bill.currency)
  const taxes = bill.taxes.map((line) => ({
    ...line,
    amount: figureText(roundHalfUp(figureOf(line.amount), digits)),
  }))
  const net = roundHalfUp(figureOf(bill.total.excl), digits)
  const incl = taxes.reduce((sum, { amount }) => sum + figureOf(amount), net)
  return { ...bill, taxes, total: { excl: figureText(net), incl: figureText(incl) } }
}

function withTotal(
  bill: PricedBill,
  { net, tax, rate }: { net: Figure; tax: Figure; rate: Figure },
): PricedBill {
  const line = { percentage: figureText(rate), base: figureText(net), amount: figureText(tax) }
  const total = { excl: figureText(net), incl: figureText(net + tax) }
  return { ...bill, total, taxes: [line] }
}

/** The one rate, in percent, of everything billed; none below zero, by which nothing is taxed. */
function singleRate({ segments }: PricedBill): Figure | null {
  const rates = new Set(segments.map(({ vat }) => vat))
  const [rate = null] = rates
  return rates.size === 1 && rate !== null && figureOf(rate) >= 0n ? figureOf(rate) : null
}

function swapSides(bill: PricedBill, swap: (money: Money) => Money): PricedBill | null {
  if (bill.total.excl === null || bill.total.incl === null) return null
  const { energy, time, parking, reservation, fixed } = bill.dimensions
  return {
    ...bill,
    total: swap(bill.total),
    taxes: [],
    dimensions: {
      energy: swap(energy),
      time: swap(time),
      parking: swap(parking),
      reservation: swap(reservation),
      fixed: swap(fixed),
    },
    segments: bill.segments.map((segment) => ({ ...segment, ...swap(segment) })),
  }
}
