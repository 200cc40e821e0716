import { limits } from '../../../config/limits.ts'
import { defineModule } from '../define.ts'
import {
  authMethod,
  boolean,
  cdrToken,
  chargingPeriod,
  ciString,
  dateTime,
  list,
  number,
  object,
  oneOf,
  optional,
  price,
  text,
} from '../primitives.ts'
import { connectorFormat, connectorType, geoLocation, powerType } from './locations.ts'
import { tariff } from './tariffs.ts'

const cdrLocation = object({
  id: ciString(36),
  name: optional(text(255)),
  address: text(45),
  city: text(45),
  postal_code: optional(text(10)),
  state: optional(text(20)),
  country: text(3),
  coordinates: geoLocation,
  evse_uid: ciString(36),
  evse_id: ciString(48),
  connector_id: ciString(36),
  connector_standard: connectorType,
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

/** 2.2.1 CDR object. */
const cdr = object({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(39),
  start_date_time: dateTime,
  end_date_time: dateTime,
  session_id: optional(ciString(36)),
  cdr_token: cdrToken,
  auth_method: authMethod,
  authorization_reference: optional(ciString(36)),
  cdr_location: cdrLocation,
  meter_id: optional(text(255)),
  currency: text(3),
  tariffs: optional(list(tariff)),
  charging_periods: list(chargingPeriod, { minItems: 1, maxItems: limits.chargingPeriodsMax }),
  signed_data: optional(signedData),
  total_cost: price,
  total_fixed_cost: optional(price),
  total_energy: number,
  total_energy_cost: optional(price),
  total_time: number,
  total_time_cost: optional(price),
  total_parking_time: optional(number),
  total_parking_cost: optional(price),
  total_reservation_cost: optional(price),
  remark: optional(text(255)),
  invoice_reference_id: optional(ciString(39)),
  credit: optional(boolean),
  credit_reference_id: optional(ciString(39)),
  home_charging_compensation: optional(boolean),
  last_updated: dateTime,
})

export const cdrs = defineModule({
  id: 'cdrs',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP'],
  endpoints: {
    list: { interface: 'sender', method: 'GET', path: '/', routing: 'pull' },
    post: {
      interface: 'receiver',
      method: 'POST',
      path: '/',
      routing: 'clear',
      body: { schema: { '2.2.1': cdr } },
    },
    // The URL that our POST answers in `Location` (2.2.1 mod_cdrs: its structure is the receiver's choice).
    get: {
      interface: 'receiver',
      method: 'GET',
      path: '/:country_code/:party_id/:id',
      routing: 'pull-one',
    },
  },
})
