import { currencies } from '../../config/currencies.ts'
import type { FindingContext } from './findings.ts'
import { billsOf } from './holds.ts'
import type { ClearingInput, CreditInput } from './input.ts'
import type { CdrFacts } from './read.ts'
import { settledCodes } from './replaced.ts'

/** What findings about a CDR are made with; `facts` null: it could not be read, so what it claims is not known. */
export function contextOf(
  input: ClearingInput | CreditInput,
  facts: CdrFacts | null,
): FindingContext {
  const { cdr, agreement } = input
  const { severities } = agreement
  const digits = currencies.get(facts?.currency ?? '') ?? 2
  const claim = facts === null ? null : { ...facts.total, currency: facts.currency, digits }
  return {
    severities,
    parameters: 'parameters' in agreement ? agreement.parameters : {},
    lineMin: 'lineMin' in agreement ? agreement.lineMin : '0',
    receiver: cdr.receiver,
    claim,
    bills: 'priced' in input ? billsOf(input) : null,
    standing: 'standing' in input ? (input.standing ?? null) : null,
    settled: facts !== null && 'known' in input ? settledCodes(input.known, { facts, digits }) : [],
    origins: {
      cdr: { receivedAt: cdr.receivedAt, hash: cdr.hash ?? null },
      ...('known' in input ? originsOf(input.known) : {}),
    },
  }
}

/** When and as what the hub got to know its facts, where it noted that. */
function originsOf(known: ClearingInput['known']): FindingContext['origins'] {
  if (known === undefined) return {}
  const { sessionSteps, token, place, record, signed } = known
  const step = sessionSteps?.at(-1)
  const meter = signed?.[0]
  return {
    ...(step ? { session: step } : {}),
    ...(token ? { token: { receivedAt: token.receivedAt, hash: null } } : {}),
    ...(place ? { location: place } : {}),
    ...(record ? { record } : {}),
    ...(meter ? { meter: { receivedAt: null, hash: meter.hash } } : {}),
  }
}
