import { limits } from '../../../config/limits.ts'
import { defineModule } from '../define.ts'
import {
  authMethod,
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

/** 2.2.1 Session object. */
const session = object({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  start_date_time: dateTime,
  end_date_time: optional(dateTime),
  kwh: number,
  cdr_token: cdrToken,
  auth_method: authMethod,
  authorization_reference: optional(ciString(36)),
  location_id: ciString(36),
  evse_uid: ciString(36),
  connector_id: ciString(36),
  meter_id: optional(text(255)),
  currency: text(3),
  charging_periods: optional(list(chargingPeriod, { maxItems: limits.chargingPeriodsMax })),
  total_cost: optional(price),
  status: oneOf(['ACTIVE', 'COMPLETED', 'INVALID', 'PENDING', 'RESERVATION']),
  last_updated: dateTime,
})

const path = '/:country_code/:party_id/:id'

export const sessions = defineModule({
  id: 'sessions',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'SCSP'],
  object: {
    schema: { '2.2.1': session },
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
    },
    get: { interface: 'receiver', method: 'GET', path, routing: 'pull-one' },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': session } },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': session }, patch: true },
    },
  },
})
