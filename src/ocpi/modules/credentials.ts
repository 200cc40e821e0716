import Type from 'typebox'
import { defineModule } from '../define.ts'
import { businessDetails, ciString, list, object, oneOf, url } from '../primitives.ts'

/** 2.2.1 Credentials object. */
export const credentialsObject = object({
  token: Type.String({ minLength: 1, maxLength: 64, pattern: '^[\\x21-\\x7e]+$' }),
  url,
  roles: list(
    object({
      role: oneOf(['CPO', 'EMSP', 'HUB', 'NAP', 'NSP', 'OTHER', 'SCSP']),
      business_details: businessDetails,
      party_id: ciString(3),
      country_code: ciString(2),
    }),
    { minItems: 1 },
  ),
})

export const credentials = defineModule({
  id: 'credentials',
  kind: 'configuration',
  since: '2.2.1',
  ownerRoles: [],
  readerRoles: [],
  endpoints: {
    get: { interface: 'sender', method: 'GET', path: '/', routing: 'local' },
    register: {
      interface: 'sender',
      method: 'POST',
      path: '/',
      routing: 'local',
      body: { schema: { '2.2.1': credentialsObject } },
    },
    update: {
      interface: 'sender',
      method: 'PUT',
      path: '/',
      routing: 'local',
      body: { schema: { '2.2.1': credentialsObject } },
    },
    unregister: { interface: 'sender', method: 'DELETE', path: '/', routing: 'local' },
  },
})
