import Type from 'typebox'
import { limits } from '../../../config/limits.ts'
import { DISPUTE_STATES } from '../../clearing/disputes/machine.ts'
import {
  amount,
  countryCode,
  currency,
  instant,
  nullable,
  party,
  partyId,
  reason,
  strict,
} from './schemas.ts'

/** Where a dispute can stand; at the end, what it only passes. */
export const disputeState = Type.Enum([...DISPUTE_STATES])
const side = Type.Enum(['cpo', 'emsp', 'hub', 'operator'])
const cdrOf = { country_code: countryCode, party_id: partyId, id: Type.String() }
const pair = { cpo: party, emsp: party }

const view = {
  id: Type.String(),
  cdr: nullable(
    Type.Object(
      {
        ...cdrOf,
        token: Type.String({ description: 'for its two parties; hashed for an operator' }),
      },
      { ...strict, description: 'null: a pattern over many CDRs' },
    ),
  ),
  ...pair,
  code: Type.String(),
  title: Type.String({ description: 'the code in words' }),
  state: disputeState,
  round: Type.Integer(),
  opened_by: Type.Enum(['hub', 'emsp', 'operator']),
  opened_at: instant,
  closed_at: nullable(instant),
  last_updated: instant,
  currency,
  net: amount,
  tax: amount,
  tax_known: Type.Boolean(),
  upheld_net: amount,
  upheld_tax: amount,
  offer: nullable(Type.Object({ net: amount, tax: amount, by: side }, strict)),
  statement: nullable(Type.String()),
  outcome: nullable(Type.String()),
  out_of_time: Type.Boolean({ description: 'raised late: taken, and flagged' }),
  holds: Type.Boolean({ description: 'the disputed amount is held out of settlement' }),
  deadline: nullable(
    Type.Object({ at: instant, verb: Type.String(), text: Type.String() }, strict),
  ),
  time_zone: nullable(Type.String({ description: 'of the place of charging, null: not known' })),
  possible: Type.Array(Type.String({ description: 'what the asker can do now' })),
  evidence_hash: nullable(Type.String()),
}

/** A dispute in a list, and as the answer of an act. */
export const disputeView = Type.Object(view, strict)

/** A dispute with all that happened. */
export const disputeDetail = Type.Object(
  {
    ...view,
    history: Type.Array(
      Type.Object(
        {
          number: Type.Integer(),
          state: Type.String(),
          via: Type.Array(Type.String()),
          verb: Type.String(),
          side,
          actor: Type.String(),
          sentence: Type.String(),
          text: nullable(Type.String()),
          net: nullable(amount),
          tax: nullable(amount),
          deadline_at: nullable(instant),
          at: instant,
          prev_hash: nullable(Type.String()),
          hash: Type.String(),
        },
        strict,
      ),
    ),
    items: Type.Array(Type.Object({ ...cdrOf, net: amount, tax: amount }, strict)),
    item_count: Type.Integer(),
    evidence: Type.Array(
      Type.Object(
        {
          number: Type.Integer(),
          name: Type.String(),
          media: Type.String(),
          sha256: Type.String(),
          added_by: Type.String(),
          at: instant,
        },
        strict,
      ),
    ),
    adjustments: Type.Array(Type.String()),
  },
  strict,
)

/** What was taken off, and the documents for it. */
export const adjustmentView = Type.Object(
  {
    id: Type.String(),
    dispute_id: Type.String(),
    cdr: Type.Object(cdrOf, strict),
    ...pair,
    currency,
    net: amount,
    tax: amount,
    state: Type.Enum(['awaiting_document', 'awaiting_replacement', 'consumed', 'undocumented']),
    credit: nullable(Type.String({ description: 'id of the credit CDR' })),
    replacement: nullable(Type.String({ description: 'id of the CDR in its place' })),
    difference_net: nullable(amount),
    difference_tax: nullable(amount),
    due_at: nullable(instant),
    time_zone: nullable(Type.String({ description: 'of the place of charging, null: not known' })),
    created_at: instant,
    consumed_at: nullable(instant),
  },
  strict,
)

/** An amount that is disputed, accepted or offered: decimal text, never negative. */
const amountGiven = Type.Object(
  {
    net: Type.String({ pattern: '^[0-9]{1,12}([.][0-9]{1,6})?$', description: 'decimal text' }),
    tax: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,12}([.][0-9]{1,6})?$',
        description: 'without it the tax in proportion',
      }),
    ),
  },
  strict,
)

const saidText = Type.String({ pattern: '\\S', maxLength: limits.partyTextCharsMax })

/** The body of an act. `side`: only where the asker is, or acts for, both sides. */
export const deedBody = {
  text: Type.Optional(saidText),
  amount: Type.Optional(amountGiven),
  side: Type.Optional(Type.Enum(['cpo', 'emsp'])),
}

/** The body of a contest. */
export const contestBody = Type.Object(
  {
    code: Type.Optional(
      Type.String({
        pattern: '^[A-Z][0-9]{1,2}$',
        description: "of a finding; without it the hub's own finding",
      }),
    ),
    amount: Type.Optional(amountGiven),
    text: saidText,
  },
  strict,
)

/** Which CDRs are approved at once. */
export const approveBody = Type.Object(
  {
    counterparty: Type.Optional(party),
    cycle: Type.Optional(Type.String({ pattern: '^[A-Z]{3}-[0-9]{6,9}$' })),
    until: Type.Optional(instant),
    gross_max: Type.Optional(Type.String({ pattern: '^[0-9]{1,12}([.][0-9]{1,6})?$' })),
    currency: Type.Optional(currency),
    reason: Type.Optional(reason),
  },
  strict,
)

/** What was approved. */
export const approvedView = Type.Object(
  {
    approved: Type.Integer(),
    totals: Type.Array(
      Type.Object({ currency, count: Type.Integer(), net: amount, tax: amount }, strict),
    ),
    failed: Type.Array(Type.Object({ ...cdrOf, message: Type.String() }, strict)),
  },
  strict,
)

const count = Type.Integer()
const share = nullable(Type.String({ description: '0 to 1' }))

/** How well a party does its side. */
export const qualityView = Type.Object(
  {
    party,
    role: Type.Enum(['CPO', 'EMSP']),
    cdrs: count,
    untouched: count,
    untouched_share: share,
    findings: Type.Array(Type.Object({ code: Type.String(), count }, strict)),
    lateness_s: Type.Object(
      { median: nullable(Type.Number()), p95: nullable(Type.Number()) },
      strict,
    ),
    disputes: Type.Object(
      {
        opened: count,
        open: count,
        won: count,
        lost: count,
        split: count,
        median_age_s: nullable(Type.Number()),
      },
      strict,
    ),
    held: Type.Array(Type.Object({ currency, net: amount, tax: amount }, strict)),
  },
  strict,
)

/** Something that is missing. */
export const noticeView = Type.Object(
  {
    kind: Type.Enum(['session', 'record', 'cpo']),
    subject: Type.String(),
    cpo: party,
    emsp: nullable(party),
    level: Type.Integer({ minimum: 1, maximum: 3 }),
    message: Type.String(),
    since: instant,
    told_at: instant,
    resolved_at: nullable(instant),
  },
  strict,
)
