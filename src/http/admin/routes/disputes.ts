import Type from 'typebox'
import { decideDispute, findDisputes } from '../../../hub/admin/disputes.ts'
import { addDisputeEvidence, disputePack } from '../../../hub/admin/dispute-evidence.ts'
import { listNotices } from '../../../hub/admin/notices.ts'
import { listAdjustments } from '../../../hub/disputes/read-adjustments.ts'
import { getDispute } from '../../../hub/disputes/read-detail.ts'
import { partnerQuality } from '../../../hub/disputes/quality.ts'
import { foldUpper } from '../../../ocpi/primitives.ts'
import { limits } from '../../../../config/limits.ts'
import {
  adjustmentView,
  deedBody,
  disputeDetail,
  disputeState,
  disputeView,
  noticeView,
  qualityView,
} from '../dispute-schemas.ts'
import { byNumber, instant, listOf, paging, party, strict } from '../schemas.ts'
import type { OperatorRole } from '../../../hub/admin/scope.ts'
import { EVERYONE, defineDownload, defineRoute, defineUpload, nothing } from '../route.ts'

const DECIDERS: readonly OperatorRole[] = ['operator', 'finance']

const { text, amount, side } = deedBody

/** What can be done with a dispute: whose part it is, and what has to be said, the machine decides and says. */
const verbs = [
  ['review', 'The CPO looks into it: there is more time for its answer', { text, side }, true],
  ['answer', 'The CPO denies it, with its reason', { text, side }, true],
  ['accept', 'Accept: the CPO all or an amount; the eMSP an answer; both an offer', deedBody, true],
  ['propose', 'Offer an amount to meet at', deedBody, true],
  ['reject', 'Refuse an offer: the operator of the hub decides', { text, side }, true],
  ['rebut', 'The eMSP says why a denial is wrong', { text, side }, true],
  ['withdraw', 'The eMSP gives it up', { text, side }, true],
  ['open', 'Open a draft of the hub now', { text }, false],
  ['rule', 'Decide: what is named is upheld, else what is on the table', { text, amount }, false],
  ['resolve', 'End it by what is proven: what is named is upheld', { text, amount }, false],
  ['expire', 'End it with what is upheld so far', { text }, false],
] as const

/** Disputes, what follows from them, and what is missing. */
export const disputeRoutes = [
  defineRoute({
    method: 'GET',
    path: '/disputes',
    summary: 'List disputes, newest first; role=cpo or emsp: those in which a party is that',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(
          Type.Union([disputeState, Type.Enum(['any_open', 'any_closed'])], {
            description: 'any_open: those with a deadline',
          }),
        ),
        code: Type.Optional(Type.String({ maxLength: 10 })),
        counterparty: Type.Optional(party),
        cycle: Type.Optional(Type.String({ maxLength: 20 })),
        role: Type.Optional(Type.Enum(['cpo', 'emsp'])),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(disputeView),
    run: (context, { scope, query }) => {
      const { state, ...more } = query
      if (state === 'any_open' || state === 'any_closed')
        return findDisputes(context.db, scope, { ...more, isOpen: state === 'any_open' })
      return findDisputes(context.db, scope, { ...more, ...(state === undefined ? {} : { state }) })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/disputes/:id',
    summary: 'Show a dispute: what happened, what can be done, and what happens by itself when',
    roles: EVERYONE,
    party: true,
    params: byNumber,
    query: nothing,
    body: nothing,
    reply: disputeDetail,
    run: (context, { scope, params }) => getDispute(context.db, scope, BigInt(params.id)),
  }),
  ...verbs.map(([verb, summary, body, isParty]) =>
    defineRoute({
      method: 'POST',
      path: `/disputes/:id/${verb}`,
      summary,
      roles: DECIDERS,
      party: isParty,
      params: byNumber,
      query: nothing,
      body: Type.Object(body, strict),
      reply: disputeView,
      run: (context, { scope, params, body: asked }) =>
        decideDispute(context, { scope, id: params.id, verb, asked }),
    }),
  ),
  defineUpload({
    path: '/disputes/:id/evidence',
    summary: 'Add a file to the evidence: it is numbered and listed by its hash',
    roles: DECIDERS,
    party: true,
    status: 201,
    params: byNumber,
    query: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: limits.evidenceNameCharsMax }),
        media: Type.String({
          maxLength: 100,
          description: 'PDF, PNG, JPEG, text, CSV, XML or JSON, by its media type',
        }),
      },
      strict,
    ),
    bytesMax: limits.evidenceUploadBytesMax,
    reply: Type.Object(
      { number: Type.Integer(), name: Type.String(), media: Type.String(), sha256: Type.String() },
      strict,
    ),
    run: (context, { scope, params, query, bytes }) =>
      addDisputeEvidence(context, { scope, id: params.id, bytes, ...query }),
  }),
  defineDownload({
    path: '/disputes/:id/evidence',
    summary: 'The evidence pack as a ZIP; `npm run hub -- evidence verify FILE` checks it offline',
    roles: EVERYONE,
    party: true,
    media: 'application/zip',
    params: byNumber,
    query: nothing,
    run: (context, { scope, params }) => disputePack(context, { scope, id: params.id }),
  }),
  defineRoute({
    method: 'GET',
    path: '/adjustments',
    summary: 'List what was taken off by disputes, and which documents are awaited, newest first',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(
          Type.Enum(['awaiting_document', 'awaiting_replacement', 'consumed', 'undocumented']),
        ),
        counterparty: Type.Optional(party),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(adjustmentView),
    run: (context, { scope, query }) => {
      const { counterparty, ...more } = query
      const by = counterparty === undefined ? {} : { counterparty: foldUpper(counterparty) }
      return listAdjustments(context.db, scope, { ...more, ...by })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/notices',
    summary: 'List what is missing: CDRs, records, and CPOs that have gone quiet; last told first',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(Type.Enum(['open', 'resolved'])),
        kind: Type.Optional(Type.Enum(['session', 'record', 'cpo'])),
        level: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 3, description: 'this one and above' }),
        ),
        counterparty: Type.Optional(party),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(noticeView),
    run: (context, { scope, query }) => listNotices(context.db, scope, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/quality',
    summary: 'How well each CPO and eMSP does its side, by CDRs received from `from` to `to`',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object({ from: instant, to: instant, party: Type.Optional(party) }, strict),
    body: nothing,
    reply: Type.Object({ items: Type.Array(qualityView), from: instant, to: instant }, strict),
    run: async (context, { query }) => ({
      from: query.from,
      to: query.to,
      items: await partnerQuality(context.db, {
        from: new Date(query.from),
        to: new Date(query.to),
        ...(query.party === undefined ? {} : { party: foldUpper(query.party) }),
      }),
    }),
  }),
]
