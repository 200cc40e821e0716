import { editComponents, editElements, editNumber, editObjects } from './attribution-edits.ts'
import type { Reading, Situation } from './attribution-reading.ts'
import {
  withCutTotal,
  withNetOfRoundedGross,
  withRoundedTaxLines,
  withSidesExchanged,
  withTaxOfCutNet,
  withTaxOfRoundedNet,
  withTaxOnBothSides,
} from './attribution-taxes.ts'
import {
  figureOf,
  figureText,
  perFigure,
  readFigure,
  roundHalfUp,
  timesFigure,
  unitFigure,
} from './figures.ts'
import type { Figure } from './figures.ts'
import { restrictionReadings } from './attribution-restrictions.ts'
import type { PricedBill } from './types.ts'

export type TariffVersions = {
  readonly previous: readonly unknown[] | null
  readonly next: readonly unknown[] | null
}

type Fields = Record<string, unknown>
type Edit = (tariffs: readonly unknown[]) => readonly unknown[]

const HUNDRED = figureOf('100')

/** Other tariffs, and other readings of the tariff and of its taxes. */
export function tariffReadings(versions: TariffVersions): readonly Reading[] {
  return [
    ...versionReadings(versions),
    ...taxReadings(),
    ...totalReadings(),
    ...priceReadings(),
    ...restrictionReadings(),
    ...omissions(),
  ]
}

function versionReadings({ previous, next }: TariffVersions): Reading[] {
  const version = (value: string, tariffs: readonly unknown[] | null): Reading[] => {
    if (tariffs === null || tariffs.length === 0) return []
    const phrase = `the ${value} version of the tariff is used`
    // That version was not in force, so its dates would keep it from being used.
    const undated = editObjects(tariffs, (tariff) => ({
      ...tariff,
      start_date_time: undefined,
      end_date_time: undefined,
    }))
    return [reading({ key: 'tariff_version', value, instead: 'current', phrase }, () => undated)]
  }
  return [...version('previous', previous), ...version('next', next)]
}

function taxReadings(): Reading[] {
  const words = (value: string, phrase: string): Omit<Reading, 'apply'> => ({
    key: 'vat',
    value,
    instead: 'as_stated',
    phrase,
  })
  return [
    reading(words('none', 'no VAT is charged'), (tariffs) =>
      editObjects(tariffs, (tariff) => ({ ...tariff, tax_included: 'N/A' })),
    ),
    reading(words('twice', 'VAT is added twice'), (tariffs) =>
      editComponents(tariffs, (component) =>
        withVat(component, (vat) => vat + vat + shareOf(vat, vat)),
      ),
    ),
    reading(words('in_net', 'the prices are raised by VAT before VAT is added'), (tariffs) =>
      editComponents(tariffs, withVatInPrice),
    ),
    reading(words('prices_include_it', 'the prices are taken as including VAT'), (tariffs) =>
      editObjects(tariffs, (tariff) => ({ ...tariff, tax_included: 'YES' })),
    ),
    finishing(
      words('on_both_sides', 'the amounts before VAT include VAT already'),
      withTaxOnBothSides,
    ),
    finishing(
      words('sides_exchanged', 'the amounts before and after VAT are exchanged'),
      withSidesExchanged,
    ),
    finishing(
      words('of_rounded_net', 'VAT is computed from the rounded total before VAT'),
      withTaxOfRoundedNet,
    ),
    finishing(
      words('of_cut_net', 'the total before VAT is cut off at the cent and VAT computed from that'),
      withTaxOfCutNet,
    ),
    finishing(
      words(
        'out_of_rounded_gross',
        'the total before VAT is computed from the rounded total with VAT',
      ),
      withNetOfRoundedGross,
    ),
    finishing(
      words('lines_rounded', 'the VAT of each rate is rounded before it is added'),
      withRoundedTaxLines,
    ),
  ]
}

function totalReadings(): Reading[] {
  const phrase = 'totals are cut off instead of rounded'
  return [finishing({ key: 'total', value: 'cut', instead: 'exact', phrase }, withCutTotal)]
}

function priceReadings(): Reading[] {
  const price = (value: string, phrase: string, edit: (figure: Figure) => Figure): Reading =>
    reading({ key: 'unit_price', value, instead: 'as_stated', phrase }, (tariffs) =>
      editComponents(tariffs, (component) => ({
        ...component,
        price: editNumber(component['price'], edit),
      })),
    )
  return [
    ...[1, 2, 3].flatMap((decimals) => {
      const digits = decimals === 1 ? '1 decimal' : `${decimals} decimals`
      const unit = unitFigure(decimals)
      return [
        price(`rounded_${decimals}`, `unit prices are rounded to ${digits}`, (figure) =>
          roundHalfUp(figure, decimals),
        ),
        price(
          `cut_${decimals}`,
          `unit prices are cut off after ${digits}`,
          (figure) => figure - (figure % unit),
        ),
      ]
    }),
    reading(
      {
        key: 'time_prices',
        value: 'exchanged',
        instead: 'as_stated',
        phrase: 'the prices of charging time and parking time are exchanged',
      },
      (tariffs) => editElements(tariffs, exchangeTimePrices),
    ),
  ]
}

const OMITTED: readonly (readonly [string, string])[] = [
  ['FLAT', 'flat fees are left out'],
  ['ENERGY', 'energy is not charged'],
  ['TIME', 'charging and reserved time are not charged'],
  ['PARKING_TIME', 'parking time is not charged'],
]

function omissions(): Reading[] {
  return OMITTED.map(([type, phrase]) =>
    reading({ key: 'left_out', value: type, instead: 'nothing', phrase }, (tariffs) =>
      editComponents(tariffs, (component) => (component['type'] === type ? null : component)),
    ),
  )
}

function reading(words: Omit<Reading, 'apply'>, edit: Edit): Reading {
  return { ...words, apply: (situation) => ({ ...situation, tariffs: edit(situation.tariffs) }) }
}

function finishing(
  words: Omit<Reading, 'apply'>,
  change: (bill: PricedBill) => PricedBill | null,
): Reading {
  const apply = (situation: Situation): Situation => ({
    ...situation,
    finish: (bill) => {
      const finished = situation.finish(bill)
      return finished === null ? null : change(finished)
    },
  })
  return { ...words, apply }
}

/** `percent` of the figure. */
function shareOf(figure: Figure, percent: Figure): Figure {
  return perFigure(timesFigure(figure, percent), HUNDRED)
}

function withVat(component: Fields, edit: (vat: Figure) => Figure): Fields {
  const vat = readFigure(component['vat'])
  return vat === null ? component : { ...component, vat: figureText(edit(vat)) }
}

function withVatInPrice(component: Fields): Fields {
  const vat = readFigure(component['vat'])
  if (vat === null) return component
  return {
    ...component,
    price: editNumber(component['price'], (price) => price + shareOf(price, vat)),
  }
}

function exchangeTimePrices(components: readonly Fields[]): readonly Fields[] {
  const time = components.find(({ type }) => type === 'TIME')
  const parking = components.find(({ type }) => type === 'PARKING_TIME')
  if (time === undefined || parking === undefined) return components
  return components.map((component) => {
    if (component === time) return { ...component, price: parking['price'] }
    return component === parking ? { ...component, price: time['price'] } : component
  })
}
