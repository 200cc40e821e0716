import { readDecimal } from '../../clearing/decimal.ts'
import { instant } from '../../pricing/instant.ts'
import type { Zone } from '../../pricing/time-zone.ts'

/** How a file writes its numbers and times, decided by all of its values together. */
export type Style = {
  /** The mark before the decimals. */
  decimal: '.' | ','
  /** Of dates with slashes; null: no value shows which it is. */
  slashes: 'dmy' | 'mdy' | null
  zone: Zone | null
}

const PLACES_DROPPED = 10n ** 30n
const GROUPED = /^[+-]?\d{1,3}(?:[., ' ]\d{3})+(?:[.,]\d+)?$/

/**
 * A number in millionths (kWh → mWh, units → micro-units), rounded half away from zero; what stands around it (`kWh`,
 * `€`, `EUR`) does not count. Null: no number.
 */
export function readMillionths(text: string, style: Style): bigint | null {
  const bare = text.replace(/[\s\u00a0\u202f]|kwh|wh|[A-Z]{3}|[€$£]/gi, '')
  const plain = decimalText(withSign(bare.replace(/(?<=\d)['’](?=\d{3})/g, '')), style)
  const value = plain === null ? null : readDecimal(plain)
  if (value === null) return null
  const half = PLACES_DROPPED / 2n
  return (value < 0n ? value - half : value + half) / PLACES_DROPPED
}

/** `(5.25)` and `5.25-`, as accountants write what is less than nothing. */
function withSign(text: string): string {
  const found = /^\(([\d.,]+)\)$/.exec(text) ?? /^([\d.,]+)-$/.exec(text)
  return found === null ? text : `-${found[1]}`
}

/** Which mark stands before decimals in these texts: a comma where one must be, a point else. */
export function decimalMark(texts: Iterable<string>): '.' | ',' {
  for (const text of texts) {
    const [point, comma] = [text.lastIndexOf('.'), text.lastIndexOf(',')]
    if (comma < 0) continue
    // 1.234,5 and 12,5: a comma that groups has three digits behind it, each time.
    if (comma > point && (point >= 0 || !/,\d{3}(?!\d)/.test(text))) return ','
  }
  return '.'
}

function decimalText(text: string, { decimal }: Style): string | null {
  const group = decimal === '.' ? ',' : '.'
  if (!text.includes(group)) return text.replace(decimal, '.')
  if (!GROUPED.test(text)) {
    // 12.5 in a file of commas: a point that cannot group is a decimal one.
    return decimal === ',' && /^[+-]?\d+\.\d+$/.test(text) ? text : null
  }
  return text.replaceAll(group, '').replace(decimal, '.')
}

const LOCAL =
  /^(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?: ?([ap])\.?m\.?)?)?$/i

/** What dates with slashes in these texts mean: 13/05 can only be a day, 05/13 only a month before a day. */
export function slashOrder(texts: Iterable<string>): 'dmy' | 'mdy' | null {
  for (const text of texts) {
    const parts = LOCAL.exec(text)
    if (parts === null || parts[2] !== '/') continue
    if (Number(parts[1]) > 12) return 'dmy'
    if (Number(parts[3]) > 12) return 'mdy'
  }
  return null
}

/** Epoch milliseconds, or what is wrong, as a clause. Times without a zone are of the zone of the file. */
export function readMoment(text: string, { slashes, zone }: Style): number | string {
  const stated = instant(text)
  if (stated !== null) {
    const isLocal = !stated.hasOffset && !/z$/i.test(text)
    return isLocal && zone !== null ? toUtc(stated.ms, zone) : stated.ms
  }
  const parts = LOCAL.exec(text)
  if (parts === null) return 'is no date and time'
  const [, first = '', mark = '', second = '', third = '', h = '0', min = '0', s = '0', half] =
    parts
  if (mark === '/' && slashes === null)
    return 'may be day/month or month/day; write 2026-06-01 12:00'
  const isMonthFirst = mark === '/' && slashes === 'mdy'
  const [year, month, day] =
    first.length === 4
      ? [first, second, third]
      : isMonthFirst
        ? [third, first, second]
        : [third, second, first]
  if (year.length !== 4) return 'has a year of two digits; write it with four'
  const two = (value: string): string => value.padStart(2, '0')
  const hour = half === undefined ? h : String((Number(h) % 12) + (/p/i.test(half) ? 12 : 0))
  const local = instant(`${year}-${two(month)}-${two(day)}T${two(hour)}:${min}:${two(s)}`)
  if (local === null) return 'is no date and time'
  return zone === null ? local.ms : toUtc(local.ms, zone)
}

/** What a clock on the wall shows → the instant; of an hour that comes twice, the one that the usual offset gives. */
function toUtc(local: number, zone: Zone): number {
  const guess = local - zone(local)
  return local - zone(guess)
}
