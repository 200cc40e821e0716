import { HubError } from '../errors.ts'
import type { Identity } from '../directory/directory.ts'
import { sideOf } from '../directory/parties.ts'
import type { PartyRow } from '../directory/snapshot.ts'
import type { Role } from '../ocpi/define.ts'
import { readAddress } from '../ocpi/headers.ts'
import { partyOf } from '../ocpi/primitives.ts'
import type { PartnerSide, Route } from '../ocpi/registry.ts'
import { isRecord, schemaFor } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import type { OcpiRequest, ParsedBody } from './request.ts'

type Input = {
  request: OcpiRequest
  route: Route
  identity: Identity
  version: Version
  /** Of a partner of 2.1.1, which has no routing headers: its connection is one party. */
  partnerSide: PartnerSide | null
  body: ParsedBody | null
}

/**
 * Who speaks, and in which role: the party of OCPI-from must be one of the platform's, in a role this endpoint is for,
 * and the owner in the URL and in the body must be that party. A platform acts only for its own parties.
 */
export function authorizeSender(input: Input): { party: string; role: Role } {
  const { route, identity } = input
  const from = readSender(input)
  const own = identity.platform.parties.filter(({ party }) => party === from)
  if (own.length === 0) {
    throw new HubError('foreignSender', `${from} is not a party of this platform`, {
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
      faults: [{ pointer: 'header:OCPI-from-party-id', message: `${from} has no such role here` }],
    })
  }
  checkOwner(input, from)
  return { party: from, role }
}

/** The party in OCPI-from; of partners that send none, their only one in a role this endpoint is for. */
function readSender({ request, route, identity, partnerSide }: Input): string {
  const { parties, quirks } = identity.platform
  if (partnerSide !== null) {
    const only = onlyParty(
      parties.filter(({ role }) => sideOf(role) === partnerSide),
      route,
    )
    if (only !== null) return only
    const message =
      'a connection of OCPI 2.1.1 speaks for one party, of a role this endpoint is for'
    throw new HubError('invalid', message)
  }
  const from = readAddress(request.headers, 'from')
  if (from.kind === 'party') return from.party
  const inferred =
    from.kind === 'absent' && quirks.no_routing_headers === true ? onlyParty(parties, route) : null
  if (inferred !== null) return inferred
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

function onlyParty(parties: readonly PartyRow[], route: Route): string | null {
  const roles = rolesFor(route)
  const fitting = new Set(parties.filter(({ role }) => roles.includes(role)).map((p) => p.party))
  const [only] = fitting
  return only !== undefined && fitting.size === 1 ? only : null
}

/** Owners push and check their copies on Receiver interfaces; readers pull and ask on Sender interfaces. */
function rolesFor({ module, endpoint }: Route): readonly Role[] {
  if (module.id === 'cdrs' && endpoint.routing === 'pull-one')
    return [...module.ownerRoles, ...module.readerRoles]
  return endpoint.interface === 'receiver' ? module.ownerRoles : module.readerRoles
}

function checkOwner({ route, identity, version, body }: Input, from: string): void {
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
  if (!body || !isOwned(route, version)) return
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

/** Whether the body says whose it is: an object of one party, not one that may name another as its customer. */
function isOwned({ endpoint }: Route, version: Version): boolean {
  const schema: unknown = schemaFor(endpoint.body?.schema ?? {}, version)
  const required = isRecord(schema) ? schema.required : undefined
  return Array.isArray(required) && required.includes('country_code')
}
