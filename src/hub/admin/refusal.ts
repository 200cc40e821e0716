import type { Fault } from '../../errors.ts'

/**
 * Why the admin or party API refuses: one line per reason, as in src/errors.ts for OCPI. OCPI has no word for most of
 * them, so they do not belong into that catalogue.
 */
export const REFUSALS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  invalidQuery: { status: 400, title: 'A parameter of the address is wrong' },
  unauthorized: { status: 401, title: 'No valid token' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  notFound: { status: 404, title: 'Not found' },
  methodNotAllowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'The state of things does not allow this' },
  tooLarge: { status: 413, title: 'The body is too large' },
  mediaType: { status: 415, title: 'The body is not JSON' },
  invalidBody: { status: 422, title: 'The body does not fit the schema' },
  rateLimited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The hub made a mistake' },
  partnerFailed: { status: 502, title: 'The partner did not answer as it should' },
  unavailable: { status: 503, title: 'Not available just now' },
} as const

export type RefusalCode = keyof typeof REFUSALS

/** A refusal of the admin or party API. `message` is public and says what to do; faults name the wrong fields. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: RefusalCode
  readonly faults: readonly Fault[]
  readonly retryAfterS: number | undefined
  readonly allow: readonly string[] | undefined

  constructor(
    code: RefusalCode,
    message: string,
    more: {
      faults?: readonly Fault[]
      retryAfterS?: number
      allow?: readonly string[]
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: more.cause })
    this.code = code
    this.faults = more.faults ?? []
    this.retryAfterS = more.retryAfterS
    this.allow = more.allow
  }
}
