import { assert } from '../assert.ts'
import { currencies } from '../../config/currencies.ts'
import { decimalText, readExact, scaled } from './exact.ts'

/**
 * A decimal number as a bigint scaled by 10^40: what claims and bills consist of, to compare and to round. Exact for
 * every number that pricing reads or writes; quotients are cut off behind the 40th decimal.
 */
export type Figure = bigint

const PLACES = 40
const ONE = 10n ** BigInt(PLACES)
const DECIMAL_TEXT = /^(-?)(\d+)(?:\.(\d{1,40}))?$/
/** A currency that does not exist is shown like most that do. */
const DIGITS_DEFAULT = 2

/** Reads a JSON number or a decimal text; null when it is neither or beyond what pricing reads. */
export function readFigure(value: unknown): Figure | null {
  const exact = readExact(value)
  return typeof exact === 'string' ? null : scaled(exact, PLACES)
}

/** Reads a plain decimal text that is ours, of a bill or an agreement: products may be larger than what partners send. */
export function figureOf(text: string): Figure {
  const parts = DECIMAL_TEXT.exec(text)
  assert(parts !== null, `${text} is no decimal number`)
  const [, sign, whole = '', fraction = ''] = parts
  const size = BigInt(whole + fraction.padEnd(PLACES, '0'))
  return sign === '-' ? -size : size
}

/** Plain decimal text without trailing zeros. */
export function figureText(figure: Figure): string {
  return decimalText(figure, PLACES)
}

/** 10^-digits. */
export function unitFigure(digits: number): Figure {
  return 10n ** BigInt(Math.max(0, PLACES - digits))
}

/** The figure at that many decimals, a half away from zero. */
export function roundHalfUp(figure: Figure, digits: number): Figure {
  const unit = unitFigure(digits)
  const units = (sizeOf(figure) + unit / 2n) / unit
  return figure < 0n ? -units * unit : units * unit
}

/** How many decimals it was stated with; trailing zeros are lost in JSON and do not count. */
export function decimalsOf(figure: Figure): number {
  return figureText(figure).split('.')[1]?.length ?? 0
}

/** Its distance from zero. */
export function sizeOf(figure: Figure): Figure {
  return figure < 0n ? -figure : figure
}

/** a × b, cut off behind the 40th decimal. */
export function timesFigure(a: Figure, b: Figure): Figure {
  return (a * b) / ONE
}

/** a / b; b is not zero. */
export function perFigure(a: Figure, b: Figure): Figure {
  return (a * ONE) / b
}

/** Digits of the minor unit of a currency (ISO 4217). */
export function minorDigits(currency: string): number {
  return currencies.get(currency.toUpperCase()) ?? DIGITS_DEFAULT
}

/** An amount for a sentence: at least the digits of its currency, more only where they matter, at most six. */
export function amountText(figure: Figure, currency: string): string {
  const digits = minorDigits(currency)
  const shown = figureText(roundHalfUp(figure, 6))
  const [whole = '', fraction = ''] = shown.split('.')
  const padded = fraction.padEnd(digits, '0')
  return `${padded === '' ? whole : `${whole}.${padded}`} ${currency}`
}
