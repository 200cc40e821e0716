import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { isConnected, membersWith } from '../directory/parties.ts'
import type { Member } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { sql } from '../db/sql.ts'
import { foldKey } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { mayDeal } from './agreements.ts'
import { callPartner } from './call-partner.ts'
import { pairOf, relay } from './forward.ts'
import { learnToken } from './learn-token.ts'
import type { Call, OcpiAnswer } from './request.ts'

type Asked = { member: Member; url: string; answer: PartnerAnswer }

/**
 * Real-time authorisation without an addressee: the providers that the hub knows this token of, then all others, because
 * anyone may have pushed its uid. The first ALLOWED is the answer; the hub never makes one up, so a CPO can apply
 * ALLOWED_OFFLINE by itself.
 */
export async function askWhoKnows(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<OcpiAnswer> {
  const { call } = input
  const { known, others } = await candidates(context, input)
  if (known.length + others.length === 0)
    throw new HubError('unknownToken', 'no provider here knows this token')
  const best = await askInTurn(context, {
    call,
    known: known.filter(({ platform }) => isConnected(platform)),
    others: others.filter(({ platform }) => isConnected(platform)),
  })
  // Who could not be asked says nothing about the token, so ALLOWED_OFFLINE stays the CPO's to apply.
  const isMissing = known.some(({ platform }) => !isConnected(platform))
  if (best === null || (isMissing && rank(best.answer) >= UNKNOWN))
    throw new HubError('receiverUnreachable', 'the provider of this token is not connected')
  await learnToken(context, { call, member: best.member, answer: best.answer })
  return relay(context, { call, ...best })
}

/** Who has this token, and who else may: all that may deal with the asker, connected or not. */
async function candidates(
  context: Context,
  { call, snapshot }: { call: Call; snapshot: Snapshot },
): Promise<{ known: Member[]; others: Member[] }> {
  const key = `${foldKey(call.route.params.uid ?? '')}|${call.query.get('type') ?? 'RFID'}`
  const owners = await context.db.rows<{ owner: string }>(sql`
    select owner from objects where module = 'tokens' and object_key = ${key} and deleted_at is null
      and audience = any(${['*', call.from.party]}::text[])
    union
    select owner from object_versions where module = 'tokens' and object_key = ${key} and source = 'authorize'`)
  const names = new Set(owners.map(({ owner }) => owner))
  const able = membersWith(snapshot, call.route.module.ownerRoles).filter(
    (member) =>
      endpointOf(member.platform, 'tokens', 'sender') !== undefined &&
      mayDeal({
        ...pairOf(call.from, member),
        snapshot,
        mode: context.config.agreements,
        module: 'tokens',
        at: context.clock(),
      }),
  )
  return {
    known: able.filter(({ party }) => names.has(party)),
    others: able.filter(({ party }) => !names.has(party)),
  }
}

/**
 * Asks those who are known, and when none of them has said ALLOWED after half of the time, or all have said something
 * else, the others too. Null when there is nobody to ask.
 */
async function askInTurn(
  context: Context,
  input: { call: Call; known: readonly Member[]; others: readonly Member[] },
): Promise<Asked | null> {
  const { call, known, others } = input
  const halfMs = limits.peerAuthorizeMs / 2
  const questions = known.map((member) =>
    ask(context, { call, member, deadlineMs: limits.peerAuthorizeMs }),
  )
  if (questions.length > 0) {
    const first = await within(firstAllowed(questions), others.length > 0 ? halfMs : null)
    if (first !== null && (others.length === 0 || rank(first.answer) === 0)) return first
  }
  if (others.length === 0) return null
  const deadlineMs = known.length > 0 ? halfMs : limits.peerAuthorizeMs
  const more = others.map((member) => ask(context, { call, member, deadlineMs }))
  return firstAllowed([...questions, ...more])
}

/** What comes out of `work`, or null when it takes longer than `ms`. */
async function within<T>(work: Promise<T>, ms: number | null): Promise<T | null> {
  if (ms === null) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function ask(
  context: Context,
  { call, member, deadlineMs }: { call: Call; member: Member; deadlineMs: number },
): Promise<Asked> {
  const endpoint = endpointOf(member.platform, 'tokens', 'sender') ?? ''
  const query = call.query.size === 0 ? '' : `?${call.query.toString()}`
  const url = `${endpoint.replace(/\/+$/, '')}${call.rest}${query}`
  const answer = await callPartner(context, {
    platform: member.platform,
    module: 'tokens',
    method: 'POST',
    url,
    from: call.from.party,
    to: member.party,
    correlationId: call.ids.correlationId,
    deadlineMs,
    ...(call.body ? { bodyText: call.body.text } : {}),
  })
  return { member, url, answer }
}

/** The first ALLOWED as soon as it is there; without one, the most telling of all answers. */
async function firstAllowed(questions: readonly Promise<Asked>[]): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const answers: Asked[] = []
    for (const question of questions) {
      question.then((asked) => {
        answers.push(asked)
        if (rank(asked.answer) === 0) resolve(asked)
        else if (answers.length === questions.length) {
          const [best] = answers.sort((a, b) => rank(a.answer) - rank(b.answer))
          if (best) resolve(best)
        }
      }, reject)
    }
  })
}

const UNKNOWN = 3

/** 0 ALLOWED · 1 another decision of a provider · 2 an error of OCPI · 3 unknown token · 4 silence. */
function rank(answer: PartnerAnswer): number {
  if (answer.kind === 'timeout' || answer.kind === 'unreachable' || answer.kind === 'notOcpi')
    return 4
  if (answer.ocpiStatus >= 2000)
    return answer.ocpiStatus === 2004 || answer.httpStatus === 404 ? UNKNOWN : 2
  return isRecord(answer.data) && answer.data.allowed === 'ALLOWED' ? 0 : 1
}
