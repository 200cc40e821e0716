import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import { sql } from '../db/sql.ts'
import type { Role } from '../ocpi/define.ts'
import { readAddress } from '../ocpi/headers.ts'
import { foldKey, partyOf } from '../ocpi/primitives.ts'
import type { Route } from '../ocpi/registry.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { Call, OcpiRequest, ParsedBody } from './request.ts'

type Input = { request: OcpiRequest; route: Route; identity: Identity; body: ParsedBody | null }

/**
 * Who speaks, and in which role: the party of OCPI-from must be one of the platform's, in a role this endpoint is for,
 * and the owner in the URL and in the body must be that party. A platform acts only for its own parties.
 */
export function authorizeSender(input: Input): { party: string; role: Role } {
  const { request, route, identity } = input
  const from = readAddress(request.headers, 'from')
  if (from.kind !== 'party') {
    const header = from.kind === 'broken' ? from.header : 'OCPI-from-party-id'
    throw new HubError('invalid', 'say for which of your parties you speak', {
      faults: [
        {
          pointer: `header:${header}`,
          message: 'both OCPI-from headers are needed, ASCII letters and digits',
        },
      ],
    })
  }
  const own = identity.platform.parties.filter(({ party }) => party === from.party)
  if (own.length === 0) {
    throw new HubError('foreignSender', `${from.party} is not a party of this platform`, {
      faults: [
        {
          pointer: 'header:OCPI-from-party-id',
          message: 'must be one of the parties this platform registered',
        },
      ],
    })
  }
  const roles = rolesFor(route)
  const role = own.find((party) => roles.includes(party.role))?.role
  if (!role) {
    throw new HubError('invalid', `this endpoint is for ${roles.join(', ')}`, {
      faults: [
        { pointer: 'header:OCPI-from-party-id', message: `${from.party} has no such role here` },
      ],
    })
  }
  checkOwner(input, from.party)
  return { party: from.party, role }
}

/** Owners push and check their copies on Receiver interfaces; readers pull and ask on Sender interfaces. */
function rolesFor({ module, endpoint }: Route): readonly Role[] {
  if (module.id === 'cdrs' && endpoint.routing === 'pull-one')
    return [...module.ownerRoles, ...module.readerRoles]
  return endpoint.interface === 'receiver' ? module.ownerRoles : module.readerRoles
}

function checkOwner({ route, identity, body }: Input, from: string): void {
  const { params, module, endpoint } = route
  if (
    params.country_code !== undefined &&
    !(module.id === 'cdrs' && endpoint.routing === 'pull-one')
  ) {
    const owner = partyOf(params.country_code, params.party_id)
    if (owner === null || !identity.platform.parties.some(({ party }) => party === owner)) {
      // The same answer whether it exists or not.
      throw new HubError('notYours', 'there is no such object of yours')
    }
    if (owner !== from) {
      throw new HubError('invalid', `the URL names ${owner}, OCPI-from names ${from}`, {
        faults: [{ pointer: 'header:OCPI-from-party-id', message: 'must be the owner in the URL' }],
      })
    }
  }
  if (!body || endpoint.routing === 'authorize') return
  const { country_code: countryCode, party_id: partyId } = body.value
  if (countryCode === undefined && partyId === undefined) return
  const isPatch = endpoint.method === 'PATCH'
  const owner = partyOf(
    countryCode ?? (isPatch ? from.slice(0, 2) : undefined),
    partyId ?? (isPatch ? from.slice(3) : undefined),
  )
  if (owner !== from) {
    const pointer =
      typeof countryCode === 'string' && countryCode.toUpperCase() !== from.slice(0, 2)
        ? '/country_code'
        : '/party_id'
    throw new HubError('invalid', 'the body names another owner', {
      faults: [{ pointer, message: `must be that of ${from}, the owner in the URL and OCPI-from` }],
    })
  }
}

/**
 * Where the content says a message goes: the party in cdr_token of a session or CDR, or, where a PATCH does not repeat
 * it, of the session as it is stored. Null when the content does not say.
 */
export async function contentReceiverOf(context: Context, call: Call): Promise<string | null> {
  const { route, body, from } = call
  const routing = route.endpoint.routing
  if (
    routing !== 'clear' &&
    !(routing === 'push' && route.module.object?.audience === 'token owner')
  )
    return null
  const token = body?.value.cdr_token
  if (isRecord(token)) {
    const receiver = partyOf(token.country_code, token.party_id)
    if (receiver === null && (token.country_code !== undefined || routing === 'clear')) {
      throw new HubError('invalid', 'the token names no party', {
        faults: [
          {
            pointer: '/cdr_token/party_id',
            message: 'country_code and party_id must be ASCII letters and digits',
          },
        ],
      })
    }
    if (receiver !== null) return receiver
  }
  const [row] = await context.db.rows<{ audience: string }>(sql`
    select audience from objects
    where module = ${route.module.id} and owner = ${from.party} and object_key = ${foldKey(route.params.id ?? '')}
      and deleted_at is null
    order by seq desc limit 1`)
  if (!row && routing === 'push' && call.to === null) {
    // Only a PATCH names no card; with the whole object the sender tells us everything that this one builds on.
    throw new HubError('notFound', 'the hub does not have this object; PUT the whole object first')
  }
  return row?.audience ?? null
}
