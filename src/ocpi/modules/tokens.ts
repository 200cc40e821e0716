import { defineModule } from '../define.ts'
import { authorization, locationReferences, token } from './token-schemas.ts'

const path = '/:country_code/:party_id/:uid'

export const tokens = defineModule({
  id: 'tokens',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['EMSP', 'OTHER'],
  readerRoles: ['CPO'],
  object: {
    schema: token,
    kind: 'token',
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
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'pull',
      reply: { schema: token, kind: 'token', list: true },
    },
    authorize: {
      interface: 'sender',
      method: 'POST',
      path: '/:uid/authorize',
      routing: 'authorize',
      body: { schema: locationReferences, kind: 'locationReferences', optional: true },
      reply: { schema: authorization, kind: 'authorizationInfo' },
    },
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'pull-one',
      reply: { schema: token, kind: 'token' },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: token, kind: 'token' },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      body: { schema: token, kind: 'token', patch: true },
    },
  },
})
