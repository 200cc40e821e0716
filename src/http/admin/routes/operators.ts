import Type from 'typebox'
import { listAudit } from '../../../hub/admin/audit.ts'
import { createOperator, listOperators, removeOperator } from '../../../hub/admin/operators.ts'
import { OPERATOR_ROLES } from '../../../hub/admin/scope.ts'
import {
  byId,
  instant,
  listOf,
  name,
  nullable,
  paging,
  perhapsReason,
  reason,
  strict,
} from '../schemas.ts'
import { defineRemoval, defineRoute, nothing } from '../route.ts'

const roles = Type.Array(Type.Enum([...OPERATOR_ROLES]), {
  minItems: 1,
  maxItems: OPERATOR_ROLES.length,
})

const operator = {
  id: Type.String(),
  name: Type.String(),
  roles,
  created_at: nullable(instant),
}

const auditEntry = Type.Object(
  {
    id: Type.String(),
    at: instant,
    actor: Type.String(),
    action: Type.String(),
    subject: Type.String(),
    reason: nullable(Type.String()),
    details: Type.Unknown(),
  },
  strict,
)

/** Who may use the admin API, and what they did with it. */
export const operatorRoutes = [
  defineRoute({
    method: 'POST',
    path: '/operators',
    summary: 'Create an operator; its token is answered this once',
    roles: ['admin'],
    status: 201,
    params: nothing,
    query: nothing,
    body: Type.Object({ name, roles, reason: Type.Optional(reason) }, strict),
    reply: Type.Object({ ...operator, token: Type.String() }, strict),
    run: (context, { scope, body }) => createOperator(context, { ...body, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/operators',
    summary: 'List the operators that can sign in',
    roles: ['admin'],
    params: nothing,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(Type.Object(operator, strict)),
    run: (context, { query }) => listOperators(context.db, query),
  }),
  defineRemoval({
    path: '/operators/:id',
    summary: 'Remove an operator; its token ends at once',
    roles: ['admin'],
    params: byId,
    query: perhapsReason,
    run: (context, { scope, params, query }) =>
      removeOperator(context, { ...params, ...query, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/audit',
    summary: 'List what operators did, newest first',
    roles: ['admin'],
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        actor: Type.Optional(Type.String({ maxLength: 100 })),
        action: Type.Optional(Type.String({ maxLength: 100 })),
        subject: Type.Optional(Type.String({ maxLength: 300 })),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(auditEntry),
    run: (context, { query }) => listAudit(context.db, query),
  }),
]
