import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { findMember, isConnected, membersWith } from '../directory/parties.ts'
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
 * Real-time authorisation without an addressee: the owner of the token if the hub knows it, else every provider at once.
 * The first ALLOWED is the answer; the hub never makes one up, so a CPO can apply ALLOWED_OFFLINE by itself.
 */
export async function askWhoKnows(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<OcpiAnswer> {
  const { call } = input
  const able = await candidates(context, input)
  const members = able.filter(({ platform }) => isConnected(platform))
  if (able.length === 0) throw new HubError('unknownToken', 'no provider here knows this token')
  // Nobody could be asked: that says nothing about the token, so ALLOWED_OFFLINE stays the CPO's to apply.
  if (members.length === 0)
    throw new HubError('receiverUnreachable', 'the provider of this token is not connected')
  const best = await firstAllowed(members.map((member) => ask(context, { call, member })))
  await learnToken(context, { call, member: best.member, answer: best.answer })
  return relay(context, { call, ...best })
}

/** Who answers for the token and may deal with the asker, connected or not. */
async function candidates(
  context: Context,
  { call, snapshot }: { call: Call; snapshot: Snapshot },
): Promise<Member[]> {
  const key = `${foldKey(call.route.params.uid ?? '')}|${call.query.get('type') ?? 'RFID'}`
  const owners = await context.db.rows<{ owner: string }>(sql`
    select distinct owner from objects where module = 'tokens' and object_key = ${key} and deleted_at is null
      and audience = any(${['*', call.from.party]}::text[])
    limit 50`)
  const known = owners.flatMap(
    ({ owner }) => findMember(snapshot, owner, call.route.module.ownerRoles) ?? [],
  )
  const asked = known.length > 0 ? known : membersWith(snapshot, call.route.module.ownerRoles)
  return asked.filter(
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
}

async function ask(
  context: Context,
  { call, member }: { call: Call; member: Member },
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
    deadlineMs: limits.peerAuthorizeMs,
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

/** 0 ALLOWED · 1 another decision of a provider · 2 an error of OCPI · 3 unknown token · 4 silence. */
function rank(answer: PartnerAnswer): number {
  if (answer.kind === 'timeout' || answer.kind === 'unreachable' || answer.kind === 'notOcpi')
    return 4
  if (answer.ocpiStatus >= 2000)
    return answer.ocpiStatus === 2004 || answer.httpStatus === 404 ? 3 : 2
  return isRecord(answer.data) && answer.data.allowed === 'ALLOWED' ? 0 : 1
}
