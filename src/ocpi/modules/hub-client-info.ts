import { defineModule } from '../define.ts'

/** 2.2.1 HubClientInfo: the hub owns it, clients pull it. */
export const hubClientInfo = defineModule({
  id: 'hubclientinfo',
  kind: 'configuration',
  since: '2.2.1',
  ownerRoles: [],
  readerRoles: [],
  endpoints: {
    clients: { interface: 'sender', method: 'GET', path: '/', routing: 'local' },
  },
})
