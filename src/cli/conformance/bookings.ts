import { limits } from '../../../config/limits.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import {
  done,
  fail,
  found,
  isDone,
  isRefused,
  pass,
  refusedAs,
  refusedWith,
  said,
  skipped,
  warn,
} from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import { records, sentVerdict } from './later-results.ts'
import type { Listing } from './listing.ts'
import { createMade } from './made.ts'
import type { Json } from './made.ts'
import { askList, listChecks, oneChecks } from './more-lists.ts'
import type { Got } from './own-state.ts'
import { offerChecks } from './reach.ts'
import type { At } from './reach.ts'
import { bookingWriteChecks, bookingProbe } from './write-bookings.ts'

const MODULE = 'Booking'
const FILE = 'mod_bookings'
const POST: Source = [FILE, 'POST Method']
const PLACES = { label: 'booking-locations', module: MODULE, path: '/booking_locations' } as const
const BOOKINGS = { label: 'bookings', module: MODULE, path: '' } as const

/** A CPO whose places can be booked, or an eMSP that is told of them (2.3.0 Bookings). */
export function bookingChecks(bench: Bench, listings: Map<string, Listing>): Check[] {
  if (bench.role === 'emsp')
    return offerChecks(bench, listings, {
      module: MODULE,
      side: 'receiver',
      probe: (at) => bookingProbe(bench, at),
      rows: (at) => bookingWriteChecks(bench, listings, at),
    })
  const places = () => listings.get(PLACES.label)?.objects ?? []
  return offerChecks(bench, listings, {
    module: MODULE,
    side: 'sender',
    probe: (at) => askList(bench, at, PLACES.path),
    rows: (at) => [
      ...listChecks(bench, listings, { list: PLACES, at }),
      ...oneChecks(bench, {
        list: PLACES,
        at,
        section: 'GET BookingLocation or Calendar',
        idMember: 'id',
        first: () => places()[0],
      }),
      calendarRow(bench, at, places),
      ...requestRows(bench, at, places),
      // A booking was made by now.
      ...listChecks(bench, listings, { list: BOOKINGS, at }),
    ],
  })
}

function calendarRow(bench: Bench, at: At, places: () => readonly Json[]): Check {
  return {
    id: 'booking-locations.calendar',
    what: 'booking-locations: a calendar can be read by its id',
    source: [FILE, 'GET BookingLocation or Calendar'],
    run: async () => {
      const place = places().find((one) => records(one['calendars']).length > 0)
      const [calendar] = records(place?.['calendars'])
      if (!place || !calendar) return skipped('there is no calendar')
      const ids = [place['id'], calendar['id']].map((id) => encodeURIComponent(String(id)))
      const url = `${at.url}${PLACES.path}/${ids.join('/')}`
      const exchange = await ask(bench, { method: 'GET', url, for: at.whom })
      const answer = done(exchange)
      if (answer.outcome !== 'pass') return answer
      const difference = differs(calendar, exchange.data)
      return difference === null ? pass() : fail(`${difference} is not as in the list`)
    },
  }
}

/** A request for the first free timeslot; null when the partner shows none. */
function wantedBooking(bench: Bench, places: readonly Json[], requestId: string): Json | null {
  const { party, clock } = bench.settings
  for (const place of places)
    for (const calendar of records(place['calendars']))
      for (const slot of records(calendar['available_timeslots'])) {
        const { country_code, party_id, uid, type, contract_id } = createMade(party, clock()).token(
          'CONF-TOKEN-1',
        )
        return {
          country_code: party.countryCode,
          party_id: party.partyId,
          request_id: requestId,
          location_id: place['location_id'],
          booking_location_id: place['id'],
          tokens: [{ country_code, party_id, uid, type, contract_id }],
          period: {
            start_date_time: slot['start_date_time'],
            end_date_time: slot['end_date_time'],
          },
          authorization_reference: requestId,
        }
      }
  return null
}

/** A booking is requested, decided, and canceled again: all requests are one endpoint's. */
function requestRows(bench: Bench, at: At, places: () => readonly Json[]): Check[] {
  const requestId = `CONF-B-${bench.settings.clock().toString(36).toUpperCase()}`
  const wanted = () => wantedBooking(bench, places(), requestId)
  const post = (content: { body?: unknown; raw?: string }) =>
    ask(bench, { method: 'POST', url: at.url, for: at.whom, ...content })
  let booking: Json | null = null
  const row = (id: string, what: string, source: Source, run: Check['run']): Check => ({
    id: `bookings.${id}`,
    what: `bookings: ${what}`,
    source,
    run,
  })
  const withWanted = async (run: (body: Json) => Promise<Verdict>): Promise<Verdict> => {
    const body = wanted()
    return body ? run(body) : skipped('it shows no free timeslot')
  }
  return [
    row('request', 'a request is answered with a Booking', POST, () =>
      withWanted(async (body) => {
        const exchange = await post({ body })
        if (isDone(exchange) && isRecord(exchange.data)) booking = exchange.data
        return bookingVerdict(bench, exchange, body)
      }),
    ),
    row(
      'decided',
      'what becomes of a PENDING request is put to our Receiver interface',
      POST,
      () => (booking ? decided(bench, booking, requestId) : skipped('no booking was answered')),
    ),
    row('cancel', 'a request with canceled is answered with the Booking', POST, () =>
      withWanted(async (body) => {
        if (!booking) return skipped('no booking was answered')
        const canceled = { cancellation_reason: 'UNKNOWN', who_canceled: 'EMSP' }
        return bookingVerdict(bench, await post({ body: { ...body, canceled } }), body)
      }),
    ),
    row('unknown', 'a request for an unknown BookingLocation is refused', POST, () =>
      withWanted(async (body) => {
        const exchange = await post({ body: { ...body, ...NOWHERE } })
        return notReserved(exchange)
      }),
    ),
    row('missing', 'a request without period: 2001', CODES, () =>
      withWanted(async ({ period: _period, ...body }) => refusedAs(await post({ body }), 2001)),
    ),
    row('malformed', 'a body that is no JSON: HTTP 400', HTTP, async () =>
      refusedWith(await post({ raw: '{"request_id": ' }), 400),
    ),
  ]
}

const HTTP: Source = ['transport_and_format', 'Response format']
const CODES: Source = ['status_codes', '2xxx: Client errors']
const NOWHERE = { request_id: 'CONF-B-NOWHERE', booking_location_id: 'CONF-NOWHERE' } as const

function bookingVerdict(bench: Bench, exchange: Exchange, body: Json): Verdict {
  const answer = done(exchange)
  const reply = moduleById(MODULE)?.endpoints['request']?.reply
  const schema = schemaFor(reply?.schema ?? {}, bench.version)
  if (answer.outcome !== 'pass' || !schema) return answer
  const { hard, soft } = validate(schema, dropNulls(exchange.data))
  if (hard.length > 0) return found(hard)
  const { request_id, location_id } = body
  const difference = differs({ request_id, location_id }, exchange.data)
  return difference === null ? found(soft, 'warn') : fail(`${difference} is not what was sent`)
}

async function decided(bench: Bench, booking: Json, requestId: string): Promise<Verdict> {
  const status = booking['reservation_status']
  if (status !== 'PENDING') return pass(`decided at once: ${String(status)}`)
  const id = encodeURIComponent(String(booking['id']))
  const isOurs = ({ method, path, body }: Got) =>
    (method === 'PUT' && isRecord(body) && body['request_id'] === requestId) ||
    (method === 'PATCH' && path.endsWith(`/${id}`))
  const got = await bench.own.waitFor(isOurs, limits.certifySessionMs)
  if (!got) return warn(`none came within ${limits.certifySessionMs / 1_000} s`)
  const schema = moduleById(MODULE)?.endpoints['put']?.body?.schema ?? {}
  return sentVerdict(bench, got, got.method === 'PUT' ? schema : {})
}

function notReserved(exchange: Exchange): Verdict {
  if (isRefused(exchange)) return pass()
  if (!isDone(exchange)) return fail(said(exchange))
  const status = isRecord(exchange.data) ? exchange.data['reservation_status'] : undefined
  if (status === 'REJECTED' || status === 'FAILED') return pass()
  return status === 'PENDING' ? warn('it answers PENDING') : fail(`it answers ${String(status)}`)
}
