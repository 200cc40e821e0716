/**
 * The error catalogue: code → answer. Order is precedence: when several apply, the first is answered.
 * `http` is the HTTP status, `ocpi` the OCPI status code (2.2.1 Status codes), `ocpiOld` the one before 2.2
 * (4xxx does not exist there), `retryable` whether the same request may succeed later.
 */
export const ERRORS = {
  framing: { http: 400, ocpi: 2001, ocpiOld: 2001, retryable: false },
  headersTooLarge: { http: 431, ocpi: 2001, ocpiOld: 2001, retryable: false },
  urlTooLong: { http: 414, ocpi: 2001, ocpiOld: 2001, retryable: false },
  expectation: { http: 417, ocpi: 2001, ocpiOld: 2001, retryable: false },
  bodyTooLarge: { http: 413, ocpi: 2001, ocpiOld: 2001, retryable: false },
  requestTimeout: { http: 408, ocpi: 2001, ocpiOld: 2001, retryable: true },
  unauthorized: { http: 401, ocpi: 2001, ocpiOld: 2001, retryable: false },
  rateLimited: { http: 429, ocpi: 4000, ocpiOld: 3000, retryable: true },
  unknownPath: { http: 404, ocpi: 2001, ocpiOld: 2001, retryable: false },
  methodNotAllowed: { http: 405, ocpi: 2001, ocpiOld: 2001, retryable: false },
  mediaType: { http: 415, ocpi: 2001, ocpiOld: 2001, retryable: false },
  malformed: { http: 400, ocpi: 2001, ocpiOld: 2001, retryable: false },
  foreignSender: { http: 403, ocpi: 2001, ocpiOld: 2001, retryable: false },
  notYours: { http: 404, ocpi: 2003, ocpiOld: 2003, retryable: false },
  invalid: { http: 200, ocpi: 2001, ocpiOld: 2001, retryable: false },
  notFound: { http: 404, ocpi: 2001, ocpiOld: 2001, retryable: false },
  notEnough: { http: 200, ocpi: 2002, ocpiOld: 2002, retryable: false },
  unknownLocation: { http: 200, ocpi: 2003, ocpiOld: 2003, retryable: false },
  unknownToken: { http: 404, ocpi: 2004, ocpiOld: 2000, retryable: false },
  clientUnusable: { http: 200, ocpi: 3001, ocpiOld: 3001, retryable: true },
  versionUnsupported: { http: 200, ocpi: 3002, ocpiOld: 3002, retryable: false },
  endpointsMissing: { http: 200, ocpi: 3003, ocpiOld: 3003, retryable: false },
  unknownReceiver: { http: 200, ocpi: 4001, ocpiOld: 3000, retryable: false },
  receiverTimeout: { http: 200, ocpi: 4002, ocpiOld: 3000, retryable: true },
  receiverUnreachable: { http: 200, ocpi: 4003, ocpiOld: 3000, retryable: true },
  hubError: { http: 200, ocpi: 4000, ocpiOld: 3000, retryable: false },
  unavailable: { http: 503, ocpi: 3000, ocpiOld: 3000, retryable: true },
  internal: { http: 500, ocpi: 3000, ocpiOld: 3000, retryable: true },
} as const

export type ErrorCode = keyof typeof ERRORS

/** One wrong place of a request: a JSON pointer into the body, or `query:limit`, `header:OCPI-to-party-id`. */
export type Fault = { pointer: string; message: string }

/**
 * A refusal that is the partner's to mend. `message` is public: it says what to fix. The cause is for the log only.
 */
export class HubError extends Error {
  override name = 'HubError'
  readonly code: ErrorCode
  readonly faults: readonly Fault[]
  readonly retryAfterS: number | undefined
  readonly allow: readonly string[] | undefined

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      faults?: readonly Fault[]
      cause?: unknown
      retryAfterS?: number
      allow?: readonly string[]
    } = {},
  ) {
    super(message, { cause: more.cause })
    this.code = code
    this.faults = more.faults ?? []
    this.retryAfterS = more.retryAfterS
    this.allow = more.allow
  }
}
