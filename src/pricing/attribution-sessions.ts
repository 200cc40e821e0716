import {
  editNumber,
  editObjects,
  editPeriods,
  editVolumes,
  moveTime,
  scaleNumber,
} from './attribution-edits.ts'
import type { Reading, Situation } from './attribution-reading.ts'
import { figureOf, perFigure, readFigure, roundHalfUp, timesFigure, unitFigure } from './figures.ts'
import type { Figure } from './figures.ts'
import { instant } from './instant.ts'
import { isObject } from './reading.ts'

const HOUR_MS = 3_600_000
const MINUTES = figureOf('60')
const TIMES = ['TIME', 'PARKING_TIME', 'RESERVATION_TIME', 'RESERVATION_EXPIRES']

/** Other readings of the session: its clock, its units, its quantities and its reservation. */
export function sessionReadings(): readonly Reading[] {
  return [...clockReadings(), ...unitReadings(), ...quantityReadings(), ...courseReadings()]
}

function clockReadings(): Reading[] {
  const clock = (value: string, phrase: string, apply: Reading['apply']): Reading => ({
    key: 'time_zone',
    value,
    instead: 'local',
    phrase,
    apply,
  })
  return [
    clock('utc', 'the times of the tariff are read in UTC instead of local time', (situation) => ({
      ...situation,
      options: { ...situation.options, timeZone: 'UTC' },
    })),
    clock(
      'hour_later',
      'local time is one hour later, as with daylight saving time in winter',
      (s) => shifted(s, HOUR_MS),
    ),
    clock(
      'hour_earlier',
      'local time is one hour earlier, as without daylight saving time in summer',
      (s) => shifted(s, -HOUR_MS),
    ),
  ]
}

/** Moving every instant moves local time and nothing else: durations stay, and tariffs stay valid when they were. */
export function shifted(situation: Situation, byMs: number): Situation {
  const move = (fields: Record<string, unknown>): Record<string, unknown> => {
    const moved = { ...fields }
    for (const key of ['start_date_time', 'end_date_time', 'stop_date_time'])
      if (moved[key] !== undefined) moved[key] = moveTime(moved[key], byMs)
    return moved
  }
  const cdr = editPeriods(situation.cdr, (periods) => editObjects(periods, move))
  return {
    ...situation,
    cdr: isObject(cdr) ? move(cdr) : cdr,
    tariffs: editObjects(situation.tariffs, move),
  }
}

type Scale = {
  value: string
  types: readonly string[]
  times: string
  over: string
  phrase: string
}

const SCALES: readonly Scale[] = [
  {
    value: 'wh_as_kwh',
    types: ['ENERGY'],
    times: '1000',
    over: '1',
    phrase: 'energy is charged in Wh at the price of a kWh',
  },
  {
    value: 'kwh_from_wh',
    types: ['ENERGY'],
    times: '1',
    over: '1000',
    phrase: 'the energy of the charging periods is in Wh instead of kWh',
  },
  {
    value: 'hours_from_minutes',
    types: TIMES,
    times: '1',
    over: '60',
    phrase: 'the times of the charging periods are in minutes instead of hours',
  },
  {
    value: 'hours_from_seconds',
    types: TIMES,
    times: '1',
    over: '3600',
    phrase: 'the times of the charging periods are in seconds instead of hours',
  },
  {
    value: 'minutes_as_hours',
    types: TIMES,
    times: '60',
    over: '1',
    phrase: 'time is charged in minutes at the price of an hour',
  },
]

function unitReadings(): Reading[] {
  return SCALES.map(({ value, types, times, over, phrase }) => {
    const by = { times: figureOf(times), over: figureOf(over) }
    return {
      key: 'unit',
      value,
      instead: 'as_sent',
      phrase,
      apply: (situation) => ({
        ...situation,
        cdr: editVolumes(situation.cdr, { types, edit: (volume) => scaleNumber(volume, by) }),
      }),
    }
  })
}

function quantityReadings(): Reading[] {
  const energy = [0, 1, 2, 3].map((decimals): Reading =>
    quantityReading('energy_quantity', {
      value: `rounded_${decimals}`,
      phrase: `the energy of each charging period is rounded to ${decimals === 0 ? 'whole kWh' : `${decimals} decimals`}`,
      types: ['ENERGY'],
      edit: (volume) => roundHalfUp(volume, decimals),
    }),
  )
  const unit = unitFigure(0)
  const minutes =
    (round: (figure: Figure) => Figure) =>
    (hours: Figure): Figure =>
      perFigure(round(timesFigure(hours, MINUTES)), MINUTES)
  return [
    ...energy,
    quantityReading('time_quantity', {
      value: 'minutes_up',
      phrase: 'the times of each charging period are raised to whole minutes',
      types: TIMES,
      // The sixth decimal of a minute is noise of a division by 60.
      edit: minutes((figure) => ((roundHalfUp(figure, 6) + unit - 1n) / unit) * unit),
    }),
    quantityReading('time_quantity', {
      value: 'minutes',
      phrase: 'the times of each charging period are rounded to whole minutes',
      types: TIMES,
      edit: minutes((figure) => roundHalfUp(figure, 0)),
    }),
  ]
}

function quantityReading(
  key: string,
  {
    value,
    phrase,
    types,
    edit,
  }: {
    value: string
    phrase: string
    types: readonly string[]
    edit: (figure: Figure) => Figure
  },
): Reading {
  return {
    key,
    value,
    instead: 'as_sent',
    phrase,
    apply: (situation) => ({
      ...situation,
      cdr: editVolumes(situation.cdr, { types, edit: (volume) => editNumber(volume, edit) }),
    }),
  }
}

function courseReadings(): Reading[] {
  return [
    {
      key: 'reservation_expired',
      value: 'no',
      instead: 'as_sent',
      phrase: 'the reservation is not recognised as expired',
      apply: withoutExpiry,
    },
    {
      key: 'reservation_expired',
      value: 'yes',
      instead: 'as_sent',
      phrase: 'the reservation is taken as expired',
      apply: withExpiry,
    },
    {
      key: 'duration_origin',
      value: 'parking',
      instead: 'session',
      phrase: 'durations count from the beginning of parking',
      apply: fromParking,
    },
    {
      key: 'period_order',
      value: 'sorted',
      instead: 'as_sent',
      phrase: 'the charging periods are put in the order of time',
      apply: (situation) => ({ ...situation, cdr: editPeriods(situation.cdr, sortByStart) }),
    },
  ]
}

/** Takes away what a reservation is seen to have expired by (OCPI says it nowhere). */
function withoutExpiry(situation: Situation): Situation {
  const cdr = editPeriods(situation.cdr, (periods) =>
    editObjects(periods, (period) => {
      const dimensions: unknown = period['dimensions']
      return Array.isArray(dimensions)
        ? {
            ...period,
            dimensions: editObjects(dimensions, (dimension) =>
              dimension['type'] === 'RESERVATION_EXPIRES'
                ? { ...dimension, type: 'RESERVATION_TIME' }
                : dimension,
            ),
          }
        : period
    }),
  )
  if (!isObject(cdr)) return situation
  const location = cdr['cdr_location']
  const known = isObject(location)
    ? Object.entries(location).map(([key, value]) => [key, value === '#NA' ? 'known' : value])
    : []
  const session = cdr['session_id'] ?? 'known'
  const named = { ...cdr, cdr_location: Object.fromEntries(known), session_id: session }
  return { ...situation, cdr: named }
}

function withExpiry(situation: Situation): Situation {
  const expiry = { type: 'RESERVATION_EXPIRES', volume: 0 }
  return {
    ...situation,
    cdr: editPeriods(situation.cdr, ([first, ...rest]) => {
      if (!isObject(first)) return first === undefined ? [] : [first, ...rest]
      const dimensions: unknown = first['dimensions']
      const list: readonly unknown[] = Array.isArray(dimensions) ? dimensions : []
      return [{ ...first, dimensions: [...list, expiry] }, ...rest]
    }),
  }
}

function fromParking(situation: Situation): Situation {
  const { cdr } = situation
  const periods: unknown = isObject(cdr) ? cdr['charging_periods'] : undefined
  if (!isObject(cdr) || !Array.isArray(periods)) return situation
  const parked: unknown = periods.find((period: unknown) => isObject(period) && isParked(period))
  if (!isObject(parked)) return situation
  return { ...situation, cdr: { ...cdr, start_date_time: parked['start_date_time'] } }
}

function isParked(period: Record<string, unknown>): boolean {
  const dimensions: unknown = period['dimensions']
  return (
    Array.isArray(dimensions) &&
    dimensions.some(
      (dimension: unknown) =>
        isObject(dimension) &&
        dimension['type'] === 'PARKING_TIME' &&
        (readFigure(dimension['volume']) ?? 0n) > 0n,
    )
  )
}

function sortByStart(periods: readonly unknown[]): readonly unknown[] {
  const startOf = (period: unknown): number => {
    const text = isObject(period) ? period['start_date_time'] : undefined
    return (typeof text === 'string' ? instant(text)?.ms : undefined) ?? 0
  }
  return periods.toSorted((a, b) => startOf(a) - startOf(b))
}
