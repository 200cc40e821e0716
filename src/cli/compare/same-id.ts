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

/** One thing that agrees is enough; that nothing can be compared is no contradiction. */
function isPlausible({ record: a }: Row, { record: b }: Row): boolean {
  const signs = [
    a.sessionId === null || b.sessionId === null ? null : a.sessionId === b.sessionId,
    a.start === null || b.start === null
      ? null
      : Math.abs(a.start - b.start) < DAY_MS && isNearStart(a, b),
    (a.tokenUid === null && a.contract === null) || (b.tokenUid === null && b.contract === null)
      ? null
      : hasSameToken(a, b),
    a.energyMwh === null || b.energyMwh === null ? null : hasSameEnergy(a.energyMwh, b.energyMwh),
  ].filter((sign) => sign !== null)
  return signs.length === 0 || signs.includes(true)
}

function isNearStart(a: Row['record'], b: Row['record']): boolean {
  return Math.abs((a.start ?? 0) - (b.start ?? 0)) % 1_800_000 < 90_000
}
