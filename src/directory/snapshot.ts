import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Role } from '../ocpi/define.ts'
import { isVersion } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import { readQuirks } from './quirks.ts'
import type { Quirks } from './quirks.ts'

export type PlatformStatus = 'invited' | 'registered' | 'suspended' | 'unregistered'
export type PartyRow = {
  party: string
  role: Role
  businessDetails: unknown
  /** False until the platform has registered it. */
  registered: boolean
  updatedAt: Date
}

/** One technical connection with the parties behind it. */
export type Platform = {
  id: string
  name: string
  status: PlatformStatus
  /** The version its connection has; null before its first registration. */
  version: Version | null
  versionsUrl: string | null
  quirks: Quirks
  /** Since when it does not answer; null while it does. */
  offlineSince: Date | null
  peerTokenSealed: Buffer | null
  peerTokenEncoding: 'base64' | 'raw'
  shownTokenEncoding: 'base64' | 'raw' | null
  /** Who it speaks for: the parties it registered, or all it was invited with while it has registered none. */
  parties: readonly PartyRow[]
  /** All it was invited with. */
  invited: readonly PartyRow[]
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
        versions_url: string | null
        quirks: unknown
        offline_since: string | null
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
        registered: boolean
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
        'shown_token_encoding', shown_token_encoding, 'versions_url', versions_url, 'quirks', quirks,
        'offline_since', offline_since, 'updated_at', updated_at)) from platforms) as platforms,
      (select json_agg(json_build_object('platform_id', platform_id, 'party', party, 'role', role,
        'business_details', business_details, 'registered', registered, 'updated_at', updated_at) order by party, role)
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
  const invited = group(row.parties ?? [], ({ platform_id }) => platform_id, asParty)
  const endpoints = group(
    row.endpoints ?? [],
    ({ platform_id }) => platform_id,
    (endpoint): [string, string] => [`${endpoint.module}:${endpoint.interface}`, endpoint.url],
  )
  const platforms = new Map(
    (row.platforms ?? []).map((platform) => [
      platform.id,
      asPlatform(platform, {
        invited: invited.get(platform.id) ?? [],
        endpoints: new Map(endpoints.get(platform.id) ?? []),
      }),
    ]),
  )
  return {
    revision: row.revision,
    platforms,
    byPartyRole: new Map(
      [...platforms.values()].flatMap(({ id, parties }) =>
        parties.map(({ party, role }): [string, string] => [`${party}/${role}`, id]),
      ),
    ),
    agreements: group(
      row.agreements ?? [],
      ({ cpo, emsp }) => `${cpo}>${emsp}`,
      (agreement) => ({
        version: agreement.version,
        terms: agreement.terms,
        validFrom: asDate(agreement.valid_from),
        validTo: asDate(agreement.valid_to),
        ended: agreement.ended,
        createdAt: new Date(agreement.created_at),
      }),
    ),
    tokens: new Map(
      (row.tokens ?? []).map((token) => [
        token.hash,
        {
          platformId: token.platform_id,
          kind: token.kind,
          expiresAt: asDate(token.expires_at),
          firstUsed: token.used,
        },
      ]),
    ),
  }
}

function asPlatform(
  row: NonNullable<SnapshotRow['platforms']>[number],
  more: { invited: PartyRow[]; endpoints: ReadonlyMap<string, string> },
): Platform {
  const registered = more.invited.filter((party) => party.registered)
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    version: row.ocpi_version !== null && isVersion(row.ocpi_version) ? row.ocpi_version : null,
    versionsUrl: row.versions_url,
    quirks: readQuirks(row.quirks),
    offlineSince: asDate(row.offline_since),
    peerTokenSealed: row.peer_token === null ? null : Buffer.from(row.peer_token, 'hex'),
    peerTokenEncoding: row.peer_token_encoding,
    shownTokenEncoding: row.shown_token_encoding,
    parties: registered.length > 0 ? registered : more.invited,
    invited: more.invited,
    endpoints: more.endpoints,
    updatedAt: new Date(row.updated_at),
  }
}

function asParty(row: NonNullable<SnapshotRow['parties']>[number]): PartyRow {
  return {
    party: row.party,
    role: row.role,
    businessDetails: row.business_details,
    registered: row.registered,
    updatedAt: new Date(row.updated_at),
  }
}

function asDate(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}

function group<Row, Value>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  valueOf: (row: Row) => Value,
): Map<string, Value[]> {
  const map = new Map<string, Value[]>()
  for (const row of rows) {
    const list = map.get(keyOf(row))
    if (list) list.push(valueOf(row))
    else map.set(keyOf(row), [valueOf(row)])
  }
  return map
}
