import Type from 'typebox'
import { DatabaseUnavailable } from '../db/database.ts'
import type { ErrorCode } from '../errors.ts'
import { ERRORS, HubError } from '../errors.ts'
import type { RefusalCode } from '../hub/admin/refusal.ts'
import { REFUSALS, Refusal } from '../hub/admin/refusal.ts'

/** An RFC 9457 problem document; `errors` names the wrong fields by JSON pointer, `query:name` or `path:name`. */
export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    errors: Type.Array(
      Type.Object(
        { pointer: Type.String(), detail: Type.String() },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, title: 'Problem' },
)

const DATABASE_RETRY_S = 2

/** The problem answer for whatever a handler threw. Bugs and database errors keep their cause to the log. */
export function problem(error: unknown): Response {
  const refusal = asRefusal(error)
  const { status, title } = REFUSALS[refusal.code]
  const document = {
    type: `urn:crosscharge:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    errors: refusal.faults.map(({ pointer, message }) => ({ pointer, detail: message })),
  }
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  })
  if (refusal.retryAfterS !== undefined) headers.set('retry-after', String(refusal.retryAfterS))
  if (refusal.allow) headers.set('allow', refusal.allow.join(', '))
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(document), { status, headers })
}

/** True when the error is nobody's wish: it belongs into the log with its stack. */
export function isOurFault(error: unknown): boolean {
  return asRefusal(error).code === 'internal'
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof DatabaseUnavailable) {
    const message = 'The database cannot be reached; nothing was changed. Try again soon.'
    return new Refusal('unavailable', message, { retryAfterS: DATABASE_RETRY_S, cause: error })
  }
  if (error instanceof HubError) return fromHubError(error)
  return new Refusal('internal', 'The hub made a mistake; its log says more.', { cause: error })
}

/** Errors out of the OCPI catalogue come from talking to a partner on an operator's behalf. */
function fromHubError(error: HubError): Refusal {
  const { faults, allow, retryAfterS } = error
  const more = {
    faults,
    ...(allow === undefined ? {} : { allow }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  }
  return new Refusal(codeFor(error.code), error.message, more)
}

const PARTNER_CODES: ReadonlySet<ErrorCode> = new Set([
  'clientUnusable',
  'versionUnsupported',
  'endpointsMissing',
  'unknownReceiver',
  'receiverTimeout',
  'receiverUnreachable',
  'hubError',
])

function codeFor(code: ErrorCode): RefusalCode {
  if (PARTNER_CODES.has(code)) return 'partnerFailed'
  if (code === 'invalid' || code === 'notEnough') return 'invalidBody'
  const { http } = ERRORS[code]
  switch (http) {
    case 400:
      return 'malformed'
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'notFound'
    case 405:
      return 'conflict'
    case 429:
      return 'rateLimited'
    case 503:
      return 'unavailable'
    default:
      return http >= 500 ? 'internal' : 'conflict'
  }
}
