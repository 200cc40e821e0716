import { foldKey, foldUpper, readTime } from '../ocpi/primitives.ts'
import { objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import type { ServeRequest } from './serve-request.ts'
import { childAt, collectionOf, idOf, withChild } from './serve-store.ts'
import type { ServeStore } from './serve-store.ts'

/** A request for an object of somebody else's, with its body in order. */
type PushRequest = Pick<ServeRequest, 'route' | 'version' | 'query' | 'body' | 'owners'>

const UNKNOWN: PartnerAnswer = { status: 404, code: 2001, message: 'no such object' }

/** PUT, PATCH, DELETE and GET of objects that their owner keeps here (Transport: Client Owned Object Push). */
export function takePush(store: ServeStore, request: PushRequest): PartnerAnswer {
  const { route } = request
  if (!isOwnerKnown(request)) return UNKNOWN
  const key = keyOf(request)
  const known = store.received.get(key)
  const { params } = route
  const child = { evse: params['evse_uid'], connector: params['connector_id'] }
  const calendar = params['calendar_id']
  switch (route.endpoint.method) {
    case 'GET': {
      const found =
        calendar === undefined
          ? known && childAt(known, given(child))
          : known && calendarAt(known, calendar)
      return found ? { data: found } : UNKNOWN
    }
    case 'DELETE':
      return store.received.delete(key) ? {} : UNKNOWN
    default: {
      const refusal = refusalOf(request)
      if (refusal) return refusal
      if (child.evse !== undefined) return takeChild(store, { request, key, known })
      if (calendar !== undefined) return takeCalendar(store, { request, key, known }, calendar)
      return route.endpoint.method !== 'PATCH'
        ? put(store, { request, key, known })
        : patch(store, { request, key, known })
    }
  }
}

function given(child: { evse: string | undefined; connector: string | undefined }) {
  return {
    ...(child.evse === undefined ? {} : { evse: child.evse }),
    ...(child.connector === undefined ? {} : { connector: child.connector }),
  }
}

/** Below a party that the other platform does not speak for there is nothing (Client Owned Object Push, Errors). */
function isOwnerKnown(request: PushRequest): boolean {
  const { owners } = request
  const { country, party } = ownerOf(request)
  return (
    owners === null ||
    owners.some(
      ({ countryCode, partyId }) =>
        foldUpper(countryCode) === foldUpper(country) && foldUpper(partyId) === foldUpper(party),
    )
  )
}

/** A POST names the owner and the id in its body only (2.3.0 mod_invoice_reconciliation). */
function ownerOf({ route, body }: PushRequest): { country: string; party: string } {
  const source = route.endpoint.method === 'POST' ? body : route.params
  const { country_code: country, party_id: party } = source
  return { country: String(country ?? ''), party: String(party ?? '') }
}

/** The id in the path; the last of several names the part that is meant. */
const ID_PARAMS = ['booking_location_id', 'booking_id', 'id', 'uid'] as const

function idIn({ params }: PushRequest['route']): string | undefined {
  return ID_PARAMS.map((name) => params[name]).find((id) => id !== undefined)
}

/** `tokens/NL-TNM/card|RFID`. */
function keyOf(request: PushRequest): string {
  const { route, query, version, body } = request
  const { module } = route
  const { country, party } = ownerOf(request)
  const owner = foldUpper(`${country}-${party}`)
  const id = foldKey(idIn(route) ?? textOf(body, 'id') ?? '')
  const extra = module.object?.keyQuery
  const type = query.get(version === '2.1.1' ? 'token_type' : (extra?.name ?? ''))
  // In 2.1.1 the uid alone is the key of a token.
  const kind = extra && version !== '2.1.1' ? `|${type ?? extra.fallback}` : ''
  return `${collectionOf(route)}/${owner}/${id}${kind}`
}

/** The body must be of the object and the owner in the URL, and a PATCH must say when (Status codes, 2001). */
function refusalOf({ route, version, body }: PushRequest): PartnerAnswer | null {
  const { params, endpoint } = route
  const wrong = (message: string) => ({ code: 2001, message })
  const part = params['connector_id'] ?? params['evse_uid'] ?? params['calendar_id']
  const id = textOf(body, 'uid') ?? textOf(body, 'id') ?? ''
  const named = part ?? idIn(route) ?? id
  if (id !== '' && foldKey(id) !== foldKey(named)) return wrong('the id is not the one in the URL')
  for (const name of ['country_code', 'party_id']) {
    const owner = textOf(body, name)
    const isOther = owner !== undefined && foldUpper(owner) !== foldUpper(params[name] ?? owner)
    if (isOther && version !== '2.1.1') return wrong(`${name} is not the one in the URL`)
  }
  const isTimed = endpoint.method !== 'PATCH' || version === '2.1.1'
  return isTimed || readTime(body['last_updated']) !== null
    ? null
    : wrong('a PATCH needs last_updated')
}

type Kept = { request: PushRequest; key: string; known: Json | undefined }

function put(store: ServeStore, { request, key, known }: Kept): PartnerAnswer {
  store.received.set(key, request.body)
  return { status: known ? 200 : 201 }
}

function patch(store: ServeStore, { request, key, known }: Kept): PartnerAnswer {
  if (!known) return UNKNOWN
  const next = { ...known, ...request.body }
  for (const name of request.version === '2.1.1'
    ? []
    : (request.route.module.object?.appended ?? []))
    if (request.body[name] !== undefined)
      next[name] = [...objectsIn(known[name]), ...objectsIn(request.body[name])]
  store.received.set(key, next)
  return {}
}

/** An EVSE or connector with a URL of its own; its parents change with it. */
function takeChild(store: ServeStore, { request, key, known }: Kept): PartnerAnswer {
  const { evse_uid: evseId = '', connector_id: connectorId } = request.route.params
  if (!known) return UNKNOWN
  const evse = childAt(known, { evse: evseId })
  const isPatch = request.route.endpoint.method === 'PATCH'
  if (connectorId === undefined) {
    if (isPatch && !evse) return UNKNOWN
    const value = isPatch ? { ...evse, ...request.body } : request.body
    store.received.set(key, withChild(known, { list: 'evses', value }))
    return { status: evse ? 200 : 201 }
  }
  const connector = childAt(known, { evse: evseId, connector: connectorId })
  if (!evse || (isPatch && !connector)) return UNKNOWN
  const value = isPatch ? { ...connector, ...request.body } : request.body
  const changed = withChild(evse, { list: 'connectors', value })
  store.received.set(key, withChild(known, { list: 'evses', value: changed }))
  return { status: connector ? 200 : 201 }
}

function calendarAt(place: Json, id: string): Json | undefined {
  return objectsIn(place['calendars']).find((one) => idOf(one) === foldKey(id))
}

/** A calendar of a place that can be booked; the place changes with it (2.3.0 Bookings, PATCH Method). */
function takeCalendar(store: ServeStore, { request, key, known }: Kept, id: string): PartnerAnswer {
  const calendar = known && calendarAt(known, id)
  const isPatch = request.route.endpoint.method === 'PATCH'
  if (!known || (isPatch && !calendar)) return UNKNOWN
  const value = isPatch ? { ...calendar, ...request.body } : request.body
  store.received.set(key, withChild(known, { list: 'calendars', value }))
  return { status: calendar ? 200 : 201 }
}
