export type ScanLimits = {
  depthMax: number
  keysMax: number
  numberCharsMax: number
  /** `report` keeps the last of two equal names, as JSON.parse does, and lists the pointer. */
  duplicateKeys: 'refuse' | 'report'
}

/** `offset` counts received bytes; `message` is public and says what to fix. `isJson`: only what it says is out of range. */
export type ScanRefused = {
  ok: false
  pointer: string | null
  offset: number
  message: string
  isJson: boolean
}

/** Where one scan of a document stands. Arrays are indexed by depth, 1 is the outermost container. */
export type Walk = {
  readonly bytes: Uint8Array
  readonly buffer: Buffer
  readonly limits: ScanLimits
  at: number
  depth: number
  /** Whether the string read last holds an escape. */
  isEscaped: boolean
  readonly isObject: Uint8Array
  /** Objects: names read so far. Arrays: index of the current item. */
  readonly count: Int32Array
  readonly keyStart: Int32Array
  readonly keyEnd: Int32Array
  readonly prefix: (string | null)[]
  readonly names: (Set<string> | null)[]
  /** Names of small objects, indexed by depth × smallObjectKeys + position. */
  readonly hashes: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  pointerCharsLeft: number
  readonly longNumbers: Map<string, string>
  readonly duplicates: string[]
  failure: ScanRefused | null
}

/** Names of one object up to this many are compared by hash in place; further ones by a Set. */
export const smallObjectKeys = 32
/** Names repeat in every pointer below them; this bounds what long names around many numbers can cost. */
const pointerCharsPerByte = 8
const pointerCharsMin = 65_536
/** OCPI texts and our answers stay short: a longer pointer of a refusal ends at the enclosing member. */
const failurePointerCharsMax = 255

/** A scan at the first byte after an optional byte order mark. */
export function startWalk(bytes: Uint8Array, limits: ScanLimits): Walk {
  const levels = limits.depthMax + 1
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return {
    bytes,
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    limits,
    at: hasMark ? 3 : 0,
    depth: 0,
    isEscaped: false,
    isObject: new Uint8Array(levels),
    count: new Int32Array(levels),
    keyStart: new Int32Array(levels),
    keyEnd: new Int32Array(levels),
    prefix: new Array<string | null>(levels).fill(null),
    names: new Array<Set<string> | null>(levels).fill(null),
    hashes: new Int32Array(levels * smallObjectKeys),
    starts: new Int32Array(levels * smallObjectKeys),
    ends: new Int32Array(levels * smallObjectKeys),
    pointerCharsLeft: Math.max(pointerCharsMin, bytes.length * pointerCharsPerByte),
    longNumbers: new Map(),
    duplicates: [],
    failure: null,
  }
}

/** Out of bounds gives 0: a NUL is allowed nowhere in JSON, so it ends every loop of the scan. */
export function byteAt(walk: Walk, at: number): number {
  return walk.bytes[at] ?? 0
}

/** Ends the scan at the current byte. Always false, so that callers can return it. */
export function fail(walk: Walk, message: string): false {
  walk.failure = {
    ok: false,
    pointer: failurePointer(walk),
    offset: walk.at,
    message,
    isJson: false,
  }
  return false
}

/** Ends the scan at a value that JSON allows and a double cannot hold. */
export function failRange(walk: Walk, message: string): false {
  fail(walk, message)
  if (walk.failure) walk.failure.isJson = true
  return false
}

/** Ends the scan because the grammar wanted something else here. */
export function failGrammar(walk: Walk, expected: string): false {
  const found = walk.at >= walk.bytes.length ? 'the body ends' : describeByte(byteAt(walk, walk.at))
  return fail(walk, `the body is not JSON: expected ${expected} at offset ${walk.at}, but ${found}`)
}

function describeByte(byte: number): string {
  if (byte > 0x20 && byte < 0x7f) return `found '${String.fromCharCode(byte)}'`
  return `found byte 0x${byte.toString(16).padStart(2, '0')}`
}

/** The decoded name of the member that is being read. */
export function currentName(walk: Walk): string {
  return decodeName(walk, {
    start: walk.keyStart[walk.depth] ?? 0,
    end: walk.keyEnd[walk.depth] ?? 0,
  })
}

/** The decoded name remembered in a slot of `hashes`. */
export function nameIn(walk: Walk, slot: number): string {
  return decodeName(walk, { start: walk.starts[slot] ?? 0, end: walk.ends[slot] ?? 0 })
}

function decodeName(walk: Walk, range: { start: number; end: number }): string {
  const raw = walk.buffer.toString('utf8', range.start, range.end)
  if (!raw.includes('\\')) return raw
  // The scan has passed this string, so it parses, and a string literal parses to a string.
  const name: unknown = JSON.parse(`"${raw}"`)
  return String(name)
}

/** The JSON pointer (RFC 6901) of the current value, or null and a failure when pointers grew out of proportion. */
export function spendPointer(walk: Walk): string | null {
  const pointer =
    walk.depth === 0
      ? ''
      : `${containerPointer(walk, walk.depth)}/${pointerToken(walk, walk.depth)}`
  walk.pointerCharsLeft -= pointer.length
  if (walk.pointerCharsLeft >= 0) return pointer
  fail(walk, 'too many numbers of more than 15 digits under long member names; shorten either')
  return null
}

/** Built once per container: siblings share it. */
function containerPointer(walk: Walk, depth: number): string {
  if (depth <= 1) return ''
  const known = walk.prefix[depth]
  if (known !== null && known !== undefined) return known
  const pointer = `${containerPointer(walk, depth - 1)}/${pointerToken(walk, depth - 1)}`
  walk.prefix[depth] = pointer
  return pointer
}

function pointerToken(walk: Walk, depth: number): string {
  if (walk.isObject[depth] !== 1) return String(walk.count[depth] ?? 0)
  const range = { start: walk.keyStart[depth] ?? 0, end: walk.keyEnd[depth] ?? 0 }
  return decodeName(walk, range).replaceAll('~', '~0').replaceAll('/', '~1')
}

function failurePointer(walk: Walk): string {
  let pointer = ''
  for (let depth = 1; depth <= walk.depth; depth++) {
    if (walk.isObject[depth] === 1 && walk.count[depth] === 0) break
    const longer = `${pointer}/${pointerToken(walk, depth)}`
    if (longer.length > failurePointerCharsMax) break
    pointer = longer
  }
  return pointer
}
