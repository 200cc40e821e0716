import { approveByFilter, contest } from '../../../hub/admin/disputes.ts'
import { foldUpper } from '../../../ocpi/primitives.ts'
import { Refusal } from '../../../hub/admin/refusal.ts'
import { approveBody, approvedView, contestBody, disputeView } from '../dispute-schemas.ts'
import { byCdr } from '../schemas.ts'
import { defineRoute, nothing } from '../route.ts'

/** What an eMSP says to CDRs: yes to many, no to one. */
export const contestRoutes = [
  defineRoute({
    method: 'POST',
    path: '/cdrs/approve',
    summary: 'Approve all provisional CDRs that fit; answers how many, and their sums',
    roles: ['operator', 'finance'],
    party: true,
    params: nothing,
    query: nothing,
    body: approveBody,
    reply: approvedView,
    run: (context, { scope, body }) => {
      const { reason, gross_max: amountMax, currency, counterparty, cycle, until } = body
      if (amountMax !== undefined && currency === undefined) {
        const faults = [{ pointer: '/currency', message: 'is missing beside gross_max' }]
        throw new Refusal('invalidBody', '/currency is missing beside gross_max', { faults })
      }
      const filter = {
        ...(counterparty === undefined ? {} : { counterparty: foldUpper(counterparty) }),
        ...(cycle === undefined ? {} : { cycle }),
        ...(until === undefined ? {} : { until }),
        ...(amountMax === undefined ? {} : { amountMax }),
        ...(currency === undefined ? {} : { currency }),
      }
      return approveByFilter(context, { scope, filter, reason })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/cdrs/:cc/:pid/:id/contest',
    summary: 'Contest a CDR or a part of it: only what is disputed is held',
    roles: ['operator', 'finance'],
    party: true,
    params: byCdr,
    query: nothing,
    body: contestBody,
    reply: disputeView,
    run: (context, { scope, params, body }) =>
      contest(context, {
        scope,
        key: { owner: foldUpper(`${params.cc}-${params.pid}`), cdrId: params.id },
        asked: body,
      }),
  }),
]
