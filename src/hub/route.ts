import type { ErrorCode } from '../errors.ts'
import type { Endpoint, Module } from '../ocpi/define.ts'

/**
 * What to do with a request:
 * direct – forward to a party; broadcast – store and send to everyone it is meant for; store – answer from the store;
 * ask – find out who knows the token; clear – record a CDR for its receiver; command – forward with a URL of ours for
 * the results; local – the hub's own modules, never routed; refuse – say why not.
 */
export type Plan =
  | { kind: 'direct'; receiver: string }
  | { kind: 'broadcast' }
  | { kind: 'store' }
  | { kind: 'ask' }
  | { kind: 'clear'; receiver: string }
  | { kind: 'command'; receiver: string }
  | { kind: 'local' }
  /** `hint` is for those who can address a party: 2.1.1 has no routing headers. */
  | { kind: 'refuse'; code: ErrorCode; pointer: string; message: string; hint?: string }

export type Content = readonly string[] | null

export type RouteInput = {
  module: Module
  endpoint: Endpoint
  /** The party in OCPI-to-*, null when absent (open routing). */
  to: string | null
  hub: string
  /** The parties that the content itself says the message is for; null when it is about what is not the sender's. */
  content: Content
}

/**
 * Decides the routing scenario (2.2.1 Message routing: the mode is not sent, it follows from the method, the interface
 * and OCPI-to). Pure: the same input always gives the same plan.
 */
export function route(input: RouteInput): Plan {
  const { routing } = input.endpoint
  switch (routing) {
    case 'pull':
      return routeList(input)
    case 'pull-one':
      return routeOne(input)
    case 'push':
      return routePush(input)
    case 'clear':
      return input.to === input.hub ? notForAll(input) : routeByToken(input, 'clear')
    case 'authorize':
      return input.to === null || input.to === input.hub
        ? { kind: 'ask' }
        : { kind: 'direct', receiver: input.to }
    case 'direct':
    case 'command':
      return routeToParty(input, routing)
    case 'local':
      return { kind: 'local' }
    default:
      return routing satisfies never
  }
}

function routeList({ to, hub }: RouteInput): Plan {
  if (to === null) {
    // 2.2.1 Open Routing Request: possible for every GET but GET ALL.
    return refuse(
      'header:OCPI-to-party-id',
      `a list needs a receiver: address the hub (${hub}) for everybody's objects, or one party`,
    )
  }
  return to === hub ? { kind: 'store' } : { kind: 'direct', receiver: to }
}

function routeOne({ module, endpoint, to, hub }: RouteInput): Plan {
  // The Location of a CDR is a URL of ours and answers by itself.
  if (module.id === 'cdrs' || to === hub) return { kind: 'store' }
  if (to !== null) return { kind: 'direct', receiver: to }
  // The store has what owners told everybody; where two have the same id it does not guess.
  return endpoint.interface === 'sender'
    ? { kind: 'store' }
    : refuse(
        'header:OCPI-to-party-id',
        `say whose copy you want to see: one party, or the hub (${hub})`,
      )
}

function routePush(input: RouteInput): Plan {
  const { module, to, hub } = input
  if (module.object?.audience === 'everyone') {
    return to === null || to === hub ? { kind: 'broadcast' } : { kind: 'direct', receiver: to }
  }
  return to === hub ? notForAll(input) : routeByToken(input, 'direct')
}

/** 2.2.1 Broadcast Push: party specific data are not for everybody. */
function notForAll({ module }: RouteInput): Plan {
  return refuse(
    'header:OCPI-to-party-id',
    `${module.id} concern one party and are not broadcast; address it, or leave OCPI-to out`,
  )
}

function routeByToken({ to, content }: RouteInput, kind: 'direct' | 'clear'): Plan {
  const receiver = content?.[0]
  if (receiver === undefined) {
    return to === null
      ? refuse(
          '/cdr_token',
          'the receiver is the party in cdr_token, which is missing or not known for this object',
        )
      : { kind, receiver: to }
  }
  if (to !== null && to !== receiver) {
    return refuse('/cdr_token', `names ${receiver}, but OCPI-to addresses ${to}`)
  }
  return { kind, receiver }
}

/** What goes to one party in any case: the addressed one, else the one that the content is about. */
function routeToParty(input: RouteInput, kind: 'direct' | 'command'): Plan {
  const { endpoint, to, hub, content } = input
  if (to === hub) {
    return refuse('header:OCPI-to-party-id', 'address the party this message is for, not the hub')
  }
  const place = placeOf(endpoint)
  if (content === null) return unknown(place ?? '/session_id', 'there is no such session of yours')
  if (to !== null) return { kind, receiver: to }
  if (place === null)
    return refuse('header:OCPI-to-party-id', 'address the party this message is for')
  const [receiver, second] = content
  if (receiver === undefined)
    return { ...unknown(place, 'is not known here, or its owner is not connected'), hint: ADDRESS }
  // 2.2.1 mod_locations: ids are unique within a CPO only.
  if (second !== undefined)
    return { ...unknown(place, 'several parties use this id'), hint: ADDRESS }
  return { kind, receiver }
}

/** Where the content stands that says whom a request is for; null when nothing in it does. */
function placeOf({ openBy, path }: Endpoint): string | null {
  switch (openBy) {
    case 'location':
      return '/location_id'
    case 'session':
      // charging_preferences and chargingprofiles name it in the path.
      return path.includes(':session_id') ? 'path:session_id' : '/session_id'
    case 'reservation':
      return '/reservation_id'
    case 'cdr_token':
    case 'object':
    case undefined:
      return null
    default:
      return openBy satisfies never
  }
}

const ADDRESS = 'address one with OCPI-to'

function unknown(pointer: string, message: string): Extract<Plan, { kind: 'refuse' }> {
  return { kind: 'refuse', code: 'unknownLocation', pointer, message }
}

function refuse(pointer: string, message: string): Plan {
  return { kind: 'refuse', code: 'invalid', pointer, message }
}
