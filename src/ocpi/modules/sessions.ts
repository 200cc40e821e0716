import { limits } from '../../../config/limits.ts'
import { defineModule } from '../define.ts'
import {
  boolean,
  ciString,
  dateTime,
  list,
  number,
  object,
  oneOf,
  optional,
  text,
} from '../primitives.ts'
import { location211 } from './locations-211.ts'
import { authMethod, cdrToken, chargingPeriod, price, profileType } from './parts.ts'
import type { OwnedVersion } from './parts.ts'

/** 2.1.1 Session object. */
const session211 = object({
  id: text(36),
  start_datetime: dateTime,
  end_datetime: optional(dateTime),
  kwh: number,
  auth_id: text(36),
  auth_method: authMethod('2.1.1'),
  location: location211,
  meter_id: optional(text(255)),
  currency: text(3),
  charging_periods: optional(
    list(chargingPeriod('2.1.1'), { maxItems: limits.chargingPeriodsMax }),
  ),
  total_cost: optional(number),
  status: oneOf(['ACTIVE', 'COMPLETED', 'INVALID', 'PENDING']),
  last_updated: dateTime,
})

/** Session object of 2.2.1 and 2.3.0. */
const ownedSession = (version: OwnedVersion) =>
  object({
    country_code: ciString(2),
    party_id: ciString(3),
    id: ciString(36),
    start_date_time: dateTime,
    end_date_time: optional(dateTime),
    kwh: number,
    cdr_token: cdrToken(version),
    auth_method: authMethod(version),
    authorization_reference: optional(ciString(36)),
    location_id: ciString(36),
    evse_uid: ciString(36),
    connector_id: ciString(36),
    meter_id: optional(text(255)),
    currency: text(3),
    charging_periods: optional(
      list(chargingPeriod(version), { maxItems: limits.chargingPeriodsMax }),
    ),
    total_cost: optional(price(version)),
    status: oneOf(['ACTIVE', 'COMPLETED', 'INVALID', 'PENDING', 'RESERVATION']),
    last_updated: dateTime,
  })

const session = {
  '2.1.1': session211,
  '2.2.1': ownedSession('2.2.1'),
  '2.3.0': ownedSession('2.3.0'),
}

/** 2.2.1 ChargingPreferences object and what it is answered with. */
const chargingPreferences = object({
  profile_type: profileType,
  departure_time: optional(dateTime),
  energy_need: optional(number),
  discharge_allowed: optional(boolean),
})
const chargingPreferencesResponse = oneOf([
  'ACCEPTED',
  'DEPARTURE_REQUIRED',
  'ENERGY_NEED_REQUIRED',
  'NOT_POSSIBLE',
  'PROFILE_TYPE_NOT_SUPPORTED',
])

const path = '/:country_code/:party_id/:id'

export const sessions = defineModule({
  id: 'sessions',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'SCSP', 'OTHER', 'NSP', 'PTP'],
  object: {
    schema: session,
    kind: 'session',
    idMember: 'id',
    appended: ['charging_periods'],
    children: [],
    audience: 'token owner',
    versioned: false,
    deletable: false,
    judges: { except: [] },
  },
  endpoints: {
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'pull',
      requiredQuery: ['date_from'],
      reply: { schema: session, kind: 'session', list: true },
    },
    chargingPreferences: {
      interface: 'sender',
      method: 'PUT',
      path: '/:session_id/charging_preferences',
      routing: 'direct',
      since: '2.2.1',
      openBy: 'session',
      body: { schema: { '2.2.1': chargingPreferences } },
      reply: { schema: { '2.2.1': chargingPreferencesResponse } },
    },
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'pull-one',
      reply: { schema: session, kind: 'session' },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      openBy: 'cdr_token',
      body: { schema: session, kind: 'session' },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      openBy: 'cdr_token',
      body: { schema: session, kind: 'session', patch: true },
    },
  },
})
