import Type from 'typebox'
import {
  boolean,
  ciString,
  dateTime,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  url,
} from '../primitives.ts'
import { connectorType, powerType } from './locations-owned.ts'
import { connectorFormat } from './locations-parts.ts'
import { evsePosition, vehicleType } from './parking.ts'
import { cdrToken } from './parts.ts'

/** The objects of 2.3.0 Bookings 1.1. */

const accessMethod = oneOf([
  'OPEN',
  'TOKEN',
  'LICENSE_PLATE',
  'ACCESS_CODE',
  'INTERCOM',
  'PARKING_TICKET',
])

const accessInformation = object({ method: accessMethod, value: optional(Type.String()) })

const bookingOption = object({
  evse_uid: optional(ciString(36)),
  connector_id: optional(ciString(36)),
  parking_id: optional(ciString(36)),
  evse_position: optional(list(evsePosition)),
  vehicle_types: optional(list(vehicleType)),
  connector_format: optional(list(connectorFormat)),
  connector_types: optional(list(connectorType('2.3.0'))),
  power_types: optional(list(powerType)),
  max_vehicle_weight: optional(number),
  max_vehicle_height: optional(number),
  max_vehicle_length: optional(number),
  max_vehicle_width: optional(number),
  min_parking_space_length: optional(number),
  min_parking_space_width: optional(number),
  dangerous_goods_allowed: optional(boolean),
  drive_through: optional(boolean),
  refrigeration_outlet: optional(boolean),
})

const period = object({ start_date_time: dateTime, end_date_time: dateTime })

const timeslot = object({
  start_date_time: dateTime,
  end_date_time: dateTime,
  min_power: optional(number),
  max_power: optional(number),
  green_energy_support: optional(boolean),
})

const bookingTerms = object({
  rfid_auth_required: optional(boolean),
  token_groups_supported: optional(boolean),
  remote_auth_supported: optional(boolean),
  supported_access_methods: list(accessMethod, { minItems: 1 }),
  change_until_minutes: number,
  cancel_until_minutes: number,
  change_not_allowed: optional(boolean),
  early_start_allowed: optional(boolean),
  early_start_time: optional(number),
  noshow_timeout: optional(number),
  noshow_fee: optional(boolean),
  late_stop_allowed: optional(boolean),
  late_stop_time: optional(number),
  overlapping_bookings_allowed: optional(boolean),
  min_booking_duration: optional(number),
  max_booking_duration: optional(number),
  booking_terms: optional(url),
})

const cancellation = object({
  cancellation_reason: oneOf([
    'POWER_OUTAGE',
    'BROKEN_CHARGER',
    'FULL',
    'BLOCKED',
    'TRAFFIC',
    'BROKEN_VEHICLE',
    'NO_CANCELED',
    'UNKNOWN',
  ]),
  // A role by its name, an interface by its link; both are accepted.
  who_canceled: Type.String(),
})

/** BookingToken class: the members of a CdrToken. */
const bookingToken = cdrToken('2.3.0')

/** BookingRequest class. */
export const bookingRequest = object({
  country_code: ciString(2),
  party_id: ciString(3),
  request_id: ciString(36),
  booking_option: optional(bookingOption),
  location_id: ciString(36),
  booking_location_id: ciString(36),
  tokens: optional(list(bookingToken)),
  access_information: optional(list(accessInformation)),
  period,
  authorization_reference: ciString(36),
  power_required: optional(integer),
  canceled: optional(cancellation),
})

const requestStatus = object({
  request_status: oneOf(['PENDING', 'ACCEPTED', 'DECLINED', 'FAILED']),
  booking_request: bookingRequest,
  request_received: dateTime,
})

/** Booking object. */
export const booking = object({
  id: ciString(36),
  country_code: ciString(2),
  party_id: ciString(3),
  request_id: ciString(36),
  booking_option: optional(bookingOption),
  location_id: ciString(36),
  booking_tokens: optional(list(bookingToken)),
  tariff_ids: optional(list(ciString(36))),
  period: timeslot,
  reservation_status: oneOf([
    'PENDING',
    'RESERVED',
    'CANCELED',
    'FAILED',
    'NO_SHOW',
    'FULFILLED',
    'REJECTED',
    'UNKNOWN',
  ]),
  canceled: optional(cancellation),
  access_information: optional(list(accessInformation)),
  authorization_reference: ciString(36),
  booking_terms: bookingTerms,
  booking_requests: list(requestStatus, { minItems: 1 }),
  last_updated: dateTime,
})

/** Calendar object. */
export const calendar = object({
  id: ciString(36),
  begin_from: dateTime,
  end_before: dateTime,
  timeslot_increment: optional(integer),
  available_timeslots: list(timeslot, { minItems: 1 }),
  last_updated: dateTime,
})

/** BookingLocation object. */
export const bookingLocation = object({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  location_id: ciString(36),
  booking_option: optional(bookingOption),
  policy: optional(object({ reservation_required: boolean, ad_hoc: optional(number) })),
  tariff_ids: optional(list(ciString(36))),
  booking_terms: optional(bookingTerms),
  calendars: optional(list(calendar)),
  last_updated: dateTime,
})
