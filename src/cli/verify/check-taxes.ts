import type { Decimal } from '../../clearing/decimal.ts'
import { absolute, exactly, readDecimal, textOf } from '../../clearing/decimal.ts'
import type { Money, PricedBill, TaxLine } from '../../pricing/types.ts'
import type { Sheet } from './check.ts'
import { checkText, checkUnreadable } from './check.ts'
import { roundedTo } from './rounding.ts'
import type { StatedTax } from './stated.ts'
import { readTaxLine } from './stated.ts'

/**
 * `expected.tax_lines`: a line of ours must stand for each, by its percentage. Lines of ours beyond are told; where the
 * list is empty there may be none with an amount.
 */
export function checkTaxLines(sheet: Sheet, expected: unknown, bill: PricedBill): void {
  if (expected === null) return
  if (!Array.isArray(expected)) {
    sheet.unchecked.push({ item: 'tax_lines', why: 'is no list' })
    return
  }
  if (expected.length === 0) {
    checkNoTax(sheet, bill)
    return
  }
  const lines = expected.map(readTaxLine)
  checkLines(sheet, { item: 'tax_lines', lines, bill })
  const stated = new Set(lines.map(({ rate }) => nameOf(rate)))
  for (const { percentage } of bill.taxes)
    if (!stated.has(nameOf(rateOf(percentage))))
      sheet.beyond.push(`tax line ${nameOf(rateOf(percentage))}`)
}

function checkNoTax(sheet: Sheet, { taxes }: PricedBill): void {
  const { comparing } = sheet
  const taxed = taxes.filter(
    ({ amount }) => absolute(roundedTo(exactly(amount), comparing)) > comparing.tolerance,
  )
  const shown = taxed.map(
    ({ percentage, amount }) => `${nameOf(rateOf(percentage))}: ${textOf(exactly(amount))}`,
  )
  checkText(sheet, 'tax_lines', { expected: 'none', computed: shown.join(', ') || 'none' })
}

/** Each stated line against ours of the same percentage. */
export function checkLines(
  sheet: Sheet,
  { item, lines, bill }: { item: string; lines: readonly StatedTax[]; bill: PricedBill },
): void {
  for (const line of lines) {
    const name = `${item} ${nameOf(line.rate)}`
    const at = bill.taxes.findIndex(
      ({ percentage }) => nameOf(rateOf(percentage)) === nameOf(line.rate),
    )
    const own = bill.taxes[at]
    checkTax(sheet, { item: name, expected: line.amount, found: amounts(sheet, { bill, at }) })
    const base = own?.base ?? null
    checkTax(sheet, {
      item: `${name}, taxable`,
      expected: line.taxable,
      found: base === null ? [] : [exactly(base)],
    })
  }
}

/** Compares the tax of the whole bill. */
export function checkTotalTax(
  sheet: Sheet,
  { item, expected, money }: { item: string; expected: unknown; money: Money },
): void {
  if (expected === null) return
  const wanted = readDecimal(expected)
  if (wanted === null) checkUnreadable(sheet, { item, value: expected })
  const { excl, incl } = money
  const found =
    excl === null || incl === null
      ? []
      : [
          exactly(incl) - exactly(excl),
          roundedTo(exactly(incl), sheet.comparing) - roundedTo(exactly(excl), sheet.comparing),
        ]
  checkTax(sheet, { item, expected: wanted, found })
}

/**
 * The exact amount, and the amount as presented: totals are rounded first and the lines add up to the difference of the
 * rounded totals, the last one absorbing what rounding left.
 */
function amounts(sheet: Sheet, { bill, at }: { bill: PricedBill; at: number }): Decimal[] {
  const own = bill.taxes[at]
  if (own === undefined) return []
  const exact = exactly(own.amount)
  const { excl, incl } = bill.total
  if (at !== bill.taxes.length - 1 || excl === null || incl === null) return [exact]
  const round = (text: string): Decimal => roundedTo(exactly(text), sheet.comparing)
  const others = bill.taxes.slice(0, at).reduce((sum, { amount }) => sum + round(amount), 0n)
  return [exact, round(incl) - round(excl) - others]
}

/** Agrees when one of the figures found, rounded, is the one expected. */
function checkTax(
  { checks, comparing }: Sheet,
  { item, expected, found }: { item: string; expected: Decimal | null; found: readonly Decimal[] },
): void {
  if (expected === null) return
  const wanted = roundedTo(expected, comparing)
  const rounded = found.map((each) => roundedTo(each, comparing))
  const far = (each: Decimal): Decimal => (each < wanted ? wanted - each : each - wanted)
  const best = rounded.find((each) => far(each) <= comparing.tolerance)
  const shown = best ?? rounded[0]
  checks.push({
    item,
    expected: textOf(expected),
    computed: shown === undefined ? 'none' : textOf(shown),
    agrees: best !== undefined,
  })
}

function rateOf(percentage: TaxLine['percentage']): Decimal | null {
  return percentage === null ? null : exactly(percentage)
}

function nameOf(rate: Decimal | null): string {
  return rate === null ? 'without a rate' : `${textOf(rate)} %`
}
