import type { TSchema } from 'typebox'
import Type from 'typebox'
import { limits } from '../../../config/limits.ts'

/** Objects of this API are closed: a field nobody defined is an error in a request and a bug in an answer. */
export const strict = { additionalProperties: false }

/** A value or null; null says "known to be absent", fields are never left out of answers. */
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

/** RFC 3339 with zone. */
export const instant = Type.String({ format: 'date-time' })

/** Decimal text, say `-12.34`; the currency stands beside it. */
export const amount = Type.String({
  pattern: '^-?[0-9]+[.][0-9]{2,6}$',
  description: 'decimal text',
})

/** ISO 4217. */
export const currency = Type.String({ pattern: '^[A-Z]{3}$' })

/** `NL-TNM`, in either case; checked as ASCII before it is folded. */
export const party = Type.String({
  pattern: '^[A-Za-z]{2}-[A-Za-z0-9]{3}$',
  description: 'as NL-TNM',
})

export const countryCode = Type.String({ pattern: '^[A-Za-z]{2}$' })
export const partyId = Type.String({ pattern: '^[A-Za-z0-9]{3}$' })

/** A short text for people. */
export const name = Type.String({ minLength: 1, maxLength: limits.adminNameCharsMax })

/** Why something was done; goes into the audit log. */
export const reason = Type.String({ minLength: 1, maxLength: limits.adminReasonCharsMax })

/** A body or query that holds at most the reason. */
export const perhapsReason = Type.Object({ reason: Type.Optional(reason) }, strict)

/** Query fields of every list. */
export const paging = {
  cursor: Type.Optional(
    Type.String({ maxLength: 400, description: 'next_cursor of the page before' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.adminPageLimitMax })),
}

/** A page of a list. */
export const listOf = <S extends TSchema>(item: S) =>
  Type.Object({ items: Type.Array(item), next_cursor: nullable(Type.String()) }, strict)

/** An id in the path, as answers show it. */
export const byId = Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }) }, strict)

/** A numbered row in the path. */
export const byNumber = Type.Object({ id: Type.String({ pattern: '^[0-9]{1,18}$' }) }, strict)

/** A CDR in the path. OCPI 2.2.1, CDR: ids have at most 39 characters; longer ones are kept as sent. */
export const byCdr = Type.Object(
  { cc: countryCode, pid: partyId, id: Type.String({ minLength: 1, maxLength: 255 }) },
  strict,
)
