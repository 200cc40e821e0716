import { defineModule } from '../define.ts'
import { ciString, dateTime, list, object } from '../primitives.ts'

/** 2.3.0 InvoiceReconciliationRecord object. */
const record = {
  '2.3.0': object({
    country_code: ciString(2),
    party_id: ciString(3),
    id: ciString(36),
    invoice_id: ciString(255),
    cdrs: list(ciString(36), { minItems: 1 }),
    last_updated: dateTime,
  }),
}

const path = '/:country_code/:party_id/:id'

/** Either side may be the one that sends invoices (2.3.0 mod_invoice_reconciliation, Flow and Lifecycle). */
export const invoiceReconciliation = defineModule({
  id: 'invoicereconciliation',
  kind: 'functional',
  since: '2.3.0',
  ownerRoles: ['CPO', 'EMSP'],
  readerRoles: ['CPO', 'EMSP'],
  endpoints: {
    list: {
      interface: 'sender',
      method: 'GET',
      path: '/',
      routing: 'direct',
      reply: { schema: record, list: true },
    },
    post: {
      interface: 'receiver',
      method: 'POST',
      path: '/',
      routing: 'direct',
      body: { schema: record },
    },
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'direct',
      reply: { schema: record },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'direct',
      body: { schema: record },
    },
    delete: { interface: 'receiver', method: 'DELETE', path, routing: 'direct' },
  },
})
