import { editList, editObjects, editPeriods, scaleNumber } from './attribution-edits.ts'
import { readFigure } from './figures.ts'
import { instant } from './instant.ts'
import { isObject } from './reading.ts'

const minuteMs = 60_000

/** What is spread over a period; powers and the like hold in all of it. */
const SPREAD: ReadonlySet<unknown> = new Set([
  'ENERGY',
  'ENERGY_IMPORT',
  'ENERGY_EXPORT',
  'TIME',
  'PARKING_TIME',
  'RESERVATION_TIME',
])

/**
 * The CDR with its charging periods cut at every full minute, what they hold spread evenly: the nearest to what a sender
 * should have sent who had to cut them where the price changes (OCPI 2.2.1, ChargingPeriod). Null where its times cannot
 * be read or there would be more than `piecesMax` periods.
 */
export function cutPeriods(cdr: unknown, piecesMax: number): unknown {
  if (!isObject(cdr)) return null
  const end = msOf(cdr['end_date_time'])
  const list: unknown = cdr['charging_periods']
  if (end === null || !Array.isArray(list)) return null
  const starts = list.map((period: unknown) =>
    isObject(period) ? msOf(period['start_date_time']) : null,
  )
  const cuts = starts.map((start, index) => cutsOf(start, starts[index + 1] ?? end))
  const pieces = cuts.reduce((sum, each) => sum + (each?.length ?? Infinity), 0)
  if (pieces > piecesMax) return null
  return editPeriods(cdr, (periods) =>
    periods.flatMap((period, index) => {
      const times = cuts[index]
      return isObject(period) && times ? piecesOf(period, times) : [period]
    }),
  )
}

type Piece = { fromMs: number; toMs: number }

/** From start to end, cut at full minutes; null where a time is missing. */
function cutsOf(start: number | null, end: number | null): Piece[] | null {
  if (start === null || end === null) return null
  const cuts: Piece[] = []
  for (let fromMs = start; fromMs < end;) {
    const toMs = Math.min(end, (Math.floor(fromMs / minuteMs) + 1) * minuteMs)
    cuts.push({ fromMs, toMs })
    fromMs = toMs
  }
  return cuts.length === 0 ? [{ fromMs: start, toMs: start }] : cuts
}

function piecesOf(
  period: Record<string, unknown>,
  times: readonly Piece[],
): Record<string, unknown>[] {
  const [first, last] = [times[0], times.at(-1)]
  const wholeMs = first && last ? last.toMs - first.fromMs : 0
  const over = readFigure(wholeMs)
  return times.map(({ fromMs, toMs }) => {
    const share = readFigure(toMs - fromMs)
    const piece = { ...period, start_date_time: new Date(fromMs).toISOString() }
    if (share === null || over === null || wholeMs === 0) return piece
    return editList(piece, 'dimensions', (dimensions) =>
      editObjects(dimensions, (dimension) =>
        SPREAD.has(dimension['type'])
          ? { ...dimension, volume: scaleNumber(dimension['volume'], { times: share, over }) }
          : dimension,
      ),
    )
  })
}

function msOf(value: unknown): number | null {
  return typeof value === 'string' ? (instant(value)?.ms ?? null) : null
}
