import { editList, editObjects } from './attribution-edits.ts'
import type { Reading } from './attribution-reading.ts'
import { isObject } from './reading.ts'

type Fields = Record<string, unknown>

const TIMES = ['start_time', 'end_time', 'day_of_week', 'start_date', 'end_date']
const LIMITS = ['kwh', 'current', 'power', 'duration'].flatMap((name) => [
  `min_${name}`,
  `max_${name}`,
])

/** Prices charged where the tariff does not have them, or not where it does. Reservations stay reservations. */
export function restrictionReadings(): readonly Reading[] {
  return [
    reading({
      key: 'parking_restrictions',
      value: 'ignored',
      phrase:
        'parking time is charged from its beginning and at all hours, whatever the tariff grants',
      edit: (element) =>
        isForParking(element) ? without(element, [...TIMES, ...LIMITS]) : element,
    }),
    reading({
      key: 'restrictions',
      value: 'times_ignored',
      phrase: 'the times of day, days of the week and dates of the tariff are not looked at',
      edit: (element) => without(element, TIMES),
    }),
    reading({
      key: 'restrictions',
      value: 'limits_ignored',
      phrase: 'the limits of energy, power, current and duration in the tariff are not looked at',
      edit: (element) => without(element, LIMITS),
    }),
    reading({
      key: 'restrictions',
      value: 'ignored',
      phrase: 'no restriction of the tariff is looked at',
      edit: (element) => without(element, [...TIMES, ...LIMITS]),
    }),
    reading({
      key: 'restrictions',
      value: 'left_out',
      phrase: 'prices that hold only at times or within limits are left out',
      edit: (element) =>
        [...TIMES, ...LIMITS].some((name) => name in restrictionsOf(element)) ? null : element,
    }),
  ]
}

function reading({
  edit,
  ...words
}: {
  key: string
  value: string
  phrase: string
  edit: (element: Fields) => Fields | null
}): Reading {
  return {
    ...words,
    instead: 'as_stated',
    apply: (situation) => ({
      ...situation,
      tariffs: editObjects(situation.tariffs, (tariff) =>
        editList(tariff, 'elements', (list) =>
          list.flatMap((element) => (isObject(element) ? (edit(element) ?? []) : [element])),
        ),
      ),
    }),
  }
}

function without(element: Fields, names: readonly string[]): Fields {
  if (!isObject(element['restrictions'])) return element
  const kept = Object.entries(restrictionsOf(element)).filter(([name]) => !names.includes(name))
  return { ...element, restrictions: Object.fromEntries(kept) }
}

function restrictionsOf({ restrictions }: Fields): Fields {
  return isObject(restrictions) ? restrictions : {}
}

function isForParking({ price_components: list }: Fields): boolean {
  return (
    Array.isArray(list) &&
    list.some((one: unknown) => isObject(one) && one['type'] === 'PARKING_TIME')
  )
}
