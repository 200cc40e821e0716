import Type from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import { schemaFaults } from '../../ocpi/schema-faults.ts'
import type { HubCall } from '../hub-call.ts'
import { readHubBody } from '../hub-call.ts'

// These bodies are closed: of a member that was meant to say how much, nothing may be left but the whole.
const strict = { additionalProperties: false }
const decimal = Type.Union([Type.Number(), Type.String({ maxLength: limits.jsonNumberCharsMax })])
const price = Type.Object({ excl_vat: decimal, incl_vat: Type.Optional(decimal) }, strict)
const party = {
  country_code: Type.String({ pattern: '^[A-Za-z]{2}$' }),
  party_id: Type.String({ pattern: '^[A-Za-z0-9]{3}$' }),
}
const cdr = Type.Object(
  { ...party, id: Type.String({ minLength: 1, maxLength: limits.idCharsMax }) },
  strict,
)
const words = Type.String({ pattern: '\\S', maxLength: limits.partyTextCharsMax })

/** The body of an act. */
export const deedBody = Compile(
  Type.Object(
    {
      text: Type.Optional(words),
      amount: Type.Optional(price),
      side: Type.Optional(Type.Enum(['cpo', 'emsp'])),
    },
    strict,
  ),
)

/** The body of a contest. */
export const contestBody = Compile(
  Type.Object(
    {
      cdr,
      code: Type.Optional(Type.String({ pattern: '^[A-Z][0-9]{1,2}$' })),
      text: words,
      amount: Type.Optional(price),
    },
    strict,
  ),
)

/** The body of an approval: one CDR, or what those that are approved have in common. */
export const approvalBody = Compile(
  Type.Object(
    {
      cdr: Type.Optional(cdr),
      counterparty: Type.Optional(Type.Object(party, strict)),
      cycle: Type.Optional(Type.String({ pattern: '^[A-Z]{3}-[0-9]{6,9}$' })),
      until: Type.Optional(Type.String({ format: 'date-time' })),
      gross_max: Type.Optional(decimal),
      currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
      text: Type.Optional(words),
    },
    strict,
  ),
)

/** The body of a call; `{}` where there is none. Throws HubError that names every member that does not fit. */
export async function readBody<T>(call: HubCall, body: Body<T>): Promise<T> {
  const sent = await readHubBody(call, { nulls: 'keep' })
  const value = sent === undefined ? {} : sent
  if (body.Check(value)) return value
  const faults = schemaFaults(body.Errors(value))
  throw new HubError('invalid', 'the body cannot be used', { faults })
}

type Body<T> = {
  Check(value: unknown): value is T
  Errors(value: unknown): TLocalizedValidationError[]
}

/**
 * OCPI's Price as the amounts of the hub: net, and the tax between the two where both are said. Throws HubError for what
 * is no amount, and for decimals that would be rounded away.
 */
export function amountOf(given: Static<typeof price> | undefined): {
  amount?: { net: string; tax?: string }
} {
  if (given === undefined) return {}
  const net = microsOf(given.excl_vat, '/amount/excl_vat')
  if (given.incl_vat === undefined) return { amount: { net: fromMicros(net) } }
  const gross = microsOf(given.incl_vat, '/amount/incl_vat')
  if (gross < net) throw wrong('/amount/incl_vat', 'is less than excl_vat')
  return { amount: { net: fromMicros(net), tax: fromMicros(gross - net) } }
}

/** The most that a CDR may claim to be approved, as decimal text. Throws HubError for what is no amount. */
export function maxOf(given: { gross_max?: number | string; currency?: string }): {
  amountMax?: string
} {
  const { gross_max: max, currency } = given
  if (max === undefined) return {}
  if (currency === undefined) throw wrong('/currency', 'is missing beside gross_max')
  return { amountMax: fromMicros(microsOf(max, '/gross_max')) }
}

/** A fault of one member of a body. */
export function wrong(pointer: string, message: string): HubError {
  return new HubError('invalid', message, { faults: [{ pointer, message }] })
}

function microsOf(given: number | string, pointer: string): bigint {
  const read = toMicros(String(given))
  if (read.status === 'ok' && read.residue === '0' && read.micros >= 0n) return read.micros
  throw wrong(pointer, 'must be an amount like 12.50, with at most 6 decimals, not negative')
}
