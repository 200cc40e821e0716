import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { findMember, isConnected, isToldRouting } from '../directory/parties.ts'
import type { Member } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { Loss } from '../ocpi/adapt/define.ts'
import type { Role } from '../ocpi/define.ts'
import { partyParts } from '../ocpi/primitives.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { parseLinkNext } from '../peer/link.ts'
import { mayDeal } from './agreements.ts'
import { versionOf } from './bridge/bridge.ts'
import { callPartner } from './call-partner.ts'
import { convertAnswer } from './convert-answer.ts'
import { learnToken } from './learn-token.ts'
import { noteRealtime } from './note-authorization.ts'
import { noteCapture } from './note-capture.ts'
import { openLink, sealLink } from './links.ts'
import type { LinkUse } from './links.ts'
import { outgoing, queryFor } from './outgoing.ts'
import { ownOrigins } from './commands/own-origins.ts'
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
  if (call.route.endpoint.routing === 'direct' && asksBlindly(call, member)) {
    throw new HubError(
      'hubError',
      `${member.party} cannot be told who asks; a list of its ${call.route.module.id} would be everybody's`,
    )
  }
  const sent = await outgoing(context, { call, member })
  const url = targetUrl(context, { call, member, rest: sent.rest })
  const started = performance.now()
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
  if (call.route.endpoint.routing === 'authorize') {
    const durationMs = performance.now() - started
    await noteRealtime(context, { call, emsp: member.party, answer, durationMs })
    await learnToken(context, { call, member, answer })
  }
  await noteCapture(context, { call, member, answer })
  return relay(context, { call, member, answer, url, losses: sent.losses })
}

/** The party a message is addressed to, if the sender may deal with it and it can be reached. */
export function findReceiver(context: Context, input: Addressed): Member {
  const member = findAddressee(context, input)
  if (isConnected(member.platform)) return member
  throw new HubError('receiverUnreachable', `${input.receiver} is not connected at the moment`)
}

type Addressed = { call: Call; snapshot: Snapshot; receiver: string }

/**
 * The same, connected or not. Unknown and not allowed read alike: who is connected is not everybody's to know. Where a
 * module is for both sides, as invoices are, a CPO means the eMSP of that name and an eMSP the CPO.
 */
export function findAddressee(context: Context, { call, snapshot, receiver }: Addressed): Member {
  const { id: module } = call.route.module
  const mode = context.config.agreements
  const at = context.clock()
  for (const { own, theirs } of rolesBetween(call)) {
    const member = findMember(snapshot, receiver, [theirs])
    const from = { party: call.from.party, role: own }
    if (member && mayDeal({ ...pairOf(from, member), snapshot, mode, module, at })) return member
  }
  throw new HubError('unknownReceiver', `${receiver} is not known here as a receiver of ${module}`)
}

/**
 * True when a platform that is not told who asks would be asked for a list of what concerns one party each: it would
 * answer with everybody's.
 */
export function asksBlindly({ route }: Call, { platform }: Member): boolean {
  const { module, endpoint } = route
  if (isToldRouting(platform) || endpoint.reply?.list !== true) return false
  return module.object?.audience !== 'everyone'
}

/** In which roles the two sides may stand to each other, those of a CPO and somebody else first. */
function rolesBetween({ identity, from, route, side }: Call): { own: Role; theirs: Role }[] {
  const { ownerRoles, readerRoles } = route.module
  const [senders, receivers] =
    side === 'receiver' ? [ownerRoles, readerRoles] : [readerRoles, ownerRoles]
  const pairs = identity.platform.parties
    .filter(({ party, role }) => party === from.party && senders.includes(role))
    .flatMap(({ role: own }) => receivers.map((theirs) => ({ own, theirs })))
  return pairs.sort((a, b) => Number(a.own === a.theirs) - Number(b.own === b.theirs))
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
  const sealed = call.route.endpoint.method === 'GET' ? call.query.get('page') : null
  if (sealed !== null) {
    const url = openLink(context, { sealed, ...linkUse(input) })
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
  if (next !== null) {
    // It would send the hub, with its token, wherever the partner likes; without it the list would look complete.
    if (!ownOrigins(member.platform).has(new URL(next).origin))
      throw new HubError(
        'hubError',
        `${member.party} has the next page on a host that is not its own`,
      )
    const filters = [...call.query].filter(([name]) => FILTERS.includes(name))
    const page = new URLSearchParams([
      ...filters,
      ['page_of', member.party],
      ['page', sealLink(context, { url: next, ...linkUse(input) })],
    ])
    result.Link = `<${call.moduleUrl}${call.rest}?${page.toString()}>; rel="next"`
  }
  return result
}

/** What the next page is held against as this one is (2.2.1 Pagination: the Link has the filters of the request). */
const FILTERS: readonly string[] = ['date_from', 'date_to']

function linkUse({ call, member }: { call: Call; member: Member }): LinkUse {
  return {
    asker: call.from.party,
    receiver: member.party,
    platformId: member.platform.id,
    module: call.route.module.id,
  }
}
