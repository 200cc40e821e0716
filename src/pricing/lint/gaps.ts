import type { ComponentType } from '../types.ts'
import { at, cutTo, DAY_MS, grow, TIME } from './boxes.ts'
import type { Box } from './boxes.ts'
import { report } from './findings.ts'
import { without } from './reach.ts'
import type { Placed, Reach } from './reach.ts'
import { textAt } from './terms.ts'
import { momentsIn } from './words.ts'

const NAMES = {
  ENERGY: 'energy',
  TIME: 'charging time',
  PARKING_TIME: 'parking',
  FLAT: 'a FLAT fee',
} as const satisfies Record<ComponentType, string>
const TYPES = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'] as const

/** How many gaps a witness describes. */
const GAPS_SHOWN = 3

/** Moments of charging that have no price at all, or none for a dimension that has one at other moments. */
export function lintGaps(reach: Reach): void {
  for (const element of reach.elements) lintLastMinute(element, reach)
  const { findings, elements, universe } = reach
  if (elements.length === 0) return
  const charging = elements.filter(({ kind, effective }) => kind === '' && effective.size > 0)
  const gaps = gapsBetween(charging, { within: [universe], reach })
  if (gaps.length > 0)
    report(findings, {
      code: 'session_without_price',
      pointer: '/elements',
      witness: `charging costs nothing ${gaps.join('; or ')}`,
    })
  for (const type of TYPES) {
    const priced = charging.filter(({ effective }) => effective.has(type))
    const pointer = priced[0]?.effective.get(type)?.pointer
    const witness = gapOf(type, { elements: priced, within: [universe], reach })
    if (pointer !== undefined && witness !== null)
      report(findings, { code: 'dimension_not_exhaustive', pointer, names: { type }, witness })
  }
}

const LAST_MINUTE_MS = DAY_MS - 60_000

/** An element that ends at 23:59: is the last minute of its day priced by another? */
function lintLastMinute(element: Placed, reach: Reach): void {
  const last = (element.boxes ?? []).filter(isEndingLate)
  if (last.length === 0 && !isNeverEndingLate(element)) return
  const within = last.map((box) => cutTo(box, TIME, { from: at(box, TIME + 1), to: DAY_MS }))
  const elements = reach.elements.filter(({ kind }) => kind === element.kind)
  const gaps = [...element.effective.keys()].flatMap((type) => {
    const priced = elements.filter(({ effective }) => effective.has(type))
    return gapOf(type, { elements: priced, within, reach }) ?? []
  })
  const pointer = `${element.pointer}/restrictions/end_time`
  report(reach.findings, { code: 'end_time_2359', pointer, witness: gaps[0] ?? null })
}

function isEndingLate(box: Box): boolean {
  return at(box, TIME + 1) >= LAST_MINUTE_MS && at(box, TIME + 1) < DAY_MS
}

/** It says 23:59, but never applies for another reason, or nobody can tell. */
function isNeverEndingLate({ boxes, restrictions }: Placed): boolean {
  if (restrictions === null || (boxes !== null && boxes.length > 0)) return false
  const end = textAt(restrictions, 'end_time')
  return end?.startsWith('23:59') === true && end !== textAt(restrictions, 'start_time')
}

type Where = {
  readonly elements: readonly Placed[]
  readonly within: readonly Box[]
  readonly reach: Reach
}

function gapOf(type: ComponentType, { elements, within, reach }: Where): string | null {
  const gaps = gapsBetween(elements, { within, reach })
  return gaps.length === 0 ? null : `${NAMES[type]} has no price ${gaps.join('; or ')}`
}

/** Some of the moments at which none of the elements applies, in words. None when one cannot be read. */
function gapsBetween(
  elements: readonly Placed[],
  { within, reach }: Omit<Where, 'elements'>,
): string[] {
  if (elements.some(({ isAlways, boxes }) => isAlways || boxes === null)) return []
  const covers = elements.flatMap(({ boxes }) => boxes ?? [])
  let rest = without(within, covers, reach)
  const gaps: string[] = []
  while (rest !== null && gaps.length < GAPS_SHOWN) {
    const [first] = rest
    if (first === undefined) break
    const gap = grow(first, covers)
    gaps.push(momentsIn(gap, reach) || 'at any time')
    rest = without(rest, [gap], reach)
  }
  return gaps
}
