import { defineModule } from '../define.ts'
import type { Endpoint } from '../define.ts'
import * as schemas from './booking-schemas.ts'

const booking = { '2.3.0': schemas.booking }
const bookingLocation = { '2.3.0': schemas.bookingLocation }
const calendar = { '2.3.0': schemas.calendar }

const sender = { interface: 'sender', routing: 'direct' } as const satisfies Partial<Endpoint>
const receiver = { interface: 'receiver', routing: 'direct' } as const satisfies Partial<Endpoint>

// 2.3.0 Bookings, PATCH Method: any request SHALL contain last_updated.
const patch = { patch: true, needs: ['last_updated'] }

const locationPath = '/:country_code/:party_id/booking_locations/:booking_location_id'
const calendarPath = `${locationPath}/:calendar_id`
const bookingPath = '/:country_code/:party_id/:booking_id'

/** The id is `Booking`, as its specification writes it (2.3.0 Bookings, Module Identifier). */
export const bookings = defineModule({
  id: 'Booking',
  kind: 'functional',
  since: '2.3.0',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'NSP', 'OTHER'],
  endpoints: {
    bookingLocations: {
      ...sender,
      method: 'GET',
      path: '/booking_locations',
      reply: { schema: bookingLocation, list: true },
    },
    bookingLocation: {
      ...sender,
      method: 'GET',
      path: '/booking_locations/:booking_location_id',
      reply: { schema: bookingLocation },
    },
    calendar: {
      ...sender,
      method: 'GET',
      path: '/booking_locations/:booking_location_id/:calendar_id',
      reply: { schema: calendar },
    },
    getBookingLocation: {
      ...receiver,
      method: 'GET',
      path: locationPath,
      reply: { schema: bookingLocation },
    },
    putBookingLocation: {
      ...receiver,
      method: 'PUT',
      path: locationPath,
      body: { schema: bookingLocation },
    },
    patchBookingLocation: {
      ...receiver,
      method: 'PATCH',
      path: locationPath,
      body: { schema: bookingLocation, ...patch },
    },
    getCalendar: {
      ...receiver,
      method: 'GET',
      path: calendarPath,
      reply: { schema: calendar },
    },
    putCalendar: { ...receiver, method: 'PUT', path: calendarPath, body: { schema: calendar } },
    patchCalendar: {
      ...receiver,
      method: 'PATCH',
      path: calendarPath,
      body: { schema: calendar, ...patch },
    },
    list: { ...sender, method: 'GET', path: '/', reply: { schema: booking, list: true } },
    // New bookings, changes and cancellations are all requests; the CPO answers with the Booking.
    request: {
      ...sender,
      method: 'POST',
      path: '/',
      body: { schema: { '2.3.0': schemas.bookingRequest } },
      reply: { schema: booking },
    },
    get: { ...receiver, method: 'GET', path: bookingPath, reply: { schema: booking } },
    put: { ...receiver, method: 'PUT', path: bookingPath, body: { schema: booking } },
    patch: {
      ...receiver,
      method: 'PATCH',
      path: bookingPath,
      body: { schema: booking, ...patch },
    },
  },
})
