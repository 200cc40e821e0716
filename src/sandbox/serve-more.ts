import { foldKey } from '../ocpi/primitives.ts'
import { isoSeconds } from './clock.ts'
import { objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import { takeBookingRequest } from './serve-bookings.ts'
import type { MoreParts } from './serve-charging.ts'
import { sendLater } from './serve-later.ts'
import { takePush } from './serve-pushes.ts'
import type { ServeRequest } from './serve-request.ts'
import { collectionOf, idOf, keepOwn, pageOf } from './serve-store.ts'
import type { ServeStore } from './serve-store.ts'

type Answer = (parts: MoreParts, request: ServeRequest) => PartnerAnswer

const UNKNOWN: PartnerAnswer = { status: 404, code: 2001, message: 'no such object' }

const list: Answer = ({ store }, { route, query, url }) =>
  pageOf(store, { route, query, url: `${url}${route.endpoint.path}`.replace(/\/$/, '') })
const push: Answer = ({ store }, request) => takePush(store, request)

/** By module and endpoint. Sender interfaces show what is ours, Receiver interfaces keep what others send. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  'chargingprofiles.update': takeActiveProfile,
  'payments.terminals': list,
  'payments.terminal': showOwn,
  'payments.putTerminal': changeTerminal,
  'payments.patchTerminal': changeTerminal,
  'payments.activate': activate,
  'payments.deactivate': deactivate,
  'payments.confirmations': list,
  'payments.confirmation': showOwn,
  'payments.getTerminal': showPosted,
  'payments.postTerminal': takePosted,
  'payments.getConfirmation': showPosted,
  'payments.postConfirmation': takePosted,
  'Booking.bookingLocations': list,
  'Booking.bookingLocation': showOwn,
  'Booking.calendar': showCalendar,
  'Booking.list': list,
  'Booking.request': takeBookingRequest,
  'Booking.getBookingLocation': push,
  'Booking.putBookingLocation': push,
  'Booking.patchBookingLocation': push,
  'Booking.getCalendar': push,
  'Booking.putCalendar': push,
  'Booking.patchCalendar': push,
  'Booking.get': push,
  'Booking.put': push,
  'Booking.patch': push,
  'invoicereconciliation.list': list,
  'invoicereconciliation.post': push,
  'invoicereconciliation.get': push,
  'invoicereconciliation.put': push,
  'invoicereconciliation.delete': push,
}

/** What a served partner answers in the modules that go from one party to another. */
export function answerMore(parts: MoreParts, request: ServeRequest): PartnerAnswer {
  const { module, name } = request.route
  const answer = ANSWERS[`${module.id}.${name}`]
  // Charging preferences, which no EVSE of ours is capable of (2.2.1 mod_sessions, ChargingPreferencesResponse).
  return answer
    ? answer(parts, request)
    : { status: 404, code: 2001, message: 'this EVSE does not support it' }
}

/** Of a session that we were never sent there can be no profile of ours. */
function takeActiveProfile({ store }: MoreParts, { route, body }: ServeRequest): PartnerAnswer {
  const id = foldKey(route.params['session_id'] ?? '')
  const isKnown = [...store.received.keys()].some(
    (key) => key.startsWith('sessions/') && key.endsWith(`/${id}`),
  )
  if (!isKnown) return { status: 404, code: 2001, message: 'no such session' }
  store.received.set(`chargingprofiles/${id}`, body)
  return {}
}

function idIn({ params }: ServeRequest['route']): string {
  return foldKey(params['terminal_id'] ?? params['id'] ?? params['booking_location_id'] ?? '')
}

function findOwn(store: ServeStore, { route }: ServeRequest): Json | undefined {
  return (store.own.get(collectionOf(route)) ?? []).find((one) => idOf(one) === idIn(route))
}

function showOwn({ store }: MoreParts, request: ServeRequest): PartnerAnswer {
  const found = findOwn(store, request)
  return found ? { data: found } : UNKNOWN
}

function showCalendar({ store }: MoreParts, request: ServeRequest): PartnerAnswer {
  const id = foldKey(request.route.params['calendar_id'] ?? '')
  const found = objectsIn(findOwn(store, request)?.['calendars']).find((one) => idOf(one) === id)
  return found ? { data: found } : UNKNOWN
}

/** The CPO sets some members of a terminal: a PUT all of them, a PATCH those that it names. */
function changeTerminal({ store }: MoreParts, request: ServeRequest): PartnerAnswer {
  const { route, body } = request
  const known = findOwn(store, request)
  if (!known) return UNKNOWN
  const base = route.endpoint.method === 'PATCH' ? known : {}
  keepOwn(store, collectionOf(route), { ...base, ...body, terminal_id: known['terminal_id'] })
  return {}
}

/** We name a terminal that is activated, and bring it to the CPO (2.3.0 mod_payments, POST Activate Terminal). */
function activate(parts: MoreParts, { body, from }: ServeRequest): PartnerAnswer {
  const { store, clock } = parts
  const number = (store.own.get('payments/terminals') ?? []).length + 1
  const id = textOf(body, 'terminal_id') ?? `SBX-T-${clock().toString(36).toUpperCase()}-${number}`
  const terminal = { ...body, terminal_id: id, last_updated: isoSeconds(clock()) }
  keepOwn(store, 'payments/terminals', terminal)
  sendLater(parts, {
    method: 'POST',
    module: 'payments',
    path: '/terminals',
    to: from,
    object: terminal,
  })
  return {}
}

function deactivate({ store }: MoreParts, { route }: ServeRequest): PartnerAnswer {
  const own = store.own.get('payments/terminals') ?? []
  const left = own.filter((one) => idOf(one) !== idIn(route))
  if (left.length === own.length) return UNKNOWN
  store.own.set('payments/terminals', left)
  return {}
}

function takePosted({ store }: MoreParts, { route, body }: ServeRequest): PartnerAnswer {
  const key = `${collectionOf(route)}/${idOf(body)}`
  const isKnown = store.received.has(key)
  store.received.set(key, body)
  return { status: isKnown ? 200 : 201 }
}

function showPosted({ store }: MoreParts, { route }: ServeRequest): PartnerAnswer {
  const found = store.received.get(`${collectionOf(route)}/${idIn(route)}`)
  return found ? { data: found } : UNKNOWN
}
