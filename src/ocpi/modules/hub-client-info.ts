import { defineModule } from '../define.ts'
import type { BySince } from '../define.ts'
import { ciString, dateTime, object, oneOf } from '../primitives.ts'
import { ROLES_221, ROLES_230 } from './credentials.ts'

const clientOf = (roles: readonly string[]) =>
  object({
    party_id: ciString(3),
    country_code: ciString(2),
    role: oneOf(roles),
    status: oneOf(['CONNECTED', 'OFFLINE', 'PLANNED', 'SUSPENDED']),
    last_updated: dateTime,
  })

/** ClientInfo object: what the hub lists here and puts to its clients. */
export const clientInfo: BySince = { '2.2.1': clientOf(ROLES_221), '2.3.0': clientOf(ROLES_230) }

/** 2.2.1 HubClientInfo: the hub owns it, clients pull it. */
export const hubClientInfo = defineModule({
  id: 'hubclientinfo',
  kind: 'configuration',
  since: '2.2.1',
  ownerRoles: [],
  readerRoles: [],
  endpoints: {
    clients: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'local',
      reply: { schema: clientInfo, list: true },
    },
  },
})
