import Type from 'typebox'
import { acknowledgeAlert, listAlerts } from '../../../hub/admin/alerts.ts'
import { listConversions } from '../../../hub/admin/conversions.ts'
import { listMessages } from '../../../hub/admin/messages.ts'
import { listOutbox, replayOutbox } from '../../../hub/admin/outbox.ts'
import { byNumber, instant, listOf, nullable, paging, perhapsReason, strict } from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const alertState = Type.Enum(['open', 'acknowledged'])

const alert = Type.Object(
  {
    id: Type.String(),
    code: Type.String(),
    severity: Type.Enum(['critical', 'warning', 'notice']),
    subject: Type.String(),
    message: Type.String(),
    what_to_do: Type.String(),
    state: alertState,
    first_seen: instant,
    last_seen: instant,
    count: Type.Integer(),
    acknowledged_by: nullable(Type.String()),
  },
  strict,
)

const outboxRow = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    platform: nullable(Type.String()),
    subject: Type.String(),
    correlation_id: nullable(Type.String()),
    created_at: instant,
    due_at: instant,
    expires_at: nullable(instant),
    enqueued_at: nullable(instant),
    finished_at: nullable(instant),
    outcome: nullable(Type.String()),
    error: nullable(Type.String()),
    attempts: Type.Integer(),
  },
  strict,
)

const message = Type.Object(
  {
    id: Type.String(),
    at: instant,
    direction: Type.Enum(['in', 'out']),
    platform: nullable(Type.String()),
    correlation_id: nullable(Type.String()),
    request_id: nullable(Type.String()),
    from_party: nullable(Type.String()),
    to_party: nullable(Type.String()),
    module: nullable(Type.String()),
    method: Type.String(),
    path: Type.String(),
    http_status: nullable(Type.Integer()),
    ocpi_status: nullable(Type.Integer()),
    outcome: Type.String(),
    duration_ms: Type.Integer(),
  },
  strict,
)

const conversion = Type.Object(
  {
    platform: Type.String(),
    module: Type.String(),
    owner: Type.String(),
    key: Type.String(),
    from_version: Type.String(),
    to_version: Type.String(),
    withheld: Type.Boolean(),
    losses: Type.Array(Type.Object({ pointer: Type.String(), reason: Type.String() }, strict)),
    at: instant,
    taken_back_at: nullable(instant),
  },
  strict,
)

/** What an operator watches: alerts, work that waits or failed, messages. */
export const watchRoutes = [
  defineRoute({
    method: 'GET',
    path: '/alerts',
    summary: 'List alerts, newest first',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(alertState),
        code: Type.Optional(Type.String({ maxLength: 100 })),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(alert),
    run: (context, { query }) => listAlerts(context.db, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/alerts/webhook',
    summary: 'Where new alerts are sent, and the secret to verify them with (Standard Webhooks)',
    roles: ['admin'],
    params: nothing,
    query: nothing,
    body: nothing,
    reply: Type.Object({ url: nullable(Type.String()), secret: Type.String() }, strict),
    run: async (context) => ({
      url: context.config.alertWebhookUrl ?? null,
      secret: context.secrets.webhookSecret(),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/alerts/:id/acknowledge',
    summary: 'Take an alert off the open list',
    roles: ['operator', 'finance'],
    params: byNumber,
    query: nothing,
    body: perhapsReason,
    reply: alert,
    run: (context, { scope, params, body }) =>
      acknowledgeAlert(context, { ...params, ...body, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/outbox',
    summary: 'List work that leaves the hub, newest first',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(Type.Enum(['failed', 'open', 'finished'])),
        kind: Type.Optional(Type.String({ maxLength: 40 })),
        platform: Type.Optional(Type.String({ maxLength: 64 })),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(outboxRow),
    run: (context, { query }) => listOutbox(context.db, query),
  }),
  defineRoute({
    method: 'POST',
    path: '/outbox/:id/replay',
    summary: 'Do finished or failed work again',
    roles: ['operator'],
    params: byNumber,
    query: nothing,
    body: perhapsReason,
    reply: outboxRow,
    run: (context, { scope, params, body }) =>
      replayOutbox(context, { ...params, ...body, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/messages',
    summary: 'List who sent what to whom, newest first; no bodies',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        correlation_id: Type.Optional(Type.String({ maxLength: 128 })),
        platform: Type.Optional(Type.String({ maxLength: 64 })),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(message),
    run: (context, { scope, query }) => listMessages(context.db, scope, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/conversions',
    summary: 'List what objects lost on their way to a platform of another version, newest first',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        platform: Type.Optional(Type.String({ maxLength: 64 })),
        module: Type.Optional(Type.String({ maxLength: 40 })),
        withheld: Type.Optional(Type.Enum(['true', 'false'])),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(conversion),
    run: (context, { query }) => listConversions(context.db, query),
  }),
]
