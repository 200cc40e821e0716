import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { convert } from '../../ocpi/adapt.ts'
import type { Facts, Json, Kind } from '../../ocpi/adapt/define.ts'
import { foldKey, foldUpper, partyParts } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { isVersion } from '../../ocpi/version.ts'
import type { Version } from '../../ocpi/version.ts'
import { asAliases, idsIn, readAliases, resolveAlias } from './aliases.ts'
import type { Aliases } from './aliases.ts'
import { readZones } from './location-zones.ts'
import { readUnusableTariffs } from '../cdrs/usable-tariffs.ts'

/** One value that is to be brought to another version. `token` names the Token that an AuthorizationInfo is about. */
export type FactsWanted = {
  kind: Kind
  value: Json
  from: Version
  to: Version
  /** Whose object it is; of LocationReferences and AuthorizationInfo, whose location. */
  owner: string
  token?: { owner: string; key: string }
  /** The key that a Location is stored under, where it is. */
  key?: string
  /** The party that gets it, for the names it knows ids by. */
  receiver?: string
}

/**
 * What the steps between versions need and the values do not say, read for all at once: no query for what nobody
 * needs. In the order of the input; objects in it have the shape of 2.2.1.
 */
export async function readBridgeFacts(
  client: Sql,
  wanted: readonly FactsWanted[],
): Promise<Facts[]> {
  const tokens = await readTokens(client, wanted)
  const locations = await readLocations(client, wanted)
  const aliases = await readNames(client, { wanted, locations })
  const unusable = await readUnusableTariffs(client, tariffsNamed({ wanted, locations }))
  const zones = await readZones(client, wanted)
  return wanted.map((one, index) => {
    const { countryCode, partyId } = partyParts(one.owner)
    const token = tokens.get(index)
    const location = locations.get(index)
    const names = aliases.get(index)
    const unusableTariffs = unusable.get(index)
    const timeZone = zones.get(index)
    return {
      owner: { country_code: countryCode, party_id: partyId },
      ...(token === undefined ? {} : { token }),
      ...(location === undefined ? {} : { location }),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(names === undefined ? {} : { aliases: names }),
      ...(unusableTariffs === undefined ? {} : { unusableTariffs }),
    }
  })
}

/** The tariffs of connectors on their way to 2.1.1, where each has one. */
function tariffsNamed(input: {
  wanted: readonly FactsWanted[]
  locations: ReadonlyMap<number, Json | null>
}) {
  return input.wanted.flatMap((one, index) => {
    if (!isLowered(one) || one.kind === 'tariff') return []
    const own = one.kind === 'cdr' ? [] : idsIn(one.kind, one.value, one.owner)
    const told = idsIn('location', input.locations.get(index) ?? null, one.owner)
    const named = [...own, ...told].filter(({ module }) => module === 'tariffs')
    const ids = [...new Set(named.map(({ id }) => id))]
    return ids.length === 0 ? [] : [{ index, owner: one.owner, ids }]
  })
}

/** True for what 2.1.1 leaves out and later versions require. */
function isRaised({ from, to }: { from: Version; to: Version }): boolean {
  return from === '2.1.1' && to !== '2.1.1'
}

function isLowered({ from, to }: { from: Version; to: Version }): boolean {
  return from !== '2.1.1' && to === '2.1.1'
}

type Question = { index: number; contract: string | null; keys: string[]; cpo: string }
type TokenRow = {
  n: number
  owner: string
  object_key: string
  ocpi_version: string
  value: unknown
  by_contract: boolean
}

/** Index → the Token that is meant, null when nobody here has it. */
async function readTokens(
  client: Sql,
  wanted: readonly FactsWanted[],
): Promise<Map<number, Json | null>> {
  const named = await readNamedTokens(client, wanted)
  const questions = wanted.flatMap((one, index): Question[] => {
    const contract = one.value.auth_id
    const asks = isRaised(one) && (one.kind === 'session' || one.kind === 'cdr')
    if (!asks || typeof contract !== 'string') return []
    // Some partners write the uid of the card into auth_id.
    const keys = ['RFID', 'OTHER', 'APP_USER', 'AD_HOC_USER', 'EMAID'].map(
      (type) => `${foldKey(contract)}|${type}`,
    )
    return [{ index, contract, keys, cpo: one.owner }]
  })
  if (questions.length === 0) return named
  const rows = await findTokens(client, questions)
  for (const { index, contract } of questions) {
    const found = rows.filter(({ n }) => n === index)
    named.set(index, chosen(found, contract ?? ''))
  }
  return named
}

/** Everybody's tokens that the CPO may know, by contract and by uid. */
async function findTokens(client: Sql, questions: readonly Question[]): Promise<TokenRow[]> {
  const numbers = questions.map(({ index }) => index)
  const cpos = questions.map(({ cpo }) => cpo)
  const contracts = questions.map(({ contract }) => contract)
  const keys = questions.flatMap((one) => one.keys.map((key) => ({ key, one })))
  return client.rows<TokenRow>(sql`
    with q as (
      select n, lower(contract) as contract, cpo
      from unnest(${numbers}::int[], ${contracts}::text[], ${cpos}::text[]) as q (n, contract, cpo)
    ), k as (
      select n, object_key, cpo
      from unnest(${keys.map(({ one }) => one.index)}::int[], ${keys.map(({ key }) => key)}::text[],
        ${keys.map(({ one }) => one.cpo)}::text[]) as k (n, object_key, cpo)
    )
    select q.n, o.owner, o.object_key, o.ocpi_version, o.value, true as by_contract
    from q join objects o on o.module = 'tokens' and lower(o.value->>'contract_id') = q.contract
    where o.audience in ('*', q.cpo) and o.deleted_at is null
    union all
    select q.n, v.owner, v.object_key, v.ocpi_version, v.value, true
    from q join object_versions v on v.module = 'tokens' and v.source = 'authorize'
      and lower(v.value->>'contract_id') = q.contract
    union all
    select k.n, o.owner, o.object_key, o.ocpi_version, o.value, false
    from k join objects o on o.module = 'tokens' and o.object_key = k.object_key
    where o.audience in ('*', k.cpo) and o.deleted_at is null
    union all
    select k.n, v.owner, v.object_key, v.ocpi_version, v.value, false
    from k join object_versions v on v.module = 'tokens' and v.object_key = k.object_key and v.source = 'authorize'
    order by 2, 3`)
}

/**
 * The one token that an auth_id can mean: by its contract before by its uid. Of several providers with one contract id
 * the one that the id itself names (eMI3: it begins with country and provider); a card must not be billed by a guess.
 */
function chosen(rows: readonly TokenRow[], authId: string): Json | null {
  const byContract = rows.filter((row) => row.by_contract)
  const found = byContract.length > 0 ? byContract : rows
  const owners = new Set(found.map(({ owner }) => owner))
  const provider = foldUpper(authId)
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, partyChars)
  const own = found.filter(({ owner }) => owners.size === 1 || owner.replace('-', '') === provider)
  const [first] = own
  return first && isRecord(first.value) ? tokenOf(first) : null
}

/** Country code and party id. */
const partyChars = 5

/** Index → the Token of an AuthorizationInfo, by its provider and key. */
async function readNamedTokens(
  client: Sql,
  wanted: readonly FactsWanted[],
): Promise<Map<number, Json | null>> {
  const named = wanted.flatMap((one, index) =>
    isRaised(one) && one.kind === 'authorizationInfo' && one.token ? [{ index, ...one.token }] : [],
  )
  const tokens = new Map<number, Json | null>(named.map(({ index }) => [index, null]))
  if (named.length === 0) return tokens
  const rows = await client.rows<TokenRow>(sql`
    with q as (
      select n, owner, object_key from unnest(${named.map(({ index }) => index)}::int[],
        ${named.map(({ owner }) => owner)}::text[], ${named.map(({ key }) => key)}::text[]) as q (n, owner, object_key)
    )
    select distinct on (n) n, owner, object_key, ocpi_version, value, false as by_contract from (
      select q.n, owner, object_key, o.ocpi_version, o.value, o.received_at
      from q join objects o using (owner, object_key) where o.module = 'tokens' and o.deleted_at is null
      union all
      select q.n, owner, object_key, v.ocpi_version, v.value, v.received_at
      from q join object_versions v using (owner, object_key)
      where v.module = 'tokens' and v.source = 'authorize'
    ) t order by n, received_at desc`)
  for (const row of rows) tokens.set(row.n, tokenOf(row))
  return tokens
}

/**
 * A stored token in the shape of 2.2.1. Its type stays what it is, also where 2.2.1 has no such type: the token is found
 * by it, and its provider knows it.
 */
function tokenOf(row: TokenRow): Json | null {
  if (!isRecord(row.value)) return null
  const lowered = shapeOf221({ kind: 'token', ...row })
  return lowered && { ...lowered, type: row.value.type }
}

/** A stored working value as 2.2.1 writes it: 2.1.1 is stored lifted, so only 2.3.0 differs. */
function shapeOf221(stored: { kind: Kind; ocpi_version: string; value: unknown; owner: string }) {
  const { kind, ocpi_version: version, value, owner } = stored
  if (!isRecord(value)) return null
  if (!isVersion(version) || version !== '2.3.0') return value
  const { countryCode, partyId } = partyParts(owner)
  const facts = { owner: { country_code: countryCode, party_id: partyId } }
  const converted = convert(value, { kind, from: version, to: '2.2.1', facts })
  return converted.ok ? converted.value : null
}

type LocationRow = { n: number; owner: string; ocpi_version: string; value: unknown }

/** Index → the Location that a session or CDR tells in 2.1.1, null when its owner has not sent it. */
async function readLocations(
  client: Sql,
  wanted: readonly FactsWanted[],
): Promise<Map<number, Json | null>> {
  const asked = wanted.flatMap((one, index) => {
    const id = isLowered(one) ? locationId(one) : null
    return id === null
      ? []
      : [{ index, owner: one.owner, key: foldKey(id), to: one.receiver ?? '' }]
  })
  const locations = new Map<number, Json | null>(asked.map(({ index }) => [index, null]))
  if (asked.length === 0) return locations
  const rows = await client.rows<LocationRow>(sql`
    select distinct on (q.n) q.n, o.owner, o.ocpi_version, o.value
    from unnest(${asked.map(({ index }) => index)}::int[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(({ key }) => key)}::text[], ${asked.map(({ to }) => to)}::text[]) as q (n, owner, object_key, receiver)
    join objects o on o.module = 'locations' and o.owner = q.owner and o.object_key = q.object_key
    where o.deleted_at is null and o.audience in ('*', q.receiver)
    order by q.n, (o.audience = '*')`)
  for (const row of rows) locations.set(row.n, shapeOf221({ kind: 'location', ...row }))
  return locations
}

function locationId({ kind, value }: FactsWanted): string | null {
  const place = kind === 'cdr' && isRecord(value.cdr_location) ? value.cdr_location : {}
  const id = kind === 'session' ? value.location_id : place.id
  return typeof id === 'string' ? id : null
}

/** Index → the names of its ids for a receiver of 2.1.1 that does not own it. */
async function readNames(
  client: Sql,
  input: {
    wanted: readonly FactsWanted[]
    locations: ReadonlyMap<number, Json | null>
  },
): Promise<Map<number, Aliases>> {
  const ids = input.wanted.flatMap((one, index) => {
    if (!needsNames(one)) return []
    const own = idsIn(one.kind, one.value, one.owner)
    const told = idsIn('location', input.locations.get(index) ?? null, one.owner)
    return [...own, ...told].map((id) => ({ ...id, index }))
  })
  const names = await readNamesUsed(client, input.wanted)
  if (ids.length === 0) return names
  const aliases = await readAliases(client, ids)
  const named = ids.map((id, at) => ({ ...id, alias: aliases[at] ?? null }))
  for (const index of new Set(ids.map((id) => id.index))) {
    const own = named.filter((id) => id.index === index && id.alias !== null)
    if (own.length > 0) names.set(index, asAliases(own))
  }
  return names
}

/** The name in an answer of a 2.1.1 provider, and the location of its owner that is meant by it. */
async function readNamesUsed(
  client: Sql,
  wanted: readonly FactsWanted[],
): Promise<Map<number, Aliases>> {
  const used = new Map<number, Aliases>()
  for (const [index, { kind, from, value, owner }] of wanted.entries()) {
    const [named] = kind === 'authorizationInfo' ? idsIn(kind, value, owner) : []
    if (from !== '2.1.1' || !named) continue
    const meant = await resolveAlias(client, named)
    if (meant?.owner === owner)
      used.set(index, asAliases([{ ...named, id: meant.id, alias: named.id }]))
  }
  return used
}

/** Names go with everything that a 2.1.1 partner gets of others. */
function needsNames({ to, receiver, owner }: FactsWanted): boolean {
  return to === '2.1.1' && receiver !== undefined && receiver !== owner
}
