import { isRecord, listOf, readTime } from '../clearing/read.ts'
import type { Decimal } from '../clearing/decimal.ts'
import { absolute, exactly, readDecimal, shownText } from '../clearing/decimal.ts'
import { minorDigits } from '../pricing/figures.ts'
import type { PricedSegment } from '../pricing/types.ts'

/** How the lines of a bill call what is charged. */
export function nameOf({ type, dimension }: PricedSegment): string {
  if (dimension === 'reservation') return type === 'FLAT' ? 'reservation fee' : 'reserved time'
  const names = {
    ENERGY: 'energy',
    TIME: 'charging time',
    PARKING_TIME: 'parking',
    FLAT: 'flat fee',
  } as const
  return names[type]
}

/** A quantity of a line in its unit: `5.4 kWh`, `1 h 05 min`, or how many fees. */
export function quantityText(segment: PricedSegment, quantity: string): string {
  if (segment.type === 'FLAT') return quantity
  return segment.type === 'ENERGY' ? `${figureText(quantity)} kWh` : durationText(exactly(quantity))
}

/** Hours as hours, minutes and seconds; to a hundredth of a second. */
export function durationText(hours: Decimal): string {
  const hundredths = exactly(shownText(absolute(hours) * 3_600n, { places: 2 })) / (ONE / 100n)
  const [h, min] = [hundredths / 360_000n, (hundredths / 6_000n) % 60n]
  const rest = hundredths % 6_000n
  const seconds = shownText((rest * ONE) / 100n, { places: 2 })
  const parts = [
    ...(h > 0n ? [`${h} h`] : []),
    ...(min > 0n || (h > 0n && rest > 0n) ? [`${min} min`] : []),
    ...(rest > 0n ? [`${seconds} s`] : []),
  ]
  const text = parts.length === 0 ? '0 min' : parts.join(' ')
  return hours < 0n && hundredths > 0n ? `-${text}` : text
}

const ONE = exactly('1')

/** For showing: at most six decimals. */
export function figureText(value: string, placesMin = 0): string {
  return shownText(exactly(value), { places: 6, placesMin })
}

/** For showing an amount: at least the digits of its currency, at most six; `-` where it is not known. */
export function moneyText(value: string | null, currency = ''): string {
  return value === null ? '-' : figureText(value, minorDigits(currency))
}

/** Price of a unit: `0.25 /kWh`. */
export function unitPriceText({ type, unitPrice }: PricedSegment, currency: string): string {
  const price = moneyText(unitPrice, currency)
  if (type === 'FLAT') return price
  return `${price} ${type === 'ENERGY' ? '/kWh' : '/h'}`
}

/** Tells local times of one zone; without a zone UTC, and says so. */
export function clockOf(zone: string | null): { name: string; tell(ms: number): string } {
  const name = zone !== null && isZone(zone) ? zone : 'UTC'
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: name,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  return {
    name,
    tell: (ms) => format.format(ms).replace(',', '').replace(/:00$/, ''),
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Begin and end of each charging period in epoch milliseconds; null where they cannot be read. */
export function periodTimes(cdr: unknown): readonly { start: number | null; end: number | null }[] {
  const fields = isRecord(cdr) ? cdr : {}
  const starts = listOf(fields['charging_periods']).map((period) =>
    isRecord(period) ? readTime(period['start_date_time']) : null,
  )
  const last = readTime(fields['end_date_time']) ?? readTime(fields['stop_date_time'])
  return starts.map((start, index) => ({
    start,
    end: index + 1 < starts.length ? (starts[index + 1] ?? null) : last,
  }))
}

/** `Mon 12 Jan 23:30 to 00:15`: the second day only where it is another. */
export function spanText(
  times: { start: number | null; end: number | null } | undefined,
  clock: { tell(ms: number): string },
): string {
  if (times === undefined || times.start === null) return ''
  const start = clock.tell(times.start)
  if (times.end === null) return `from ${start}`
  const end = clock.tell(times.end)
  const [day, time] = [end.slice(0, DAY_CHARS), end.slice(DAY_CHARS + 1)]
  return `${start} to ${start.startsWith(day) ? time : end}`
}

const DAY_CHARS = 'Mon 12 Jan'.length

/** The step_size of the component that a line names, null when it is not among the tariffs given. */
export function stepOf(segment: PricedSegment, tariffs: readonly unknown[]): Decimal | null {
  for (const tariff of tariffs) {
    if (!isRecord(tariff)) continue
    if (String(tariff['id']).toLowerCase() !== segment.tariffId.toLowerCase()) continue
    const element = listOf(tariff['elements'])[segment.element]
    const components = listOf(isRecord(element) ? element['price_components'] : null)
    const component = components[segment.component]
    if (isRecord(component) && component['type'] === segment.type)
      return readDecimal(component['step_size'])
  }
  return null
}
