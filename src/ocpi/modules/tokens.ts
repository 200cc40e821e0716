import { defineModule } from '../define.ts'
import {
  boolean,
  ciString,
  dateTime,
  list,
  object,
  oneOf,
  optional,
  text,
  tokenType,
} from '../primitives.ts'

const profileType = oneOf(['CHEAP', 'FAST', 'GREEN', 'REGULAR'])

/** 2.2.1 Token object. */
const token = object({
  country_code: ciString(2),
  party_id: ciString(3),
  uid: ciString(36),
  type: tokenType,
  contract_id: ciString(36),
  visual_number: optional(text(64)),
  issuer: text(64),
  group_id: optional(ciString(36)),
  valid: boolean,
  whitelist: oneOf(['ALWAYS', 'ALLOWED', 'ALLOWED_OFFLINE', 'NEVER']),
  language: optional(text(2)),
  default_profile_type: optional(profileType),
  energy_contract: optional(object({ supplier_name: text(64), contract_id: optional(text(64)) })),
  last_updated: dateTime,
})

const locationReferences = object({
  location_id: ciString(36),
  evse_uids: optional(list(ciString(36))),
})
const path = '/:country_code/:party_id/:uid'

export const tokens = defineModule({
  id: 'tokens',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['EMSP'],
  readerRoles: ['CPO'],
  object: {
    schema: { '2.2.1': token },
    idMember: 'uid',
    keyQuery: { name: 'type', fallback: 'RFID', member: 'type' },
    appended: [],
    children: [],
    audience: 'everyone',
    versioned: true,
    deletable: false,
    judges: { except: [] },
  },
  endpoints: {
    list: { interface: 'sender', method: 'GET', path: '/', routing: 'pull' },
    authorize: {
      interface: 'sender',
      method: 'POST',
      path: '/:uid/authorize',
      routing: 'authorize',
      body: { schema: { '2.2.1': locationReferences }, optional: true },
    },
    get: { interface: 'receiver', method: 'GET', path, routing: 'pull-one' },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': token } },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': token }, patch: true },
    },
  },
})
