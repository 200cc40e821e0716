import { defineModule } from '../define.ts'
import { connector211, evse211, location211 } from './locations-211.ts'
import {
  connector221,
  connector230,
  evse221,
  evse230,
  location221,
  location230,
} from './locations-owned.ts'

const location = { '2.1.1': location211, '2.2.1': location221, '2.3.0': location230 }
const evse = { '2.1.1': evse211, '2.2.1': evse221, '2.3.0': evse230 }
const connector = { '2.1.1': connector211, '2.2.1': connector221, '2.3.0': connector230 }

const path = '/:country_code/:party_id/:id/:evse_uid?/:connector_id?'

export const locations = defineModule({
  id: 'locations',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'NSP', 'NAP', 'OTHER', 'PTP'],
  object: {
    schema: location,
    kind: 'location',
    idMember: 'id',
    appended: [],
    children: [
      { list: 'evses', param: 'evse_uid', idMember: 'uid', schema: evse, kind: 'evse' },
      {
        list: 'connectors',
        param: 'connector_id',
        idMember: 'id',
        schema: connector,
        kind: 'connector',
      },
    ],
    audience: 'everyone',
    versioned: false,
    deletable: false,
    judges: { except: ['last_updated', 'status', 'status_schedule', 'images', 'directions'] },
  },
  endpoints: {
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'pull',
      reply: { schema: location, kind: 'location', list: true },
    },
    getOwn: {
      interface: 'sender',
      method: 'GET',
      path: '/:id/:evse_uid?/:connector_id?',
      routing: 'pull-one',
      reply: { schema: location, kind: 'location' },
    },
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'pull-one',
      reply: { schema: location, kind: 'location' },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: location, kind: 'location' },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      body: { schema: location, kind: 'location', patch: true },
    },
  },
})
