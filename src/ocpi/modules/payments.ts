import Type from 'typebox'
import { defineModule } from '../define.ts'
import type { Endpoint } from '../define.ts'
import { ciString, dateTime, list, object, oneOf, optional, url } from '../primitives.ts'
import { geoLocation } from './parts.ts'

const terminalMembers = {
  customer_reference: optional(ciString(36)),
  party_id: optional(ciString(3)),
  country_code: optional(ciString(2)),
  address: optional(ciString(45)),
  city: optional(ciString(45)),
  postal_code: optional(ciString(10)),
  state: optional(ciString(20)),
  country: optional(ciString(3)),
  coordinates: optional(geoLocation('2.3.0')),
  invoice_base_url: optional(url),
  invoice_creator: optional(oneOf(['CPO', 'PTP'])),
  reference: optional(ciString(36)),
  location_ids: optional(list(ciString(36))),
  evse_uids: optional(list(ciString(36))),
  last_updated: dateTime,
}

/** 2.3.0 Terminal object. */
const terminal = { '2.3.0': object({ terminal_id: ciString(36), ...terminalMembers }) }
/**
 * The PTP sets the id of a terminal that is activated (2.3.0 mod_payments, POST Activate Terminal), and in a PUT the
 * URL names it: the specification's example leaves it out.
 */
const namelessTerminal = {
  '2.3.0': object({ terminal_id: optional(ciString(36)), ...terminalMembers }),
}
/** The object sent can be just the terminal id (2.3.0 mod_payments, POST Terminal). */
const newTerminal = {
  '2.3.0': object({
    ...terminalMembers,
    terminal_id: ciString(36),
    last_updated: optional(dateTime),
  }),
}

/** CiString[1..255]. */
const shortText = Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]*$' })

/** 2.3.0 FinancialAdviceConfirmation object. */
const confirmation = {
  '2.3.0': object({
    id: ciString(36),
    authorization_reference: ciString(36),
    // The specification's examples show it in the shape of 2.2.1; it is passed on as it is.
    total_costs: Type.Object({}),
    currency: ciString(3),
    // The specification's example of a failed capture leaves it out.
    eft_data: optional(list(shortText, { minItems: 1 })),
    capture_status_code: oneOf(['SUCCESS', 'PARTIAL_SUCCESS', 'FAILED']),
    capture_status_message: optional(shortText),
    last_updated: dateTime,
  }),
}

const sender = { interface: 'sender', routing: 'direct' } as const satisfies Partial<Endpoint>
const receiver = { interface: 'receiver', routing: 'direct' } as const satisfies Partial<Endpoint>

/** Terminals belong to the payment terminal provider, but the CPO sets some of their members. */
export const payments = defineModule({
  id: 'payments',
  kind: 'functional',
  since: '2.3.0',
  ownerRoles: ['PTP', 'OTHER'],
  readerRoles: ['CPO'],
  endpoints: {
    terminals: {
      ...sender,
      method: 'GET',
      path: '/terminals',
      reply: { schema: terminal, list: true },
    },
    activate: {
      ...sender,
      method: 'POST',
      path: '/terminals/activate',
      body: { schema: namelessTerminal },
    },
    deactivate: { ...sender, method: 'POST', path: '/terminals/:terminal_id/deactivate' },
    terminal: {
      ...sender,
      method: 'GET',
      path: '/terminals/:terminal_id',
      reply: { schema: terminal },
    },
    putTerminal: {
      ...sender,
      method: 'PUT',
      path: '/terminals/:terminal_id',
      body: { schema: namelessTerminal },
    },
    patchTerminal: {
      ...sender,
      method: 'PATCH',
      path: '/terminals/:terminal_id',
      body: { schema: terminal, patch: true },
    },
    confirmations: {
      ...sender,
      method: 'GET',
      path: '/financial-advice-confirmations',
      reply: { schema: confirmation, list: true },
    },
    confirmation: {
      ...sender,
      method: 'GET',
      path: '/financial-advice-confirmations/:id',
      reply: { schema: confirmation },
    },
    getTerminal: {
      ...receiver,
      method: 'GET',
      path: '/terminals/:terminal_id',
      reply: { schema: terminal },
    },
    postTerminal: {
      ...receiver,
      method: 'POST',
      path: '/terminals',
      body: { schema: newTerminal },
    },
    getConfirmation: {
      ...receiver,
      method: 'GET',
      path: '/financial-advice-confirmations/:id',
      reply: { schema: confirmation },
    },
    postConfirmation: {
      ...receiver,
      method: 'POST',
      path: '/financial-advice-confirmations',
      body: { schema: confirmation },
    },
  },
})
