import Type from 'typebox'
import { limits } from '../../../../config/limits.ts'
import { runBacktest } from '../../../hub/admin/backtest.ts'
import {
  disputeTerms,
  ruleParameters,
  severityTerms,
  tolerances,
} from '../../../hub/clearing-terms.ts'
import { amount, currency, instant, nullable, party, strict } from '../schemas.ts'
import { EVERYONE, defineRoute, nothing } from '../route.ts'

const count = Type.Integer({ minimum: 0 })
const sums = Type.Array(Type.Object({ currency, net: amount, tax: amount }, strict))

const rules = Type.Object(
  {
    severities: Type.Optional(severityTerms),
    tolerance: Type.Optional(Type.Partial(Type.Object(tolerances, strict))),
    rules: Type.Optional(ruleParameters),
    capacity_kwh_max: disputeTerms.capacity_kwh_max,
    signed_data_required: disputeTerms.signed_data_required,
    cdr_age_days_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
  },
  { ...strict, description: 'as in an agreement; each stands for everybody' },
)

/** What other rules would do. */
export const ruleRoutes = [
  defineRoute({
    method: 'POST',
    path: '/rules/backtest',
    summary: `Judge CDRs received from \`from\` to \`to\` again by other rules; nothing is written. At most ${limits.backtestCdrsMax} a call: go on with next_cursor and add up`,
    roles: EVERYONE,
    params: nothing,
    query: nothing,
    body: Type.Object(
      {
        from: instant,
        to: instant,
        cpo: Type.Optional(party),
        emsp: Type.Optional(party),
        cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
        rules,
      },
      strict,
    ),
    reply: Type.Object(
      {
        cdrs: Type.Integer({ description: 'judged in this call' }),
        waiting: Type.Integer({ description: 'of these: something is still missing' }),
        held: Type.Integer({ description: 'of these: would be held or quarantined' }),
        was_held: Type.Integer({ description: 'of these: are or were, by the rules of then' }),
        value: sums,
        codes: Type.Array(
          Type.Object(
            {
              code: Type.String(),
              title: Type.String(),
              held: count,
              was: count,
              newly: count,
              no_longer: count,
              resolved: Type.Integer({ description: 'of held: with a dispute of it that is over' }),
              upheld: Type.Integer({ description: 'of resolved: the dispute was right' }),
              unchallenged: Type.Integer({ description: 'of held: approved without a dispute' }),
              missed: Type.Integer({ description: 'disputes that were right and not found' }),
              value: sums,
            },
            strict,
          ),
        ),
        next_cursor: nullable(Type.String()),
      },
      strict,
    ),
    run: (context, { body }) => runBacktest(context, body),
  }),
]
