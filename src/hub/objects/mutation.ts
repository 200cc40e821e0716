import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { ObjectDefinition } from '../../ocpi/define.ts'
import { foldKey, readTime, writeTime } from '../../ocpi/primitives.ts'
import { childPath, mergePatch, patchChild, putChild, setMember } from '../../ocpi/splice.ts'
import type { ChildStep } from '../../ocpi/splice.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { ParsedBody } from '../request.ts'
import { withMergedLists, withoutRepeats } from './patch-lists.ts'

/** The current text and value of an object, as far as a change needs it. The text is in the version of the change. */
export type Current = { original: string; value: unknown; deleted: boolean }

/**
 * What a change makes of an object. `lastUpdated` is the newest of it and its children. `isRaw`: the value is that of
 * the text, which in 2.1.1 has another shape than the working value.
 */
export type Changed = {
  original: string
  value: Record<string, unknown>
  lastUpdated: Date
  deleted: boolean
  isRaw: boolean
}

export type Change = {
  definition: ObjectDefinition
  version: Version
  method: 'PUT' | 'PATCH' | 'DELETE'
  params: Readonly<Record<string, string>>
  body: ParsedBody | null
  now: Date
}

/** True when the change leaves an object as it was. */
export type Outcome = { kind: 'changed'; object: Changed } | { kind: 'same' }

/**
 * Applies a push to the current object: a PUT replaces, a PATCH is merged into the text member by member, a child goes
 * into its parent. Throws HubError for what the sender must mend: an unknown object, an older `last_updated`.
 */
export function applyChange(asked: Change, current: Current | null): Outcome {
  if (asked.method === 'DELETE') return remove(asked, current)
  const live = current && !current.deleted ? inOwnVersion(asked, current) : null
  const change = completed(asked, live)
  const { body } = change
  if (!body) throw new HubError('malformed', 'the body is missing')
  const steps = childSteps(change)
  checkId(change, body, steps)
  if (change.method === 'PATCH' && readTime(body.value.last_updated) === null) {
    throw invalid('/last_updated', 'a PATCH needs last_updated, a UTC time')
  }
  if (steps.length > 0) return changeChild({ change, body, steps, live })
  if (change.method === 'PUT') return replace(change, body, live)
  if (!live) throw unknownObject()
  const known = memberTime(live.value)
  if (isOlder(body.value, known)) throw olderThan(known)
  const lists = change.definition.appended
  const merged = mergePatch({
    text: live.original,
    patch:
      change.version === '2.1.1'
        ? withMergedLists({ lists, text: body.text, live })
        : withoutRepeats({ lists, body, live, known }),
    appendArrays: change.version === '2.1.1' ? [] : lists,
  })
  return changed(merged, change, live)
}

/** With the value as the text has it: the working value of 2.1.1 has another shape. */
function inOwnVersion({ version, method }: Change, current: Current): Current {
  if (version !== '2.1.1' || method === 'DELETE') return current
  return { ...current, value: dropNulls(JSON.parse(current.original)) }
}

/**
 * A PATCH of 2.1.1 need not say when it was made: then it was made when it came, and not before what is known. Nothing
 * that was said is changed.
 */
function completed(change: Change, live: Current | null): Change {
  const { body, version, method, now } = change
  if (version !== '2.1.1' || method !== 'PATCH' || !body) return change
  const sent: unknown = dropNulls(JSON.parse(body.text))
  if (isRecord(sent) && sent.last_updated !== undefined) return change
  const known = live && isRecord(live.value) ? newestTime(live.value) : null
  // 2.1.1 shows no fractions of a second.
  const received = writeTime(now).replace(/\.\d+Z$/, 'Z')
  const time = known && known > new Date(received) ? writeTime(known) : received
  const text = setMember(body.text, ['last_updated'], JSON.stringify(time))
  return { ...change, body: { ...body, text, value: { ...body.value, last_updated: time } } }
}

function replace(change: Change, body: ParsedBody, live: Current | null): Outcome {
  if (live?.original === body.text) return { kind: 'same' }
  const known = live ? memberTime(live.value) : null
  if (isOlder(body.value, known)) throw olderThan(known)
  return {
    kind: 'changed',
    object: {
      original: body.text,
      value: body.value,
      lastUpdated: newestTime(body.value) ?? change.now,
      deleted: false,
      isRaw: false,
    },
  }
}

function changeChild(input: {
  change: Change
  body: ParsedBody
  steps: ChildStep[]
  live: Current | null
}): Outcome {
  const { change, body, steps, live } = input
  if (!live) throw unknownObject()
  const at = childPath(live.original, steps)
  const known = at ? memberTime(valueAt(live.value, at)) : null
  if (isOlder(body.value, known)) throw olderThan(known)
  const text =
    change.method === 'PUT'
      ? putChild(live.original, steps, body.text)
      : patchChild(live.original, steps, body.text)
  if (text === null) throw unknownObject()
  const time = body.value.last_updated
  return changed(typeof time === 'string' ? bumpParents(text, steps, time) : text, change, live)
}

/** A change of a child is a change of its parents (2.2.1 mod_locations, PUT Method): their last_updated follows. */
function bumpParents(text: string, steps: readonly ChildStep[], time: string): string {
  const at = readTime(time)
  let result = text
  for (let depth = steps.length - 1; depth >= 0; depth -= 1) {
    const path = depth === 0 ? [] : childPath(result, steps.slice(0, depth))
    if (!path || !at) continue
    const parent: unknown = valueAt(JSON.parse(result), path)
    const known = memberTime(parent)
    if (!known || known < at)
      result = setMember(result, [...path, 'last_updated'], JSON.stringify(time))
  }
  return result
}

function changed(text: string, change: Change, live: Current): Outcome {
  if (text === live.original) return { kind: 'same' }
  if (text.length > limits.objectCharsMax) {
    throw invalid(
      '',
      `the object would grow beyond ${limits.objectCharsMax} characters; PUT a smaller one`,
    )
  }
  const value = dropNulls(JSON.parse(text))
  if (!isRecord(value))
    throw new HubError(
      'malformed',
      'the stored object cannot take this change; PUT the whole object',
    )
  return {
    kind: 'changed',
    object: {
      original: text,
      value,
      lastUpdated: newestTime(value) ?? change.now,
      deleted: false,
      isRaw: true,
    },
  }
}

function remove(change: Change, current: Current | null): Outcome {
  if (!current || current.deleted) throw new HubError('notFound', 'there is no such object')
  const { value } = current
  return {
    kind: 'changed',
    object: {
      original: current.original,
      value: isRecord(value) ? value : {},
      lastUpdated: change.now,
      deleted: true,
      isRaw: false,
    },
  }
}

/** True for what is merged into the stored text instead of replacing it. */
export function isMerge(change: Change): boolean {
  return change.body !== null && (change.method === 'PATCH' || childSteps(change).length > 0)
}

/** The children that the URL names, outermost first. */
function childSteps({ definition, params }: Change): ChildStep[] {
  return definition.children.flatMap(({ list, param, idMember }) => {
    const id = params[param]
    return id === undefined ? [] : [{ array: list, key: idMember, id }]
  })
}

function checkId(change: Change, body: ParsedBody, steps: readonly ChildStep[]): void {
  const step = steps.at(-1)
  const member = step?.key ?? change.definition.idMember
  const id = step?.id ?? change.params[change.definition.idMember]
  const named = body.value[member]
  if (named === undefined && change.method === 'PATCH') return
  if (typeof named !== 'string' || id === undefined || foldKey(named) !== foldKey(id)) {
    throw invalid(`/${member}`, 'must be the id in the URL')
  }
}

function isOlder(value: Record<string, unknown>, known: Date | null): boolean {
  const time = readTime(value.last_updated)
  return known !== null && time !== null && time < known
}

function memberTime(value: unknown): Date | null {
  return isRecord(value) ? readTime(value.last_updated) : null
}

/** The newest last_updated of an object and its children: what a date window must find. */
export function newestTime(value: Record<string, unknown>): Date | null {
  let newest = readTime(value.last_updated)
  for (const member of [value.evses, value.connectors]) {
    if (!Array.isArray(member)) continue
    for (const child of member) {
      const time = isRecord(child) ? newestTime(child) : null
      if (time && (!newest || time > newest)) newest = time
    }
  }
  return newest
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((current, step) => {
    if (typeof step === 'number') return Array.isArray(current) ? current[step] : undefined
    return isRecord(current) ? current[step] : undefined
  }, value)
}

function invalid(pointer: string, message: string): HubError {
  return new HubError('invalid', message, { faults: [{ pointer, message }] })
}

function unknownObject(): HubError {
  return new HubError('notFound', 'the hub does not have this object; PUT the whole object first')
}

function olderThan(known: Date | null): HubError {
  return invalid(
    '/last_updated',
    `is older than what the hub has (${known?.toISOString() ?? ''}); send the current object`,
  )
}
