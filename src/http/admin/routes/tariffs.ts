import Type from 'typebox'
import { listTariffLints } from '../../../hub/admin/tariff-lints.ts'
import {
  countryCode,
  instant,
  listOf,
  nullable,
  paging,
  party,
  partyId,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const severity = Type.Enum(['error', 'warning', 'info'], {
  description:
    'error: nobody can price by it. warning: it does not do what it seems meant to. info: worth knowing',
})

const lint = Type.Object(
  {
    country_code: countryCode,
    party_id: partyId,
    id: Type.String(),
    receiver: nullable(
      Type.String({ description: 'the party it was addressed to; null: everyone' }),
    ),
    version: Type.String({ description: 'of OCPI, in which it was sent' }),
    is_current: Type.Boolean({
      description: 'false: it has changed since and is about to be looked at again',
    }),
    linted_at: instant,
    errors: Type.Integer(),
    warnings: Type.Integer(),
    infos: Type.Integer(),
    findings: Type.Array(
      Type.Object(
        {
          code: Type.String(),
          severity,
          pointer: Type.String({ description: 'JSON pointer into the tariff as it was sent' }),
          message: Type.String({ description: 'what happens to a driver' }),
          witness: nullable(Type.String({ description: 'a session that shows it' })),
        },
        strict,
      ),
    ),
  },
  strict,
)

/** What was found in tariffs. */
export const tariffRoutes = [
  defineRoute({
    method: 'GET',
    path: '/tariffs/lint',
    summary:
      'List what was found in tariffs when they came; parties see their own and those they may be charged by',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        party: Type.Optional(party),
        id: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        code: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
        severity: Type.Optional(severity),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(lint),
    run: (context, { scope, query }) => listTariffLints(context, scope, query),
  }),
]
