import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { present } from '../../assert.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { partyParts } from '../../ocpi/primitives.ts'
import type { NewCdr } from '../../store/cdrs.ts'
import { forward, routingHeaders } from '../forward.ts'
import { admitCdr, conflict, knownAs, recordCdr } from './record-cdr.ts'
import { success } from '../request.ts'
import type { Call, OcpiAnswer } from '../request.ts'

type Input = { call: Call; snapshot: Snapshot; receiver: string }

/**
 * A CDR at the door: recorded with its bytes, answered after the commit, judged by a worker. The same content again
 * gets the same answer and changes nothing; the id with other content is refused and kept as a finding.
 */
export async function receiveCdr(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call, snapshot, receiver } = input
  const sent = {
    owner: call.from.party,
    platformId: call.identity.platform.id,
    version: call.version,
    correlationId: call.ids.correlationId,
    body: present(call.body, 'CDR body'),
  }
  const { cdr, agreed, soft } = await admitCdr(context, { sent, receiver, snapshot })
  await refuseFlood(context, cdr)
  const relayed =
    agreed?.terms.cdr_delivery === 'relay' ? await relayCdr(context, input, cdr) : null
  if (relayed && (relayed.ocpiStatus >= 2000 || relayed.httpStatus >= 400)) return relayed
  const recorded = await recordCdr(context, { cdr, relayed: relayed !== null, soft })
  if (recorded.status === 'conflict') throw conflict()
  if (recorded.status === 'recorded')
    context.limiter.hourly.take(budgetOf(cdr), limits.cdrsPerOwnerPerHourMax)
  const { countryCode, partyId } = partyParts(cdr.owner)
  const place = [countryCode, partyId, recorded.cdrId].map(encodeURIComponent).join('/')
  return success(undefined, {
    // The same for a repetition: a sender that lost the first answer must not see another.
    httpStatus: 201,
    headers: {
      ...routingHeaders(receiver, call.from.party),
      Location: `${call.moduleUrl}/${place}`,
    },
    ...(soft.length > 0 ? { statusMessage: `recorded; please correct: ${softText(soft)}` } : {}),
  })
}

/**
 * More CDRs in an hour than any owner has are refused until the next one. Only new ones are counted, and one that is
 * known here gets its answer all the same. Throws HubError.
 */
async function refuseFlood(context: Context, cdr: NewCdr): Promise<void> {
  const { hourly } = context.limiter
  const max = limits.cdrsPerOwnerPerHourMax
  if (hourly.hasRoom(budgetOf(cdr), max) || (await knownAs(context.db, cdr)) !== 'new') return
  const budget = hourly.take(budgetOf(cdr), max)
  // The hour may have turned meanwhile.
  if (budget.ok) return
  const message = `${cdr.owner} has sent ${max} CDRs in this hour; send the others later`
  throw new HubError('rateLimited', message, { retryAfterS: budget.retryAfterS })
}

function budgetOf({ owner }: NewCdr): string {
  return `cdrs:${owner}`
}

/**
 * Synchronous delivery for pairs that agreed on it: the receiver's answer decides whether the CDR is recorded. Null when
 * the hub has something under its id already: recording it tells whether that is this one, which its receiver has.
 */
async function relayCdr(context: Context, input: Input, cdr: NewCdr): Promise<OcpiAnswer | null> {
  return (await knownAs(context.db, cdr)) === 'new' ? forward(context, input) : null
}

function softText(soft: readonly Fault[]): string {
  return soft
    .slice(0, 5)
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')
}
