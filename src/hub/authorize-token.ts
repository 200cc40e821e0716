import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { isConnected, membersWith } from '../directory/parties.ts'
import type { Member } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { sql } from '../db/sql.ts'
import type { Loss } from '../ocpi/adapt/define.ts'
import { foldKey } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { mayDeal } from './agreements.ts'
import { resolveAlias } from './bridge/aliases.ts'
import { bridgeText, versionOf } from './bridge/bridge.ts'
import { callPartner } from './call-partner.ts'
import { pairOf, relay } from './forward.ts'
import { learnToken } from './learn-token.ts'
import { noteRealtime } from './note-authorization.ts'
import { queryFor } from './outgoing.ts'
import type { Call, OcpiAnswer } from './request.ts'

/** Somebody to ask, with the type that it gave the token where the hub knows it. */
type Candidate = Member & { type?: string }

type Asked = {
  member: Candidate
  call: Call
  url: string
  answer: PartnerAnswer
  losses: readonly Loss[]
}

/**
 * Real-time authorisation without an addressee: the providers that the hub knows this token of, then all others, because
 * anyone may have pushed its uid. The first ALLOWED is the answer; the hub never makes one up, so a CPO can apply
 * ALLOWED_OFFLINE by itself.
 */
export async function askWhoKnows(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<OcpiAnswer> {
  const call = await asMeant(context, input.call)
  const { known, others } = await candidates(context, { ...input, call })
  if (known.length + others.length === 0) throw unknownToken()
  const started = performance.now()
  const best = await askInTurn(context, {
    call,
    known: known.filter(({ platform }) => isConnected(platform)),
    others: others.filter(({ platform }) => isConnected(platform)),
  })
  if (best !== null) {
    const { member, answer } = best
    const { party: emsp, type } = member
    const durationMs = performance.now() - started
    const asked = { call, emsp, answer, durationMs }
    await noteRealtime(context, type === undefined ? asked : { ...asked, type })
  }
  // Who could not be asked says nothing about the token, so ALLOWED_OFFLINE stays the CPO's to apply.
  const isMissing = known.some(({ platform }) => !isConnected(platform))
  if (best === null || (isMissing && rank(best) >= UNKNOWN))
    throw new HubError('receiverUnreachable', 'the provider of this token is not connected')
  // Several were asked: which of them said so first says nothing, and each may have its own words for it.
  if (rank(best) === UNKNOWN) throw unknownToken()
  await learnToken(context, { call, member: best.member, answer: best.answer })
  return relay(context, best)
}

const unknownToken = () => new HubError('unknownToken', 'no provider here knows this token')

/**
 * The question with the uid that the token's provider knows: a partner of 2.1.1 may know it by a name of ours, which says
 * whose it is.
 */
async function asMeant(context: Context, call: Call): Promise<Call> {
  const { route, version } = call
  const id = route.params.uid ?? ''
  if (version !== '2.1.1') return call
  const token = await resolveAlias(context.db, { module: 'tokens', id })
  if (!token || foldKey(token.id) === foldKey(id)) return call
  const rest = `/${encodeURIComponent(token.id)}/authorize`
  return { ...call, rest, route: { ...route, params: { ...route.params, uid: token.id } } }
}

/** The types that a token asked about may have: what 2.1.1 calls OTHER has several names since. */
function typesOf({ version, query }: Call): string[] {
  const type = query.get('type') ?? query.get('token_type') ?? 'RFID'
  return version === '2.1.1' && type === 'OTHER'
    ? ['OTHER', 'APP_USER', 'AD_HOC_USER', 'EMAID']
    : version === '2.2.1' && type === 'OTHER'
      ? ['OTHER', 'EMAID']
      : [type]
}

/** Who has this token, and who else may: all that may deal with the asker, connected or not. */
async function candidates(
  context: Context,
  { call, snapshot }: { call: Call; snapshot: Snapshot },
): Promise<{ known: Candidate[]; others: Candidate[] }> {
  const uid = foldKey(call.route.params.uid ?? '')
  const keys = typesOf(call).map((type) => `${uid}|${type}`)
  const owners = await context.db.rows<{ owner: string; object_key: string }>(sql`
    select owner, object_key from objects
    where module = 'tokens' and object_key = any(${keys}::text[]) and deleted_at is null
      and audience = any(${['*', call.from.party]}::text[])
    union
    select owner, object_key from object_versions
    where module = 'tokens' and object_key = any(${keys}::text[]) and source = 'authorize'`)
  const types = new Map(
    owners.map(({ owner, object_key: key }) => [owner, key.slice(uid.length + 1)]),
  )
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
    known: able.flatMap((member) => {
      const type = types.get(member.party)
      return type === undefined ? [] : [{ ...member, type }]
    }),
    // Who asks does not know it, or would not ask: what comes from a platform does not go back to it.
    others: able.filter(
      ({ party, platform }) => !types.has(party) && platform.id !== call.identity.platform.id,
    ),
  }
}

/**
 * Asks those who are known, and when none of them has said ALLOWED after half of the time, or all have said something
 * else, the others too. Null when there is nobody to ask.
 */
async function askInTurn(
  context: Context,
  input: { call: Call; known: readonly Candidate[]; others: readonly Candidate[] },
): Promise<Asked | null> {
  const { call, known, others } = input
  const halfMs = limits.peerAuthorizeMs / 2
  const questions = known.map((member) =>
    ask(context, { call, member, deadlineMs: limits.peerAuthorizeMs }),
  )
  if (questions.length > 0) {
    const first = await within(firstAllowed(questions), others.length > 0 ? halfMs : null)
    if (first !== null && (others.length === 0 || rank(first) === 0)) return first
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

/** Asks one provider in its version. What it cannot be told of the place, it is not told. */
async function ask(
  context: Context,
  input: { call: Call; member: Candidate; deadlineMs: number },
): Promise<Asked> {
  const { member, deadlineMs } = input
  const call = withType(input.call, member.type)
  const endpoint = endpointOf(member.platform, 'tokens', 'sender') ?? ''
  const url = `${endpoint.replace(/\/+$/, '')}${call.rest}${queryFor(call, member.platform)}`
  const place = await placeFor(context, { call, member })
  const answer = await callPartner(context, {
    platform: member.platform,
    module: 'tokens',
    method: 'POST',
    url,
    from: call.from.party,
    to: member.party,
    correlationId: call.ids.correlationId,
    deadlineMs,
    ...(place === null ? {} : { bodyText: place.value }),
  })
  return { member, call, url, answer, losses: place?.losses ?? [] }
}

/** With the type that its provider gave the token. */
function withType(call: Call, type: string | undefined): Call {
  if (type === undefined || type === (call.query.get('type') ?? 'RFID')) return call
  const query = new URLSearchParams(call.query)
  query.delete('token_type')
  query.set('type', type)
  return { ...call, query }
}

/** The LocationReferences as the provider's version has them, with the names that it knows; null when there are none. */
async function placeFor(
  context: Context,
  { call, member }: { call: Call; member: Member },
): Promise<{ value: string; losses: readonly Loss[] } | null> {
  if (!call.body) return null
  const converted = await bridgeText(context, {
    kind: 'locationReferences',
    text: call.body.text,
    from: call.version,
    to: versionOf(member.platform.version),
    owner: call.from.party,
    receiver: { platformId: member.platform.id, party: member.party },
  })
  return converted.ok ? converted : null
}

/** The first ALLOWED as soon as it is there; without one, the most telling of all answers. */
async function firstAllowed(questions: readonly Promise<Asked>[]): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const answers: Asked[] = []
    for (const question of questions) {
      question.then((asked) => {
        answers.push(asked)
        if (rank(asked) === 0) resolve(asked)
        else if (answers.length === questions.length) {
          const [best] = answers.sort((a, b) => rank(a) - rank(b))
          if (best) resolve(best)
        }
      }, reject)
    }
  })
}

const UNKNOWN = 4

/**
 * 0 ALLOWED · 1 another decision of a provider · 2 an error of OCPI · 3 silence of who has the token · 4 unknown token ·
 * 5 silence of others. That others do not know a token says nothing while its own provider is silent.
 */
function rank({ answer, member }: Asked): number {
  if (answer.kind === 'timeout' || answer.kind === 'unreachable' || answer.kind === 'notOcpi')
    return member.type === undefined ? UNKNOWN + 1 : UNKNOWN - 1
  if (answer.ocpiStatus >= 2000)
    return answer.ocpiStatus === 2004 || answer.httpStatus === 404 ? UNKNOWN : 2
  return isRecord(answer.data) && answer.data.allowed === 'ALLOWED' ? 0 : 1
}
