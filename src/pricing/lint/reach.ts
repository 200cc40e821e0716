import { limits } from '../../../config/limits.ts'
import { cutTo, DATE, DAY_MS, END, subtract, UNIVERSE } from './boxes.ts'
import type { Box } from './boxes.ts'
import type { Findings } from './findings.ts'
import { edgesOf, regionOf } from './regions.ts'
import type { Edges } from './regions.ts'
import type { Element } from './terms.ts'
import type { LintVersion } from './types.ts'

/** An element, and the moments at which it applies; null when its restrictions cannot be read. */
export type Placed = Element & { readonly boxes: readonly Box[] | null }

/** The elements of a tariff as regions, to find out which of them prices what. */
export type Reach = {
  readonly findings: Findings
  readonly elements: readonly Placed[]
  readonly edges: Edges
  /** All moments at which a price is of interest. */
  readonly universe: Box
  /** How many times a box may still be held against another. Below 0: some questions were left open. */
  stepsLeft: number
}

type Options = {
  readonly findings: Findings
  readonly version: LintVersion
  /** Epoch milliseconds before which nobody charges by this tariff; null: unknown. */
  readonly fromMs: number | null
}

export function openReach(
  elements: readonly Element[],
  { findings, version, fromMs }: Options,
): Reach {
  const edges = edgesOf(elements)
  const placed = elements.map((element) => ({
    ...element,
    boxes: regionOf(element, { edges, version }),
  }))
  const universe =
    fromMs === null ? UNIVERSE : cutTo(UNIVERSE, DATE, { from: firstDay(fromMs), to: END })
  return { findings, edges, elements: placed, universe, stepsLeft: limits.lintBoxStepsMax }
}

/** No place is further behind UTC. */
const BEHIND_MS = 12 * 3_600_000

/** The local date where the day is youngest. */
function firstDay(ms: number): number {
  return Math.floor((ms - BEHIND_MS) / DAY_MS)
}

/** What of the boxes is in none of the covers: the same list when that is all of it; null when it takes too long. */
export function without(
  boxes: readonly Box[],
  covers: readonly Box[],
  reach: Reach,
): readonly Box[] | null {
  let rest = boxes
  for (const cover of covers) {
    reach.stepsLeft -= rest.length
    if (reach.stepsLeft < 0) return null
    const left = rest.flatMap((box) => subtract(box, cover))
    if (left.length > limits.lintBoxesMax) {
      reach.stepsLeft = -1
      return null
    }
    if (left.length !== rest.length || left.some((box, index) => box !== rest[index])) rest = left
  }
  return rest
}
