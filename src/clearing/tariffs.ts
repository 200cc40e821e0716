import type { Decimal } from './decimal.ts'
import { readDecimal } from './decimal.ts'
import type { TariffInput } from './input.ts'
import type { CdrFacts, Price } from './read.ts'
import { at, isRecord, listOf, readPrice, readText } from './read.ts'

/** What the checks need of a tariff. `vat` in percent, null = none stated; components without a price are left out. */
type TariffFacts = {
  id: string | null
  currency: string | null
  min: Price | null
  max: Price | null
  components: readonly { type: string; forReservation: boolean; vat: Decimal | null }[]
}

/** The tariffs that the charging periods name; all that are known where they name none of them. */
export function appliedTariffs(facts: CdrFacts, tariff: TariffInput): readonly TariffFacts[] {
  const known = tariff.state === 'missing' ? [] : tariff.tariffs.filter(isRecord).map(readTariff)
  const named = known.filter((one) => one.id !== null && facts.tariffIds.includes(one.id))
  return named.length > 0 ? named : known
}

/**
 * True when the claimed total stands on a min_price or max_price: then its parts add up to something else. One side of
 * taxes may stand on it alone, but neither may be beyond it.
 */
export function standsOnLimit(input: {
  total: Price
  tariffs: readonly TariffFacts[]
  within: Decimal
}): boolean {
  const { total, within } = input
  const isWithin = (more: Decimal | null, less: Decimal | null): boolean =>
    more === null || less === null || less - more <= within
  const near = (a: Decimal | null, b: Decimal | null): boolean =>
    a !== null && b !== null && isWithin(a, b) && isWithin(b, a)
  const isOn = (limit: Price): boolean =>
    near(limit.excl, total.excl) || near(limit.incl, total.incl)
  return input.tariffs.some(
    ({ min, max }) =>
      (max !== null &&
        isOn(max) &&
        isWithin(max.excl, total.excl) &&
        isWithin(max.incl, total.incl)) ||
      (min !== null &&
        isOn(min) &&
        isWithin(total.excl, min.excl) &&
        isWithin(total.incl, min.incl)),
  )
}

function readTariff(tariff: Record<string, unknown>): TariffFacts {
  const components = listOf(tariff['elements']).flatMap((element) => {
    const forReservation = at(element, '/restrictions/reservation') !== undefined
    return listOf(at(element, '/price_components')).flatMap((component) => {
      const price = readDecimal(at(component, '/price'))
      const type = readText(at(component, '/type'))
      if (type === null || price === null || price === 0n) return []
      return [{ type, forReservation, vat: readDecimal(at(component, '/vat')) }]
    })
  })
  return {
    id: readText(tariff['id'])?.toUpperCase() ?? null,
    currency: readText(tariff['currency'])?.toUpperCase() ?? null,
    min: readPrice(tariff['min_price']),
    max: readPrice(tariff['max_price']),
    components,
  }
}
