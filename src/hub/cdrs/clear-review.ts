import type { Finding } from '../../clearing/findings.ts'
import type { Standing } from '../../clearing/standing.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { PartyEvent } from '../disputes/events.ts'
import type { CdrRow, PartRow } from './clear-facts.ts'
import type { CdrFindings } from './clear-write.ts'
import { dueOf } from './transition.ts'

/** CDRs that are booked: judged again when their session, a record of their eMSP or a payment comes or changes. */
const REVIEWED_STATES = new Set<CdrState>(['provisional', 'contested', 'approved', 'netted'])

/** Whether a CDR is booked, so that what comes after it is only held while part 0 is provisional. */
export function isReviewed({ state, is_credit: isCredit }: CdrRow): boolean {
  return REVIEWED_STATES.has(state) && !isCredit
}

/** How a CDR stands that is judged once more; null where nothing of it is booked, or only drafts hold parts of it. */
export function standingOf(row: CdrRow): Standing | null {
  if (row.booked === null || row.is_credit) return null
  const held = row.parts.filter(({ book }) => book === 'held')
  const codes = {
    held: codesOf(held),
    decided: codesOf(row.parts.filter(isDecided)),
  }
  const isDisputed = held.some(({ dispute_state: state }) => state !== 'draft')
  if (row.state === 'contested' || isDisputed) return { kind: 'disputed', ...codes }
  if (dueOf(row).isAny) return { kind: 'approved', ...codes }
  return row.state === 'held' ? null : { kind: 'provisional', ...codes }
}

/**
 * Whether what a part was about has been decided, also while that awaits its documents. The hub itself clears a draft
 * whose finding is gone: that decides nothing about one that comes back.
 */
export function isDecided({ book, outcome }: Pick<PartRow, 'book' | 'outcome'>): boolean {
  return book !== 'held' && outcome !== 'cleared'
}

function codesOf(parts: readonly PartRow[]): string[] {
  return parts.map(({ code }) => code)
}

/** What eMSPs are told of booked CDRs that their records speak against now, where nothing is held for it. */
export function recordEvents(
  reviewed: readonly { row: CdrRow }[],
  written: readonly CdrFindings[],
): PartyEvent[] {
  const rows = new Map(reviewed.map(({ row }) => [row.id, row]))
  return written.flatMap(({ cdrId, findings }) => {
    const row = rows.get(cdrId)
    return row ? recordEvent(row, findings) : []
  })
}

function recordEvent(row: CdrRow, findings: readonly Finding[]): PartyEvent[] {
  const against = findings.filter(
    ({ severity, inputs }) => severity !== 'I' && inputs.some(({ source }) => source === 'record'),
  )
  if (against.length === 0) return []
  const { owner, receiver, cdr_id: cdrId } = row
  return [
    {
      type: 'record.differs',
      owner,
      receiver,
      subject: `cdr:${row.id}`,
      body: {
        cdr_id: cdrId,
        state: row.state,
        findings: against.map(({ code, message }) => ({ code, message })),
        message: `The record of ${receiver} came after CDR ${cdrId} of ${owner} was booked, and differs from it. ${receiver} may contest the CDR.`,
      },
    },
  ]
}
