import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import { done, fail, isDone, refusedWith, said, skipped } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import { reachableFirst } from './listing.ts'
import type { Listing } from './listing.ts'
import { createMade, timeAt } from './made.ts'
import type { Json } from './made.ts'
import { createPlace } from './place.ts'
import type { Place, Pushed } from './place.ts'
import type { At } from './reach.ts'
import { withdrawCheck, writeChecks } from './writes.ts'

const HOUR_MS = 3_600_000
const PATCH: Source = ['mod_bookings', 'PATCH Method']
const HTTP: Source = ['transport_and_format', 'Response format']

/** GET of a booking that nobody has. */
export function bookingProbe(bench: Bench, { url, whom }: At): Promise<Exchange> {
  const { countryCode, partyId } = bench.settings.party
  return ask(bench, {
    method: 'GET',
    url: `${url}/${countryCode}/${partyId}/CONF-NOBODY`,
    for: whom,
  })
}

/** What a CPO pushes: a place that can be booked with its calendar, and a booking, which ends canceled. */
export function bookingWriteChecks(
  bench: Bench,
  listings: ReadonlyMap<string, Listing>,
  at: At,
): Check[] {
  const location = pushed(bench, at, {
    label: 'booking-locations',
    path: '/:owner/booking_locations/:id',
    readSection: 'GET BookingLocation Method',
    object: bookingLocation(bench),
    required: 'location_id',
    change: { member: 'policy', value: { reservation_required: true } },
    ended: {},
  })
  const booking = pushed(bench, at, {
    label: 'bookings',
    path: '/:owner/:id',
    readSection: 'GET Booking Method',
    object: bookingOf(bench, reachableFirst('tokens', listings)[0]),
    required: 'period',
    change: { member: 'reservation_status', value: 'RESERVED' },
    ended: { reservation_status: 'CANCELED' },
  })
  return [
    ...writeChecks(bench, location),
    ...calendarRows(bench, createPlace(bench, location)),
    ...writeChecks(bench, booking),
    withdrawCheck(bench, booking),
  ]
}

function pushed(
  { settings }: Bench,
  { url, whom }: At,
  of: Pick<Pushed, 'label' | 'path' | 'readSection' | 'object' | 'required' | 'change' | 'ended'>,
): Pushed {
  return {
    ...of,
    module: 'Booking',
    url,
    create: 'PUT',
    id: String(of.object['id']),
    idMember: 'id',
    optional: 'tariff_ids',
    changedAt: timeAt(settings.clock() - HOUR_MS / 2),
    hasPatch: true,
    hasDelete: false,
    isKept: false,
    for: whom,
  }
}

function owned({ settings }: Bench): Json {
  return { country_code: settings.party.countryCode, party_id: settings.party.partyId }
}

const TERMS = {
  supported_access_methods: ['OPEN'],
  change_until_minutes: 60,
  cancel_until_minutes: 60,
}

function slotAt(ms: number): Json {
  return { start_date_time: timeAt(ms), end_date_time: timeAt(ms + HOUR_MS) }
}

function bookingLocation(bench: Bench): Json {
  const nowMs = bench.settings.clock()
  return {
    ...owned(bench),
    id: `CONF-BL-${nowMs.toString(36).toUpperCase()}`,
    location_id: 'CONF-L1',
    booking_option: { evse_uid: 'CONF-E1' },
    tariff_ids: ['CONF-T1'],
    booking_terms: TERMS,
    last_updated: timeAt(nowMs - HOUR_MS),
  }
}

/** For the first card of the partner's, as if it had asked for it. */
function bookingOf(bench: Bench, token: Json | undefined): Json {
  const nowMs = bench.settings.clock()
  const slot = slotAt(nowMs + 24 * HOUR_MS)
  const requester = token ?? createMade(bench.settings.party, nowMs).token('CONF-TOKEN-1')
  const { country_code, party_id } = requester
  const common = { location_id: 'CONF-L1', request_id: 'CONF-REQUEST-1' }
  return {
    ...owned(bench),
    ...common,
    id: `CONF-B-${nowMs.toString(36).toUpperCase()}`,
    period: slot,
    tariff_ids: ['CONF-T1'],
    reservation_status: 'PENDING',
    authorization_reference: 'CONF-REFERENCE',
    booking_terms: TERMS,
    booking_requests: [
      {
        request_status: 'PENDING',
        booking_request: {
          ...{ country_code, party_id, ...common },
          booking_location_id: 'CONF-BL',
          period: slot,
          authorization_reference: 'CONF-REFERENCE',
        },
        request_received: timeAt(nowMs - HOUR_MS),
      },
    ],
    last_updated: timeAt(nowMs - HOUR_MS),
  }
}

/** A calendar has a URL of its own below its place, and its change is one of the place. */
function calendarRows(bench: Bench, place: Place): Check[] {
  const nowMs = bench.settings.clock()
  const below = '/CONF-C1'
  const calendar = {
    id: 'CONF-C1',
    begin_from: timeAt(nowMs),
    end_before: timeAt(nowMs + 48 * HOUR_MS),
    available_timeslots: [slotAt(nowMs + 24 * HOUR_MS)],
    last_updated: timeAt(nowMs - HOUR_MS / 4),
  }
  const patch = { timeslot_increment: 15, last_updated: timeAt(nowMs - HOUR_MS / 8) }
  let isKept = false
  const row = (id: string, what: string, source: Source, run: () => Promise<Verdict>): Check => ({
    id: `booking-locations.${id}`,
    what: `booking-locations: ${what}`,
    source,
    run: () => place.kept(run),
  })
  return [
    row('calendar', 'PUT of a calendar is taken', ['mod_bookings', 'PUT Method'], async () => {
      const exchange = await place.ask('PUT', { below, body: calendar })
      isKept = isDone(exchange)
      return isKept ? holds(place, below, calendar) : fail(said(exchange))
    }),
    row('patch-calendar', 'PATCH of a calendar changes it, and its place', PATCH, async () => {
      if (!isKept) return skipped('the PUT before was not taken')
      const answer = done(await place.ask('PATCH', { below, body: patch }))
      if (answer.outcome !== 'pass') return answer
      const changed = await holds(place, below, { ...calendar, ...patch })
      const { last_updated } = patch
      return changed.outcome === 'pass' ? holds(place, '', { last_updated }) : changed
    }),
    row('unknown-calendar', 'GET of an unknown calendar: 404', HTTP, async () =>
      refusedWith(await place.ask('GET', { below: '/CONF-NOBODY' }), 404),
    ),
  ]
}

async function holds(place: Place, below: string, expected: Json): Promise<Verdict> {
  const exchange = await place.ask('GET', { below })
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  const difference = differs(expected, exchange.data)
  return difference === null ? answer : fail(`${difference} is not what was sent`)
}
