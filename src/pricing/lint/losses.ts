import { at, cutTo, DURATION, KWH, UNIVERSE } from './boxes.ts'
import type { Box } from './boxes.ts'
import { report } from './findings.ts'
import { without } from './reach.ts'
import type { Placed, Reach } from './reach.ts'
import type { Component } from './terms.ts'

/** Why no session reaches a component: the elements that come first. */
type Loss = { readonly code: 'shadowed' | 'unreachable'; readonly by: readonly Placed[] }

/** Elements that have a price for the same: by kind of element and type of component, in order. */
type Rivals = Map<string, Placed[]>

/**
 * Elements and components that no session reaches. Per dimension the first element in order that applies and has the
 * dimension wins (OCPI 2.2.1, mod_tariffs, TariffElement). 'shadowed': an earlier one has no restrictions; 'unreachable':
 * earlier ones, each for a part, apply wherever this one does.
 */
export function lintLosses(reach: Reach): void {
  const rivals: Rivals = new Map()
  const lost = new Set<Component>()
  for (const element of reach.elements) {
    const losses = lossesOf(element, { rivals, reach })
    for (const component of losses.keys()) lost.add(component)
    if (losses.size > 0) reportLosses(element, { losses, reach })
    for (const type of element.effective.keys()) {
      const key = `${element.kind} ${type}`
      const known = rivals.get(key)
      if (known === undefined) rivals.set(key, [element])
      else known.push(element)
    }
  }
  lintLateFlats(reach, lost)
}

function lossesOf(
  element: Placed,
  { rivals, reach }: { rivals: Rivals; reach: Reach },
): Map<Component, Loss> {
  const losses = new Map<Component, Loss>()
  for (const component of element.effective.values()) {
    const earlier = rivals.get(`${element.kind} ${component.type}`) ?? []
    const loss = lossOf(element, { earlier, reach })
    if (loss !== null) losses.set(component, loss)
  }
  return losses
}

function lossOf(
  element: Placed,
  { earlier, reach }: { earlier: readonly Placed[]; reach: Reach },
): Loss | null {
  const always = earlier.find(({ isAlways }) => isAlways)
  if (always !== undefined) return { code: 'shadowed', by: [always] }
  // What never applies by itself has a finding of its own.
  if (element.boxes === null || element.boxes.length === 0) return null
  let rest = element.boxes
  const by: Placed[] = []
  for (const rival of earlier) {
    const left = without(rest, rival.boxes ?? [], reach)
    if (left === null) return null
    if (left !== rest) by.push(rival)
    if (left.length === 0) return { code: 'unreachable', by }
    rest = left
  }
  return null
}

function reportLosses(
  element: Placed,
  { losses, reach }: { losses: ReadonlyMap<Component, Loss>; reach: Reach },
): void {
  const { findings } = reach
  if (losses.size === element.effective.size) {
    const isShadowed = [...losses.values()].every(({ code }) => code === 'shadowed')
    const code = isShadowed ? 'element_shadowed' : 'element_unreachable'
    const witness = witnessOf([...losses.values()].flatMap(({ by }) => by))
    return report(findings, { code, pointer: element.pointer, witness })
  }
  for (const [{ pointer, type }, { code, by }] of losses) {
    const witness = witnessOf(by)
    report(findings, { code: `component_${code}`, pointer, names: { type }, witness })
  }
}

function witnessOf(by: readonly Placed[]): string {
  const pointers = [...new Set(by)].sort((a, b) => a.index - b.index).map(({ pointer }) => pointer)
  return `whatever the session, the price comes from ${pointers.join(', ')}`
}

/** A FLAT fee that needs energy or time to have passed, where another one is always charged at the start. */
function lintLateFlats(reach: Reach, lost: ReadonlySet<Component>): void {
  const flats = reach.elements.filter(({ kind, effective }) => kind === '' && effective.has('FLAT'))
  const late = flats.filter(
    ({ boxes }) => boxes !== null && boxes.length > 0 && boxes.every(isLate),
  )
  if (late.length === 0 || flats.some(({ boxes }) => boxes === null)) return
  const start = cutTo(cutTo(UNIVERSE, KWH, FIRST), DURATION, FIRST)
  const covers = flats.flatMap(({ boxes }) => boxes ?? [])
  const rest = without([start], covers, reach)
  if (rest === null || rest.length > 0) return
  for (const { effective } of late) {
    const flat = effective.get('FLAT')
    if (flat !== undefined && !lost.has(flat))
      report(reach.findings, { code: 'flat_too_late', pointer: flat.pointer })
  }
}

/** Up to the first number that any restriction names: nothing charged, no time passed. */
const FIRST = { from: 0, to: 1 }

function isLate(box: Box): boolean {
  return at(box, KWH) > 0 || at(box, DURATION) > 0
}
