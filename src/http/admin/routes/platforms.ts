import Type from 'typebox'
import { limits } from '../../../../config/limits.ts'
import { ROLES } from '../../../directory/parties.ts'
import { quirksDraft, quirksSchema } from '../../../directory/quirks.ts'
import { invitePlatform } from '../../../hub/admin/invite-platform.ts'
import {
  changeQuirks,
  getPlatform,
  listPlatforms,
  registerPlatform,
  removePlatform,
  resumePlatform,
  rotatePlatform,
  suspendPlatform,
} from '../../../hub/admin/platforms.ts'
import {
  byId,
  countryCode,
  instant,
  listOf,
  name,
  nullable,
  paging,
  partyId,
  perhapsReason,
  reason,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRemoval, defineRoute, nothing } from '../route.ts'

const partyRole = Type.Enum([...ROLES])

const platform = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    status: Type.Enum(['invited', 'registered', 'suspended', 'unregistered']),
    roles: Type.Array(
      Type.Object(
        {
          role: Type.String(),
          country_code: countryCode,
          party_id: partyId,
          business_details: Type.Unknown(),
          registered: Type.Boolean(),
        },
        strict,
      ),
    ),
    version: nullable(Type.String()),
    versions_url: nullable(Type.String()),
    endpoints: Type.Array(
      Type.Object(
        { module: Type.String(), interface: Type.Enum(['sender', 'receiver']), url: Type.String() },
        strict,
      ),
    ),
    created_at: instant,
    last_seen_at: nullable(instant),
    offline_since: nullable(instant),
    quirks: quirksSchema,
  },
  strict,
)

const invitedRole = Type.Object(
  {
    role: partyRole,
    country_code: countryCode,
    party_id: partyId,
    business_details: Type.Optional(
      // OCPI 2.2.1, BusinessDetails: name is needed, website and logo are kept as they come.
      Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 100 }) },
        { additionalProperties: true },
      ),
    ),
  },
  strict,
)

const changes = [
  { verb: 'suspend', summary: 'Cut a platform off', run: suspendPlatform },
  { verb: 'resume', summary: 'Let a suspended platform back in', run: resumePlatform },
  {
    verb: 'rotate',
    summary: 'Exchange the credentials with a registered partner',
    run: rotatePlatform,
  },
]

/** Who is connected. */
export const platformRoutes = [
  defineRoute({
    method: 'POST',
    path: '/platforms',
    summary:
      'Invite a platform with the roles it may register; token A is answered this once. A connection of OCPI 2.1.1 is one party on one side: who is CPO and eMSP there is invited twice, once for each',
    roles: ['operator'],
    status: 201,
    params: nothing,
    query: nothing,
    body: Type.Object(
      {
        name,
        roles: Type.Array(invitedRole, { minItems: 1, maxItems: limits.adminRolesPerPlatformMax }),
        reason: Type.Optional(reason),
      },
      strict,
    ),
    reply: Type.Object(
      {
        id: Type.String(),
        token_a: Type.String(),
        versions_url: Type.String({ description: 'where a partner of 2.2.1 or 2.3.0 begins' }),
        versions_url_cpo: Type.String({ description: 'where a CPO that speaks 2.1.1 begins' }),
        versions_url_emsp: Type.String({ description: 'where an eMSP that speaks 2.1.1 begins' }),
      },
      strict,
    ),
    run: (context, { scope, body }) => invitePlatform(context, { ...body, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/platforms',
    summary: 'List the platforms',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(platform),
    run: (context, { query }) => listPlatforms(context.db, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/platforms/:id',
    summary: 'Show a platform',
    roles: EVERYONE,
    params: byId,
    query: nothing,
    body: nothing,
    reply: platform,
    run: (context, { params }) => getPlatform(context.db, params.id),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/platforms/:id',
    summary: 'Say how a partner differs from the specification; null takes a quirk back',
    roles: ['operator'],
    params: byId,
    query: nothing,
    body: Type.Object({ quirks: quirksDraft, reason: Type.Optional(reason) }, strict),
    reply: platform,
    run: (context, { scope, params, body }) =>
      changeQuirks(context, { ...params, ...body, actor: scope.actor }),
  }),
  defineRemoval({
    path: '/platforms/:id',
    summary: 'Remove a platform with its tokens; its CDRs and statements stay',
    roles: ['operator'],
    params: byId,
    query: perhapsReason,
    run: (context, { scope, params, query }) =>
      removePlatform(context, { ...params, ...query, actor: scope.actor }),
  }),
  ...changes.map(({ verb, summary, run }) =>
    defineRoute({
      method: 'POST',
      path: `/platforms/:id/${verb}`,
      summary,
      roles: ['operator'],
      params: byId,
      query: nothing,
      body: perhapsReason,
      reply: platform,
      run: (context, { scope, params, body }) =>
        run(context, { ...params, ...body, actor: scope.actor }),
    }),
  ),
  defineRoute({
    method: 'POST',
    path: '/platforms/:id/register',
    summary: "Start the OCPI handshake with a partner's token A",
    roles: ['operator'],
    params: byId,
    query: nothing,
    body: Type.Object(
      {
        versions_url: Type.String({ pattern: '^https?://[!-~]{1,500}$' }),
        token_a: Type.String({ pattern: '^[!-~]{1,512}$' }),
        reason: Type.Optional(reason),
      },
      strict,
    ),
    reply: platform,
    run: (context, { scope, params, body }) =>
      registerPlatform(context, {
        actor: scope.actor,
        id: params.id,
        reason: body.reason,
        versionsUrl: body.versions_url,
        tokenA: body.token_a,
      }),
  }),
]
