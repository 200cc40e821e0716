import type { Fault } from '../errors.ts'
import type { ObjectDefinition } from './define.ts'
import type { Version } from './version.ts'
import { isRecord, schemaFor, validate } from './validate.ts'
import type { Verdict } from './validate.ts'

type Level = ObjectDefinition['children'][number]
type Path = readonly (string | number)[]

/** What is wrong with an object when each child that cannot be used is left out. `unusable`: where those stand. */
export type ChildVerdict = Verdict & { unusable: Path[] }

/**
 * Judges an object with children so that one bad child does not cost the others: an EVSE without uid or connectors, a
 * connector without id, are left out of the value that is worked with, and reported. A missing last_updated of a child
 * is reported and harms nothing: the object's own counts.
 */
export function judgeWithChildren(input: {
  value: Record<string, unknown>
  verdict: Verdict
  children: readonly Level[]
  version: Version
}): ChildVerdict {
  const { value, verdict, children, version } = input
  const first = children[0]
  const isBelow = (fault: Fault): boolean =>
    first !== undefined && fault.pointer.startsWith(`/${first.list}/`)
  if (![...verdict.hard, ...verdict.soft].some(isBelow)) return { ...verdict, unusable: [] }
  const found: Found = { unusable: [], faults: [] }
  collect(found, { value, levels: children, version, path: [] })
  const isGone = (fault: Fault): boolean =>
    found.unusable.some((path) => fault.pointer.startsWith(`${pointerOf(path)}/`))
  const left = (faults: readonly Fault[]): Fault[] => faults.filter((fault) => !isGone(fault))
  const hard = left(verdict.hard)
  return {
    hard: hard.filter((fault) => !(isBelow(fault) && isMissingTime(fault))),
    soft: [
      ...found.faults,
      ...hard.filter((fault) => isBelow(fault) && isMissingTime(fault)),
      ...left(verdict.soft),
    ],
    unusable: found.unusable,
  }
}

/** The value without the children at these paths, which lead into it as it is. */
export function withoutChildren(
  value: Record<string, unknown>,
  unusable: readonly Path[],
): Record<string, unknown> {
  const byList = new Map<string, Map<number, Path[]>>()
  for (const [list, index, ...rest] of unusable) {
    if (typeof list !== 'string' || typeof index !== 'number') continue
    const at = byList.get(list) ?? new Map<number, Path[]>()
    at.set(index, [...(at.get(index) ?? []), rest])
    byList.set(list, at)
  }
  const result = { ...value }
  for (const [list, at] of byList) {
    const items = value[list]
    if (!Array.isArray(items)) continue
    result[list] = items.flatMap((item: unknown, index) => {
      const below = at.get(index)
      if (below === undefined) return [item]
      if (below.some((path) => path.length === 0) || !isRecord(item)) return []
      return [withoutChildren(item, below)]
    })
  }
  return result
}

type Found = { unusable: Path[]; faults: Fault[] }

function collect(
  found: Found,
  input: {
    value: Record<string, unknown>
    levels: readonly Level[]
    version: Version
    path: Path
  },
): void {
  const [level, ...deeper] = input.levels
  const items = level === undefined ? undefined : input.value[level.list]
  const schema = level === undefined ? undefined : schemaFor(level.schema, input.version)
  if (level === undefined || schema === undefined || !Array.isArray(items)) return
  for (const [index, item] of items.entries()) {
    const path = [...input.path, level.list, index]
    if (!isRecord(item)) {
      leaveOut(found, { path, fault: { pointer: '', message: 'is no object' } })
      continue
    }
    const from = found.unusable.length
    collect(found, { ...input, value: item, levels: deeper, path })
    const gone = found.unusable.slice(from).map((one) => `${pointerOf(one.slice(path.length))}/`)
    const fault = validate(schema, item).hard.find(
      (one) => !isMissingTime(one) && !gone.some((below) => `${one.pointer}/`.startsWith(below)),
    )
    if (fault) leaveOut(found, { path, fault })
    else if (isEmptied(item, { deeper, gone: gone.length })) {
      const pointer = `/${deeper[0]?.list ?? ''}`
      leaveOut(found, { path, fault: { pointer, message: 'has none that can be used' } })
    }
  }
}

function leaveOut(found: Found, { path, fault }: { path: Path; fault: Fault }): void {
  const pointer = `${pointerOf(path)}${fault.pointer}`
  found.unusable.push(path)
  found.faults.push({ pointer, message: `${fault.message}; left out: ${pointerOf(path)}` })
}

/** True for a child whose own children are all gone (2.2.1 EVSE: at least one connector). */
function isEmptied(
  item: Record<string, unknown>,
  { deeper, gone }: { deeper: readonly Level[]; gone: number },
): boolean {
  const list = deeper[0] === undefined ? undefined : item[deeper[0].list]
  return Array.isArray(list) && list.length === gone
}

function isMissingTime(fault: Fault): boolean {
  return fault.message === 'is required' && fault.pointer.endsWith('/last_updated')
}

function pointerOf(path: Path): string {
  return path.map((step) => `/${step}`).join('')
}
