import { hasSameEnergy, hasSameToken } from '../../clearing/matching/score.ts'
import type { Row } from './side.ts'

const SHARE_MIN = 0.5
const DAY_MS = 86_400_000

/** True where both sides say it, and not the same. */
export function contradicts(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b
}

/**
 * True when rows with the same CDR id are, for the most part, plainly not one session: then the two files number their
 * rows independently, and the ids say nothing.
 */
export function areForeignIds(ours: readonly Row[], theirs: readonly Row[]): boolean {
  const byId = new Map(theirs.map((row) => [row.record.cdrId, row]))
  let [common, alike] = [0, 0]
  for (const row of ours) {
    const other = row.record.cdrId === null ? undefined : byId.get(row.record.cdrId)
    if (other === undefined) continue
    common += 1
    if (isPlausible(row, other)) alike += 1
  }
  return common > 0 && alike / common < SHARE_MIN
}

/** One thing that agrees is enough, of time and energy both; that nothing can be compared is no contradiction. */
function isPlausible({ record: a }: Row, { record: b }: Row): boolean {
  const hasCards =
    (a.tokenUid !== null || a.contract !== null) && (b.tokenUid !== null || b.contract !== null)
  const hasTimes = a.start !== null && b.start !== null
  const isAtTime = hasTimes && isNearStart(a.start, b.start)
  const isAsMuch =
    a.energyMwh === null || b.energyMwh === null || hasSameEnergy(a.energyMwh, b.energyMwh)
  const hasSession = a.sessionId !== null && b.sessionId !== null
  if (!hasCards && !hasTimes && !hasSession) return true
  return (hasSession && a.sessionId === b.sessionId) || hasSameToken(a, b) || (isAtTime && isAsMuch)
}

/** The same moment, or off by whole half hours of one day: clocks are off like that, other sessions seldom. */
function isNearStart(a: number, b: number): boolean {
  const apart = Math.abs(a - b)
  return apart < DAY_MS && (apart + 90_000) % 1_800_000 < 180_000
}
