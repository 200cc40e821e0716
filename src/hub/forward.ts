import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { findMember, isConnected } from '../directory/parties.ts'
import type { Member } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { Loss } from '../ocpi/adapt/define.ts'
import type { Role } from '../ocpi/define.ts'
import { partyParts } from '../ocpi/primitives.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { parseLinkNext } from '../peer/link.ts'
import { mayDeal } from './agreements.ts'
import { versionOf } from './bridge.ts'
import { callPartner } from './call-partner.ts'
import { convertAnswer } from './convert-answer.ts'
import { learnToken } from './learn-token.ts'
import { openLink, sealLink } from './links.ts'
import { outgoing, queryFor } from './outgoing.ts'
import type { Call, OcpiAnswer } from './request.ts'

/**
 * Sends a request on to the party it is addressed to and its answer back. The same version on both sides: the bytes of
 * both untouched; another one: converted there and back. A new X-Request-ID, URLs in headers rewritten to ours (2.2.1
 * Message routing, Party to Party via Hub).
 */
export async function forward(
  context: Context,
  input: { call: Call; snapshot: Snapshot; receiver: string },
): Promise<OcpiAnswer> {
  const { call } = input
  const member = findReceiver(context, input)
  const sent = await outgoing(context, { call, member })
  const url = targetUrl(context, { call, member, rest: sent.rest })
  const answer = await callPartner(context, {
    platform: member.platform,
    module: call.route.module.id,
    method: sent.method,
    url,
    from: call.from.party,
    to: member.party,
    correlationId: call.ids.correlationId,
    deadlineMs:
      call.route.endpoint.routing === 'authorize' ? limits.peerAuthorizeMs : limits.peerRequestMs,
    ...(sent.text === null ? {} : { bodyText: sent.text }),
  })
  if (call.route.endpoint.routing === 'authorize')
    await learnToken(context, { call, member, answer })
  return relay(context, { call, member, answer, url, losses: sent.losses })
}

/** The party a message is addressed to, if the sender may deal with it and it can be reached. */
export function findReceiver(context: Context, input: Addressed): Member {
  const member = findAddressee(context, input)
  if (isConnected(member.platform)) return member
  throw new HubError('receiverUnreachable', `${input.receiver} is not connected at the moment`)
}

type Addressed = { call: Call; snapshot: Snapshot; receiver: string }

/** The same, connected or not. Unknown and not allowed read alike: who is connected is not everybody's to know. */
export function findAddressee(context: Context, { call, snapshot, receiver }: Addressed): Member {
  const { id: module } = call.route.module
  const member = findMember(snapshot, receiver, receiverRoles(call))
  const mode = context.config.agreements
  const at = context.clock()
  if (member && mayDeal({ ...pairOf(call.from, member), snapshot, mode, module, at })) return member
  throw new HubError('unknownReceiver', `${receiver} is not known here as a receiver of ${module}`)
}

/** Receiver interfaces belong to readers, Sender interfaces to owners. */
export function receiverRoles(call: Call): readonly Role[] {
  return call.side === 'receiver' ? call.route.module.readerRoles : call.route.module.ownerRoles
}

/** Which of two parties is the CPO side of their agreement. */
export function pairOf(
  from: { party: string; role: Role },
  to: { party: string; role: Role },
): { cpo: string; emsp: string } {
  return from.role === 'CPO'
    ? { cpo: from.party, emsp: to.party }
    : { cpo: to.party, emsp: from.party }
}

function targetUrl(context: Context, input: { call: Call; member: Member; rest: string }): string {
  const { call, member, rest } = input
  const endpoint = endpointOf(member.platform, call.route.module.id, call.side)
  if (endpoint === undefined) {
    throw new HubError(
      'hubError',
      `${member.party} does not implement ${call.route.module.id} as ${call.side}`,
    )
  }
  const sealed = call.query.get('page')
  if (sealed !== null) {
    const url = openLink(context, {
      sealed,
      asker: call.from.party,
      platformId: member.platform.id,
      module: call.route.module.id,
    })
    if (url === null)
      throw new HubError(
        'notFound',
        'this is not a Link of ours for this party; start the list again',
      )
    return url
  }
  return `${endpoint.replace(/\/+$/, '')}${rest}${queryFor(call, member.platform)}`
}

/** A partner's answer as the requester gets it; `losses` are what the request had lost on its way to the partner. */
export async function relay(
  context: Context,
  input: {
    call: Call
    member: Member
    answer: PartnerAnswer
    url: string
    losses?: readonly Loss[]
  },
): Promise<OcpiAnswer> {
  const { call, member, answer, losses = [] } = input
  switch (answer.kind) {
    case 'ocpi': {
      const headers = {
        ...routingHeaders(member.party, call.from.party),
        ...relayedHeaders(context, { ...input, headers: answer.headers }),
      }
      if (versionOf(member.platform.version) !== call.version)
        return { ...(await convertAnswer(context, { call, member, answer, losses })), headers }
      const { httpStatus, ocpiStatus, body } = answer
      return { httpStatus, ocpiStatus, relayed: body, headers }
    }
    case 'timeout':
      throw new HubError('receiverTimeout', `${member.party} did not answer in time`)
    case 'unreachable':
      throw new HubError('receiverUnreachable', `${member.party} cannot be reached`)
    case 'notOcpi':
      throw new HubError('hubError', `${member.party} did not answer with OCPI`)
    default:
      return answer satisfies never
  }
}

/** The routing headers of an answer: from the party that answered, to the one that asked. */
export function routingHeaders(from: string, to: string): Record<string, string> {
  const source = partyParts(from)
  const target = partyParts(to)
  return {
    'OCPI-from-country-code': source.countryCode,
    'OCPI-from-party-id': source.partyId,
    'OCPI-to-country-code': target.countryCode,
    'OCPI-to-party-id': target.partyId,
  }
}

/** The headers of an answer for a partner of 2.1.1, which knows no routing. */
export function withoutRouting(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^ocpi-/i.test(name)))
}

function relayedHeaders(
  context: Context,
  input: { call: Call; member: Member; headers: Record<string, string>; url: string },
): Record<string, string> {
  const { call, member, headers } = input
  const result: Record<string, string> = {}
  for (const [name, shown] of [
    ['x-total-count', 'X-Total-Count'],
    ['x-limit', 'X-Limit'],
  ] as const) {
    const value = headers[name]
    if (value !== undefined && /^\d{1,12}$/.test(value)) result[shown] = value
  }
  const next = headers.link === undefined ? null : parseLinkNext(headers.link, input.url)
  // A Link to another origin than the partner's endpoint would send the hub, with its token, wherever the partner likes.
  if (next !== null && new URL(next).origin === new URL(input.url).origin) {
    const sealed = sealLink(context, {
      url: next,
      asker: call.from.party,
      platformId: member.platform.id,
      module: call.route.module.id,
    })
    result.Link = `<${call.moduleUrl}${call.rest}?page=${sealed}>; rel="next"`
  }
  return result
}
