import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { createBatcher } from '../db/batch.ts'
import type { Batcher } from '../db/batch.ts'
import { sql } from '../db/sql.ts'
import { foldKey } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { answerCommand, answerLater, appendAuthorizations } from '../store/authorizations.ts'
import type { AuthorizationKind, NewAuthorization } from '../store/authorizations.ts'
import type { Call } from './request.ts'

const batchers = new WeakMap<Context, Batcher<NewAuthorization, bigint>>()

/** Keeps one together with whatever else arrives now. */
function append(context: Context, one: NewAuthorization): Promise<bigint> {
  let batcher = batchers.get(context)
  if (!batcher) {
    const run = (all: readonly NewAuthorization[]) => appendAuthorizations(context.db, all)
    batcher = createBatcher({ rowsMax: limits.objectBatchMax, run })
    batchers.set(context, batcher)
  }
  return batcher.add(one)
}

/** What is under way must not fail because it could not be noted. Null when it could not. */
async function tried<T>(context: Context, call: Call, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const err = error instanceof Error ? error.message : ''
    const { correlationId: correlation_id } = call.ids
    context.log.warn({ err, correlation_id }, 'an authorisation could not be noted')
    return null
  }
}

/**
 * Keeps a real-time authorisation with its answer: what CDRs of the card are held against later. Silence is kept too;
 * a provider that does not know the token has said UNKNOWN_TOKEN.
 */
export async function noteRealtime(
  context: Context,
  asked: { call: Call; emsp: string; type?: string; answer: PartnerAnswer; durationMs: number },
): Promise<void> {
  const { call, emsp, answer } = asked
  const info = answer.kind === 'ocpi' && isRecord(answer.data) ? answer.data : {}
  const said = saidOf(answer)
  await tried(context, call, () =>
    append(context, {
      ...placeOf(call.body?.value),
      kind: 'realtime',
      cpo: call.from.party,
      emsp,
      tokenKey: tokenKeyOf(asked, info),
      sessionKey: null,
      reference: textOf(info.authorization_reference),
      answer: said,
      correlationId: call.ids.correlationId,
      agoMs: asked.durationMs,
      isOver: said !== null,
    }),
  )
}

function saidOf(answer: PartnerAnswer): string | null {
  if (answer.kind !== 'ocpi') return null
  const { data, ocpiStatus, httpStatus } = answer
  if (ocpiStatus >= 2000) return ocpiStatus === 2004 || httpStatus === 404 ? 'UNKNOWN_TOKEN' : null
  return isRecord(data) && typeof data.allowed === 'string' ? data.allowed : null
}

/** The card as the provider calls it; 2.1.1 does not say, then as it was asked for. */
function tokenKeyOf(
  { call, type }: { call: Call; type?: string },
  info: Record<string, unknown>,
): string {
  const uid = foldKey(call.route.params.uid ?? '')
  const token = isRecord(info.token) ? info.token : {}
  const isIt = typeof token.uid === 'string' && foldKey(token.uid) === uid
  const named = isIt && typeof token.type === 'string' ? token.type : type
  return `${uid}|${named ?? call.query.get('type') ?? call.query.get('token_type') ?? 'RFID'}`
}

const KINDS: Readonly<Record<string, AuthorizationKind>> = {
  startSession: 'START_SESSION',
  stopSession: 'STOP_SESSION',
  reserveNow: 'RESERVE_NOW',
}

/** Keeps a command that is about to be sent to a CPO; null for one that starts, stops and reserves nothing. */
export async function noteCommand(
  context: Context,
  { call, cpo }: { call: Call; cpo: string },
): Promise<bigint | null> {
  const kind = KINDS[call.route.name]
  if (kind === undefined || call.route.module.id !== 'commands') return null
  const body = call.body?.value ?? {}
  const sessionKey = keyOf(body.session_id)
  return tried(context, call, async () => {
    const token = isRecord(body.token) ? body.token : await tokenOfSession(context, cpo, sessionKey)
    return append(context, {
      ...placeOf(body),
      kind,
      cpo,
      emsp: call.from.party,
      tokenKey: `${foldKey(textOf(token.uid) ?? '')}|${textOf(token.type) ?? ''}`,
      sessionKey,
      reference: textOf(body.authorization_reference),
      answer: null,
      correlationId: call.ids.correlationId,
      agoMs: 0,
      isOver: false,
    })
  })
}

async function tokenOfSession(
  context: Context,
  cpo: string,
  key: string | null,
): Promise<Record<string, unknown>> {
  const [row] = await context.db.rows<{ token: unknown }>(sql`
    select value -> 'cdr_token' as token from objects
    where module = 'sessions' and owner = ${cpo} and object_key = ${key} limit 1`)
  return isRecord(row?.token) ? row.token : {}
}

/** The CommandResponse: what is accepted gets a result later, everything else is over. */
export async function noteCommandAnswer(
  context: Context,
  { call, id, answer }: { call: Call; id: bigint | null; answer: PartnerAnswer },
): Promise<void> {
  if (id === null) return
  const said = resultOf(answer)
  await tried(context, call, () =>
    answerCommand(context.db, { id, answer: said, isOver: said !== null && said !== 'ACCEPTED' }),
  )
}

function resultOf(answer: PartnerAnswer): string | null {
  const data = answer.kind === 'ocpi' && answer.ocpiStatus < 2000 ? answer.data : null
  return isRecord(data) && typeof data.result === 'string' ? data.result : null
}

/** The result of a command, posted to the URL that stands for its response_url. */
export async function noteCommandResult(
  context: Context,
  said: { endpoint: string; cpo: string; emsp: string; correlationId: string; value: unknown },
): Promise<void> {
  const kind = KINDS[said.endpoint]
  const answer = isRecord(said.value) ? textOf(said.value.result) : null
  if (kind === undefined || answer === null) return
  const { cpo, emsp, correlationId } = said
  await answerLater(context.db, { kind, cpo, emsp, correlationId, answer })
}

/** Where: OCPI's LocationReferences and commands say it in two ways. */
function placeOf(value: unknown): { locationKey: string | null; evseUid: string | null } {
  const body = isRecord(value) ? value : {}
  const [first]: unknown[] = Array.isArray(body.evse_uids) ? body.evse_uids : []
  return { locationKey: keyOf(body.location_id), evseUid: keyOf(body.evse_uid ?? first) }
}

function keyOf(id: unknown): string | null {
  return typeof id === 'string' ? foldKey(id.slice(0, limits.idCharsMax)) : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, limits.idCharsMax) : null
}
