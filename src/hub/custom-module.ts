import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import { findMember } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { Endpoint, Method, Role } from '../ocpi/define.ts'
import { readAddress } from '../ocpi/headers.ts'
import { moduleById } from '../ocpi/registry.ts'
import type { Route } from '../ocpi/registry.ts'
import { agreementAt } from './agreements.ts'
import { pairOf } from './forward.ts'
import type { OcpiRequest } from './request.ts'

const ROLES = [
  'CPO',
  'EMSP',
  'NAP',
  'NSP',
  'OTHER',
  'SCSP',
  'PTP',
] as const satisfies readonly Role[]
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies readonly Method[]

type Input = {
  snapshot: Snapshot
  identity: Identity
  request: OcpiRequest
  /** After the version. */
  segments: readonly string[]
}

/**
 * The route of a module that OCPI does not know (2.2.1 Version information endpoint, Custom Modules): passed on between
 * two parties whose agreement names it. For everybody else there is no such path, whoever uses it elsewhere: null.
 */
export function customRoute(context: Context, input: Input): Route | null {
  const [side, id = ''] = input.segments
  if (side !== 'sender' && side !== 'receiver') return null
  const roles = moduleById(id) === undefined ? agreedRoles(context, input, id) : null
  if (roles === null) return null
  const method = METHODS.find((known) => known === input.request.method)
  if (method === undefined) return null
  const endpoint: Endpoint = {
    interface: side,
    method,
    path: '/',
    routing: 'direct',
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: { schema: {}, optional: true } }),
  }
  return {
    module: {
      id,
      kind: 'functional',
      since: '2.2.1',
      ownerRoles: [side === 'receiver' ? roles.own : roles.theirs],
      readerRoles: [side === 'receiver' ? roles.theirs : roles.own],
      endpoints: {},
    },
    name: method,
    endpoint,
    params: {},
  }
}

/** The roles in which the sender and the addressee have agreed on a module; null when they have not. */
function agreedRoles(
  context: Context,
  input: Input,
  id: string,
): { own: Role; theirs: Role } | null {
  const { snapshot, identity, request } = input
  const from = readAddress(request.headers, 'from')
  const to = readAddress(request.headers, 'to')
  if (from.kind !== 'party' || to.kind !== 'party') return null
  const own = identity.platform.parties.filter(({ party }) => party === from.party)
  for (const sender of own) {
    for (const theirs of ROLES) {
      const member = findMember(snapshot, to.party, [theirs])
      // Agreements are between a CPO and somebody else.
      if (member === null || (sender.role === 'CPO' && theirs === 'CPO')) continue
      const pair = pairOf(sender, member)
      const agreed = agreementAt({ ...pair, snapshot, mode: 'required', at: context.clock() })
      if (agreed?.terms.modules?.includes(id)) return { own: sender.role, theirs }
    }
  }
  return null
}
