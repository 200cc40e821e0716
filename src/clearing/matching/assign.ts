import { EPSILON } from './score.ts'

/** A pair that may belong together. `left` and `right` are indexes; `score` is above 0. */
export type Edge = { readonly left: number; readonly right: number; readonly score: number }

/** So often a pair that beats all others is looked for among what is left; more rounds find next to nothing. */
const ROUNDS_MAX = 5

/** Above this many records on a side the exact assignment would take too long. */
const EXACT_MAX = 50

/**
 * Groups edges into components: sets of records that no edge leaves. In each, records compete for each other; between
 * two, nothing is to be decided.
 */
export function componentsOf<E extends Edge>(edges: readonly E[]): E[][] {
  // Left records have even numbers here, right ones odd.
  const root = new Map<number, number>()
  const find = (key: number): number => {
    let top = key
    for (let up = root.get(top); up !== undefined; up = root.get(top)) top = up
    for (let at = key; at !== top;) {
      const next = root.get(at) ?? top
      root.set(at, top)
      at = next
    }
    return top
  }
  for (const { left, right } of edges) {
    const [a, b] = [find(2 * left), find(2 * right + 1)]
    if (a !== b) root.set(a, b)
  }
  const groups = new Map<number, E[]>()
  for (const edge of edges) {
    const key = find(2 * edge.left)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [edge])
    else group.push(edge)
  }
  return [...groups.values()]
}

/**
 * The pairs of one component that any best one-to-one assignment holds, each record at most once: what is lost without
 * the pair, in total score, is at least `margin`. Up to 50 records a side the assignment is exact (Hungarian method);
 * beyond, a pair must beat every other pair of its two records by `margin`, again and again among what is left.
 */
export function clearPairs<E extends Edge>(component: readonly E[], margin: number): E[] {
  const [only] = component
  if (only !== undefined && component.length === 1) return only.score >= margin ? [only] : []
  const lefts = [...new Set(component.map(({ left }) => left))]
  const rights = [...new Set(component.map(({ right }) => right))]
  if (Math.max(lefts.length, rights.length) > EXACT_MAX) return dominantPairs(component, margin)
  const weights = weightsOf(component, { lefts, rights })
  const best = assign(weights)
  const [rowOf, columnOf] = [placesOf(lefts), placesOf(rights)]
  return component.filter((edge) => {
    const row = rowOf.get(edge.left) ?? -1
    const column = columnOf.get(edge.right) ?? -1
    if (best.holder[column + 1] !== row + 1) return false
    return totalOf(weights, best) - totalWithout(weights, { best, row, column }) >= margin - EPSILON
  })
}

function weightsOf(
  edges: readonly Edge[],
  { lefts, rights }: { lefts: readonly number[]; rights: readonly number[] },
): number[][] {
  const size = Math.max(lefts.length, rights.length)
  const weights = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  const [rowOf, columnOf] = [placesOf(lefts), placesOf(rights)]
  for (const { left, right, score } of edges) {
    const cells = weights[rowOf.get(left) ?? -1]
    const column = columnOf.get(right)
    if (cells !== undefined && column !== undefined) cells[column] = score
  }
  return weights
}

function placesOf(values: readonly number[]): Map<number, number> {
  return new Map(values.map((value, index) => [value, index]))
}

function dominantPairs<E extends Edge>(component: readonly E[], margin: number): E[] {
  const found: E[] = []
  for (let rest: readonly E[] = component; rest.length > 0;) {
    const [byLeft, byRight] = [topTwo(rest, 'left'), topTwo(rest, 'right')]
    const beats = (edge: E, top: readonly [number, number] | undefined): boolean =>
      top !== undefined && edge.score === top[0] && edge.score - top[1] >= margin - EPSILON
    const clear = rest.filter(
      (edge) => beats(edge, byLeft.get(edge.left)) && beats(edge, byRight.get(edge.right)),
    )
    if (clear.length === 0) break
    found.push(...clear)
    const [lefts, rights] = [
      placesOf(clear.map((e) => e.left)),
      placesOf(clear.map((e) => e.right)),
    ]
    rest = rest.filter(({ left, right }) => !lefts.has(left) && !rights.has(right))
  }
  return found
}

function topTwo(edges: readonly Edge[], side: 'left' | 'right'): Map<number, [number, number]> {
  const tops = new Map<number, [number, number]>()
  for (const edge of edges) {
    const [first, second] = tops.get(edge[side]) ?? [0, 0]
    const { score } = edge
    tops.set(edge[side], score > first ? [score, first] : [first, Math.max(second, score)])
  }
  return tops
}

/** An assignment while it is made. Rows and columns count from 1; `holder`: the row that holds a column, 0 for none. */
type Assignment = { rowPotential: number[]; columnPotential: number[]; holder: number[] }

type Weights = readonly (readonly number[])[]

/**
 * The assignment of rows to columns with the largest total (Kuhn 1955; here in the form with potentials that adds one
 * row at a time, O(n³)). `weights` is square.
 */
function assign(weights: Weights): Assignment {
  const zeros = (): number[] => new Array<number>(weights.length + 1).fill(0)
  const assignment = { rowPotential: zeros(), columnPotential: zeros(), holder: zeros() }
  for (let row = 1; row <= weights.length; row++) addRow({ row, weights, ...assignment })
  return assignment
}

/** The best total where one pair of the best assignment is worth nothing: its row is given a column anew, O(n²). */
function totalWithout(
  weights: Weights,
  { best, row, column }: { best: Assignment; row: number; column: number },
): number {
  const without = weights.map((cells, at) => (at === row ? cells.with(column, 0) : cells))
  const rest = {
    rowPotential: [...best.rowPotential],
    columnPotential: [...best.columnPotential],
    holder: best.holder.with(column + 1, 0),
  }
  addRow({ row: row + 1, weights: without, ...rest })
  return totalOf(without, rest)
}

function totalOf(weights: Weights, { holder }: Assignment): number {
  return holder.reduce(
    (sum, row, column) => (column === 0 ? sum : sum + (weights[row - 1]?.[column - 1] ?? 0)),
    0,
  )
}

type Search = Assignment & { row: number; weights: Weights }

/** Finds the cheapest way to give one more row a column, moving others where that pays. */
function addRow({ row, weights, rowPotential, columnPotential, holder }: Search): void {
  const size = weights.length
  const cheapest = new Array<number>(size + 1).fill(Number.POSITIVE_INFINITY)
  const cameFrom = new Array<number>(size + 1).fill(0)
  const isSeen = new Array<boolean>(size + 1).fill(false)
  holder[0] = row
  let column = 0
  while ((holder[column] ?? 0) !== 0) {
    isSeen[column] = true
    const from = holder[column] ?? 0
    let step = Number.POSITIVE_INFINITY
    let next = 0
    for (let to = 1; to <= size; to++) {
      if (isSeen[to]) continue
      const cost =
        -(weights[from - 1]?.[to - 1] ?? 0) - (rowPotential[from] ?? 0) - (columnPotential[to] ?? 0)
      if (cost < (cheapest[to] ?? 0)) {
        cheapest[to] = cost
        cameFrom[to] = column
      }
      if ((cheapest[to] ?? 0) < step) {
        step = cheapest[to] ?? 0
        next = to
      }
    }
    for (let to = 0; to <= size; to++) {
      if (isSeen[to]) {
        const held = holder[to] ?? 0
        rowPotential[held] = (rowPotential[held] ?? 0) + step
        columnPotential[to] = (columnPotential[to] ?? 0) - step
      } else cheapest[to] = (cheapest[to] ?? 0) - step
    }
    column = next
  }
  while (column !== 0) {
    const back = cameFrom[column] ?? 0
    holder[column] = holder[back] ?? 0
    column = back
  }
}
