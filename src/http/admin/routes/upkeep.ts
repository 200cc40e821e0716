import Type from 'typebox'
import { partyOf } from '../../../ocpi/primitives.ts'
import { registerMeterKey, showMeterKey } from '../../../hub/admin/meter-keys.ts'
import { retainBy, showRetention } from '../../../hub/admin/retention.ts'
import { Refusal } from '../../../hub/admin/refusal.ts'
import { countryCode, instant, partyId, perhapsReason, reason, strict } from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const run = Type.Object(
  {
    actor: Type.String({ description: 'hub: the daily run' }),
    started_at: instant,
    finished_at: instant,
    kinds: Type.Array(
      Type.Object(
        {
          kind: Type.String(),
          days: Type.Integer({ description: 'how long it is kept' }),
          before: instant,
          done: Type.Integer({ minimum: 0, description: 'rows erased, hashed or dropped' }),
          left: Type.Boolean({ description: 'true: there is more, for the next run' }),
        },
        strict,
      ),
    ),
  },
  strict,
)

const byEvse = Type.Object(
  { cc: countryCode, pid: partyId, evse_uid: Type.String({ minLength: 1, maxLength: 255 }) },
  strict,
)

const meterKey = Type.Object(
  {
    evse_uid: Type.String(),
    public_key: Type.String(),
    source: Type.String({
      description: 'registered: an operator said so; first seen: in the first valid record',
    }),
    at: instant,
  },
  strict,
)

/** Personal data whose time is over, and the keys of meters. */
export const upkeepRoutes = [
  defineRoute({
    method: 'POST',
    path: '/retention/run',
    summary:
      'Erase or hash the personal data whose time is over, now; it is done once a day anyway',
    roles: ['admin'],
    params: nothing,
    query: nothing,
    body: perhapsReason,
    reply: run,
    run: (context, { scope, body }) =>
      retainBy(context, { actor: scope.actor, reason: body.reason }),
  }),
  defineRoute({
    method: 'GET',
    path: '/retention',
    summary: 'What the last run erased or hashed, by kind',
    roles: EVERYONE,
    params: nothing,
    query: nothing,
    body: nothing,
    reply: run,
    run: (context) => showRetention(context),
  }),
  defineRoute({
    method: 'GET',
    path: '/meter-keys/:cc/:pid/:evse_uid',
    summary: 'The public key that the meter of an EVSE signs with',
    roles: EVERYONE,
    params: byEvse,
    query: nothing,
    body: nothing,
    reply: meterKey,
    run: (context, { params }) => showMeterKey(context, meterOf(params)),
  }),
  defineRoute({
    method: 'PUT',
    path: '/meter-keys/:cc/:pid/:evse_uid',
    summary: 'Register the public key of the meter of an EVSE',
    roles: ['operator'],
    params: byEvse,
    query: nothing,
    body: Type.Object(
      {
        public_key: Type.String({
          minLength: 16,
          maxLength: 4_096,
          description: 'SPKI or raw point, in hex or Base64',
        }),
        reason: Type.Optional(reason),
      },
      strict,
    ),
    reply: meterKey,
    run: (context, { scope, params, body }) =>
      registerMeterKey(context, {
        ...meterOf(params),
        publicKey: body.public_key,
        actor: scope.actor,
        reason: body.reason,
      }),
  }),
]

function meterOf(params: { cc: string; pid: string; evse_uid: string }) {
  const owner = partyOf(params.cc, params.pid)
  if (owner === null) throw new Refusal('notFound', 'There is no such party.')
  return { owner, evseUid: params.evse_uid }
}
