import { TextDecoder } from 'node:util'
import {
  byteAt,
  currentName,
  fail,
  failGrammar,
  nameIn,
  smallObjectKeys,
  spendPointer,
} from './scan-walk.ts'
import { startWalk } from './scan-walk.ts'
import type { ScanLimits, ScanRefused, Walk } from './scan-walk.ts'
import { skipScalar, skipString } from './scan-values.ts'
import { invalidUtf8Offset } from './utf8.ts'

export type ScanAccepted = {
  ok: true
  /** The document without its byte order mark; JSON.parse of it is `value`. */
  text: string
  value: unknown
  /** JSON pointer → exact text of every number that a double may not hold exactly. */
  longNumbers: ReadonlyMap<string, string>
  /** JSON pointers of names that occur again in their object; the last one counts, as in JSON.parse. */
  duplicates: string[]
}

/**
 * Reads a JSON document strictly: fatal UTF-8, one pass over the bytes (grammar, depth, names, numbers, text that
 * PostgreSQL cannot hold), and only then JSON.parse. One byte order mark is ignored (RFC 8259 §8.1). Linear in the
 * bytes, never throws.
 */
export function scanBody(bytes: Uint8Array, limits: ScanLimits): ScanAccepted | ScanRefused {
  const text = decode(bytes)
  if (text === null) {
    const offset = invalidUtf8Offset(bytes)
    return refusal(`the body is not UTF-8: invalid byte at offset ${offset}`, offset)
  }
  const walk = startWalk(bytes, limits)
  if (!walkDocument(walk)) return walk.failure ?? refusal('the body is not JSON', walk.at)
  try {
    const value: unknown = JSON.parse(text)
    if (walk.duplicates.length > 0) dropReplacedNumbers(walk.longNumbers, value)
    return { ok: true, text, value, longNumbers: walk.longNumbers, duplicates: walk.duplicates }
  } catch {
    return refusal('the body is not JSON', 0)
  }
}

/** A number that a later member of the same name replaced is no longer part of the value. */
function dropReplacedNumbers(longNumbers: Map<string, string>, value: unknown): void {
  for (const [pointer, text] of longNumbers) {
    if (valueAt(value, pointer) !== Number(text)) longNumbers.delete(pointer)
  }
}

function valueAt(value: unknown, pointer: string): unknown {
  let current = value
  for (const token of pointer.split('/').slice(1)) {
    if (typeof current !== 'object' || current === null) return undefined
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    current = Object.getOwnPropertyDescriptor(current, name)?.value
  }
  return current
}

function refusal(message: string, offset: number): ScanRefused {
  return { ok: false, pointer: null, offset, message, isJson: false }
}

const fatalDecoder = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string | null {
  try {
    return fatalDecoder.decode(bytes)
  } catch {
    return null
  }
}

function walkDocument(walk: Walk): boolean {
  for (;;) {
    skipSpace(walk)
    const byte = byteAt(walk, walk.at)
    if (byte === 0x7b || byte === 0x5b) {
      const opened = openContainer(walk, byte === 0x7b)
      if (opened === 'failed') return false
      if (opened === 'filled') continue
    } else if (!skipScalar(walk, byte)) return false
    const next = closeContainers(walk)
    if (next === 'failed') return false
    if (next === 'end') return true
  }
}

function skipSpace(walk: Walk): void {
  const { bytes } = walk
  let at = walk.at
  let byte = bytes[at] ?? 0
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at] ?? 0
  walk.at = at
}

/** Enters `{` or `[`; for an object also reads the first name. */
function openContainer(walk: Walk, isObject: boolean): 'failed' | 'filled' | 'empty' {
  if (walk.depth === walk.limits.depthMax) {
    fail(walk, `nested deeper than ${walk.limits.depthMax} levels; send a flatter document`)
    return 'failed'
  }
  const depth = ++walk.depth
  walk.isObject[depth] = isObject ? 1 : 0
  walk.count[depth] = 0
  walk.prefix[depth] = null
  walk.names[depth] = null
  walk.at++
  skipSpace(walk)
  if (byteAt(walk, walk.at) === (isObject ? 0x7d : 0x5d)) {
    walk.at++
    walk.depth--
    return 'empty'
  }
  if (isObject && !readName(walk)) return 'failed'
  return 'filled'
}

/** After a value: leaves every container that ends here and stops before the next value. */
function closeContainers(walk: Walk): 'failed' | 'value' | 'end' {
  while (walk.depth > 0) {
    skipSpace(walk)
    const isObject = walk.isObject[walk.depth] === 1
    const byte = byteAt(walk, walk.at)
    if (byte === 0x2c) return nextMember(walk, isObject) ? 'value' : 'failed'
    if (byte !== (isObject ? 0x7d : 0x5d)) {
      failGrammar(walk, isObject ? "',' or '}' after a member" : "',' or ']' after an item")
      return 'failed'
    }
    walk.at++
    walk.depth--
  }
  skipSpace(walk)
  if (walk.at === walk.bytes.length) return 'end'
  failGrammar(walk, 'the end after one JSON document')
  return 'failed'
}

function nextMember(walk: Walk, isObject: boolean): boolean {
  walk.at++
  if (isObject) {
    skipSpace(walk)
    return readName(walk)
  }
  walk.count[walk.depth] = (walk.count[walk.depth] ?? 0) + 1
  return true
}

/** Reads `"name" :`, counts it and looks whether the object has it already. */
function readName(walk: Walk): boolean {
  const { depth, count, limits } = walk
  if (byteAt(walk, walk.at) !== 0x22) return failGrammar(walk, 'a member name in double quotes')
  const start = walk.at + 1
  walk.isEscaped = false
  if (!skipString(walk)) return false
  const earlier = count[depth] ?? 0
  walk.keyStart[depth] = start
  walk.keyEnd[depth] = walk.at - 1
  count[depth] = earlier + 1
  if (earlier === limits.keysMax) {
    return fail(walk, `more than ${limits.keysMax} members in one object; send fewer`)
  }
  if (isKnownName(walk, earlier) && !reportDuplicate(walk)) return false
  skipSpace(walk)
  if (byteAt(walk, walk.at) !== 0x3a) return failGrammar(walk, "':' after a member name")
  walk.at++
  return true
}

function reportDuplicate(walk: Walk): boolean {
  if (walk.limits.duplicateKeys === 'refuse') {
    const name = JSON.stringify(currentName(walk).slice(0, 64))
    return fail(walk, `the member ${name} occurs twice in one object; send it once`)
  }
  const pointer = spendPointer(walk)
  if (pointer !== null) walk.duplicates.push(pointer)
  return pointer !== null
}

/** Remembers the current name, number `earlier` of its object; true when it was there before. */
function isKnownName(walk: Walk, earlier: number): boolean {
  const { depth, hashes, starts, ends } = walk
  const base = depth * smallObjectKeys
  if (earlier >= smallObjectKeys) return isKnownInSet(walk, base)
  const start = walk.keyStart[depth] ?? 0
  const end = walk.keyEnd[depth] ?? 0
  const hash = walk.isEscaped
    ? hashName(Buffer.from(currentName(walk)), { start: 0 })
    : hashName(walk.bytes, { start, end })
  hashes[base + earlier] = hash
  starts[base + earlier] = start
  ends[base + earlier] = end
  for (let slot = base; slot < base + earlier; slot++) {
    if (hashes[slot] === hash && nameIn(walk, slot) === currentName(walk)) return true
  }
  return false
}

function isKnownInSet(walk: Walk, base: number): boolean {
  let names = walk.names[walk.depth] ?? null
  if (names === null) {
    names = new Set()
    for (let slot = base; slot < base + smallObjectKeys; slot++) names.add(nameIn(walk, slot))
    walk.names[walk.depth] = names
  }
  const before = names.size
  return names.add(currentName(walk)).size === before
}

/** FNV-1a of the decoded bytes: equal names always meet, whatever their escapes. */
function hashName(bytes: Uint8Array, range: { start: number; end?: number }): number {
  const end = range.end ?? bytes.length
  let hash = 0x811c9dc5
  for (let at = range.start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash
}
