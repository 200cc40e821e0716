import { foldKey } from '../ocpi/primitives.ts'
import { isoSeconds } from './clock.ts'
import { isJson, needText, objectIn, objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import type { MoreParts } from './serve-charging.ts'
import { sendLater } from './serve-later.ts'
import type { ServeRequest } from './serve-request.ts'
import { idOf, keepOwn } from './serve-store.ts'

/**
 * A request for a booking, a change of one, or its cancellation: answered PENDING, decided a moment later and told by a
 * PUT (2.3.0 Bookings, Booking Lifecycle). One request_id is one booking.
 */
export function takeBookingRequest(parts: MoreParts, request: ServeRequest): PartnerAnswer {
  const { body, from } = request
  const { store, clock } = parts
  const place = (store.own.get('Booking/booking_locations') ?? []).find(
    (one) => idOf(one) === foldKey(textOf(body, 'booking_location_id') ?? ''),
  )
  if (!place) return { code: 2003, message: 'there is no such booking location' }
  const known = (store.own.get('Booking') ?? []).find((one) => isSameRequest(one, body))
  const isCanceled = isJson(body['canceled'])
  const received = isoSeconds(clock())
  const requests = objectsIn(known?.['booking_requests'])
  const status = isCanceled ? 'CANCELED' : known ? 'RESERVED' : 'PENDING'
  const added = {
    request_status: isCanceled ? 'ACCEPTED' : 'PENDING',
    booking_request: body,
    request_received: received,
  }
  const booking: Json = {
    ...(known ?? newBooking(parts, place, body)),
    ...(isCanceled ? { canceled: body['canceled'] } : { period: body['period'] }),
    reservation_status: status,
    booking_requests: [...requests, added],
    last_updated: received,
  }
  keepOwn(store, 'Booking', booking)
  if (!isCanceled) {
    const decided = {
      ...booking,
      reservation_status: 'RESERVED',
      booking_requests: [...requests, { ...added, request_status: 'ACCEPTED' }],
    }
    sendLater(parts, {
      method: 'PUT',
      module: 'Booking',
      path: `/${parts.party.countryCode}/${parts.party.partyId}/${needText(booking, 'id')}`,
      to: from,
      object: decided,
      before: () => keepOwn(store, 'Booking', decided),
    })
  }
  return { data: booking }
}

/** The requests of one party are told apart by request_id. */
function isSameRequest(booking: Json, request: Json): boolean {
  const [first] = objectsIn(booking['booking_requests'])
  const asked = objectIn(first?.['booking_request'])
  return ['country_code', 'party_id', 'request_id'].every((name) => asked[name] === request[name])
}

function newBooking(parts: MoreParts, place: Json, request: Json): Json {
  const number = (parts.store.own.get('Booking') ?? []).length + 1
  const { request_id, tokens, authorization_reference } = request
  return {
    country_code: parts.party.countryCode,
    party_id: parts.party.partyId,
    id: `SBX-B-${parts.clock().toString(36).toUpperCase()}-${number}`,
    request_id,
    location_id: place['location_id'],
    ...(tokens === undefined ? {} : { booking_tokens: tokens }),
    tariff_ids: place['tariff_ids'],
    authorization_reference,
    booking_terms: place['booking_terms'],
  }
}
