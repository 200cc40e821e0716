import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { endpointOf } from '../../directory/directory.ts'
import { ROLES, connectionStatus, isConnected } from '../../directory/parties.ts'
import type { ConnectionStatus } from '../../directory/parties.ts'
import type { PartyRow, Platform, Snapshot } from '../../directory/snapshot.ts'
import { nextPageUrl, readPage } from '../../ocpi/paging.ts'
import { partyParts, writeTime } from '../../ocpi/primitives.ts'
import { finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { agreementAt } from '../agreements.ts'
import { backoffMs } from '../backoff.ts'
import { callPartner } from '../call-partner.ts'
import { pairOf } from '../forward.ts'
import { success } from '../request.ts'
import type { LocalCall, OcpiAnswer } from '../request.ts'

/** GET hubclientinfo: the parties this platform may deal with, and whether they can be reached (mod_hub_client_info). */
export async function listClients(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const read = readPage(call.request.query)
  if (!read.ok) throw new HubError('invalid', 'the query cannot be used', { faults: read.faults })
  const { page } = read
  const snapshot = await context.directory.snapshot()
  const clients = visibleClients(context, { snapshot, own: call.identity.platform }).filter(
    ({ updatedAt }) =>
      (page.dateFrom === null || updatedAt >= page.dateFrom) &&
      (page.dateTo === null || updatedAt < page.dateTo),
  )
  const offset = page.offset + page.limit
  const headers: Record<string, string> = {
    'X-Total-Count': String(clients.length),
    'X-Limit': String(limits.pageLimitMax),
  }
  if (offset < clients.length) {
    const next = nextPageUrl({
      url: call.moduleUrl,
      query: call.request.query,
      offset,
      limit: page.limit,
      after: String(offset),
    })
    headers.Link = `<${next}>; rel="next"`
  }
  const shown = clients.slice(page.offset, offset).map(asClientInfo)
  return success(JSON.stringify(shown), { headers })
}

/**
 * Tells one platform what a party is now: PUT of its ClientInfo, one a role, without routing headers. A platform that
 * does not answer is not told: it reads the list when it is back (mod_hub_client_info, Push model). Subject: party|role.
 */
export async function tellClient(context: Context, row: OutboxRow): Promise<void> {
  const [party = '', role = ''] = row.subject.split('|')
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  const endpoint = platform && endpointOf(platform, 'hubclientinfo', 'receiver')
  const client = platform && clientFor(context, { snapshot, own: platform, party, role, row })
  if (!platform || endpoint === undefined || !isConnected(platform) || !client) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  if (row.expired) {
    const error = 'the platform did not take it for a day'
    return finishOutbox(context.db, { ids: [row.id], outcome: 'expired', error })
  }
  const { countryCode, partyId } = partyParts(party)
  const answer = await callPartner(context, {
    platform,
    module: 'hubclientinfo',
    method: 'PUT',
    url: `${endpoint.replace(/\/+$/, '')}/${countryCode}/${partyId}`,
    bodyText: JSON.stringify(asClientInfo(client)),
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerRequestMs,
  })
  if (answer.kind === 'ocpi' && answer.ocpiStatus < 2000) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  const isRefused = answer.kind === 'ocpi' && answer.ocpiStatus < 3000 && answer.httpStatus < 429
  const error = answer.kind === 'ocpi' ? `answered ${answer.ocpiStatus}` : answer.kind
  if (isRefused) return finishOutbox(context.db, { ids: [row.id], outcome: 'refused', error })
  return retryOutbox(context.db, { id: row.id, delayMs: backoffMs('deliver', row.attempts), error })
}

/** Whether a platform may know of a party: somebody it speaks for may deal with it now. */
export function maySee(context: Pick<Context, 'config' | 'clock'>, input: View): boolean {
  return seenSince(context, input) !== null
}

type View = { snapshot: Snapshot; own: Platform; party: Pick<PartyRow, 'party' | 'role'> }

/**
 * Since when a platform may know of a party, or null when it may not. A party that becomes visible is news, however long
 * ago itself changed: who asks by date or compares last_updated must see it.
 */
function seenSince(context: Pick<Context, 'config' | 'clock'>, input: View): Date | null {
  const { snapshot, own, party } = input
  // Before 2.3.0 there is neither such a role nor anything to say to it.
  if (party.role === 'PTP' && own.version !== '2.3.0') return null
  if (context.config.agreements === 'open') return new Date(0)
  const at = context.clock()
  const since = own.parties.flatMap((mine) => {
    const pair = pairOf(mine, party)
    const agreed = agreementAt({ ...pair, snapshot, mode: 'required', at })
    const versions = snapshot.agreements.get(`${pair.cpo}>${pair.emsp}`) ?? []
    const found = versions.find(({ version }) => version === agreed?.version)
    return found ? [Math.max(found.createdAt.getTime(), found.validFrom?.getTime() ?? 0)] : []
  })
  return since.length === 0 ? null : new Date(Math.min(...since))
}

/** A party in one role as a platform is told of it. */
type Client = Pick<PartyRow, 'party'> & { role: string; status: ConnectionStatus; updatedAt: Date }

function visibleClients(
  context: Context,
  { snapshot, own }: { snapshot: Snapshot; own: Platform },
): Client[] {
  return [...snapshot.platforms.values()]
    .filter((platform) => platform.id !== own.id)
    .flatMap((platform) => platform.invited.map((party) => ({ platform, party })))
    .flatMap(({ platform, party }) => {
      const since = seenSince(context, { snapshot, own, party })
      return since === null ? [] : [clientOf(platform, party, since)]
    })
    .sort(
      (a, b) =>
        a.updatedAt.getTime() - b.updatedAt.getTime() ||
        (`${a.party}/${a.role}` < `${b.party}/${b.role}` ? -1 : 1),
    )
}

/** What one platform is to be told of one party: null when it may not know of it. */
function clientFor(
  context: Context,
  input: { snapshot: Snapshot; own: Platform; party: string; role: string; row: OutboxRow },
): Client | null {
  const { snapshot, own, role, row } = input
  for (const platform of snapshot.platforms.values()) {
    const party = platform.invited.find((each) => each.party === input.party && each.role === role)
    if (!party) continue
    if (platform.id === own.id) return null
    const since = seenSince(context, { snapshot, own, party })
    if (since !== null) return clientOf(platform, party, since)
    // PLANNED is also for a contract that is missing; who never had one is told nothing.
    const had = hadAgreement(context, { snapshot, own, party })
    const client = clientOf(platform, party, row.createdAt)
    return had ? { ...client, status: 'PLANNED', updatedAt: row.createdAt } : null
  }
  // Gone for good. A party is never taken back by DELETE.
  const gone = ROLES.find((each) => each === role)
  return gone && maySee(context, { snapshot, own, party: { party: input.party, role: gone } })
    ? { party: input.party, role, status: 'SUSPENDED', updatedAt: row.createdAt }
    : null
}

/** Whether some agreement of the two has begun: none is in force, so it is over. */
function hadAgreement(
  context: Context,
  input: { snapshot: Snapshot; own: Platform; party: PartyRow },
): boolean {
  const now = context.clock()
  return input.own.parties.some((mine) => {
    const { cpo, emsp } = pairOf(mine, input.party)
    const versions = input.snapshot.agreements.get(`${cpo}>${emsp}`) ?? []
    return versions.some(
      ({ ended, validFrom, createdAt }) => !ended && (validFrom ?? createdAt) <= now,
    )
  })
}

function clientOf(platform: Platform, party: PartyRow, since: Date): Client {
  const isPlanned = platform.status === 'registered' && !party.registered
  const times = [platform.updatedAt, party.updatedAt, since].map((each) => each.getTime())
  return {
    party: party.party,
    role: party.role,
    status: isPlanned ? 'PLANNED' : connectionStatus(platform),
    updatedAt: new Date(Math.max(...times)),
  }
}

function asClientInfo({ party, role, status, updatedAt }: Client) {
  const { countryCode, partyId } = partyParts(party)
  return {
    party_id: partyId,
    country_code: countryCode,
    role,
    status,
    last_updated: writeTime(updatedAt),
  }
}
