import Type from 'typebox'
import { TERMS } from '../clearing/terms.ts'

const strict = { additionalProperties: false }
const decimal = Type.String({
  pattern: '^[0-9]{1,9}([.][0-9]{1,9})?$',
  description: 'decimal text, not negative',
})

/** How far values may be apart, by what is compared. */
export const tolerances = {
  cost: Type.Object(
    { absolute: decimal, relative: decimal },
    {
      ...strict,
      description: 'currency units, and a share (0.005 = 0.5 %); the larger one counts',
    },
  ),
  energy: Type.Object(
    { absolute: decimal, relative: decimal },
    {
      ...strict,
      description: 'kWh, and a share; the larger one counts. absent = 0.05 kWh or 0.5 %',
    },
  ),
  duration: Type.Object(
    { absolute_s: decimal, relative: decimal },
    { ...strict, description: 'seconds, and a share; the larger one counts. absent = 60 s or 1 %' },
  ),
}

const code = Type.String({ pattern: '^[A-Z]{1,2}[0-9]{1,2}$' })

export const severityTerms = Type.Record(code, Type.Enum(['F', 'S', 'W', 'I']), {
  ...strict,
  maxProperties: 200,
  description:
    'finding code to severity, where it differs from the rule table; never milder than the floor of the rule',
})

/** Whether the code and the number exist is asked when terms are agreed: the table of rules may lose one later. */
export const ruleParameters = Type.Record(
  code,
  Type.Record(Type.String({ pattern: '^[a-z0-9_]{1,40}$' }), decimal, {
    ...strict,
    maxProperties: 20,
  }),
  {
    ...strict,
    maxProperties: 100,
    description:
      'numbers of the rules that were agreed otherwise: finding code, name, decimal text',
  },
)

/** What one side may ask for beyond what was agreed. */
export const tightening = Type.Object(
  {
    severities: Type.Optional(severityTerms),
    tolerance: Type.Optional(Type.Partial(Type.Object(tolerances, strict))),
    capacity_kwh_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  },
  strict,
)

const days = (most: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: most, description }))

const { dispute, auto_dispute: draft, materiality } = TERMS

/** What disputes run by, and what the rules of quantity ask for. Absent: `TERMS`. */
export const disputeTerms = {
  signed_data_required: Type.Optional(
    Type.Union(
      [Type.Boolean(), Type.Array(Type.String({ pattern: '^[A-Z]{3}$' }), { maxItems: 300 })],
      {
        description:
          'true: every CDR with energy needs signed meter data; a list: those of these countries (ISO 3166-1 alpha-3). absent = false',
      },
    ),
  ),
  capacity_kwh_max: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: `more energy than a vehicle can take, kWh. absent = ${TERMS.capacity_kwh_max}`,
    }),
  ),
  auto_dispute: Type.Optional(
    Type.Object(
      {
        hold_days: days(30, `a held CDR becomes a dispute after; absent = ${draft.hold_days}`),
        auto_uphold_days: days(
          60,
          `a proven fault is upheld after; absent = ${draft.auto_uphold_days}`,
        ),
      },
      strict,
    ),
  ),
  dispute: Type.Optional(
    Type.Object(
      {
        raise_days: days(365, `to contest a CDR; absent = ${dispute.raise_days}`),
        raise_days_hard: days(
          730,
          `after that nothing is accepted; absent = ${dispute.raise_days_hard}`,
        ),
        answer_days: days(90, `for the CPO's answer; absent = ${dispute.answer_days}`),
        evidence_days: days(90, `for its evidence; absent = ${dispute.evidence_days}`),
        rebuttal_days: days(90, `to object to an answer; absent = ${dispute.rebuttal_days}`),
        proposal_days: days(90, `to answer a proposal; absent = ${dispute.proposal_days}`),
        arbitration_days: days(180, `until a ruling; absent = ${dispute.arbitration_days}`),
        credit_days: days(180, `for credit and replacement; absent = ${dispute.credit_days}`),
        rounds: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 10, description: `absent = ${dispute.rounds}` }),
        ),
      },
      { ...strict, description: 'days of each step, counted from the step before' },
    ),
  ),
  materiality: Type.Optional(
    Type.Object(
      {
        line: Type.Optional(
          Type.String({
            ...decimal,
            description: `what puts less at risk, with tax, is only reported and not held; absent = ${materiality.line}`,
          }),
        ),
        pattern: Type.Optional(
          Type.String({
            ...decimal,
            description: `less is no pattern; absent = ${materiality.pattern}`,
          }),
        ),
      },
      { ...strict, description: 'in units of the currency' },
    ),
  ),
}
