import { assert } from '../assert.ts'
import { isToldRouting } from '../directory/parties.ts'
import type { Platform } from '../directory/snapshot.ts'
import { sql } from '../db/sql.ts'
import { partyParts } from '../ocpi/primitives.ts'
import { callOcpi } from '../peer/ocpi-client.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import type { Context } from '../context.ts'
import { raiseAlert } from './alerts.ts'
import { noteMessage } from './messages.ts'

export type PartnerCall = {
  platform: Platform
  module: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  /** What the message log shows instead of the path of a URL that holds a secret. */
  shownPath?: string
  /** Absent on configuration modules, which carry no routing headers. Partners of 2.1.1 know none and are sent none. */
  from?: string
  to?: string
  bodyText?: string
  correlationId: string
  deadlineMs: number
}

/** The purpose under which the token we show to a platform is sealed. */
export function peerTokenPurpose(platformId: string): string {
  return `platform:${platformId}:peer`
}

/**
 * One request to a registered partner with its token, a new X-Request-ID and the same X-Correlation-ID. A partner that
 * refuses the token is tried once with the other encoding (2.2.1 Authorization header, NOTE), which is remembered when
 * it works; what operators set is tried first and kept. Never throws for what the partner or the network does.
 */
export async function callPartner(context: Context, call: PartnerCall): Promise<PartnerAnswer> {
  const { platform } = call
  assert(platform.peerTokenSealed, `platform ${platform.id} has no token to show`)
  const token = context.secrets.open(platform.peerTokenSealed, peerTokenPurpose(platform.id))
  const usual = platform.quirks.token_encoding ?? platform.peerTokenEncoding
  const first = withoutToken(await attempt(context, call, { token, encoding: usual }), token)
  if (!isTokenRefused(first)) return first
  const other = usual === 'base64' ? 'raw' : 'base64'
  const second = withoutToken(await attempt(context, call, { token, encoding: other }), token)
  if (!isTokenRefused(second)) {
    // Every write of a platform makes every process read the directory again.
    if (platform.quirks.token_encoding === undefined) {
      await context.db.rows(
        sql`update platforms set peer_token_encoding = ${other} where id = ${platform.id}`,
      )
      context.directory.invalidate()
    }
    return second
  }
  await raiseAlert(context.db, {
    code: 'partner_refuses_token',
    severity: 'critical',
    subject: platform.id,
    message: `${platform.name} refuses the credentials token of the hub`,
    advice:
      'Ask the partner to update its credentials (PUT), or rotate ours: POST /admin/v1/platforms/{id}/rotate',
  })
  return {
    kind: 'unreachable',
    reason: 'the partner refuses the token of the hub',
    sent: true,
    retryAfterMs: null,
  }
}

/** Shorter ones could stand in any text by chance. */
const secretCharsMin = 16

/** A partner that repeats the hub's token, say in a page of its debugger, would show it to whoever asked. */
function withoutToken(answer: PartnerAnswer, token: string): PartnerAnswer {
  if (answer.kind !== 'ocpi' || token.length < secretCharsMin) return answer
  const shown = [token, Buffer.from(token).toString('base64')]
  return shown.some((text) => answer.body.includes(text))
    ? {
        kind: 'notOcpi',
        httpStatus: answer.httpStatus,
        reason: 'an answer that repeats the token of the hub',
      }
    : answer
}

function isTokenRefused(answer: PartnerAnswer): boolean {
  return (
    (answer.kind === 'ocpi' || answer.kind === 'notOcpi') &&
    (answer.httpStatus === 401 || answer.httpStatus === 403)
  )
}

async function attempt(
  context: Context,
  call: PartnerCall,
  credentials: { token: string; encoding: 'base64' | 'raw' },
): Promise<PartnerAnswer> {
  const requestId = context.ids.uuid()
  const started = performance.now()
  const isRouted = isToldRouting(call.platform)
  const answer = await callOcpi(context.peer, {
    url: call.url,
    method: call.method,
    credentialsToken: credentials.token,
    tokenEncoding: credentials.encoding,
    requestId,
    correlationId: call.correlationId,
    deadlineMs: call.deadlineMs,
    ...(isRouted && call.from !== undefined ? { from: partyParts(call.from) } : {}),
    ...(isRouted && call.to !== undefined ? { to: partyParts(call.to) } : {}),
    ...(call.bodyText === undefined ? {} : { bodyText: call.bodyText }),
  })
  context.metrics.peerCalls.inc({ module: call.module, outcome: answer.kind })
  noteMessage(context, {
    direction: 'out',
    platformId: call.platform.id,
    correlationId: call.correlationId,
    requestId,
    fromParty: call.from ?? null,
    toParty: call.to ?? null,
    module: call.module,
    method: call.method,
    path: call.shownPath ?? new URL(call.url).pathname,
    httpStatus: 'httpStatus' in answer ? answer.httpStatus : null,
    ocpiStatus: answer.kind === 'ocpi' ? answer.ocpiStatus : null,
    outcome: answer.kind,
    durationMs: performance.now() - started,
  })
  return answer
}
