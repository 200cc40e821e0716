import Type from 'typebox'
import { CDR_STATES } from '../../../clearing/states.ts'
import { decideOnCdr, getCdr, listCdrs } from '../../../hub/admin/cdrs.ts'
import { foldUpper } from '../../../ocpi/primitives.ts'
import {
  amount,
  byCdr,
  countryCode,
  currency,
  instant,
  listOf,
  nullable,
  paging,
  party,
  partyId,
  reason,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const state = Type.Enum([...CDR_STATES])

const item = {
  country_code: countryCode,
  party_id: partyId,
  id: Type.String(),
  receiver: party,
  state,
  currency: Type.String(),
  net: nullable(amount),
  tax: nullable(amount),
  tax_known: Type.Boolean(),
  gross: nullable(amount),
  cycle: nullable(Type.String()),
  late_from: nullable(
    Type.String({ description: 'the cycle that was over when the CDR of its time was booked' }),
  ),
  delivery: Type.String(),
  received_at: instant,
  session_id: nullable(Type.String()),
  is_credit: Type.Boolean(),
}

const event = Type.Object(
  {
    epoch: Type.Integer(),
    state,
    via: Type.Array(Type.String(), { description: 'states passed in the same moment' }),
    hash: nullable(
      Type.String({
        description:
          'SHA-256 over what the event says and the one before, hex; null: of before there were any',
      }),
    ),
    actor: Type.String(),
    reason_code: Type.String(),
    reason: nullable(Type.String()),
    at: instant,
  },
  strict,
)

const figure = nullable(Type.String({ description: 'decimal text in units of the currency' }))

/** Comes a moment after the finding, for a price that differs (P1). */
const evidence = Type.Object(
  {
    sentence: Type.String({ description: 'what its CPO seems to have reckoned' }),
    readings: Type.Array(
      Type.Object(
        { code: Type.String(), sentence: Type.String(), excl: figure, incl: figure },
        { ...strict, description: 'a reading that reproduces the claim, and the total it gives' },
      ),
    ),
    parts: Type.Array(
      Type.Object(
        {
          pointer: Type.String(),
          side: nullable(Type.Enum(['excl', 'incl'])),
          claimed: Type.String(),
          computed: Type.String(),
        },
        { ...strict, description: 'a figure of the CDR that differs from ours' },
      ),
    ),
    is_complete: Type.Boolean({ description: 'false: too large to try every reading' }),
  },
  strict,
)

const explanation = Type.Object(
  {
    rule_version: Type.Integer(),
    confidence: Type.Enum(['certain', 'high', 'medium']),
    unit: nullable(Type.String({ description: 'of the figures: a currency, kWh, h, days, km/h' })),
    steps: Type.Array(Type.String(), { description: 'the arithmetic, a line each' }),
    decision: Type.String({ description: 'what is held for it' }),
    counterfactual: Type.String({ description: 'when the CDR would have passed' }),
    parameters: Type.Record(Type.String(), Type.String(), {
      description: 'the numbers of the rule as they were in force; the unit ends the name',
    }),
    at_risk: nullable(
      Type.Union([
        Type.Literal('all', { description: 'the whole claim' }),
        Type.Object({ net: Type.String(), tax: nullable(Type.String()) }, strict),
      ]),
    ),
  },
  { ...strict, description: 'how the finding comes about; null: of before there were any' },
)

const finding = Type.Object(
  {
    code: Type.String(),
    title: Type.String(),
    severity: Type.Enum(['F', 'S', 'W', 'I']),
    message: Type.String(),
    inputs: Type.Unknown({
      description: 'what was compared: [{field, source, value, received_at, hash}]',
    }),
    expected: nullable(Type.String()),
    actual: nullable(Type.String()),
    difference: nullable(Type.String()),
    tolerance: nullable(Type.String()),
    explanation: nullable(explanation),
    evidence: nullable(evidence),
  },
  strict,
)

const part = Type.Object(
  {
    part: Type.Integer({ minimum: 1 }),
    kind: Type.Enum(['disputed', 'adjustment']),
    dispute: Type.String(),
    net: amount,
    tax: amount,
    book: Type.Enum(['held', 'due', 'ended']),
    cycle: nullable(Type.String()),
    carried_from: nullable(Type.String()),
  },
  strict,
)

const detail = Type.Object(
  {
    ...item,
    undisputed: nullable(
      Type.Object(
        { net: amount, tax: amount },
        { ...strict, description: 'what nobody disputes of the claim' },
      ),
    ),
    parts: Type.Array(part, {
      description:
        'what stands, or stood, beside it: held by a dispute, due in its cycle, or gone; adjustments are below zero',
    }),
    history: Type.Array(event),
    findings: Type.Array(finding),
    breakdown: Type.Unknown({
      description:
        'the price as the hub computes it, step by step, with the policy and the time zone; null before',
    }),
    pricing_policy: nullable(
      Type.Object(
        { name: Type.String(), version: Type.String() },
        { ...strict, description: 'what the price was computed by' },
      ),
    ),
    residue: nullable(Type.String({ description: 'what rounding to 10⁻⁶ left over' })),
    carried_from: nullable(Type.String()),
    contest_until: nullable(instant),
    wait_until: nullable(instant),
    agreement_version: nullable(Type.Integer()),
    correlation_id: Type.String(),
    ocpi_version: Type.String(),
    original: Type.String({ description: 'the text that was sent, byte for byte' }),
  },
  strict,
)

const verbs = [
  { verb: 'approve', summary: 'Approve what the CPO claims', party: true },
  { verb: 'recheck', summary: 'Judge the CDR again by what is known now', party: false },
  { verb: 'release', summary: 'Let a held CDR settle in spite of its findings', party: false },
  { verb: 'return', summary: 'Return a held or quarantined CDR to its sender', party: false },
] as const

/** CDRs and what became of them. */
export const cdrRoutes = [
  defineRoute({
    method: 'GET',
    path: '/cdrs',
    summary: 'List CDRs, newest first; from (inclusive) and to are times of receipt',
    roles: EVERYONE,
    party: true,
    params: nothing,
    query: Type.Object(
      {
        ...paging,
        state: Type.Optional(state),
        party: Type.Optional(party),
        from: Type.Optional(instant),
        to: Type.Optional(instant),
      },
      strict,
    ),
    body: nothing,
    reply: listOf(Type.Object({ ...item, findings: Type.Array(Type.String()) }, strict)),
    run: (context, { scope, query }) => listCdrs(context.db, scope, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/cdrs/:cc/:pid/:id',
    summary: 'Show a CDR: where it stands, why, its price, what was sent',
    roles: EVERYONE,
    party: true,
    params: byCdr,
    query: nothing,
    body: nothing,
    reply: detail,
    run: (context, { scope, params }) => getCdr(context.db, scope, keyOf(params)),
  }),
  ...verbs.map(({ verb, summary, party: partiesToo }) =>
    defineRoute({
      method: 'POST',
      path: `/cdrs/:cc/:pid/:id/${verb}`,
      summary,
      roles: ['operator', 'finance'],
      party: partiesToo,
      params: byCdr,
      query: nothing,
      body: Type.Object({ reason }, strict),
      reply: Type.Object(
        { country_code: countryCode, party_id: partyId, id: Type.String(), state: Type.String() },
        strict,
      ),
      run: (context, { scope, params, body }) =>
        decideOnCdr(context, { scope, key: keyOf(params), verb, reason: body.reason }),
    }),
  ),
]

function keyOf({ cc, pid, id }: { cc: string; pid: string; id: string }) {
  return { owner: foldUpper(`${cc}-${pid}`), cdrId: id }
}
