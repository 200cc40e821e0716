import type { Decimal } from '../../clearing/decimal.ts'
import { exactly } from '../../clearing/decimal.ts'
import type { TariffInput } from '../../clearing/input.ts'
import { hasSamePrices } from '../../clearing/same-tariff.ts'
import { exactNumbers } from '../../ocpi/adapt/exact.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import { withUntoldTax } from '../../clearing/untold-tax.ts'
import { priceCdr } from '../../pricing/price.ts'
import type { PricedCdr, PricingOptions } from '../../pricing/types.ts'
import type { Agreed } from '../agreements.ts'
import { policyOf } from '../policy-terms.ts'
import type { CdrRow, Facts } from './clear-facts.ts'
import { carried, connectorOf, connectorTariffIds, tariffIds, tariffKey } from './clear-tariffs.ts'

/** What a CDR is priced by. */
export type Pricing = { cdr: unknown; tariffs: readonly unknown[]; options: PricingOptions }

/**
 * The prices of a CDR: by the tariffs it carries or else those that were stored when its session began; by the stored
 * ones where they differ from those it carries; and by the tariff of the agreement. Null where there is none.
 */
export type Prices = {
  pricing: Pricing | null
  priced: PricedCdr | null
  stored: PricedCdr | null
  /** `stored` is by the tariffs of the connector: those that the CDR carries were never published. */
  isUnpublished?: boolean
  contract: PricedCdr | null
}

/** Prices one CDR by the facts. Pure. */
export function priceRow(input: {
  row: CdrRow
  facts: Facts
  tariff: TariffInput
  agreed: Agreed
}): Prices {
  const { row, facts, tariff, agreed } = input
  const sent = asSent(row)
  const policy = policyOf(agreed.terms)
  const options = { timeZone: zoneOf({ row, facts, sent }), policy }
  const terms = agreed.terms.tariff
  // It is for all sessions of the pair, whatever the CDR calls the tariff.
  const anyId = { ...options, policy: { ...policy, tariff_choice: 'first_at_start' as const } }
  const contract =
    terms === undefined ? null : priceBy({ cdr: row.value, tariffs: [terms], options: anyId })
  if (tariff.state === 'missing') return { pricing: null, priced: null, stored: null, contract }
  const pricing = { cdr: row.value, tariffs: tariff.tariffs, options }
  const own = sent === null ? null : priceAsSent({ ...pricing, cdr: sent }, tariff)
  const used = own ?? { pricing, priced: priceBy(pricing) }
  const stored = storedInstead(row, facts)
  const { cdr } = used.pricing
  if (stored !== null)
    return { ...used, stored: priceBy({ cdr, tariffs: stored, options }), contract }
  const named = namedInstead(row, facts).map((one) =>
    priceBy({ cdr, tariffs: [one], options: anyId }),
  )
  const dearest = dearestBelow(used.priced, named)
  return dearest === null
    ? { ...used, stored: null, contract }
    : { ...used, stored: dearest, isUnpublished: true, contract }
}

function priceBy({ cdr, tariffs, options }: Pricing): PricedCdr {
  return withUntoldTax(priceCdr(cdr, tariffs, options), { cdr, tariffs })
}

/** A bill as it is kept: where the hub gave the zone, with who says so (location, country, coordinates). */
export function keptBill(
  priced: PricedCdr | null,
  { row, facts }: { row: CdrRow; facts: Facts },
): object | null {
  const zone = facts.zones.get(`${row.owner}/${row.location_key ?? ''}`)
  if (!priced?.ok || priced.timeZone.source !== 'given' || zone === undefined) return priced
  return { ...priced, timeZone: zone }
}

/**
 * The tariffs a CDR is priced by: its own, else those that its owner had stored here when the session began. Of its own
 * `afterStart` says that the owner had published one of them here, and only later.
 */
export function tariffOf(row: CdrRow, facts: Facts): TariffInput {
  const own = carried(row)
  if (own.length > 0) {
    const afterStart = own.some(
      (tariff) => facts.tariffs.get(`${row.id}/${tariffKey(tariff) ?? ''}`)?.afterStart === true,
    )
    return { state: 'own', tariffs: own, ...(afterStart ? { afterStart } : {}) }
  }
  const ids = tariffIds(row, facts.locations)
  const found = ids.flatMap((id) => facts.tariffs.get(`${row.id}/${id}`) ?? [])
  if (ids.length === 0 || found.length < ids.length) return { state: 'missing' }
  return {
    state: 'stored',
    tariffs: found.map(({ value }) => value),
    afterStart: found.some(({ afterStart }) => afterStart),
  }
}

/** A CDR of 2.1.1 as it was sent: it is priced by the rules of its own version. */
function asSent({ text_211: text }: CdrRow): Record<string, unknown> | null {
  if (text === null) return null
  const value = dropNulls(exactNumbers(text))
  return isRecord(value) ? value : null
}

/** Null where only the mended and lifted value can be read, as with numbers too long for JSON.parse. */
function priceAsSent(
  { cdr, tariffs, options }: Pricing & { cdr: Record<string, unknown> },
  tariff: TariffInput,
): { pricing: Pricing; priced: PricedCdr } | null {
  const own = tariff.state === 'own' && Array.isArray(cdr.tariffs) ? cdr.tariffs : tariffs
  const priced = priceBy({ cdr, tariffs: own, options })
  if (!priced.ok && priced.code === 'unreadable') return null
  return { pricing: { cdr, tariffs: own, options }, priced }
}

/**
 * The zone of the stored Location, where its owner says it; where it is only inferred, what a CDR of 2.1.1 says of its
 * location goes before it.
 */
function zoneOf(input: {
  row: CdrRow
  facts: Facts
  sent: Record<string, unknown> | null
}): string | null {
  const { row, facts, sent } = input
  const key = `${row.owner}/${row.location_key ?? ''}`
  const zone = facts.zones.get(key)
  const location = facts.locations.get(key)
  const unfilled = isRecord(location) ? location.time_zone : undefined
  if (zone === undefined) return typeof unfilled === 'string' ? unfilled : null
  const says = isRecord(sent?.location) && typeof sent.location.time_zone === 'string'
  return says && zone.source !== 'location' ? null : zone.name
}

/** The tariffs that a CDR carries, with the stored versions in their places; null where no price is another one. */
function storedInstead(row: CdrRow, facts: Facts): readonly unknown[] | null {
  let differs = false
  const tariffs = carried(row).map((own) => {
    const known = facts.tariffs.get(`${row.id}/${tariffKey(own) ?? ''}`)
    if (known === undefined || known.afterStart || hasSamePrices(own, known.value)) return own
    differs = true
    return known.value
  })
  return differs ? tariffs : null
}

/**
 * What the connector named when the session began, where its owner had published all of that and nothing that the CDR
 * carries.
 */
function namedInstead(row: CdrRow, facts: Facts): readonly unknown[] {
  const own = carried(row).map(tariffKey)
  const connector = facts.known.get(row.id)?.place?.connector ?? connectorOf(row, facts.locations)
  const ids = connectorTariffIds(connector)
  const isKnown = own.some(
    (id) => id !== null && (ids.includes(id) || facts.tariffs.has(`${row.id}/${id}`)),
  )
  if (own.length === 0 || isKnown) return []
  const found = ids.flatMap((id) => facts.tariffs.get(`${row.id}/${id}`) ?? [])
  if (found.length < ids.length || found.some(({ afterStart }) => afterStart)) return []
  return found.map(({ value }) => value)
}

/**
 * The dearest of these bills where it is below the own one, or that is none: which of several it should have been nobody
 * knows, and a pair may well have agreed on less.
 */
function dearestBelow(own: PricedCdr, bills: readonly PricedCdr[]): PricedCdr | null {
  const [dearest = null] = bills
    .filter(({ ok }) => ok)
    .toSorted((a, b) => (costOf(a) < costOf(b) ? 1 : -1))
  return dearest === null || (own.ok && costOf(own) <= costOf(dearest)) ? null : dearest
}

function costOf(bill: PricedCdr): Decimal {
  return bill.ok ? exactly(bill.total.excl ?? bill.total.incl ?? '0') : 0n
}
