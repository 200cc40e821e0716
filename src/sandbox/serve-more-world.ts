import type { PlatformRole } from './dialect.ts'
import { isoSeconds } from './clock.ts'
import type { Json } from './json.ts'
import type { WorldParty } from './world.ts'

const HOUR_MS = 3_600_000

type Of = { role: PlatformRole; party: WorldParty; nowMs: number }

/** What a served partner has in the modules that came with 2.3.0, by collection: `payments/terminals`, `Booking`. */
export function moreWorld(of: Of): ReadonlyMap<string, readonly Json[]> {
  const invoices: [string, Json[]] = ['invoicereconciliation', [1, 2].map((n) => invoice(of, n))]
  switch (of.role) {
    case 'CPO':
      return new Map([
        ['Booking/booking_locations', [1, 2, 3].map((n) => bookingLocation(of, n))],
        ['Booking', []],
        invoices,
      ])
    case 'EMSP':
      return new Map([invoices])
    case 'PTP':
      return new Map([
        ['payments/terminals', [1, 2, 3].map((n) => terminal(of, n))],
        ['payments/financial-advice-confirmations', [1, 2].map((n) => confirmation(of, n))],
      ])
    default:
      return of.role satisfies never
  }
}

function owner({ party }: Of): Json {
  return { country_code: party.countryCode, party_id: party.partyId }
}

/** An hour tomorrow at each of our locations, with a calendar of its own. */
function bookingLocation(of: Of, number: number): Json {
  const last_updated = isoSeconds(of.nowMs - (10 - number) * HOUR_MS)
  const at = (hours: number) => isoSeconds(of.nowMs + (24 + hours) * HOUR_MS)
  return {
    ...owner(of),
    id: `SBX-BL${number}`,
    location_id: `SBX-L${number}`,
    booking_option: { evse_uid: `SBX-L${number}-E1` },
    policy: { reservation_required: false, ad_hoc: 1 },
    tariff_ids: ['SBX-ENERGY'],
    booking_terms: {
      supported_access_methods: ['OPEN'],
      change_until_minutes: 60,
      cancel_until_minutes: 60,
    },
    calendars: [
      {
        id: `SBX-C${number}`,
        begin_from: at(-24),
        end_before: at(24),
        timeslot_increment: 30,
        available_timeslots: [
          { start_date_time: at(0), end_date_time: at(1), max_power: 11 },
          { start_date_time: at(1), end_date_time: at(2), max_power: 11 },
        ],
        last_updated,
      },
    ],
    last_updated,
  }
}

function terminal(of: Of, number: number): Json {
  return {
    terminal_id: `SBX-T${number}`,
    customer_reference: `SBX-${number}`,
    city: 'Rotterdam',
    country: 'NLD',
    invoice_creator: 'PTP',
    reference: `SERIAL-${number}`,
    location_ids: [`SBX-L${number}`],
    last_updated: isoSeconds(of.nowMs - (20 - number) * HOUR_MS),
  }
}

function confirmation(of: Of, number: number): Json {
  return {
    id: `SBX-F${number}`,
    authorization_reference: `SBX-A${number}`,
    total_costs: { before_taxes: 10, taxes: [{ name: 'VAT', percentage: 21, amount: 2.1 }] },
    currency: 'EUR',
    eft_data: ['SANDBOX', `RECEIPT ${number}`],
    capture_status_code: 'SUCCESS',
    last_updated: isoSeconds(of.nowMs - (5 - number) * HOUR_MS),
  }
}

function invoice(of: Of, number: number): Json {
  return {
    ...owner(of),
    id: `SBX-I${number}`,
    invoice_id: `2026-${number}`,
    cdrs: [`SBX-CDR-${number}`],
    last_updated: isoSeconds(of.nowMs - (30 - number) * HOUR_MS),
  }
}
