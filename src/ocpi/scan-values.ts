import { byteAt, fail, failGrammar, failRange, spendPointer } from './scan-walk.ts'
import type { Walk } from './scan-walk.ts'

/** Skips a string, number or literal that begins with `byte`; fails on anything else. */
export function skipScalar(walk: Walk, byte: number): boolean {
  if (byte === 0x22) return skipString(walk)
  if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return skipNumber(walk)
  if (byte === 0x74) return skipLiteral(walk, 'true')
  if (byte === 0x66) return skipLiteral(walk, 'false')
  if (byte === 0x6e) return skipLiteral(walk, 'null')
  return failGrammar(walk, 'a value')
}

function skipLiteral(walk: Walk, literal: string): boolean {
  for (let index = 0; index < literal.length; index++) {
    if (byteAt(walk, walk.at + index) !== literal.charCodeAt(index))
      return failGrammar(walk, 'a value')
  }
  walk.at += literal.length
  return true
}

/** Skips a string from its opening to after its closing quote. */
export function skipString(walk: Walk): boolean {
  const { bytes } = walk
  let at = walk.at + 1
  for (;;) {
    const byte = bytes[at] ?? 0
    if (byte === 0x22) break
    if (byte === 0x5c) {
      walk.at = at
      if (!skipEscape(walk)) return false
      at = walk.at
    } else if (byte < 0x20) {
      walk.at = at
      if (at >= bytes.length) return failGrammar(walk, 'the closing quote of a text')
      return fail(walk, `raw control character at offset ${at}; write it as an escape such as \\n`)
    } else at++
  }
  walk.at = at + 1
  return true
}

function skipEscape(walk: Walk): boolean {
  walk.isEscaped = true
  const byte = byteAt(walk, walk.at + 1)
  if (byte === 0x75) return skipUnicodeEscape(walk)
  // " \ / b f n r t
  const isKnown =
    byte === 0x22 ||
    byte === 0x5c ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  if (!isKnown) return failGrammar(walk, 'a known escape')
  walk.at += 2
  return true
}

/** `\u0000` and lone surrogates parse as JSON but PostgreSQL holds neither, so they are refused here. */
function skipUnicodeEscape(walk: Walk): boolean {
  const unit = hexUnit(walk, walk.at + 2)
  if (unit < 0) return failGrammar(walk, 'four hexadecimal digits after \\u')
  if (unit === 0)
    return fail(walk, `the character \\u0000 at offset ${walk.at} cannot be stored; remove it`)
  if (unit >= 0xd800 && unit <= 0xdfff) return skipPair(walk, unit)
  walk.at += 6
  return true
}

function skipPair(walk: Walk, high: number): boolean {
  const hasEscape = byteAt(walk, walk.at + 6) === 0x5c && byteAt(walk, walk.at + 7) === 0x75
  const low = hasEscape ? hexUnit(walk, walk.at + 8) : -1
  if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
    return fail(walk, `lone surrogate escape at offset ${walk.at}; write a whole character`)
  }
  walk.at += 12
  return true
}

/** The value of four hexadecimal digits, -1 when they are not that. */
function hexUnit(walk: Walk, at: number): number {
  let unit = 0
  for (let index = at; index < at + 4; index++) {
    const byte = byteAt(walk, index)
    const lower = byte | 0x20
    if (byte >= 0x30 && byte <= 0x39) unit = unit * 16 + byte - 0x30
    else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + lower - 0x57
    else return -1
  }
  return unit
}

function skipNumber(walk: Walk): boolean {
  const start = walk.at
  if (byteAt(walk, walk.at) === 0x2d) walk.at++
  const first = walk.at
  if (!skipDigits(walk)) return false
  if (byteAt(walk, first) === 0x30 && walk.at > first + 1) {
    walk.at = start
    return fail(walk, `number with a leading zero at offset ${start}; remove the zero`)
  }
  if (byteAt(walk, walk.at) === 0x2e) {
    walk.at++
    if (!skipDigits(walk)) return false
  }
  const hasExponent = (byteAt(walk, walk.at) | 0x20) === 0x65
  if (hasExponent) {
    walk.at++
    const sign = byteAt(walk, walk.at)
    if (sign === 0x2b || sign === 0x2d) walk.at++
    if (!skipDigits(walk)) return false
  }
  if (walk.at - start <= 15 && !hasExponent) return true
  return checkNumber(walk, { start, hasExponent })
}

function skipDigits(walk: Walk): boolean {
  const { bytes } = walk
  let at = walk.at
  while (isDigit(bytes[at] ?? 0)) at++
  if (at === walk.at) return failGrammar(walk, 'a digit')
  walk.at = at
  return true
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The smallest double that still has all its digits. */
const normalMin = 2.2250738585072014e-308

function checkNumber(walk: Walk, number: { start: number; hasExponent: boolean }): boolean {
  const { start } = number
  const end = walk.at
  if (end - start > walk.limits.numberCharsMax) {
    walk.at = start
    return fail(
      walk,
      `number of more than ${walk.limits.numberCharsMax} characters; write fewer digits`,
    )
  }
  const text = walk.buffer.toString('latin1', start, end)
  const digits = text.replace(/^-?[0.]*|[eE].*$/g, '').replace('.', '')
  const value = Number(text)
  if (!Number.isFinite(value) || (value === 0 && digits !== '')) {
    walk.at = start
    return failRange(walk, `number outside the range of a double at offset ${start}`)
  }
  const isShort = digits.replace(/0+$/, '').length <= 15
  const isNormal = value === 0 || Math.abs(value) >= normalMin
  if (isShort && isNormal) return true
  const pointer = spendPointer(walk)
  if (pointer !== null) walk.longNumbers.set(pointer, text)
  return pointer !== null
}
