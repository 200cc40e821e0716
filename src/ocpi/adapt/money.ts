import { decimalText } from '../number.ts'
import { escapePointer, isRecord } from '../validate.ts'
import type { Json, StepWork } from './define.ts'
import { isNumber, numberText, toNumber } from './exact.ts'
import { editObject, loseMembers, renameMember } from './members.ts'
import type { Part } from './members.ts'

/** An exact decimal: digits / 10^scale. */
type Decimal = { digits: bigint; scale: number }

/** What the tariffs of a CDR say about VAT: the only rate there is, and whether any component has one. */
export type VatRates = { single: number | string | null; any: boolean }

/**
 * 2.2.1 Price → 2.3.0 Price: excl_vat → before_taxes; incl_vat → one tax "VAT" of the difference, exact in all digits.
 * `vat`: what is known of the rates; with one rate it is named, with no VAT anywhere and equal prices the list is empty.
 */
export function priceUp(price: unknown, work: StepWork, vat?: VatRates): unknown {
  if (!isRecord(price)) return price
  const draft = { ...price }
  loseMembers(draft, work, { names: ['taxes'], reason: 'is no member of a 2.2.1 Price' })
  const tax = Object.hasOwn(draft, 'incl_vat')
    ? difference(draft['incl_vat'], draft['excl_vat'])
    : null
  renameMember(draft, work, { from: 'excl_vat', to: 'before_taxes' })
  if (tax !== null) {
    const isUntaxed = vat?.any === false && tax === 0
    if (isUntaxed) work.lose('/incl_vat', 'equals excl_vat and no VAT applies: no taxes')
    draft['taxes'] = isUntaxed ? [] : [taxOf(tax, vat)]
    delete draft['incl_vat']
  }
  loseMembers(draft, work, { names: ['incl_vat'], reason: 'has no excl_vat to compare it with' })
  return draft
}

function taxOf(amount: number | string, vat: VatRates | undefined): Json {
  const percentage = decimalOf(vat?.single)
  return percentage === null
    ? { name: 'VAT', amount }
    : { name: 'VAT', percentage: toJson(percentage), amount }
}

/** 2.3.0 Price → 2.2.1 Price: incl_vat is the sum of before_taxes and all taxes; without taxes it is omitted. */
export function priceDown(price: unknown, work: StepWork): unknown {
  if (!isRecord(price)) return price
  const draft = { ...price }
  loseMembers(draft, work, { names: ['incl_vat'], reason: 'is no member of a 2.3.0 Price' })
  const taxes = draft['taxes']
  delete draft['taxes']
  renameMember(draft, work, { from: 'before_taxes', to: 'excl_vat' })
  if (!Array.isArray(taxes) || taxes.length === 0) {
    if (taxes !== undefined && !Array.isArray(taxes)) work.lose('/taxes', 'is not a list')
    return draft
  }
  const inclusive = sum([draft['excl_vat'], ...taxes.map(amountOf)])
  if (inclusive === null) {
    work.lose('/taxes', 'an amount is missing, so that incl_vat is not known')
    return draft
  }
  if (taxes.length > 1) work.lose('/taxes', 'are one sum in incl_vat')
  else loseTaxDetails(taxes[0], work)
  draft['incl_vat'] = inclusive
  return draft
}

function loseTaxDetails(tax: unknown, work: StepWork): void {
  if (!isRecord(tax)) return
  if (tax['name'] !== 'VAT') work.lose('/taxes/0/name', '2.2.1 has no names of taxes')
  for (const name of Object.keys(tax)) {
    if (name === 'name' || name === 'amount') continue
    work.lose(`/taxes/0/${name}`, 'in 2.2.1 a price has only its sums')
  }
}

function amountOf(tax: unknown): unknown {
  return isRecord(tax) ? tax['amount'] : undefined
}

/** 2.1.1 amount (without VAT) → 2.2.1 Price. Text that is a number becomes one; anything else passes as it is. */
export const amountToPrice: Part = (amount, work) =>
  numberText(amount) === null ? amount : { excl_vat: numberFromText(amount, work) }

/** 2.2.1 Price → 2.1.1 amount: excl_vat. A Price without it is removed and reported. */
export const priceToAmount: Part = (price, work) => {
  if (!isRecord(price)) return price
  const { excl_vat: amount, ...others } = price
  for (const name of Object.keys(others)) {
    work.lose(`/${escapePointer(name)}`, 'in 2.1.1 there is only an amount without VAT')
  }
  if (amount === undefined) work.lose('', 'has no excl_vat')
  return amount
}

/** 2.2.1 Price of a limit → 2.3.0 PriceLimit. */
export const limitUp: Part = editObject((draft, work) => {
  renameMember(draft, work, { from: 'excl_vat', to: 'before_taxes' })
  renameMember(draft, work, { from: 'incl_vat', to: 'after_taxes' })
})

/** 2.3.0 PriceLimit → 2.2.1 Price of a limit. */
export const limitDown: Part = editObject((draft, work) => {
  renameMember(draft, work, { from: 'before_taxes', to: 'excl_vat' })
  renameMember(draft, work, { from: 'after_taxes', to: 'incl_vat' })
})

/** A number that 2.1.1 partners write as text, e.g. "2.00", becomes a number and is reported. */
export const numberFromText: Part = (value, work) => {
  const number = isNumber(value) ? null : decimalOf(value)
  if (number === null) return value
  work.lose('', 'was text and is a number here')
  return toJson(number)
}

/** The VAT rates in the price components of a list of tariffs. */
export function vatRates(tariffs: unknown): VatRates {
  const rates = new Set<number | string>()
  let any = false
  let isSingle = true
  for (const component of componentsOf(tariffs)) {
    const vat = component['vat']
    if (vat === undefined) isSingle = false
    else {
      any = true
      rates.add(typeof vat === 'number' ? vat : String(vat))
    }
  }
  const [first] = rates
  const isKnown = isSingle && rates.size === 1 && first !== undefined && numberText(first) !== null
  return { single: isKnown ? first : null, any }
}

function componentsOf(tariffs: unknown): Json[] {
  return recordsIn(tariffs)
    .flatMap((tariff) => recordsIn(tariff['elements']))
    .flatMap((element) => recordsIn(element['price_components']))
}

function recordsIn(list: unknown): Json[] {
  return Array.isArray(list) ? list.filter(isRecord) : []
}

const netDecimals = 6

/**
 * price / (1 + vat / 100), rounded half to even to 6 decimals. Null when one of them is no number or the rate is not
 * above -100 %.
 */
export function netPrice(
  price: unknown,
  vat: unknown,
): { value: number | string; exact: boolean } | null {
  const gross = decimalOf(price)
  const rate = decimalOf(vat)
  if (gross === null || rate === null) return null
  const unit = 10n ** BigInt(rate.scale)
  const divisor = 10n ** BigInt(gross.scale) * (100n * unit + rate.digits)
  if (divisor <= 0n) return null
  const dividend = gross.digits * 100n * unit * 10n ** BigInt(netDecimals)
  const digits = divideHalfEven(dividend, divisor)
  return {
    value: toJson({ digits, scale: netDecimals }),
    exact: dividend % divisor === 0n,
  }
}

/** a - b, exact; null when one is no number. */
function difference(a: unknown, b: unknown): number | string | null {
  const left = decimalOf(a)
  const right = decimalOf(b)
  if (left === null || right === null) return null
  return toJson(plus(left, { ...right, digits: -right.digits }))
}

/** The exact sum of JSON numbers; null when one is none. */
function sum(values: readonly unknown[]): number | string | null {
  let total: Decimal = { digits: 0n, scale: 0 }
  for (const value of values) {
    const next = decimalOf(value)
    if (next === null) return null
    total = plus(total, next)
  }
  return toJson(total)
}

function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  const at = (value: Decimal) => value.digits * 10n ** BigInt(scale - value.scale)
  return { digits: at(a) + at(b), scale }
}

/** `divisor` is positive. */
function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const sign = dividend < 0n ? -1n : 1n
  const size = dividend * sign
  const quotient = size / divisor
  const twice = (size % divisor) * 2n
  const isUp = twice > divisor || (twice === divisor && quotient % 2n === 1n)
  return (isUp ? quotient + 1n : quotient) * sign
}

// Beyond these no price is meant, and the digits of such a number would only cost memory.
const textMax = 100
const sizeMax = 1e60

function decimalOf(value: unknown): Decimal | null {
  const text = numberText(value)
  if (text === null || text.length > textMax) return null
  const size = Math.abs(Number(text))
  if (size > sizeMax || (size < 1 / sizeMax && size > 0)) return null
  if (size === 0) return { digits: 0n, scale: 0 }
  const plain = decimalText(text)
  const point = plain.indexOf('.')
  return point < 0
    ? { digits: BigInt(plain), scale: 0 }
    : { digits: BigInt(plain.replace('.', '')), scale: plain.length - point - 1 }
}

function toJson({ digits, scale }: Decimal): number | string {
  const sign = digits < 0n ? '-' : ''
  const all = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  const fraction = all.slice(all.length - scale).replace(/0+$/, '')
  const whole = scale === 0 ? all : all.slice(0, -scale)
  return toNumber(scale === 0 || fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`)
}
