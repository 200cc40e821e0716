import Type from 'typebox'
import { limits } from '../../../../config/limits.ts'
import {
  listWebhooks,
  putWebhook,
  removeWebhook,
  rotateWebhook,
  showWebhook,
  testWebhook,
} from '../../../hub/admin/webhooks.ts'
import { PARTY_EVENTS } from '../../../hub/disputes/events.ts'
import { instant, listOf, nullable, paging, strict } from '../schemas.ts'
import { EVERYONE, defineRemoval, defineRoute, nothing } from '../route.ts'

const events = Type.Array(Type.Enum(['*', ...Object.keys(PARTY_EVENTS)]), {
  minItems: 1,
  maxItems: 50,
  description: `what to be told; \`*\` is everything, also what is added later. ${Object.entries(
    PARTY_EVENTS,
  )
    .map(([type, about]) => `${type}: ${about}.`)
    .join(' ')}`,
})

const webhook = {
  url: Type.String(),
  events: Type.Array(Type.String()),
  created_at: instant,
  updated_at: instant,
  last_delivered_at: nullable(instant),
  last_failed_at: nullable(instant),
  last_failure: nullable(Type.String()),
  failures_in_a_row: Type.Integer(),
  next_attempt_at: nullable(instant),
  old_secret_until: nullable(
    Type.String({ description: 'until when messages are also signed with the secret before' }),
  ),
  waiting: Type.Integer({ description: 'messages not taken yet' }),
  given_up: Type.Integer({ description: 'messages that nobody took for days' }),
}

const secret = Type.String({ description: 'whsec_…, shown this once' })
const common = { path: '/webhook', roles: EVERYONE, party: true, params: nothing, query: nothing }

/** Where a platform is told what happens: the parties' alone. */
export const webhookRoutes = [
  defineRoute({
    ...common,
    method: 'PUT',
    summary: 'Be told what happens, by messages signed as Standard Webhooks',
    body: Type.Object(
      {
        url: Type.String({ minLength: 1, maxLength: limits.webhookUrlCharsMax }),
        events: Type.Optional(events),
      },
      strict,
    ),
    reply: Type.Object({ ...webhook, secret: nullable(secret) }, strict),
    run: (context, { scope, body }) =>
      putWebhook(context, { scope, url: body.url, events: body.events ?? ['*'] }),
  }),
  defineRoute({
    ...common,
    method: 'GET',
    summary: 'Show the webhook and how it is taken; never its secret',
    body: nothing,
    reply: Type.Object(webhook, strict),
    run: (context, { scope }) => showWebhook(context.db, scope),
  }),
  defineRemoval({
    ...common,
    summary: 'Be told nothing any more',
    run: (context, { scope }) => removeWebhook(context, scope),
  }),
  defineRoute({
    ...common,
    method: 'POST',
    path: '/webhook/test',
    summary: 'Send a message of the type webhook.test now and say how it was taken',
    body: nothing,
    reply: Type.Object(
      {
        delivered: Type.Boolean(),
        id: Type.String(),
        status: nullable(Type.Integer()),
        error: nullable(Type.String()),
      },
      strict,
    ),
    run: (context, { scope }) => testWebhook(context, scope),
  }),
  defineRoute({
    ...common,
    method: 'POST',
    path: '/webhook/rotate',
    summary: 'Make a new secret; for a day messages are signed with both',
    body: nothing,
    reply: Type.Object({ ...webhook, secret }, strict),
    run: (context, { scope }) => rotateWebhook(context, scope),
  }),
]

/** What operators see of the webhooks of all platforms. */
export const webhookListRoutes = [
  defineRoute({
    method: 'GET',
    path: '/webhooks',
    summary: 'List the webhooks of platforms, and how they are taken',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(Type.Object({ platform: Type.String(), ...webhook }, strict)),
    run: (context, { query }) => listWebhooks(context.db, query),
  }),
]
