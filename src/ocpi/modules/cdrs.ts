import { defineModule } from '../define.ts'
import { cdr } from './cdr-schemas.ts'

export const cdrs = defineModule({
  id: 'cdrs',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'OTHER', 'NSP', 'PTP'],
  endpoints: {
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'pull',
      reply: { schema: cdr, kind: 'cdr', list: true },
    },
    post: {
      interface: 'receiver',
      method: 'POST',
      path: '/',
      routing: 'clear',
      openBy: 'cdr_token',
      body: { schema: cdr, kind: 'cdr' },
    },
    // The URL that our POST answers in `Location` (2.2.1 mod_cdrs: its structure is the receiver's choice).
    get: {
      interface: 'receiver',
      method: 'GET',
      path: '/:country_code/:party_id/:id',
      routing: 'pull-one',
      reply: { schema: cdr, kind: 'cdr' },
    },
  },
})
