import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { findMember, isConnected } from '../directory/parties.ts'
import type { Member } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { Role } from '../ocpi/define.ts'
import { partyParts } from '../ocpi/primitives.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { parseLinkNext } from '../peer/link.ts'
import { mayDeal } from './agreements.ts'
import { callPartner } from './call-partner.ts'
import { learnToken } from './learn-token.ts'
import { openLink, sealLink } from './links.ts'
import type { Call, OcpiAnswer } from './request.ts'

/**
 * Sends a request on to the party it is addressed to and its answer back: the bytes of both untouched, a new
 * X-Request-ID, URLs in headers rewritten to ours (2.2.1 Message routing, Party to Party via Hub).
 */
export async function forward(
  context: Context,
  input: { call: Call; snapshot: Snapshot; receiver: string },
): Promise<OcpiAnswer> {
  const { call } = input
  const member = findReceiver(context, input)
  const url = targetUrl(context, { call, member })
  const answer = await callPartner(context, {
    platform: member.platform,
    module: call.route.module.id,
    method: call.route.endpoint.method,
    url,
    from: call.from.party,
    to: member.party,
    correlationId: call.ids.correlationId,
    deadlineMs:
      call.route.endpoint.routing === 'authorize' ? limits.peerAuthorizeMs : limits.peerRequestMs,
    ...(call.body ? { bodyText: call.body.text } : {}),
  })
  if (call.route.endpoint.routing === 'authorize')
    await learnToken(context, { call, member, answer })
  return relay(context, { call, member, answer, url })
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
function receiverRoles(call: Call): readonly Role[] {
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

function targetUrl(context: Context, input: { call: Call; member: Member }): string {
  const { call, member } = input
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
    })
    if (url === null)
      throw new HubError(
        'notFound',
        'this is not a Link of ours for this party; start the list again',
      )
    return url
  }
  const query = call.query.size === 0 ? '' : `?${call.query.toString()}`
  return `${endpoint.replace(/\/+$/, '')}${call.rest}${query}`
}

/** A partner's answer as the requester gets it. */
export function relay(
  context: Context,
  input: { call: Call; member: Member; answer: PartnerAnswer; url: string },
): OcpiAnswer {
  const { call, member, answer } = input
  switch (answer.kind) {
    case 'ocpi':
      return {
        httpStatus: answer.httpStatus,
        ocpiStatus: answer.ocpiStatus,
        relayed: answer.body,
        headers: {
          ...routingHeaders(member.party, call.from.party),
          ...relayedHeaders(context, { ...input, headers: answer.headers }),
        },
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
    })
    result.Link = `<${context.publicUrl}/ocpi/${call.version}/${call.side}/${call.route.module.id}?page=${sealed}>; rel="next"`
  }
  return result
}
