import Type from 'typebox'
import { listAccounts, listTransfers } from '../../../ledger/read.ts'
import { verifyBy } from '../../../hub/admin/ledger.ts'
import { pageLimit } from '../../../hub/admin/paging.ts'
import {
  amount,
  currency,
  instant,
  listOf,
  nullable,
  paging,
  perhapsReason,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const account = Type.Object(
  {
    code: Type.String(),
    currency,
    debits_pending: amount,
    debits_posted: amount,
    credits_pending: amount,
    credits_posted: amount,
  },
  strict,
)

const transfer = Type.Object(
  {
    id: Type.String(),
    group_id: Type.String(),
    kind: Type.String({ description: 'posted, pending, post or void' }),
    code: Type.String(),
    debit: Type.String(),
    credit: Type.String(),
    amount,
    currency,
    pending_id: nullable(Type.String()),
    source: Type.String(),
    cycle_id: nullable(Type.String()),
    posted_at: instant,
  },
  strict,
)

const verification = Type.Object(
  {
    ok: Type.Boolean(),
    differences: Type.Array(
      Type.Object(
        {
          account: Type.String(),
          currency,
          field: Type.Enum([
            'debits_pending',
            'debits_posted',
            'credits_pending',
            'credits_posted',
          ]),
          stored: amount,
          recomputed: amount,
        },
        strict,
      ),
    ),
    breaches: Type.Array(Type.Object({ rule: Type.String(), subject: Type.String() }, strict)),
  },
  strict,
)

/** Who owes whom, and whether the books are true. */
export const ledgerRoutes = [
  defineRoute({
    method: 'GET',
    path: '/ledger/accounts',
    summary: 'List the accounts with their totals',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(account),
    run: (context, { query }) => listAccounts(context.db, place(query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/ledger/transfers',
    summary: 'List transfers in the order they were written, of one account or all',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(
      { ...paging, account: Type.Optional(Type.String({ maxLength: 100 })) },
      strict,
    ),
    body: nothing,
    reply: listOf(transfer),
    run: (context, { query }) =>
      listTransfers(context.db, {
        ...place(query),
        ...(query.account === undefined ? {} : { account: query.account }),
      }),
  }),
  defineRoute({
    method: 'POST',
    path: '/ledger/verify',
    summary: 'Recompute every balance and rule from the transfers',
    roles: EVERYONE,
    params: nothing,
    query: nothing,
    body: perhapsReason,
    reply: verification,
    run: (context, { scope, body }) =>
      verifyBy(context, { actor: scope.actor, reason: body.reason }),
  }),
]

function place(query: { cursor?: string; limit?: number }): { after?: string; limit: number } {
  const limit = pageLimit(query)
  return query.cursor === undefined ? { limit } : { after: query.cursor, limit }
}
