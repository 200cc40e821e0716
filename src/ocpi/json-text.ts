/** A half-open range of a text. */
export type Range = { start: number; end: number }

export type Member = { name: string; value: Range }

/** The members of an object, or the items of an array, with the offset of its closing bracket. */
export type ObjectText = { members: Member[]; close: number }
export type ArrayText = { items: Range[]; close: number }

/**
 * Finds the members of the object whose `{` is at or after `at` (white space is skipped). Null when there is no object
 * or its brackets and quotes do not close. Linear and iterative; values are not checked, so scan untrusted text first.
 */
export function readObject(text: string, at: number): ObjectText | null {
  let cursor = skipSpace(text, at)
  if (text[cursor] !== '{') return null
  const members: Member[] = []
  for (;;) {
    cursor = skipSpace(text, cursor + 1)
    if (text[cursor] === '}' && members.length === 0) return { members, close: cursor }
    const nameEnd = skipValue(text, cursor)
    const colon = skipSpace(text, nameEnd)
    if (text[cursor] !== '"' || nameEnd < 0 || text[colon] !== ':') return null
    const start = skipSpace(text, colon + 1)
    const end = skipValue(text, start)
    if (end < 0) return null
    members.push({ name: decodeName(text.slice(cursor, nameEnd)), value: { start, end } })
    cursor = skipSpace(text, end)
    if (text[cursor] === '}') return { members, close: cursor }
    if (text[cursor] !== ',') return null
  }
}

/** The array whose `[` is at or after `at`; as `readObject`. */
export function readArray(text: string, at: number): ArrayText | null {
  let cursor = skipSpace(text, at)
  if (text[cursor] !== '[') return null
  const items: Range[] = []
  for (;;) {
    const start = skipSpace(text, cursor + 1)
    if (text[start] === ']' && items.length === 0) return { items, close: start }
    const end = skipValue(text, start)
    if (end < 0) return null
    items.push({ start, end })
    cursor = skipSpace(text, end)
    if (text[cursor] === ']') return { items, close: cursor }
    if (text[cursor] !== ',') return null
  }
}

/** The last member of that name: of two equal names the last one counts, as in JSON.parse. */
export function findMember(object: ObjectText, name: string): Member | null {
  return object.members.findLast((member) => member.name === name) ?? null
}

/** Where the value at `path` (names and indexes) stands in the text of an object or array; null when there is none. */
export function findValue(text: string, path: readonly (string | number)[]): Range | null {
  const start = skipSpace(text, 0)
  const end = skipValue(text, start)
  let range: Range | null = end < 0 ? null : { start, end }
  for (const step of path) {
    if (range === null) return null
    if (typeof step === 'number') {
      range = readArray(text, range.start)?.items[step] ?? null
    } else {
      const object = readObject(text, range.start)
      range = object === null ? null : (findMember(object, step)?.value ?? null)
    }
  }
  return range
}

/** The exact text of the value at `path`, null when there is none. */
export function valueText(text: string, path: readonly (string | number)[]): string | null {
  const range = findValue(text, path)
  return range === null ? null : text.slice(range.start, range.end)
}

/** The exact texts of the items of the array at `path`, null when there is no array. */
export function itemTexts(text: string, path: readonly (string | number)[]): string[] | null {
  const range = findValue(text, path)
  const array = range === null ? null : readArray(text, range.start)
  return array?.items.map((item) => text.slice(item.start, item.end)) ?? null
}

function decodeName(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    const name: unknown = JSON.parse(literal)
    return String(name)
  } catch {
    return literal.slice(1, -1)
  }
}

function skipSpace(text: string, at: number): number {
  let cursor = at
  for (;;) {
    const code = text.charCodeAt(cursor)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return cursor
    cursor++
  }
}

/** The offset after the value that starts at `at`, -1 when there is none or it does not end. */
function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === 0x22) return skipString(text, at)
  if (first === 0x7b || first === 0x5b) return skipContainer(text, at)
  let cursor = at
  while (isScalarCode(text.charCodeAt(cursor))) cursor++
  return cursor === at ? -1 : cursor
}

/** Letters, digits, sign and point: what numbers and literals are made of. NaN (the end) is none. */
function isScalarCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x2b ||
    code === 0x45
  )
}

function skipString(text: string, at: number): number {
  let cursor = at + 1
  for (;;) {
    const code = text.charCodeAt(cursor)
    if (code === 0x22) return cursor + 1
    if (Number.isNaN(code)) return -1
    cursor += code === 0x5c ? 2 : 1
  }
}

function skipContainer(text: string, at: number): number {
  let depth = 0
  let cursor = at
  for (;;) {
    const code = text.charCodeAt(cursor)
    if (code === 0x22) {
      cursor = skipString(text, cursor)
      if (cursor < 0) return -1
      continue
    }
    if (Number.isNaN(code)) return -1
    if (code === 0x7b || code === 0x5b) depth++
    if (code === 0x7d || code === 0x5d) depth--
    cursor++
    if (depth === 0) return cursor
  }
}
