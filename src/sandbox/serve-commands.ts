import type { Version } from '../ocpi/version.ts'
import { foldKey } from '../ocpi/primitives.ts'
import { pause } from './clock.ts'
import { objectsIn, objectIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import { startCharging, stopCharging } from './serve-charging.ts'
import type { ChargingParts } from './serve-charging.ts'
import { has } from './serve-faults.ts'
import type { CommandDesk, ServeRequest } from './serve-request.ts'
import { asKept } from './serve-world.ts'
import { idOf } from './serve-store.ts'

/** Seconds that a requester is asked to wait for the result, and ms after which it is sent. */
export const TIMEOUT_S = 30
export const RESULT_AFTER_MS = 50

/** An operator's desk for commands; its sessions and CDRs follow from them. */
export function createCommandDesk(parts: ChargingParts): CommandDesk {
  const reservations = new Set<string>()
  return { take: (request) => take(parts, reservations, request) }
}

function take(
  parts: ChargingParts,
  reservations: Set<string>,
  request: ServeRequest,
): PartnerAnswer {
  const { body, version } = request
  const reservation = String(body['reservation_id'])
  switch (request.route.name) {
    case 'startSession':
    case 'unlockConnector':
    case 'reserveNow': {
      const place = placeOf(parts, body)
      if (!place) return unknownLocation(version)
      if (request.route.name === 'reserveNow') reservations.add(reservation)
      if (request.route.name !== 'startSession') return accept(parts, request)
      const token = tokenOf(request)
      const reference = textOf(body, 'authorization_reference')
      return accept(parts, request, () =>
        startCharging(parts, { ...place, token, reference, requester: request.from }),
      )
    }
    case 'stopSession': {
      const id = foldKey(textOf(body, 'session_id') ?? '')
      const session = parts.charging.get(id)
      if (!session) return reply(version, 'UNKNOWN_SESSION')
      return accept(parts, request, () => stopCharging(parts, session))
    }
    case 'cancelReservation':
      return reservations.delete(reservation) ? accept(parts, request) : reply(version, 'REJECTED')
    default:
      return reply(version, 'NOT_SUPPORTED')
  }
}

function reply(version: Version, result: string): PartnerAnswer {
  const timeout = result === 'ACCEPTED' ? TIMEOUT_S : 0
  return { data: version === '2.1.1' ? { result } : { result, timeout } }
}

/** 2.1.1 and later: Status codes, 2003 Unknown Location. */
function unknownLocation(version: Version): PartnerAnswer {
  return { ...reply(version, 'REJECTED'), code: 2003, message: 'unknown location' }
}

function accept(
  parts: ChargingParts,
  request: ServeRequest,
  work: () => Promise<void> = async () => {},
): PartnerAnswer {
  const later = async () => {
    await pause(RESULT_AFTER_MS)
    if (!has(parts.faults, 'no-result', 'commands')) {
      const responseUrl = textOf(request.body, 'response_url') ?? ''
      await sendResult(parts, request, { responseUrl, result: { result: 'ACCEPTED' } })
    }
    await work()
  }
  void later().catch((error: unknown) => parts.say(`! ${String(error)}`))
  return reply(request.version, 'ACCEPTED')
}

/** Posts the later result of a request to the URL that its sender gave. */
export async function sendResult(
  parts: ChargingParts,
  request: ServeRequest,
  { responseUrl, result }: { responseUrl: string; result: Json },
): Promise<void> {
  const answer = await parts.connection().send({
    method: 'POST',
    module: 'commands',
    side: 'sender',
    path: responseUrl,
    from: parts.party,
    to: request.from,
    body: JSON.stringify(result),
  })
  parts.say(`→ result of ${request.route.name}: ${answer.status} ${answer.code}`)
}

function placeOf(
  parts: ChargingParts,
  body: Json,
): { location: Json; evse: Json; connector: Json } | null {
  const id = foldKey(textOf(body, 'location_id') ?? '')
  const location = parts.locations.find((one) => idOf(one) === id)
  const wanted = textOf(body, 'evse_uid')
  const evse = objectsIn(location?.['evses']).find(
    (one) => wanted === undefined || idOf(one) === foldKey(wanted),
  )
  const connectorId = textOf(body, 'connector_id')
  const connector = objectsIn(evse?.['connectors']).find(
    (one) => connectorId === undefined || idOf(one) === foldKey(connectorId),
  )
  return location && evse && connector ? { location, evse, connector } : null
}

/** The requester's token in the shape of 2.2.1; in 2.1.1 it is the requester's without saying so. */
function tokenOf({ body, version, from }: ServeRequest): Json {
  const owner = { country_code: from?.countryCode ?? 'XX', party_id: from?.partyId ?? 'XXX' }
  return asKept(objectIn(body['token']), { version, kind: 'token', facts: { owner } })
}
