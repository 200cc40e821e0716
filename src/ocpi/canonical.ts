import { createHash } from 'node:crypto'
import { escapePointer, isRecord } from './validate.ts'

/**
 * SHA-256 over canonical JSON: keys sorted by code unit, numbers by value, null members absent. Two texts of one
 * object have one hash; any other content has another. `longNumbers` gives the exact text of numbers that a double
 * cannot hold, by JSON pointer.
 */
export function contentHash(value: unknown, longNumbers: ReadonlyMap<string, string>): Buffer {
  const parts: string[] = []
  write(value, '', parts, longNumbers)
  return createHash('sha256').update(parts.join('')).digest()
}

function write(
  value: unknown,
  pointer: string,
  parts: string[],
  longNumbers: ReadonlyMap<string, string>,
): void {
  const exact = longNumbers.size > 0 ? longNumbers.get(pointer) : undefined
  if (exact !== undefined) {
    parts.push(normalNumber(exact))
  } else if (Array.isArray(value)) {
    parts.push('[')
    for (const [index, item] of value.entries()) {
      if (index > 0) parts.push(',')
      write(item, `${pointer}/${index}`, parts, longNumbers)
    }
    parts.push(']')
  } else if (isRecord(value)) {
    parts.push('{')
    for (const name of Object.keys(value).sort()) {
      const member = value[name]
      if (member === null || member === undefined) continue
      parts.push(JSON.stringify(name), ':')
      write(member, `${pointer}/${escapePointer(name)}`, parts, longNumbers)
      parts.push(',')
    }
    parts.push('}')
  } else if (typeof value === 'number') {
    parts.push(normalNumber(JSON.stringify(value)))
  } else {
    parts.push(JSON.stringify(value ?? null))
  }
}

/** A copy in which numbers that a double cannot hold are their exact decimal text, for pricing and the ledger. */
export function withExactNumbers(
  value: unknown,
  longNumbers: ReadonlyMap<string, string>,
): unknown {
  return longNumbers.size === 0 ? value : copy(value, '', longNumbers)
}

function copy(value: unknown, pointer: string, longNumbers: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'number') return longNumbers.get(pointer) ?? value
  if (Array.isArray(value))
    return value.map((item, index) => copy(item, `${pointer}/${index}`, longNumbers))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      copy(member, `${pointer}/${escapePointer(name)}`, longNumbers),
    ]),
  )
}

/** One text per number value: digits without leading or trailing zeros and an exponent. */
function normalNumber(exact: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(exact)
  if (!match) return exact
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length)
  return trimmed === '' ? '0' : `${sign}${trimmed}e${power}`
}
