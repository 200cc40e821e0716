import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import type { Route } from '../ocpi/registry.ts'
import { noteMessage } from './messages.ts'
import type { Call, MessageIds, OcpiAnswer, OcpiRequest } from './request.ts'

/** What is known of a request so far, for its record; `isOld`: it is answered as 2.1.1 is. */
export type Trail = {
  identity: Identity | null
  route: Route | null
  call: Call | null
  parties: { from: string; to: string | null } | null
  isOld: boolean
}

/** Counts a request that was answered, and writes it into the message log when it came from a platform of ours. */
export function recordRequest(
  context: Context,
  input: {
    request: OcpiRequest
    ids: MessageIds
    trail: Trail
    answer: OcpiAnswer
    durationMs: number
  },
): void {
  const { request, ids, trail, answer, durationMs } = input
  const unrouted = isCallback(request) ? 'callbacks' : 'versions'
  const module = trail.route?.module.id ?? unrouted
  context.metrics.requests.inc({
    surface: 'ocpi',
    module,
    http_status: answer.httpStatus,
    ocpi_status: answer.ocpiStatus,
  })
  context.metrics.requestSeconds.observe({ surface: 'ocpi' }, durationMs / 1_000)
  // A stranger's requests are counted, not written down: they could fill the disk.
  if (!trail.identity || answer.httpStatus === 503) return
  noteMessage(context, {
    direction: 'in',
    platformId: trail.identity.platform.id,
    correlationId: ids.correlationId,
    requestId: ids.requestId,
    fromParty: trail.parties?.from ?? null,
    toParty: trail.parties?.to ?? null,
    module,
    method: request.method,
    path: shownPath(request),
    httpStatus: answer.httpStatus,
    ocpiStatus: answer.ocpiStatus,
    outcome: answer.ocpiStatus < 2000 ? 'done' : 'refused',
    durationMs,
  })
}

/** The path for logs, which says nothing that somebody could use. */
export function shownPath(request: OcpiRequest): string {
  // Whoever knows the id of a callback may post a result there.
  return isCallback(request) ? '/callbacks/…' : request.path
}

function isCallback({ path }: OcpiRequest): boolean {
  return path.startsWith('/callbacks/')
}
