import Type from 'typebox'
import { defineModule } from '../define.ts'
import type { BySince } from '../define.ts'
import { ciString, list, object, oneOf, optional, text, url } from '../primitives.ts'
import { businessDetails } from './parts.ts'
import type { OwnedVersion } from './parts.ts'

export const ROLES_221 = ['CPO', 'EMSP', 'HUB', 'NAP', 'NSP', 'OTHER', 'SCSP'] as const
/** PTP is in no Role enum, but Payments needs it; HUB is gone (2.3.0 Types, Role). */
export const ROLES_230 = ['CPO', 'EMSP', 'NAP', 'NSP', 'OTHER', 'PTP', 'SCSP'] as const

const roles = (version: OwnedVersion) =>
  list(
    object({
      role: oneOf(version === '2.2.1' ? ROLES_221 : ROLES_230),
      business_details: businessDetails(version),
      party_id: ciString(3),
      country_code: ciString(2),
    }),
    { minItems: 1 },
  )

/** 2.1.1 says printable, later versions printable without white space. */
const token = Type.String({ minLength: 1, maxLength: 64, pattern: '^[\\x21-\\x7e]+$' })

/** Credentials object. */
export const credentialsObject: BySince = {
  '2.1.1': object({
    url,
    token: Type.String({ minLength: 1, maxLength: 64, pattern: '^[\\x20-\\x7e]+$' }),
    business_details: businessDetails('2.1.1'),
    party_id: text(3),
    country_code: text(2),
  }),
  '2.2.1': object({ token, url, roles: roles('2.2.1') }),
  '2.3.0': object({
    token,
    url,
    hub_party_id: optional(ciString(5)),
    roles: roles('2.3.0'),
  }),
}

export const credentials = defineModule({
  id: 'credentials',
  kind: 'configuration',
  since: '2.1.1',
  ownerRoles: [],
  readerRoles: [],
  endpoints: {
    get: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'local',
      reply: { schema: credentialsObject },
    },
    register: {
      interface: 'sender',
      method: 'POST',
      path: '/',
      routing: 'local',
      body: { schema: credentialsObject },
      reply: { schema: credentialsObject },
    },
    update: {
      interface: 'sender',
      method: 'PUT',
      path: '/',
      routing: 'local',
      body: { schema: credentialsObject },
      reply: { schema: credentialsObject },
    },
    unregister: { interface: 'sender', method: 'DELETE', path: '/', routing: 'local' },
  },
})
