import type { ErrorCode } from '../errors.ts'
import type { Endpoint, Module } from '../ocpi/define.ts'

/**
 * What to do with a functional request:
 * direct – forward to a party; broadcast – store and send to everyone it is meant for; store – answer from the store;
 * ask – find out who knows the token; clear – record a CDR for its receiver; refuse – say why not.
 */
export type Plan =
  | { kind: 'direct'; receiver: string }
  | { kind: 'broadcast' }
  | { kind: 'store' }
  | { kind: 'ask' }
  | { kind: 'clear'; receiver: string }
  | { kind: 'refuse'; code: ErrorCode; pointer: string; message: string }

export type RouteInput = {
  module: Module
  endpoint: Endpoint
  /** The party in OCPI-to-*, null when absent (open routing). */
  to: string | null
  hub: string
  /** Where the content itself says the message goes: the party in cdr_token, or of the stored session. */
  contentReceiver: string | null
}

/**
 * Decides the routing scenario (2.2.1 Message routing: the mode is not sent, it follows from the method, the interface
 * and OCPI-to). Pure: the same input always gives the same plan.
 */
export function route(input: RouteInput): Plan {
  switch (input.endpoint.routing) {
    case 'pull':
      return routeList(input)
    case 'pull-one':
      return routeOne(input)
    case 'push':
      return routePush(input)
    case 'clear':
      return routeCdr(input)
    case 'authorize':
      return input.to === null || input.to === input.hub
        ? { kind: 'ask' }
        : { kind: 'direct', receiver: input.to }
    case 'direct':
      return input.to === null || input.to === input.hub
        ? refuse('header:OCPI-to-party-id', 'address the party this message is for')
        : { kind: 'direct', receiver: input.to }
    case 'local':
      return { kind: 'store' }
    default:
      return input.endpoint.routing satisfies never
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
  return endpoint.interface === 'sender'
    ? { kind: 'store' }
    : refuse(
        'header:OCPI-to-party-id',
        `say whose copy you want to see: one party, or the hub (${hub})`,
      )
}

function routePush({ module, to, hub, contentReceiver }: RouteInput): Plan {
  if (module.object?.audience === 'everyone') {
    return to === null || to === hub ? { kind: 'broadcast' } : { kind: 'direct', receiver: to }
  }
  if (to === hub) {
    // 2.2.1 Broadcast Push: party specific data are not for everybody.
    return refuse(
      'header:OCPI-to-party-id',
      `${module.id} concern one party and are not broadcast; address it, or leave OCPI-to out`,
    )
  }
  return personal(to, contentReceiver, (receiver) => ({ kind: 'direct', receiver }))
}

function routeCdr({ to, hub, contentReceiver }: RouteInput): Plan {
  if (to === hub) {
    return refuse(
      'header:OCPI-to-party-id',
      'a CDR concerns one party and is not broadcast; address it, or leave OCPI-to out',
    )
  }
  return personal(to, contentReceiver, (receiver) => ({ kind: 'clear', receiver }))
}

function personal(
  to: string | null,
  contentReceiver: string | null,
  plan: (receiver: string) => Plan,
): Plan {
  if (contentReceiver === null) {
    return to === null
      ? refuse(
          '/cdr_token',
          'the receiver is the party in cdr_token, which is missing or not known for this object',
        )
      : plan(to)
  }
  if (to !== null && to !== contentReceiver) {
    return refuse('/cdr_token', `names ${contentReceiver}, but OCPI-to addresses ${to}`)
  }
  return plan(contentReceiver)
}

function refuse(pointer: string, message: string): Plan {
  return { kind: 'refuse', code: 'invalid', pointer, message }
}
