import type { ComponentType } from '../types.ts'
import { at, cutTo, DURATION, KWH, UNIVERSE } from './boxes.ts'
import type { Box } from './boxes.ts'
import { report } from './findings.ts'
import { without } from './reach.ts'
import type { Placed, Reach } from './reach.ts'
import type { Component, Element } from './terms.ts'

/** Why no session reaches a component: the elements that come first. */
type Loss = { readonly code: 'shadowed' | 'unreachable'; readonly by: readonly Element[] }

/**
 * Elements and components that no session reaches. Per dimension the first element in order that applies and has the
 * dimension wins (OCPI 2.2.1, mod_tariffs, TariffElement). 'shadowed': an earlier one has no restrictions; 'unreachable':
 * earlier ones, each for a part, apply wherever this one does.
 */
export function lintLosses(reach: Reach): void {
  for (const element of reach.elements) lintElement(element, reach)
  lintLateFlats(reach)
}

function lintElement(element: Placed, reach: Reach): void {
  const components = [...element.effective.values()]
  const losses = new Map<Component, Loss>()
  for (const component of components) {
    const loss = lossOf(element, component.type, reach)
    if (loss !== null) losses.set(component, loss)
  }
  if (losses.size === 0) return
  const { findings } = reach
  if (losses.size === components.length) {
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

function witnessOf(by: readonly Element[]): string {
  const pointers = [...new Set(by)].sort((a, b) => a.index - b.index).map(({ pointer }) => pointer)
  return `whatever the session, the price comes from ${pointers.join(', ')}`
}

function lossOf(element: Placed, type: ComponentType, reach: Reach): Loss | null {
  const rivals = reach.elements.filter(
    (other) =>
      other.index < element.index && other.kind === element.kind && other.effective.has(type),
  )
  const always = rivals.find(({ isAlways }) => isAlways)
  if (always !== undefined) return { code: 'shadowed', by: [always] }
  // What never applies by itself has a finding of its own.
  if (element.boxes === null || element.boxes.length === 0) return null
  let rest = element.boxes
  const by: Element[] = []
  for (const rival of rivals) {
    const left = without(rest, rival.boxes ?? [], reach)
    if (left === null) return null
    if (left !== rest) by.push(rival)
    if (left.length === 0) return { code: 'unreachable', by }
    rest = left
  }
  return null
}

/** A FLAT fee that needs energy or time to have passed, where another one is always charged at the start. */
function lintLateFlats(reach: Reach): void {
  const flats = reach.elements.filter(({ kind, effective }) => kind === '' && effective.has('FLAT'))
  const late = flats.filter(
    ({ boxes }) => boxes !== null && boxes.length > 0 && boxes.every(isLate),
  )
  if (late.length === 0 || flats.some(({ boxes }) => boxes === null)) return
  const start = cutTo(cutTo(UNIVERSE, KWH, FIRST), DURATION, FIRST)
  const rest = without(
    [start],
    flats.flatMap(({ boxes }) => boxes ?? []),
    reach,
  )
  if (rest === null || rest.length > 0) return
  for (const element of late) {
    const pointer = element.effective.get('FLAT')?.pointer ?? element.pointer
    if (lossOf(element, 'FLAT', reach) === null)
      report(reach.findings, { code: 'flat_too_late', pointer })
  }
}

/** Up to the first number that any restriction names: nothing charged, no time passed. */
const FIRST = { from: 0, to: 1 }

function isLate(box: Box): boolean {
  return at(box, KWH) > 0 || at(box, DURATION) > 0
}
