import { defineModule } from '../define.ts'
import { tariff } from './tariff-schemas.ts'

const path = '/:country_code/:party_id/:id'

export const tariffs = defineModule({
  id: 'tariffs',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'NSP', 'NAP', 'OTHER', 'PTP'],
  object: {
    schema: tariff,
    kind: 'tariff',
    idMember: 'id',
    appended: [],
    children: [],
    audience: 'everyone',
    versioned: true,
    deletable: true,
    judges: { except: [] },
  },
  endpoints: {
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'pull',
      reply: { schema: tariff, kind: 'tariff', list: true },
    },
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'pull-one',
      reply: { schema: tariff, kind: 'tariff' },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: tariff, kind: 'tariff' },
    },
    // PATCH was removed in 2.2 (2.2.1 mod_tariffs, eMSP Interface).
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      until: '2.1.1',
      body: { schema: tariff, kind: 'tariff', patch: true },
    },
    delete: { interface: 'receiver', method: 'DELETE', path, routing: 'push' },
  },
})
