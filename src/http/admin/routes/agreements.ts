import Type from 'typebox'
import { agreementTerms } from '../../../hub/agreement-terms.ts'
import {
  endAgreement,
  getAgreement,
  listAgreements,
  putAgreement,
} from '../../../hub/admin/agreements.ts'
import { instant, listOf, nullable, paging, party, perhapsReason, strict } from '../schemas.ts'
import { EVERYONE, defineRemoval, defineRoute, nothing } from '../route.ts'

const byPair = Type.Object({ cpo: party, emsp: party }, strict)

const agreement = {
  cpo: party,
  emsp: party,
  version: Type.Integer({ minimum: 1 }),
  created_at: instant,
  created_by: Type.String(),
  ...agreementTerms.properties,
}

const detail = Type.Object(
  {
    ...agreement,
    versions: Type.Array(
      Type.Object(
        {
          version: Type.Integer(),
          valid_from: nullable(instant),
          valid_to: nullable(instant),
          ended: Type.Boolean(),
          created_at: instant,
          created_by: Type.String(),
        },
        strict,
      ),
    ),
  },
  strict,
)

const decimalDraft = Type.Optional(
  Type.Union([Type.String({ maxLength: 20 }), Type.Number({ minimum: 0 })], {
    description: 'decimal, not negative',
  }),
)

/** The terms with every field left to its default unless it is given. */
const draft = Type.Object(
  {
    ...Type.Partial(agreementTerms).properties,
    tolerance: Type.Optional(
      Type.Object(
        {
          cost: Type.Optional(
            Type.Object({ absolute: decimalDraft, relative: decimalDraft }, strict),
          ),
          energy: Type.Optional(
            Type.Object({ absolute: decimalDraft, relative: decimalDraft }, strict),
          ),
          duration: Type.Optional(
            Type.Object({ absolute_s: decimalDraft, relative: decimalDraft }, strict),
          ),
        },
        strict,
      ),
    ),
  },
  strict,
)

/** What CPOs and eMSPs agreed. */
export const agreementRoutes = [
  defineRoute({
    method: 'GET',
    path: '/agreements',
    summary: 'List the newest version of every agreement',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object({ ...paging, party: Type.Optional(party) }, strict),
    body: nothing,
    reply: listOf(Type.Object(agreement, strict)),
    run: (context, { query }) => listAgreements(context.db, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/agreements/:cpo/:emsp',
    summary: 'Show the newest version of an agreement, and all versions',
    roles: EVERYONE,
    params: byPair,
    query: nothing,
    body: nothing,
    reply: detail,
    run: (context, { params }) => getAgreement(context.db, params),
  }),
  defineRoute({
    method: 'PUT',
    path: '/agreements/:cpo/:emsp',
    summary:
      'Write a new version; a CDR is judged by the one in force when its session began (without valid_from: the first version since ever, later ones since their creation)',
    roles: ['operator', 'finance'],
    params: byPair,
    query: perhapsReason,
    body: draft,
    reply: detail,
    run: (context, { scope, params, query, body }) =>
      putAgreement(context, { actor: scope.actor, pair: params, draft: body, ...query }),
  }),
  defineRemoval({
    path: '/agreements/:cpo/:emsp',
    summary: 'End an agreement from now on; earlier sessions are still judged by it',
    roles: ['operator', 'finance'],
    params: byPair,
    query: perhapsReason,
    run: (context, { scope, params, query }) =>
      endAgreement(context, { actor: scope.actor, pair: params, ...query }),
  }),
]
