import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Role } from '../ocpi/define.ts'

export type PlatformStatus = 'invited' | 'registered' | 'suspended' | 'unregistered'
export type PartyRow = { party: string; role: Role; businessDetails: unknown; updatedAt: Date }

/** One technical connection with the parties behind it. */
export type Platform = {
  id: string
  name: string
  status: PlatformStatus
  ocpiVersion: string | null
  peerTokenSealed: Buffer | null
  peerTokenEncoding: 'base64' | 'raw'
  shownTokenEncoding: 'base64' | 'raw' | null
  parties: readonly PartyRow[]
  /** `${module}:${interface}` → URL. */
  endpoints: ReadonlyMap<string, string>
  updatedAt: Date
}

export type AgreementVersion = {
  version: number
  terms: unknown
  validFrom: Date | null
  validTo: Date | null
  ended: boolean
  createdAt: Date
}

/** The whole directory at one revision. Read only. */
export type Snapshot = {
  revision: bigint
  platforms: ReadonlyMap<string, Platform>
  /** `${party}/${role}` → platform id. */
  byPartyRole: ReadonlyMap<string, string>
  tokens: ReadonlyMap<
    string,
    {
      platformId: string
      kind: 'registration' | 'access'
      expiresAt: Date | null
      firstUsed: boolean
    }
  >
  /** `${cpo}>${emsp}` → versions, oldest first. */
  agreements: ReadonlyMap<string, readonly AgreementVersion[]>
}

type SnapshotRow = {
  revision: bigint
  platforms:
    | {
        id: string
        name: string
        status: PlatformStatus
        ocpi_version: string | null
        peer_token: string | null
        peer_token_encoding: 'base64' | 'raw'
        shown_token_encoding: 'base64' | 'raw' | null
        updated_at: string
      }[]
    | null
  parties:
    | {
        platform_id: string
        party: string
        role: Role
        business_details: unknown
        updated_at: string
      }[]
    | null
  endpoints: { platform_id: string; module: string; interface: string; url: string }[] | null
  tokens:
    | {
        hash: string
        platform_id: string
        kind: 'registration' | 'access'
        expires_at: string | null
        used: boolean
      }[]
    | null
  agreements:
    | {
        cpo: string
        emsp: string
        version: number
        terms: unknown
        valid_from: string | null
        valid_to: string | null
        ended: boolean
        created_at: string
      }[]
    | null
}

/** Reads everything in one statement, so that it is one snapshot of the database. */
export async function loadSnapshot(db: Sql): Promise<Snapshot> {
  const [row] = await db.rows<SnapshotRow>(sql`
    select
      (select revision from directory_revision) as revision,
      (select json_agg(json_build_object('id', id, 'name', name, 'status', status, 'ocpi_version', ocpi_version,
        'peer_token', encode(peer_token_sealed, 'hex'), 'peer_token_encoding', peer_token_encoding,
        'shown_token_encoding', shown_token_encoding, 'updated_at', updated_at)) from platforms) as platforms,
      (select json_agg(json_build_object('platform_id', platform_id, 'party', party, 'role', role,
        'business_details', business_details, 'updated_at', updated_at) order by party, role)
        from platform_parties) as parties,
      (select json_agg(json_build_object('platform_id', platform_id, 'module', module, 'interface', interface, 'url', url))
        from endpoints) as endpoints,
      (select json_agg(json_build_object('hash', encode(token_hash, 'hex'), 'platform_id', platform_id, 'kind', kind,
        'expires_at', expires_at, 'used', first_used_at is not null)) from credentials_tokens) as tokens,
      (select json_agg(json_build_object('cpo', cpo, 'emsp', emsp, 'version', version, 'terms', terms,
        'valid_from', valid_from, 'valid_to', valid_to, 'ended', ended, 'created_at', created_at)
        order by cpo, emsp, version) from agreements) as agreements`)
  if (!row) throw new Error('the directory could not be read')
  return build(row)
}

function build(row: SnapshotRow): Snapshot {
  const byPartyRole = new Map<string, string>()
  const parties = new Map<string, PartyRow[]>()
  for (const party of row.parties ?? []) {
    byPartyRole.set(`${party.party}/${party.role}`, party.platform_id)
    push(parties, party.platform_id, {
      party: party.party,
      role: party.role,
      businessDetails: party.business_details,
      updatedAt: new Date(party.updated_at),
    })
  }
  const endpoints = new Map<string, [string, string][]>()
  for (const endpoint of row.endpoints ?? []) {
    push(endpoints, endpoint.platform_id, [
      `${endpoint.module}:${endpoint.interface}`,
      endpoint.url,
    ])
  }
  const agreements = new Map<string, AgreementVersion[]>()
  for (const agreement of row.agreements ?? []) {
    push(agreements, `${agreement.cpo}>${agreement.emsp}`, {
      version: agreement.version,
      terms: agreement.terms,
      validFrom: agreement.valid_from === null ? null : new Date(agreement.valid_from),
      validTo: agreement.valid_to === null ? null : new Date(agreement.valid_to),
      ended: agreement.ended,
      createdAt: new Date(agreement.created_at),
    })
  }
  return {
    revision: row.revision,
    byPartyRole,
    agreements,
    platforms: new Map(
      (row.platforms ?? []).map((platform) => [
        platform.id,
        {
          id: platform.id,
          name: platform.name,
          status: platform.status,
          ocpiVersion: platform.ocpi_version,
          peerTokenSealed:
            platform.peer_token === null ? null : Buffer.from(platform.peer_token, 'hex'),
          peerTokenEncoding: platform.peer_token_encoding,
          shownTokenEncoding: platform.shown_token_encoding,
          parties: parties.get(platform.id) ?? [],
          endpoints: new Map(endpoints.get(platform.id) ?? []),
          updatedAt: new Date(platform.updated_at),
        },
      ]),
    ),
    tokens: new Map(
      (row.tokens ?? []).map((token) => [
        token.hash,
        {
          platformId: token.platform_id,
          kind: token.kind,
          expiresAt: token.expires_at === null ? null : new Date(token.expires_at),
          firstUsed: token.used,
        },
      ]),
    ),
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
