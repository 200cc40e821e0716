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
  if (moduleById(id) !== undefined || !isAgreed(context, input, id)) return null
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
      ownerRoles: ROLES,
      readerRoles: ROLES,
      endpoints: {},
    },
    name: method,
    endpoint,
    params: {},
  }
}

function isAgreed(context: Context, input: Input, id: string): boolean {
  const { snapshot, identity, request } = input
  const from = readAddress(request.headers, 'from')
  const to = readAddress(request.headers, 'to')
  if (from.kind !== 'party' || to.kind !== 'party') return false
  const own = ROLES.find((role) =>
    identity.platform.parties.some((one) => one.party === from.party && one.role === role),
  )
  const member = findMember(snapshot, to.party, ROLES)
  if (own === undefined || member === null) return false
  const agreed = agreementAt({
    ...pairOf({ party: from.party, role: own }, member),
    snapshot,
    mode: 'required',
    at: context.clock(),
  })
  return agreed?.terms.modules?.some((module) => module === id) === true
}
