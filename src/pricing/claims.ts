import { figureText, readFigure } from './figures.ts'
import type { Figure } from './figures.ts'
import { isObject } from './reading.ts'

/** The members of a CDR that claim a part of its total_cost. */
export const COST_PARTS = [
  'total_fixed_cost',
  'total_energy_cost',
  'total_time_cost',
  'total_parking_cost',
  'total_reservation_cost',
] as const
/** The members of a CDR that claim a cost (OCPI 2.2.1 and 2.3.0, mod_cdrs; OCPI 2.1.1 knows total_cost alone). */
export const COST_ITEMS = ['total_cost', ...COST_PARTS] as const
/** The members of a CDR that claim a quantity. */
export const QUANTITY_ITEMS = [
  { item: 'total_energy', unit: 'kwh' },
  { item: 'total_time', unit: 'hours' },
  { item: 'total_parking_time', unit: 'hours' },
] as const

export type CostItem = (typeof COST_ITEMS)[number]
export type QuantityItem = (typeof QUANTITY_ITEMS)[number]['item']

/** A figure that a CDR claims; null: it stands there and cannot be read. */
export type CostClaim = {
  readonly kind: 'cost'
  readonly item: CostItem
  readonly side: 'excl' | 'incl'
  readonly pointer: string
  readonly value: Figure | null
}
export type TaxClaim = {
  readonly kind: 'tax'
  /** Percentage as decimal text; null: the sum of all lines, because not every line states one. */
  readonly rate: string | null
  readonly pointer: string
  readonly value: Figure | null
}
export type QuantityClaim = {
  readonly kind: 'quantity'
  readonly item: QuantityItem
  readonly unit: 'kwh' | 'hours'
  readonly pointer: string
  readonly value: Figure | null
}
export type Claim = CostClaim | TaxClaim | QuantityClaim

/**
 * What a CDR claims, as parsed JSON of any version: costs are a bare number without taxes (OCPI 2.1.1), {excl_vat,
 * incl_vat?} (2.2.1) or {before_taxes, taxes?} (2.3.0); quantities are kWh and hours. What is absent is no claim. Taxes
 * left out or empty claim nothing after taxes: they may just not concern the receiver (OCPI 2.3.0, Price).
 */
export function readClaims(cdr: unknown): readonly Claim[] {
  if (!isObject(cdr)) return []
  const costs = COST_ITEMS.flatMap((item) => costClaims(item, cdr[item] ?? undefined))
  const quantities = QUANTITY_ITEMS.flatMap(({ item, unit }): Claim[] => {
    const value = cdr[item] ?? undefined
    if (value === undefined) return []
    return [{ kind: 'quantity', item, unit, pointer: `/${item}`, value: readFigure(value) }]
  })
  return [...costs, ...taxClaims(cdr['total_cost']), ...quantities]
}

/** A credit CDR repeats its original with a negated total_cost (OCPI 2.2.1, Credit CDRs). */
export function isCreditCdr(cdr: unknown): boolean {
  return isObject(cdr) && cdr['credit'] === true
}

function costClaims(item: CostItem, value: unknown): CostClaim[] {
  if (value === undefined) return []
  const pointer = `/${item}`
  const claim = (side: 'excl' | 'incl', path: string, figure: Figure | null): CostClaim => ({
    kind: 'cost',
    item,
    side,
    pointer: `${pointer}${path}`,
    value: figure,
  })
  if (!isObject(value)) return [claim('excl', '', readFigure(value))]
  const sides = [
    { side: 'excl', keys: ['excl_vat', 'before_taxes'] },
    { side: 'incl', keys: ['incl_vat', 'after_taxes'] },
  ] as const
  const stated = sides.flatMap(({ side, keys }) => {
    const key = keys.find((name) => (value[name] ?? undefined) !== undefined)
    return key === undefined ? [] : [claim(side, `/${key}`, readFigure(value[key]))]
  })
  if (stated.some(({ side }) => side === 'incl')) return stated
  const taxes = taxesOf(value)
  if (taxes.length === 0) return stated
  const amounts = [stated[0]?.value ?? null, ...taxes.map((tax) => tax.amount)]
  return [...stated, claim('incl', '/taxes', sumOf(amounts))]
}

type Tax = { readonly amount: Figure | null; readonly percentage: Figure | null }

function taxesOf(price: Record<string, unknown>): Tax[] {
  const list: unknown = price['taxes']
  if (!Array.isArray(list)) return []
  return list.map((tax: unknown) =>
    isObject(tax)
      ? { amount: readFigure(tax['amount']), percentage: readFigure(tax['percentage']) }
      : { amount: null, percentage: null },
  )
}

/** Tax lines by rate where every line states its rate, else their sum. */
function taxClaims(totalCost: unknown): TaxClaim[] {
  const taxes = isObject(totalCost) ? taxesOf(totalCost) : []
  const pointer = '/total_cost/taxes'
  const byRate = new Map<string, (Figure | null)[]>()
  for (const { amount, percentage } of taxes) {
    if (percentage === null)
      return [{ kind: 'tax', rate: null, pointer, value: sumOf(taxes.map((tax) => tax.amount)) }]
    const rate = figureText(percentage)
    byRate.set(rate, [...(byRate.get(rate) ?? []), amount])
  }
  return [...byRate].map(([rate, amounts]) => ({
    kind: 'tax',
    rate,
    pointer,
    value: sumOf(amounts),
  }))
}

function sumOf(figures: readonly (Figure | null)[]): Figure | null {
  return figures.reduce<Figure | null>(
    (sum, figure) => (sum === null || figure === null ? null : sum + figure),
    0n,
  )
}
