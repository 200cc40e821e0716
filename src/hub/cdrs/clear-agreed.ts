import type { Context } from '../../context.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { defaultTerms } from '../agreement-terms.ts'
import { agreementAt } from '../agreements.ts'
import type { Agreed } from '../agreements.ts'

type Pair = { owner: string; receiver: string; started_at: Date | null; received_at: Date }

/** The agreement in force at the session's start; the hub's defaults where there was none yet. */
export function agreedFor(context: Context, input: { row: Pair; snapshot: Snapshot }): Agreed {
  const { row, snapshot } = input
  const at = row.started_at ?? row.received_at
  const agreed = agreementAt({
    snapshot,
    mode: context.config.agreements,
    cpo: row.owner,
    emsp: row.receiver,
    at,
  })
  return agreed ?? { version: 0, terms: defaultTerms }
}
