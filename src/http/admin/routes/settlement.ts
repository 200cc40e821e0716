import Type from 'typebox'
import { closeCycleBy, finalizeCycleBy, listCyclesFor } from '../../../hub/admin/cycles.ts'
import { getStatement, getStatementCsv, listStatementsOf } from '../../../hub/admin/statements.ts'
import { operatorOf } from '../../../hub/admin/scope.ts'
import { foldUpper } from '../../../ocpi/primitives.ts'
import {
  amount,
  countryCode,
  currency,
  instant,
  listOf,
  nullable,
  paging,
  party,
  partyId,
  perhapsReason,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const cycleId = Type.String({ pattern: '^[A-Z]{3}-[0-9]{6,9}$' })
const byCycle = Type.Object({ id: cycleId }, strict)
const byStatement = Type.Object({ id: cycleId, cc: countryCode, pid: partyId }, strict)

const cycleState = Type.Enum(['open', 'closing', 'closed', 'contest', 'final'])
const cycle = { id: cycleId, currency, state: cycleState }

const amounts = Type.Object({ net: amount, tax: amount, gross: amount }, strict)
const sides = { owes: amounts, gets: amounts }

const summary = {
  cycle: cycleId,
  currency,
  kind: Type.Enum(['running', 'preliminary', 'final']),
  party,
  line_count: Type.Integer(),
  tax_unknown_count: Type.Integer({
    description: 'lines whose tax the CPO did not state; counted as 0',
  }),
  totals: Type.Object(
    {
      approved: Type.Object(sides, strict),
      provisional: Type.Object(sides, strict),
      held: Type.Object(sides, strict),
      net_position: amount,
    },
    strict,
  ),
  bilateral: Type.Array(Type.Object({ counterparty: party, net: amount }, strict)),
  carried: Type.Object({ line_count: Type.Integer(), ...sides }, strict),
}

const lineMembers = {
  cdr_id: Type.String(),
  owner: party,
  counterparty: party,
  direction: Type.Enum(['owes', 'gets']),
  state: Type.Enum(['approved', 'provisional', 'held']),
  net: amount,
  tax: amount,
  tax_known: Type.Boolean(),
  gross: amount,
  part: Type.Integer({
    minimum: 0,
    description:
      '0: what nobody disputes of the CDR; others: what a dispute holds or held, or takes off after it was netted',
  }),
  dispute: nullable(Type.String({ description: 'the dispute of a part beyond 0' })),
}
const line = Type.Object(
  {
    ...lineMembers,
    carried_from: nullable(Type.String()),
    late_from: nullable(Type.String()),
  },
  strict,
)
const carriedLine = Type.Object({ ...lineMembers, carried_to: cycleId }, strict)

/** Cycles and what they come to. */
export const settlementRoutes = [
  defineRoute({
    method: 'GET',
    path: '/cycles',
    summary: 'List settlement cycles by currency',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object({ ...paging, state: Type.Optional(cycleState) }, strict),
    body: nothing,
    reply: listOf(
      Type.Object(
        { ...cycle, opened_at: instant, closed_at: nullable(instant), final_at: nullable(instant) },
        strict,
      ),
    ),
    run: (context, { scope, query }) => listCyclesFor(context.db, scope, query),
  }),
  defineRoute({
    method: 'POST',
    path: '/cycles/:id/close',
    summary: 'Close a cycle: the next one opens, preliminary statements are written',
    roles: ['finance'],
    params: byCycle,
    query: nothing,
    body: perhapsReason,
    reply: Type.Object({ ...cycle, next_cycle: nullable(cycleId) }, strict),
    run: (context, { scope, params, body }) =>
      closeCycleBy(context, {
        actor: operatorOf(scope).actor,
        cycleId: params.id,
        reason: body.reason,
      }),
  }),
  defineRoute({
    method: 'POST',
    path: '/cycles/:id/finalize',
    summary: 'Freeze a closed cycle: net what is approved, carry the rest, write final statements',
    roles: ['finance'],
    params: byCycle,
    query: nothing,
    body: perhapsReason,
    reply: Type.Object(
      { ...cycle, positions: Type.Array(Type.Object({ party, currency, net: amount }, strict)) },
      strict,
    ),
    run: (context, { scope, params, body }) =>
      finalizeCycleBy(context, {
        actor: operatorOf(scope).actor,
        cycleId: params.id,
        reason: body.reason,
      }),
  }),
  defineRoute({
    method: 'GET',
    path: '/cycles/:id/statements',
    summary: 'List the statements of a cycle, one per party, without lines',
    roles: EVERYONE,
    params: byCycle,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(Type.Object(summary, strict)),
    run: (context, { params, query }) =>
      listStatementsOf(context.db, { ...query, cycleId: params.id }),
  }),
  defineRoute({
    method: 'GET',
    path: '/cycles/:id/statements/:cc/:pid',
    summary: "Show a party's statement, as JSON or (Accept: text/csv, or format=csv) as CSV",
    roles: EVERYONE,
    party: true,
    params: byStatement,
    query: Type.Object({ ...paging, format: Type.Optional(Type.Enum(['json', 'csv'])) }, strict),
    body: nothing,
    reply: Type.Object(
      {
        ...summary,
        lines: Type.Array(line),
        carried_lines: Type.Array(carriedLine, {
          description:
            'of a final statement: what was contested or not approved in time and went on to another cycle; it follows when all lines have been on a page, and is in no total but `carried`',
        }),
        next_cursor: nullable(Type.String()),
      },
      strict,
    ),
    run: (context, { scope, params, query }) =>
      getStatement(context.db, scope, {
        cursor: query.cursor,
        limit: query.limit,
        ...keyOf(params),
      }),
    csv: (context, { scope, params }) => getStatementCsv(context.db, scope, keyOf(params)),
  }),
]

function keyOf({ id, cc, pid }: { id: string; cc: string; pid: string }) {
  return { cycleId: id, party: foldUpper(`${cc}-${pid}`) }
}
