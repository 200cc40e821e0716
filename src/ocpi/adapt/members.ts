import { isRecord } from '../validate.ts'
import type { Facts, Json, Step, StepWork } from './define.ts'

/** Converts one member or item; undefined removes it. `work` reports with pointers relative to the value. */
export type Part = (value: unknown, work: StepWork) => unknown

/** Changes `draft`, a copy that nobody else holds. */
export type Edit = (draft: Json, work: StepWork) => void

/** The reports of a nested value: its pointers get `pointer` in front. A nested object is always whole. */
export function within(work: StepWork, pointer: string): StepWork {
  return {
    facts: work.facts,
    partial: false,
    lose: (inner, reason) => work.lose(pointer + inner, reason),
    withhold: (inner, reason) => work.withhold(pointer + inner, reason),
  }
}

/** A step or part that edits a shallow copy of an object; anything else passes as it is. */
export function editObject(edit: Edit): Part {
  return (value, work) => (isRecord(value) ? edited(value, work, edit) : value)
}

/** A step that is one edit. */
export function step(edit: Edit): Step {
  return (value, work) => edited(value, work, edit)
}

/** A shallow copy of `value`, edited. */
export function edited(value: Json, work: StepWork, edit: Edit): Json {
  const draft = { ...value }
  edit(draft, work)
  return draft
}

/** Gives a member another name. A member that has the new name already is not part of this version and is lost. */
export function renameMember(
  draft: Json,
  work: StepWork,
  { from, to }: { from: string; to: string },
): void {
  if (!Object.hasOwn(draft, from)) return
  if (Object.hasOwn(draft, to)) work.lose(`/${to}`, `${from} says it in this version`)
  draft[to] = draft[from]
  delete draft[from]
}

/** Removes members and reports each one that was there. */
export function loseMembers(
  draft: Json,
  work: StepWork,
  { names, reason }: { names: readonly string[]; reason: string },
): void {
  for (const name of names) {
    if (!Object.hasOwn(draft, name)) continue
    work.lose(`/${name}`, reason)
    delete draft[name]
  }
}

/** Converts a member when it is there. */
export function changeMember(
  draft: Json,
  work: StepWork,
  { name, part }: { name: string; part: Part },
): void {
  if (!Object.hasOwn(draft, name)) return
  const next = part(draft[name], within(work, `/${name}`))
  if (next === undefined) delete draft[name]
  else draft[name] = next
}

/** Converts every item of a list member; anything but a list passes as it is. An emptied list stays, empty. */
export function changeList(
  draft: Json,
  work: StepWork,
  { name, part }: { name: string; part: Part },
): void {
  const list = Object.hasOwn(draft, name) ? draft[name] : undefined
  if (!Array.isArray(list)) return
  const listWork = within(work, `/${name}`)
  draft[name] = list.flatMap((item: unknown, index) => {
    const next = part(item, within(listWork, `/${index}`))
    return next === undefined ? [] : [next]
  })
}

/** 2.1.1 objects do not say whose they are. */
export function fillOwner(draft: Json, work: StepWork): void {
  loseMembers(draft, work, {
    names: ['country_code', 'party_id'],
    reason: 'the owner is who sent it',
  })
  const { owner } = work.facts
  if (work.partial || owner === undefined) return
  draft['country_code'] = owner.country_code
  draft['party_id'] = owner.party_id
}

/** The owner is known from the connection in 2.1.1, so nothing is lost. */
export function dropOwner(draft: Json): void {
  delete draft['country_code']
  delete draft['party_id']
}

/** A 2.1.1 PATCH need not say when, a later one must; only the hub's time of receipt is known then. */
export function fillLastUpdated(draft: Json, work: StepWork): void {
  if (!work.partial || Object.hasOwn(draft, 'last_updated')) return
  if (work.facts.receivedAt !== undefined) draft['last_updated'] = work.facts.receivedAt
}

/** The name under which the 2.1.1 receiver knows the id of `module`. */
export function aliasDown(id: unknown, facts: Facts, module: string): unknown {
  const aliases = facts.aliases?.[module]
  return typeof id === 'string' && aliases && Object.hasOwn(aliases, id) ? aliases[id] : id
}

/** The id behind a name that the 2.1.1 partner uses for it. */
export function aliasUp(alias: unknown, facts: Facts, module: string): unknown {
  const aliases = facts.aliases?.[module]
  const found = aliases && Object.entries(aliases).find(([, name]) => name === alias)
  return found ? found[0] : alias
}
