import { foldKey } from '../ocpi/primitives.ts'
import { isoSeconds, pause } from './clock.ts'
import { objectIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import type { Charging, ChargingParts } from './serve-charging.ts'
import { RESULT_AFTER_MS, TIMEOUT_S, sendResult } from './serve-commands.ts'
import { has } from './serve-faults.ts'
import type { CommandDesk, ServeRequest } from './serve-request.ts'
import { idOf } from './serve-store.ts'

/** What every EVSE of ours can do, in A. */
const CAPACITY_A = 16

/** An operator's desk for charging profiles of the sessions that its commands began (2.2.1 ChargingProfiles). */
export function createProfileDesk(parts: ChargingParts): CommandDesk {
  const profiles = new Map<string, Json>()
  return { take: (request) => take(parts, profiles, request) }
}

function take(
  parts: ChargingParts,
  profiles: Map<string, Json>,
  request: ServeRequest,
): PartnerAnswer {
  const { route, query, body, from } = request
  const missing = (route.endpoint.requiredQuery ?? []).find((name) => !query.get(name))
  if (missing !== undefined) return { code: 2001, message: `${missing} is required` }
  const session = parts.charging.get(foldKey(route.params['session_id'] ?? ''))
  if (!session) return { data: { result: 'UNKNOWN_SESSION', timeout: 0 } }
  const isTheirs =
    session.requester?.partyId === from?.partyId &&
    session.requester?.countryCode === from?.countryCode
  if (!isTheirs) return { data: { result: 'REJECTED', timeout: 0 } }
  const id = idOf(session.session)
  const before = profiles.get(id)
  if (route.name === 'put') profiles.set(id, objectIn(body['charging_profile']))
  if (route.name === 'delete') profiles.delete(id)
  const active = activeProfile(parts, profiles.get(id))
  const result =
    route.name === 'get'
      ? { result: 'ACCEPTED', profile: active }
      : { result: route.name === 'delete' && before === undefined ? 'UNKNOWN' : 'ACCEPTED' }
  const later = async () => {
    await pause(RESULT_AFTER_MS)
    const responseUrl = query.get('response_url') ?? textOf(body, 'response_url') ?? ''
    if (!has(parts.faults, 'no-result', 'chargingprofiles'))
      await sendResult(parts, request, { responseUrl, result })
    if (route.name !== 'get') await sendActive(parts, session, active)
  }
  void later().catch((error: unknown) => parts.say(`! ${String(error)}`))
  return { data: { result: 'ACCEPTED', timeout: TIMEOUT_S } }
}

/** What the EVSE will do: the profile that was set, else all that it can. */
function activeProfile({ clock }: ChargingParts, set: Json | undefined): Json {
  const full = {
    charging_rate_unit: 'A',
    charging_profile_period: [{ start_period: 0, limit: CAPACITY_A }],
  }
  return { start_date_time: isoSeconds(clock()), charging_profile: set ?? full }
}

/** Who has set a profile is told of every change (PUT Method of the Sender interface). */
async function sendActive(
  parts: ChargingParts,
  { session, requester }: Charging,
  active: Json,
): Promise<void> {
  const connection = parts.connection()
  if (!connection.endpoints().has('chargingprofiles/sender')) return
  const answer = await connection.send({
    method: 'PUT',
    module: 'chargingprofiles',
    side: 'sender',
    path: `/${textOf(session, 'id') ?? ''}`,
    from: parts.party,
    to: requester,
    body: JSON.stringify(active),
  })
  parts.say(`→ PUT active profile: ${answer.status} ${answer.code} ${answer.message}`)
}
