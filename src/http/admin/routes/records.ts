import Type from 'typebox'
import { limits } from '../../../../config/limits.ts'
import { decideMatch } from '../../../hub/admin/record-matches.ts'
import { listRecords, readRecord, uploadRecords } from '../../../hub/admin/records.ts'
import {
  listDifferences,
  listPairDifferences,
  listReconciliations,
  orderReconciliation,
  readReconciliation,
} from '../../../hub/admin/reconciliations.ts'
import { DIFFERENCE_KINDS } from '../../../hub/records/reconcile-kinds.ts'
import { EVERYONE, defineRoute, defineUpload, nothing } from '../route.ts'
import {
  amount,
  byNumber,
  countryCode,
  instant,
  listOf,
  nullable,
  paging,
  party,
  partyId,
  reason,
  strict,
} from '../schemas.ts'

const count = Type.Integer()
const text = nullable(Type.String())
const source = Type.Enum(['ocpi', 'party', 'admin', 'cli'])
const states = ['matched', 'suggested', 'ambiguous', 'unmatched'] as const

const upload = Type.Object(
  {
    party,
    totals: Type.Object({ new: count, changed: count, same: count, refused: count }, strict),
    not_used: Type.Array(Type.String()),
    lines: Type.Array(
      Type.Object(
        {
          index: count,
          line: nullable(count),
          record_id: text,
          outcome: Type.Enum(['new', 'changed', 'same', 'refused']),
          revision: nullable(count),
          faults: Type.Array(
            Type.Object({ pointer: Type.String(), column: text, message: Type.String() }, strict),
          ),
        },
        strict,
      ),
    ),
  },
  strict,
)

const recordFields = {
  id: Type.String(),
  party,
  record_id: Type.String(),
  revision: count,
  cpo: text,
  start: nullable(instant),
  end: nullable(instant),
  kwh: text,
  net: nullable(amount),
  currency: text,
  source,
  received_at: instant,
  state: Type.Enum([...states]),
  matches: Type.Array(
    Type.Object(
      {
        country_code: Type.String(),
        party_id: Type.String(),
        cdr_id: Type.String(),
        kind: Type.Enum(['one', 'split', 'merged', 'ambiguous']),
        tier: count,
        score: Type.Number(),
        state: Type.Enum(['confirmed', 'suggested', 'ambiguous', 'rejected']),
        shift_minutes: count,
        decided_by: text,
        reason: Type.String(),
      },
      strict,
    ),
  ),
}

const record = Type.Object(recordFields, strict)
const recordDetail = Type.Object(
  {
    ...recordFields,
    record: Type.Unknown({ description: 'as it was sent' }),
    revisions: Type.Array(
      Type.Object(
        {
          revision: count,
          record: Type.Unknown(),
          source,
          received_at: instant,
          replaced_at: instant,
        },
        strict,
      ),
      { description: 'what it said before, newest first' },
    ),
  },
  strict,
)

const kind = Type.Enum([...DIFFERENCE_KINDS])
const difference = {
  kind,
  code: text,
  title: Type.String(),
}
const sums = { count, value: nullable(amount), currency: text }

const reconciliation = Type.Object(
  {
    id: Type.String(),
    from: instant,
    to: instant,
    asked_by: Type.String(),
    state: Type.Enum(['queued', 'running', 'done', 'failed']),
    step: text,
    steps_done: count,
    steps: count,
    compared: nullable(Type.Object({ cdrs: count, sessions: count, records: count }, strict)),
    differences: Type.Array(Type.Object({ ...difference, ...sums }, strict)),
    error: text,
    asked_at: instant,
    started_at: nullable(instant),
    finished_at: nullable(instant),
  },
  strict,
)

const sides = { cpo: Type.Optional(party), emsp: Type.Optional(party) }

/** The eMSPs' own records, what they were matched with, and everything compared with everything. */
export const recordRoutes = [
  defineUpload({
    path: '/records',
    summary:
      'Send an eMSP’s own records of sessions: a JSON list, an object a line, or CSV with a heading; at most 2000 at once. Members as in a CDR, any of them may be missing',
    roles: ['operator'],
    party: true,
    bytesMax: limits.recordUploadBytesMax,
    params: nothing,
    query: Type.Object(
      { party: Type.Optional(party), source: Type.Optional(Type.Enum(['cli'])) },
      strict,
    ),
    reply: upload,
    run: (context, { scope, query, bytes }) => uploadRecords(context, { scope, ...query, bytes }),
  }),
  defineRoute({
    method: 'GET',
    path: '/records',
    summary: 'List records of eMSPs, newest first, with the CDRs they belong to and why',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        party: Type.Optional(party),
        cpo: Type.Optional(party),
        state: Type.Optional(Type.Enum([...states])),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(record),
    run: (context, { scope, query }) => listRecords(context, scope, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/records/:id',
    summary: 'Show a record as it was sent, its revisions and its matches',
    roles: EVERYONE,
    party: true,
    params: byNumber,
    query: nothing,
    body: nothing,
    reply: recordDetail,
    run: (context, { scope, params }) => readRecord(context, scope, params.id),
  }),
  ...(['confirm', 'reject'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/records/:id/${verb}`,
      summary:
        verb === 'confirm'
          ? 'Say that a record belongs to a CDR; it stays so'
          : 'Say that a record does not belong to a CDR; it stays so',
      roles: ['operator', 'finance'],
      party: true,
      params: byNumber,
      query: nothing,
      body: Type.Object(
        {
          cdr: Type.Object(
            {
              country_code: countryCode,
              party_id: partyId,
              id: Type.String({ minLength: 1, maxLength: 255 }),
            },
            strict,
          ),
          reason: Type.Optional(reason),
        },
        strict,
      ),
      reply: recordDetail,
      run: (context, { scope, params, body }) =>
        decideMatch(context, { scope, verb, ...params, ...body }),
    }),
  ),
  defineRoute({
    method: 'POST',
    path: '/reconciliations',
    summary:
      'Compare all CDRs that began in a span of time with their sessions and the eMSPs’ records, both ways; a worker does it',
    roles: ['finance'],
    status: 201,
    params: nothing,
    query: nothing,
    body: Type.Object({ from: instant, to: instant, reason: Type.Optional(reason) }, strict),
    reply: reconciliation,
    run: (context, { scope, body }) =>
      orderReconciliation(context, { ...body, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/reconciliations',
    summary: 'List comparisons of everything, newest first',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(paging, strict),
    body: nothing,
    reply: listOf(reconciliation),
    run: (context, { query }) => listReconciliations(context, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/reconciliations/:id',
    summary: 'Show how far a comparison is, and what it found by kind',
    roles: EVERYONE,
    params: byNumber,
    query: nothing,
    body: nothing,
    reply: reconciliation,
    run: (context, { params }) => readReconciliation(context, params.id),
  }),
  defineRoute({
    method: 'GET',
    path: '/reconciliations/:id/pairs',
    summary: 'What a comparison found, added up by CPO, eMSP and kind',
    roles: EVERYONE,
    params: byNumber,
    query: Type.Object({ ...paging, ...sides }, strict),
    body: nothing,
    reply: listOf(Type.Object({ cpo: text, emsp: party, ...difference, ...sums }, strict)),
    run: (context, { params, query }) => listPairDifferences(context, { ...params, ...query }),
  }),
  defineRoute({
    method: 'GET',
    path: '/reconciliations/:id/lines',
    summary: 'The differences that a comparison found, one by one',
    roles: EVERYONE,
    params: byNumber,
    query: Type.Object({ ...paging, ...sides, kind: Type.Optional(kind) }, strict),
    body: nothing,
    reply: listOf(
      Type.Object(
        {
          ...difference,
          cpo: text,
          emsp: party,
          cdr_id: text,
          session_id: text,
          record_id: text,
          unit: text,
          expected: text,
          actual: text,
          difference: text,
          tolerance: text,
          value: nullable(amount),
          currency: text,
          level: nullable(count),
        },
        strict,
      ),
    ),
    run: (context, { params, query }) => listDifferences(context, { ...params, ...query }),
  }),
]
