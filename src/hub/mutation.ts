import { isDeepStrictEqual } from 'node:util'
import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { ObjectDefinition } from '../ocpi/define.ts'
import { foldKey, readTime } from '../ocpi/primitives.ts'
import { childPath, mergePatch, patchChild, putChild, setMember } from '../ocpi/splice.ts'
import type { ChildStep } from '../ocpi/splice.ts'
import { dropNulls, isRecord } from '../ocpi/validate.ts'
import type { ParsedBody } from './request.ts'
import { childParam } from './parse-body.ts'

/** The current text and value of an object, as far as a change needs it. */
export type Current = { original: string; value: unknown; deleted: boolean }

/** What a change makes of an object. `lastUpdated` is the newest of it and its children. */
export type Changed = {
  original: string
  value: Record<string, unknown>
  lastUpdated: Date
  deleted: boolean
}

export type Change = {
  definition: ObjectDefinition
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
export function applyChange(change: Change, current: Current | null): Outcome {
  if (change.method === 'DELETE') return remove(change, current)
  const { body } = change
  if (!body) throw new HubError('malformed', 'the body is missing')
  const steps = childSteps(change)
  checkId(change, body, steps)
  const live = current && !current.deleted ? current : null
  if (change.method === 'PATCH' && readTime(body.value.last_updated) === null) {
    throw invalid('/last_updated', 'a PATCH needs last_updated, a UTC time')
  }
  if (steps.length > 0) return changeChild({ change, body, steps, live })
  if (change.method === 'PUT') return replace(change, body, live)
  if (!live) throw unknownObject()
  const known = memberTime(live.value)
  if (isOlder(body.value, known)) throw olderThan(known)
  const merged = mergePatch({
    text: live.original,
    patch: withoutRepeats({ change, body, live, known }),
    appendArrays: change.definition.appended,
  })
  return changed(merged, change, live)
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
    object: { original: text, value, lastUpdated: newestTime(value) ?? change.now, deleted: false },
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
    },
  }
}

/** The children that the URL names, outermost first. */
function childSteps({ definition, params }: Change): ChildStep[] {
  return definition.children.flatMap(({ list, idMember }) => {
    const id = params[childParam(list)]
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

/**
 * A PATCH that was sent twice must not append its periods twice: with the same last_updated, periods that are already
 * the newest stored ones are left out.
 */
function withoutRepeats(input: {
  change: Change
  body: ParsedBody
  live: Current
  known: Date | null
}): string {
  const { change, body, live, known } = input
  const time = readTime(body.value.last_updated)
  if (!known || !time || time > known || !isRecord(live.value)) return body.text
  let text = body.text
  // By value, because PostgreSQL gives members back in another order; numbers as doubles on both sides.
  const sent: unknown = dropNulls(JSON.parse(text))
  for (const name of change.definition.appended) {
    const added = isRecord(sent) ? sent[name] : undefined
    const stored = live.value[name]
    if (!Array.isArray(added) || !Array.isArray(stored) || added.length === 0) continue
    if (isDeepStrictEqual(stored.slice(-added.length), added)) text = setMember(text, [name], '[]')
  }
  return text
}

function isOlder(value: Record<string, unknown>, known: Date | null): boolean {
  const time = readTime(value.last_updated)
  return known !== null && time !== null && time < known
}

function memberTime(value: unknown): Date | null {
  return isRecord(value) ? readTime(value.last_updated) : null
}

/** The newest last_updated of an object and its children: what a date window must find. */
function newestTime(value: Record<string, unknown>): Date | null {
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
