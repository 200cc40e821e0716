import { ruleOf } from '../clearing/rules.ts'
import { zoneNamed } from '../pricing/time-zone.ts'
import { moneyText } from './bill-words.ts'
import { member, text } from './show.ts'

/**
 * Net and tax of an answer together, with the digits of its currency; `-` where they cannot be read. `currency`: where the
 * value does not name it.
 */
export function grossOf(
  value: unknown,
  net: string,
  tax: string,
  currency = text(value, 'currency'),
): string {
  const parts = [member(value, net), member(value, tax)].map(micros)
  const [a, b] = parts
  if (a === null || a === undefined) return '-'
  return moneyText(decimal(a + (b ?? 0n)), currency)
}

/**
 * A moment as people read it, with its zone: `2026-12-06 15:00 CET`. `timeZone`: as an answer of the hub has it, of the
 * place where was charged; UTC where it has none.
 */
export function whenText(value: unknown, timeZone: unknown = null): string {
  if (typeof value !== 'string') return '-'
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return value
  const isKnown = typeof timeZone === 'string' && zoneNamed(timeZone) !== null
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: isKnown ? timeZone : 'UTC',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  const parts = new Map(format.formatToParts(at).map((part) => [part.type, part.value]))
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} ${of('timeZoneName')}`
}

/** What a code of a finding means, with the code behind it: `price differs from the tariff (P1)`. */
export function codeText(code: string): string {
  const rule = ruleOf(code)
  return rule === null ? code : `${rule.title} (${code})`
}

const SCALE = 1_000_000n

/** Decimal text in 10⁻⁶ of its unit; null where it is none. */
export function micros(value: unknown): bigint | null {
  const match = typeof value === 'string' ? /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(value) : null
  if (match === null) return null
  const [, sign, whole = '0', fraction = ''] = match
  const amount = BigInt(whole) * SCALE + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -amount : amount
}

/** The way back, with two decimals or as many as it needs. */
export function decimal(amount: bigint): string {
  const abs = amount < 0n ? -amount : amount
  const fraction = (abs % SCALE)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '')
  return `${amount < 0n ? '-' : ''}${abs / SCALE}.${fraction}`
}
