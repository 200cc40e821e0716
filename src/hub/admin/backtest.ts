import type { Context } from '../../context.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { asAnswer, backtest } from '../cdrs/backtest.ts'
import type { TriedRules } from '../cdrs/backtest.ts'
import { Refusal } from './refusal.ts'
import { ruleFaults } from './rule-faults.ts'

/** One part of a backtest: see backtest. Rules that no agreement may hold are refused. */
export async function runBacktest(
  context: Context,
  asked: {
    from: string
    to: string
    cpo?: string
    emsp?: string
    cursor?: string
    rules: TriedRules
  },
) {
  const { from, to, cpo, emsp, cursor, rules } = asked
  if (!(new Date(from) < new Date(to))) {
    const faults = [{ pointer: '/to', message: 'must be after from' }]
    throw new Refusal('invalidBody', '/to must be after from', { faults })
  }
  const faults = ruleFaults(rules, '/rules')
  if (faults.length > 0)
    throw new Refusal('invalidBody', 'Some of these rules cannot be agreed.', { faults })
  const part = await backtest(context, {
    from,
    to,
    cpo: cpo === undefined ? null : foldUpper(cpo),
    emsp: emsp === undefined ? null : foldUpper(emsp),
    after: cursor === undefined ? null : BigInt(cursor),
    rules,
  })
  return asAnswer(part)
}
