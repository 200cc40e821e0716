// What the hub answers, for every endpoint of the module tables and everything that can be wrong about a request. Written
// down here and nowhere derived from `routing`, so that it finds the tables wrong, too.
import type { Version } from '../../src/ocpi/version.ts'

export const CONDITIONS = [
  'to the hub',
  'no token',
  'wrong token',
  'token A',
  'foreign party',
  'foreign owner',
  'malformed JSON',
  'invalid object',
  'unknown receiver',
  'slow receiver',
  'slow receiver, to the hub',
  'offline receiver',
  'offline receiver, to the hub',
  'wrong method',
  // At the end, because a registration happens once.
  'in order',
] as const
export type Condition = (typeof CONDITIONS)[number]

/** HTTP status and OCPI status code, or in words why there is no such request. */
export type Expected = readonly [http: number, ocpi: number] | string

/** How an endpoint behaves: those of one conduct answer alike. */
type Conduct =
  | 'list'
  | 'one'
  | 'push'
  | 'card'
  | 'cdr'
  | 'own CDR'
  | 'authorize'
  | 'command'
  | 'direct'
  | 'clients'
  | 'credentials'
  | 'register'
  | 'update'
  | 'unregister'
  | 'versions'
  | 'result'

/** `body`: its name in WIRE_OBJECTS; `part`: the members of it that a PATCH holds. */
export type Row = { conduct: Conduct; body?: string; part?: readonly string[] }

/** Every endpoint of MODULES must be here, and nothing else but the last three. */
export const ROWS: Readonly<Record<string, Row>> = {
  'locations.list': { conduct: 'list' },
  'locations.getOwn': { conduct: 'one' },
  'locations.get': { conduct: 'one' },
  'locations.put': { conduct: 'push', body: 'location' },
  'locations.patch': { conduct: 'push', body: 'location', part: ['address'] },
  'tariffs.list': { conduct: 'list' },
  'tariffs.get': { conduct: 'one' },
  'tariffs.put': { conduct: 'push', body: 'tariff' },
  'tariffs.patch': { conduct: 'push', body: 'tariff', part: ['currency'] },
  'tariffs.delete': { conduct: 'push' },
  'tokens.list': { conduct: 'list' },
  'tokens.get': { conduct: 'one' },
  'tokens.put': { conduct: 'push', body: 'token' },
  'tokens.patch': { conduct: 'push', body: 'token', part: ['valid'] },
  'tokens.authorize': { conduct: 'authorize', body: 'locationReferences' },
  'sessions.list': { conduct: 'list' },
  'sessions.get': { conduct: 'one' },
  'sessions.put': { conduct: 'card', body: 'session' },
  'sessions.patch': { conduct: 'card', body: 'session', part: ['kwh', 'auth_id', 'cdr_token'] },
  'sessions.chargingPreferences': { conduct: 'direct', body: 'chargingPreferences' },
  'cdrs.list': { conduct: 'list' },
  'cdrs.post': { conduct: 'cdr', body: 'cdr' },
  'cdrs.get': { conduct: 'own CDR' },
  'commands.startSession': { conduct: 'command', body: 'startSession' },
  'commands.stopSession': { conduct: 'command', body: 'stopSession' },
  'commands.reserveNow': { conduct: 'command', body: 'reserveNow' },
  'commands.cancelReservation': { conduct: 'command', body: 'cancelReservation' },
  'commands.unlockConnector': { conduct: 'command', body: 'unlockConnector' },
  'commands.other': { conduct: 'command', body: 'anyCommand' },
  'chargingprofiles.get': { conduct: 'command' },
  'chargingprofiles.put': { conduct: 'command', body: 'setChargingProfile' },
  'chargingprofiles.delete': { conduct: 'command' },
  'chargingprofiles.update': { conduct: 'direct', body: 'activeChargingProfile' },
  'invoicereconciliation.list': { conduct: 'direct' },
  'invoicereconciliation.post': { conduct: 'direct', body: 'invoiceReconciliationRecord' },
  'invoicereconciliation.get': { conduct: 'direct' },
  'invoicereconciliation.put': { conduct: 'direct', body: 'invoiceReconciliationRecord' },
  'invoicereconciliation.delete': { conduct: 'direct' },
  'payments.terminals': { conduct: 'direct' },
  'payments.activate': { conduct: 'direct', body: 'namelessTerminal' },
  'payments.deactivate': { conduct: 'direct' },
  'payments.terminal': { conduct: 'direct' },
  'payments.putTerminal': { conduct: 'direct', body: 'namelessTerminal' },
  'payments.patchTerminal': { conduct: 'direct', body: 'terminal', part: ['location_ids'] },
  'payments.confirmations': { conduct: 'direct' },
  'payments.confirmation': { conduct: 'direct' },
  'payments.getTerminal': { conduct: 'direct' },
  'payments.postTerminal': { conduct: 'direct', body: 'newTerminal' },
  'payments.getConfirmation': { conduct: 'direct' },
  'payments.postConfirmation': { conduct: 'direct', body: 'financialAdviceConfirmation' },
  'Booking.bookingLocations': { conduct: 'direct' },
  'Booking.bookingLocation': { conduct: 'direct' },
  'Booking.calendar': { conduct: 'direct' },
  'Booking.getBookingLocation': { conduct: 'direct' },
  'Booking.putBookingLocation': { conduct: 'direct', body: 'bookingLocation' },
  'Booking.patchBookingLocation': {
    conduct: 'direct',
    body: 'bookingLocation',
    part: ['location_id'],
  },
  'Booking.getCalendar': { conduct: 'direct' },
  'Booking.putCalendar': { conduct: 'direct', body: 'calendar' },
  'Booking.patchCalendar': { conduct: 'direct', body: 'calendar', part: ['available_timeslots'] },
  'Booking.list': { conduct: 'direct' },
  'Booking.request': { conduct: 'direct', body: 'bookingRequest' },
  'Booking.get': { conduct: 'direct' },
  'Booking.put': { conduct: 'direct', body: 'booking' },
  'Booking.patch': { conduct: 'direct', body: 'booking', part: ['reservation_status'] },
  'credentials.get': { conduct: 'credentials' },
  'credentials.register': { conduct: 'register', body: 'credentials' },
  'credentials.update': { conduct: 'update', body: 'credentials' },
  'credentials.unregister': { conduct: 'unregister' },
  'hubclientinfo.clients': { conduct: 'clients' },
  // What no module has.
  'versions.list': { conduct: 'versions' },
  'versions.details': { conduct: 'versions' },
  'callbacks.result': { conduct: 'result', body: 'commandResult' },
}

const OK = [200, 1000] as const
const RECORDED = [201, 1000] as const
const REFUSED = [200, 2001] as const
const UNUSABLE = [200, 3001] as const
const UNKNOWN = [200, 4001] as const
const LATE = [200, 4002] as const
const AWAY = [200, 4003] as const
/** 2.1.1 knows no codes of hubs. */
const OLD = [200, 3000] as const
const STRANGER = [401, 2001] as const
const MALFORMED = [400, 2001] as const
const FOREIGN = [403, 2001] as const
const NOT_YOURS = [404, 2003] as const
const ABSENT = [404, 2001] as const
const NO_METHOD = [405, 2001] as const

const NOBODY = 'concerns nobody but the hub and its client'
const NO_HUB = 'is never for the hub'
const NO_HEADERS = '2.1.1 cannot name a receiver or a sender'
const NO_BODY = 'has no body'
const NO_OWNER = 'names no owner in its path'
const IS_FOR_A = 'is what token A is for'
const STORED = 'is answered by the hub itself'
const ONCE = 'ends the registration: asked once'

/** With routing headers: to a party that is unknown, slow, offline; and to the hub while somebody is. */
const ROUTED: Readonly<Record<Conduct, Partial<Record<Condition, Expected>>>> = {
  list: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: OK }),
  one: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: OK }),
  push: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: OK }),
  card: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: REFUSED }),
  cdr: {
    ...sent({ unknown: UNKNOWN, slow: RECORDED, offline: RECORDED, hub: REFUSED }),
    'in order': RECORDED,
  },
  'own CDR': {
    ...sent({ unknown: STORED, slow: STORED, offline: STORED, hub: OK }),
    'foreign owner': ABSENT,
  },
  authorize: {
    ...sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: OK }),
    'slow receiver, to the hub': LATE,
    'offline receiver, to the hub': AWAY,
  },
  command: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: REFUSED }),
  direct: sent({ unknown: UNKNOWN, slow: LATE, offline: AWAY, hub: REFUSED }),
  result: {
    ...sent({ unknown: ABSENT, slow: LATE, offline: AWAY, hub: NO_HUB }),
    'foreign party': ABSENT,
  },
  ...own(),
}

/** In 2.1.1: what is for all is for the hub, so that nobody has to wait for anyone; the rest goes by its content. */
const OLD_ONES: Readonly<Record<Conduct, Partial<Record<Condition, Expected>>>> = {
  list: sent({ unknown: NO_HEADERS, slow: OK, offline: OK, hub: NO_HEADERS }),
  one: sent({ unknown: NO_HEADERS, slow: OK, offline: OK, hub: NO_HEADERS }),
  push: sent({ unknown: NO_HEADERS, slow: OK, offline: OK, hub: NO_HEADERS }),
  card: sent({ unknown: REFUSED, slow: OLD, offline: OLD, hub: NO_HEADERS }),
  cdr: {
    ...sent({ unknown: REFUSED, slow: RECORDED, offline: RECORDED, hub: NO_HEADERS }),
    'in order': RECORDED,
  },
  'own CDR': {
    ...sent({ unknown: STORED, slow: STORED, offline: STORED, hub: NO_HEADERS }),
    'foreign owner': ABSENT,
  },
  authorize: sent({ unknown: [404, 2000], slow: OLD, offline: OLD, hub: NO_HEADERS }),
  command: sent({ unknown: [200, 2003], slow: OLD, offline: OLD, hub: NO_HEADERS }),
  direct: {},
  result: {
    ...sent({ unknown: ABSENT, slow: OLD, offline: OLD, hub: NO_HEADERS }),
    'foreign party': ABSENT,
  },
  ...own(),
}

function sent(to: Record<'unknown' | 'slow' | 'offline' | 'hub', Expected>) {
  // What the hub does not take, or answers out of its store, does not depend on how others are.
  const meanwhile = typeof to.hub === 'string' || to.hub === REFUSED ? NO_HUB : to.hub
  return {
    'in order': OK,
    'to the hub': to.hub,
    'unknown receiver': to.unknown,
    'slow receiver': to.slow,
    'slow receiver, to the hub': meanwhile,
    'offline receiver': to.offline,
    'offline receiver, to the hub': meanwhile,
  } satisfies Partial<Record<Condition, Expected>>
}

/** What the hub does for its client alone: others may be slow or away; the client itself must answer a handshake. */
function own() {
  const alone = { 'to the hub': NOBODY, 'unknown receiver': NOBODY, 'foreign party': NOBODY }
  const calm = { ...alone, 'in order': OK, 'slow receiver': OK, 'offline receiver': OK }
  const asked = { ...alone, 'in order': OK, 'foreign party': REFUSED }
  const shaken = { ...asked, 'slow receiver': UNUSABLE, 'offline receiver': UNUSABLE }
  return {
    clients: calm,
    versions: { ...calm, 'token A': IS_FOR_A },
    credentials: { ...calm, 'token A': IS_FOR_A },
    register: { ...shaken, 'token A': IS_FOR_A },
    update: { ...shaken, 'token A': NO_METHOD },
    unregister: {
      ...calm,
      'slow receiver': ONCE,
      'offline receiver': ONCE,
      'token A': NO_METHOD,
    },
  } satisfies Partial<Record<Conduct, Partial<Record<Condition, Expected>>>>
}

/** What a request is answered with. Throws for an endpoint of which nobody has said it. */
export function expected(of: {
  name: string
  version: Version
  path: string
  condition: Condition
}): Expected {
  const { name, version, condition } = of
  const row = ROWS[name]
  if (!row) throw new Error(`what ${name} answers is not written down`)
  const special = (version === '2.1.1' ? OLD_ONES : ROUTED)[row.conduct][condition]
  if (special !== undefined) return special
  switch (condition) {
    case 'no token':
    case 'wrong token':
    case 'token A':
      return STRANGER
    case 'foreign party':
      return version === '2.1.1' ? NO_HEADERS : FOREIGN
    case 'foreign owner':
      return of.path.includes(':country_code') ? NOT_YOURS : NO_OWNER
    case 'malformed JSON':
      return row.body === undefined ? NO_BODY : MALFORMED
    case 'invalid object':
      return row.body === undefined ? NO_BODY : REFUSED
    case 'wrong method':
      return NO_METHOD
    default:
      return NOBODY
  }
}

/** An endpoint that a version does not have: no such path, or none for this method. */
export function expectedWithout(name: string): Expected {
  // PATCH of a tariff was taken out, PUT of it was not.
  return name === 'tariffs.patch' ? NO_METHOD : ABSENT
}
