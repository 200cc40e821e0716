import { DatabaseUnavailable } from '../db/database.ts'
import { ERRORS, HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { MessageIds, OcpiAnswer } from './request.ts'

/**
 * Turns what was thrown into an answer: the public text goes out, the cause goes to the log. `isOld`: with the codes of
 * 2.1.1.
 */
export function answerError(
  context: Pick<Context, 'log'>,
  input: { error: unknown; ids: MessageIds; path: string; isOld?: boolean },
): OcpiAnswer {
  const { error, ids, isOld = false } = input
  if (error instanceof HubError) return fromHubError(error, isOld)
  if (error instanceof DatabaseUnavailable) {
    context.log.warn(
      { err: error.message, correlation_id: ids.correlationId },
      'the database could not be asked',
    )
    return fromHubError(
      new HubError(
        'unavailable',
        'the hub cannot write at the moment; send the same request again',
        { retryAfterS: 2 },
      ),
      isOld,
    )
  }
  context.log.error(
    { err: error, correlation_id: ids.correlationId, path: input.path },
    'a request failed',
  )
  return fromHubError(
    new HubError('internal', 'the hub failed to work on this request; it has been logged'),
    isOld,
  )
}

function fromHubError(error: HubError, isOld: boolean): OcpiAnswer {
  const entry = ERRORS[error.code]
  const details = error.faults.map((fault) =>
    fault.pointer === '' ? fault.message : `${fault.pointer} ${fault.message}`,
  )
  const message =
    details.length === 0 ? error.message : `${error.message}: ${details.slice(0, 10).join('; ')}`
  return {
    httpStatus: entry.http,
    ocpiStatus: isOld ? entry.ocpiOld : entry.ocpi,
    statusMessage:
      error.faults.length === 1 && error.faults[0]?.message === error.message
        ? `${error.faults[0].pointer} ${error.message}`.trimStart()
        : message,
    headers: {
      ...(error.retryAfterS === undefined ? {} : { 'Retry-After': String(error.retryAfterS) }),
      ...(error.allow === undefined ? {} : { Allow: error.allow.join(', ') }),
      ...(entry.http === 401 ? { 'WWW-Authenticate': 'Token' } : {}),
    },
  }
}
