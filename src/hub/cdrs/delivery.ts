import type { CdrState } from '../../clearing/states.ts'
import type { Tx } from '../../db/sql.ts'
import { endpointOf } from '../../directory/directory.ts'
import { findMember, isConnected } from '../../directory/parties.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import type { CdrRow } from './clear-facts.ts'
import { writeDeliveries } from './clear-write.ts'

/** A CDR whose row is locked, the state it has from now on, and whether nobody knows its token (A1). */
export type ToDeliver = { row: CdrRow; state: CdrState; hasUnknownToken: boolean }

const SENT_STATES: ReadonlySet<CdrState> = new Set([
  'held',
  'provisional',
  'contested',
  'approved',
  'allocated',
  'netted',
  'settled',
  'credited',
])
const KEPT_STATES: ReadonlySet<CdrState> = new Set(['quarantined', 'dropped', 'withdrawn'])

/** True for a CDR that its receiver must not be given: quarantined, given up, or returned to its sender. */
export function isKeptBack(state: CdrState): boolean {
  return KEPT_STATES.has(state)
}

/**
 * CDRs that cleared or are held go to their receiver, once; quarantined and returned ones and those with an unknown
 * token do not. Writes how each is delivered and the work of it.
 */
export async function startDelivery(
  tx: Tx,
  input: { cdrs: readonly ToDeliver[]; snapshot: Snapshot },
): Promise<void> {
  const planned = input.cdrs.flatMap((cdr) => {
    const plan = planDelivery(cdr, input.snapshot)
    return plan ? [{ row: cdr.row, ...plan }] : []
  })
  await writeDeliveries(
    tx,
    planned.map(({ row, delivery }) => ({ cdrId: row.id, delivery })),
  )
  await appendOutbox(
    tx,
    planned
      .filter(({ delivery }) => delivery === 'due')
      .map(({ row, platformId }) => ({
        kind: 'deliver',
        platformId,
        subject: row.id.toString(),
        correlationId: row.correlation_id,
      })),
  )
}

/** null: its delivery stays what it is. */
function planDelivery(
  { row, state, hasUnknownToken }: ToDeliver,
  snapshot: Snapshot,
): { delivery: string; platformId: string } | null {
  if (isKeptBack(state)) {
    const isOnItsWay = row.delivery === 'due' || row.delivery === 'waiting for pull'
    return isOnItsWay ? { delivery: 'withheld', platformId: '' } : null
  }
  const isOpen = row.delivery === 'none' || row.delivery === 'withheld'
  if (!isOpen || !SENT_STATES.has(state)) return null
  if (hasUnknownToken) return { delivery: 'withheld', platformId: '' }
  const member = findMember(snapshot, row.receiver, ['EMSP'])
  const url = member && endpointOf(member.platform, 'cdrs', 'receiver')
  const canPush = member !== null && (url !== undefined || !isConnected(member.platform))
  return {
    delivery: canPush ? 'due' : 'waiting for pull',
    platformId: member?.platform.id ?? '',
  }
}
