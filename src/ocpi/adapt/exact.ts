import { isRecord } from '../validate.ts'

/** Marks text that stands for a number; no document that the hub takes holds this character. */
const MARK = '\u0000'

/** As partners write numbers in text, leading zeros and all; and as JSON has them. */
const WRITTEN = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const MARKED = /"\\u0000([^"\\]+)"/g

/** JSON.parse in which a number with more than 15 significant digits is marked text; undefined when it is no JSON. */
export function exactNumbers(text: string): unknown {
  const hasLong = /\d[\d.]{15}/.test(text) && !text.includes('\\u0000')
  try {
    return JSON.parse(hasLong ? text.replace(TOKENS, markLong) : text)
  } catch {
    return undefined
  }
}

function markLong(token: string): string {
  if (token.length <= 15 || token.startsWith('"')) return token
  const digits = token.replace(/[eE].*$/, '').replace(/^-?[0.]*|\./g, '')
  return digits.replace(/0+$/, '').length <= 15 ? token : `"\\u0000${token}"`
}

/** The JSON text of a value that `exactNumbers` read: marked text is written as the number it stands for. */
export function exactText(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, (whole, number: string) =>
    NUMBER.test(number) ? number : whole,
  )
}

/** The decimal text of a JSON number, or of text that stands for one; null for anything else. */
export function numberText(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null
  if (typeof value !== 'string') return null
  const text = value.startsWith(MARK) ? value.slice(1) : value
  return WRITTEN.test(text) ? text : null
}

/** True for a JSON number, also one that is marked text. */
export function isNumber(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value.startsWith(MARK))
}

/** The JSON number of a plain decimal text: a double when it holds all digits, else marked text. */
export function toNumber(text: string): number | string {
  const digits = text.replace(/^-?[0.]*|\./g, '').replace(/0+$/, '')
  return digits.length <= 15 ? Number(text) : MARK + text
}

/** A copy with the marks taken off, as values in the store are; the value itself when it has none. */
export function plainText(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? value.slice(1) : value
  if (Array.isArray(value)) {
    const items = value.map(plainText)
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (!isRecord(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, plainText(member)] as const)
  return members.some(([name, member]) => member !== value[name])
    ? Object.fromEntries(members)
    : value
}
