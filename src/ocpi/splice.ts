import { findMember, findValue, readArray, readObject } from './json-text.ts'
import type { ArrayText, Range } from './json-text.ts'

/** One step from an object to a child in one of its arrays: `{ array: 'evses', key: 'uid', id: '3256' }`. */
export type ChildStep = { array: string; key: string; id: string }

/**
 * Replaces the text of an existing value and keeps every other byte. Where the path leads nowhere the text is returned
 * as it is; use `setMember` when the member must be there afterwards.
 */
export function replaceMember(
  text: string,
  path: readonly (string | number)[],
  newJsonText: string,
): string {
  const range = findValue(text, path)
  return range === null ? text : splice(text, [{ ...range, insert: newJsonText }])
}

/**
 * Sets the last member of `path` to a JSON text, appending it when its object has no such member. Returns the text as
 * it is when the enclosing object does not exist.
 */
export function setMember(
  text: string,
  path: readonly (string | number)[],
  newJsonText: string,
): string {
  const name = path.at(-1)
  if (typeof name !== 'string') return replaceMember(text, path, newJsonText)
  const parent = findValue(text, path.slice(0, -1))
  if (parent === null) return text
  return splice(
    text,
    memberEdits(text, { at: parent.start, members: [{ name, json: newJsonText }] }),
  )
}

/**
 * Merges a PATCH (RFC 7396 without removal: a null member is ignored, OCPI PATCH cannot remove) into the stored text
 * of an object, member by member. Members that the patch does not name keep their exact text. The arrays named in
 * `appendArrays` get the patch's items appended instead; empty or null changes nothing.
 */
export function mergePatch(merge: {
  text: string
  patch: string
  appendArrays?: readonly string[]
}): string {
  const { text, patch } = merge
  const range = findValue(text, [])
  return range === null
    ? text
    : splice(text, patchEdits({ ...merge, text, at: range.start, patch }))
}

/** The path of a child for `setMember`, or null when there is none. Ids compare as ASCII without case (CiString). */
export function childPath(text: string, steps: readonly ChildStep[]): (string | number)[] | null {
  const path: (string | number)[] = []
  for (const step of steps) {
    const array = findValue(text, [...path, step.array])
    const items = array === null ? null : readArray(text, array.start)
    const index = items === null ? -1 : childIndex(text, items, step)
    if (index < 0) return null
    path.push(step.array, index)
  }
  return path
}

/**
 * Puts the text of a child (an EVSE, a connector) into its parent: replaces the child of the last step's id, or appends
 * it to the array, or adds the array. Null when a parent on the way does not exist.
 */
export function putChild(
  text: string,
  steps: readonly ChildStep[],
  childText: string,
): string | null {
  const known = childPath(text, steps)
  if (known !== null) return replaceMember(text, known, childText)
  const parent = childPath(text, steps.slice(0, -1))
  const last = steps.at(-1)
  if (parent === null || last === undefined) return null
  const range = findValue(text, [...parent, last.array])
  const array = range === null ? null : readArray(text, range.start)
  if (array === null) return setMember(text, [...parent, last.array], `[${childText}]`)
  return splice(text, [appendEdit(array, childText)])
}

/** Merges a PATCH into a child as `mergePatch` does. Null when the child does not exist. */
export function patchChild(
  text: string,
  steps: readonly ChildStep[],
  patch: string,
): string | null {
  const path = childPath(text, steps)
  const range = path === null ? null : findValue(text, path)
  return range === null ? null : splice(text, patchEdits({ text, at: range.start, patch }))
}

type Edit = Range & { insert: string }

/** Applies edits that do not overlap. */
function splice(text: string, edits: readonly Edit[]): string {
  let result = ''
  let done = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(done, edit.start) + edit.insert
    done = edit.end
  }
  return result + text.slice(done)
}

function patchEdits(merge: {
  text: string
  at: number
  patch: string
  appendArrays?: readonly string[]
}): Edit[] {
  const { text, at, patch, appendArrays = [] } = merge
  const object = readObject(text, at)
  const changes = readObject(patch, 0)
  if (object === null || changes === null) return []
  const edits: Edit[] = []
  const members: { name: string; json: string }[] = []
  for (const { name, value } of changes.members) {
    if (findMember(changes, name)?.value !== value) continue
    const json = patch.slice(value.start, value.end)
    if (json === 'null') continue
    const stored = appendArrays.includes(name) ? findMember(object, name) : null
    const array = stored === null ? null : readArray(text, stored.value.start)
    const added = array === null ? null : readArray(patch, value.start)
    if (array === null || added === null) members.push({ name, json })
    else if (added.items.length > 0) edits.push(appendEdit(array, itemsBetween(patch, added)))
  }
  return [...edits, ...memberEdits(text, { at, members })]
}

/** The text between the brackets, without the white space around it. */
function itemsBetween(text: string, array: ArrayText): string {
  return text.slice(array.items.at(0)?.start, array.items.at(-1)?.end)
}

function appendEdit(array: ArrayText, json: string): Edit {
  const last = array.items.at(-1)
  const at = last?.end ?? array.close
  return { start: at, end: at, insert: last === undefined ? json : `,${json}` }
}

/** Replaces members of the object at `at`, or appends them behind its last member. */
function memberEdits(
  text: string,
  change: { at: number; members: readonly { name: string; json: string }[] },
): Edit[] {
  const object = readObject(text, change.at)
  if (object === null) return []
  const edits: Edit[] = []
  const added: string[] = []
  for (const { name, json } of change.members) {
    const known = findMember(object, name)
    if (known === null) added.push(`${JSON.stringify(name)}:${json}`)
    else edits.push({ ...known.value, insert: json })
  }
  if (added.length === 0) return edits
  const last = object.members.at(-1)
  const at = last?.value.end ?? object.close
  const insert = (last === undefined ? '' : ',') + added.join(',')
  // Behind the last member, which may itself be replaced: both edits touch at `at` and keep their order.
  return [...edits, { start: at, end: at, insert }]
}

/** Index of the last item whose member `key` is that id; the last one wins as with members. */
function childIndex(text: string, array: ArrayText, step: ChildStep): number {
  const wanted = foldAscii(step.id)
  return array.items.findLastIndex((item) => {
    const object = readObject(text, item.start)
    const id = object === null ? null : (findMember(object, step.key)?.value ?? null)
    const json = id === null ? '' : text.slice(id.start, id.end)
    // Some partners write ids as integers; the hub reads them as text and keeps what they wrote.
    if (!/^("|-?\d+$)/.test(json)) return false
    const value: unknown = json.startsWith('"') ? JSON.parse(json) : json
    return foldAscii(String(value)) === wanted
  })
}

/** Only A–Z fold: `ſ` and `ı` are not letters of an OCPI id. */
function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
