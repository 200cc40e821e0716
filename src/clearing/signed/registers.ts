import type { Decimal } from '../decimal.ts'
import { readDecimal, unitOf } from '../decimal.ts'
import { readText } from '../read.ts'

/** One reading of an energy register that counts what goes to the vehicle. */
export type OcmfRegister = {
  readonly kwh: Decimal
  /** What the register can tell apart: one unit of the last digit it shows, in kWh. */
  readonly resolution: Decimal
  /** Null where the meter says that it does not know the time. */
  readonly at: Date | null
  /** As stated; null where nothing is. */
  readonly obis: string | null
  /** What is counted, without medium, channel and suffix: `1.8.0`. Readings of one register have one kind. */
  readonly kind: string
  /** B begin, E and others end; see STOPS. Null where it is not said. */
  readonly reason: string | null
  /** What the meter says is wrong with the reading, in words; null: nothing. */
  readonly fault: string | null
}

/**
 * Value groups C of OBIS codes that count import: total energy, and OCMF's own (OCMF 1.0, table 25): B0 and B1 totals at
 * the meter and at the vehicle, B2 and B3 the same per transaction; 98 as DC meters with both directions use it. The
 * vehicle's side comes first: that is what is billed.
 */
const IMPORTS = ['1', '98', 'B3', 'B1', 'B2', 'B0']

/** Begin. */
export const STARTS: readonly string[] = ['B']
/** End: regular, locally, remotely, aborted, power failure (OCMF 1.0, table 7). */
export const STOPS: readonly string[] = ['E', 'L', 'R', 'A', 'P']

const UNITS: Readonly<Record<string, number>> = { kwh: 0, wh: 3 }

const FAULTS: Readonly<Record<string, string>> = {
  N: 'the meter was not present',
  T: 'the meter did not answer in time',
  D: 'the meter was disconnected',
  R: 'the meter was not found',
  M: 'the meter was manipulated',
  X: 'the meter was exchanged',
  I: 'the meter did not fit the charge point',
  O: 'the reading was out of range',
  S: 'a substitute value stands in for the reading',
  E: 'the meter reports an error',
  F: 'the register was not readable',
}

/** Reads one reading of RD (inherited members filled in); null where it is no energy to the vehicle, or no number. */
export function readRegister(reading: Readonly<Record<string, unknown>>): OcmfRegister | null {
  const places = UNITS[(readText(reading['RU']) ?? '').toLowerCase()]
  const text = readText(reading['RV'])
  const obis = readText(reading['RI'])
  const kind = kindOf(obis)
  const value = text === null ? null : readDecimal(text)
  if (places === undefined || text === null || value === null || kind === null) return null
  const status = readText(reading['ST']) ?? 'G'
  const flags = readText(reading['EF']) ?? ''
  return {
    kwh: value / 10n ** BigInt(places),
    resolution: unitOf(decimalsShown(text) + places),
    at: flags.includes('t') ? null : readMeterTime(reading['TM']),
    obis,
    kind,
    reason: readText(reading['TX']),
    fault:
      FAULTS[status] ?? (flags.includes('E') ? 'the meter flags an error in its energy' : null),
  }
}

/** Which of two kinds is billed, as a sort order: the smaller first. */
export function kindRank(kind: string): number {
  const rank = IMPORTS.indexOf(kind.split('.')[0] ?? '')
  return rank < 0 ? IMPORTS.length : rank
}

/**
 * `1-b:1.8.0`, `01-00:01.08.00.FF`, `1-0:1.8.0*198`: medium and channel, then C.D.E. Null for what counts something else
 * (export, power, duration); a reading that does not say what it counts is energy to the vehicle.
 */
function kindOf(obis: string | null): string | null {
  if (obis === null) return '1.8.0'
  const parts =
    /^(?:[0-9a-f]{1,2}-[0-9a-f]{1,2}:)?([0-9A-F]{1,2})\.([0-9A-F]{1,2})\.([0-9A-FE]{1,2})/i.exec(
      obis,
    )
  if (parts === null) return null
  const [c, d, e] = parts.slice(1).map((part) => part.replace(/^0+(?=.)/, '').toUpperCase())
  return c !== undefined && IMPORTS.includes(c) && d === '8' ? `${c}.${d}.${e}` : null
}

function decimalsShown(text: string): number {
  const [number = '', exponent = '0'] = text.toLowerCase().split('e')
  return Math.max(0, (number.split('.')[1]?.length ?? 0) - Number(exponent))
}

/** `2021-04-09T09:09:51,000+0200 I`; U after it: the clock was not set (OCMF 1.0, time). */
function readMeterTime(value: unknown): Date | null {
  const parts =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[,.](\d{1,3})\d*)?(Z|[+-]\d\d:?\d\d)? ?([USIR])?$/.exec(
      readText(value) ?? '',
    )
  if (parts === null || parts[4] === 'U') return null
  const [, clock = '', fraction = '0', zone = 'Z'] = parts
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const at = new Date(`${clock}.${fraction.padEnd(3, '0')}${offset}`)
  return Number.isNaN(at.getTime()) ? null : at
}
