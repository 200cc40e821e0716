import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { endpointOf } from '../../directory/directory.ts'
import { isConnected } from '../../directory/parties.ts'
import { finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { Refusal } from '../admin/refusal.ts'
import { backoffMs } from '../backoff.ts'
import { callPartner } from '../call-partner.ts'
import { hubModuleId } from '../hub-modules.ts'
import { hubParty } from '../hub-party.ts'
import { disputeObject, priceJson } from './ocpi-object.ts'
import { readView } from './read.ts'
import type { DisputeView } from './read.ts'

/**
 * Brings a dispute as it stands now to a partner with an endpoint of the module of disputes: `PUT {endpoint}/{id}`, from
 * the hub to the party. Tried again for a week; after that the partner fetches the list.
 */
export async function pushDispute(context: Context, row: OutboxRow): Promise<void> {
  const [party = '', id = ''] = row.subject.split('|')
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  const module = hubModuleId(context, 'disputes')
  const endpoint = platform && endpointOf(platform, module, 'receiver')
  if (!platform || endpoint === undefined)
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  const age = context.clock().getTime() - row.createdAt.getTime()
  if (age > limits.disputePushAgeMsMax) {
    const error = 'the receiver could not be reached for a week'
    return finishOutbox(context.db, { ids: [row.id], outcome: 'expired', error })
  }
  const later = (error: string) =>
    retryOutbox(context.db, { id: row.id, delayMs: backoffMs('notify', row.attempts), error })
  if (!isConnected(platform)) return later('not connected')
  const own = platform.parties.filter((each) => each.party === party)
  const as = (role: string) => (own.some((each) => each.role === role) ? [party] : [])
  const view = await readOwn(context, {
    id: BigInt(id),
    scope: {
      kind: 'party',
      actor: `platform:${platform.id}`,
      platformId: platform.id,
      cpos: as('CPO'),
      emsps: as('EMSP'),
    },
  })
  if (view === null) return finishOutbox(context.db, { ids: [row.id], outcome: 'withheld' })
  const answer = await callPartner(context, {
    platform,
    module,
    method: 'PUT',
    url: `${endpoint.replace(/\/+$/, '')}/${view.id}`,
    from: hubParty(context),
    to: party,
    bodyText: priceJson(disputeObject(view)),
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerRequestMs,
  })
  if (answer.kind !== 'ocpi') return later(answer.kind)
  const { ocpiStatus, httpStatus } = answer
  if (ocpiStatus >= 3000 || httpStatus === 429 || httpStatus >= 500)
    return later(`answered ${ocpiStatus}`)
  const outcome = ocpiStatus < 2000 ? 'done' : 'refused'
  const error = outcome === 'done' ? {} : { error: `status ${ocpiStatus}` }
  return finishOutbox(context.db, { ids: [row.id], outcome, ...error })
}

/** null: it is not this party's, or not any more. */
async function readOwn(
  context: Context,
  of: { id: bigint; scope: Parameters<typeof readView>[1] },
): Promise<DisputeView | null> {
  try {
    return await readView(context.db, of.scope, of.id)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}
