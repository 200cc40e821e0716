import { limits } from '../../../config/limits.ts'
import type { BySince } from '../define.ts'
import { boolean, ciString, dateTime, list, number, object, optional, text } from '../primitives.ts'
import { location211 } from './locations-211.ts'
import { connectorType, powerType } from './locations-owned.ts'
import { connectorFormat } from './locations-parts.ts'
import { authMethod, cdrToken, chargingPeriodInCdr, geoLocation, price } from './parts.ts'
import type { OwnedVersion } from './parts.ts'
import { tariff, tariffInCdr } from './tariff-schemas.ts'

/** 2.1.1 CDR object. */
const cdr211 = object({
  id: ciString(36),
  start_date_time: dateTime,
  stop_date_time: dateTime,
  auth_id: text(36),
  auth_method: authMethod('2.1.1'),
  location: location211,
  meter_id: optional(text(255)),
  currency: text(3),
  tariffs: optional(list(tariff['2.1.1'])),
  charging_periods: list(chargingPeriodInCdr('2.1.1'), {
    minItems: 1,
    maxItems: limits.chargingPeriodsMax,
  }),
  total_cost: number,
  total_energy: number,
  total_time: number,
  total_parking_time: optional(number),
  remark: optional(text(255)),
  last_updated: dateTime,
})

const cdrLocation = (version: OwnedVersion) =>
  object({
    id: ciString(36),
    name: optional(text(255)),
    address: text(45),
    city: text(45),
    postal_code: optional(text(10)),
    state: optional(text(20)),
    country: text(3),
    coordinates: geoLocation(version),
    evse_uid: ciString(36),
    evse_id: ciString(48),
    connector_id: ciString(36),
    connector_standard: connectorType(version),
    connector_format: connectorFormat,
    connector_power_type: powerType,
  })

const signedData = object({
  encoding_method: ciString(36),
  encoding_method_version: optional(number),
  public_key: optional(text(512)),
  signed_values: list(
    object({ nature: ciString(32), plain_data: text(5000), signed_data: text(5000) }),
    { minItems: 1 },
  ),
  url: optional(text(512)),
})

const cdrMembers = (version: OwnedVersion) => ({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(39),
  start_date_time: dateTime,
  end_date_time: dateTime,
  session_id: optional(ciString(36)),
  cdr_token: cdrToken(version),
  auth_method: authMethod(version),
  authorization_reference: optional(ciString(36)),
  cdr_location: cdrLocation(version),
  meter_id: optional(text(255)),
  currency: text(3),
  tariffs: optional(list(tariffInCdr[version])),
  charging_periods: list(chargingPeriodInCdr(version), {
    minItems: 1,
    maxItems: limits.chargingPeriodsMax,
  }),
  signed_data: optional(signedData),
  total_cost: price(version),
  total_fixed_cost: optional(price(version)),
  total_energy: number,
  total_energy_cost: optional(price(version)),
  total_time: number,
  total_time_cost: optional(price(version)),
  total_parking_time: optional(number),
  total_parking_cost: optional(price(version)),
  total_reservation_cost: optional(price(version)),
  remark: optional(text(255)),
  invoice_reference_id: optional(ciString(39)),
  credit: optional(boolean),
  credit_reference_id: optional(ciString(39)),
  home_charging_compensation: optional(boolean),
  last_updated: dateTime,
})

/** The CDR object; 2.3.0 with the member of Bookings. */
export const cdr = {
  '2.1.1': cdr211,
  '2.2.1': object(cdrMembers('2.2.1')),
  '2.3.0': object({ ...cdrMembers('2.3.0'), booking_id: optional(ciString(36)) }),
} satisfies BySince
