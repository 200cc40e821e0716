import { createHash } from 'node:crypto'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Kind } from '../../ocpi/adapt/define.ts'
import { foldKey, partyOf, partyParts } from '../../ocpi/primitives.ts'
import { replaceMember } from '../../ocpi/splice.ts'
import { isRecord } from '../../ocpi/validate.ts'

/** An id that stands in an object, and whose it is. `type` belongs to the key of a token. */
export type NamedId = { module: string; owner: string; id: string; type?: string }

/** Module → id → the name under which a partner of 2.1.1 knows it. */
export type Aliases = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Longest ids of 2.1.1. Those of later versions may be longer (CDRs) and get a shorter name. */
const CHARS_MAX: Readonly<Record<string, number>> = {
  locations: 39,
  sessions: 36,
  cdrs: 36,
  tariffs: 36,
  tokens: 36,
}

const TOKEN_TYPES = ['RFID', 'OTHER', 'APP_USER', 'AD_HOC_USER', 'EMAID'] as const

/**
 * The names of ids for a partner of 2.1.1, where ids are unique in a whole connection: the owner whose object came first
 * keeps the plain id (null), every other one has `CC*PID*id`. `objects.seq` never changes, so names are stable. In the
 * order of the input.
 */
export async function readAliases(
  client: Sql,
  ids: readonly NamedId[],
): Promise<(string | null)[]> {
  const objects = await firstObjects(client, ids)
  const cdrs = await firstCdrs(client, ids)
  return ids.map((one) => {
    const first = one.module === 'cdrs' ? cdrs.get(foldKey(one.id)) : objects.get(nameKey(one))
    const isTooLong = one.id.length > (CHARS_MAX[one.module] ?? Number.POSITIVE_INFINITY)
    const isFirst = first === undefined || first === holder(one)
    return isFirst && !isTooLong && !looksForeign(one)
      ? null
      : aliasOf(one, first?.startsWith(`${one.owner}|`) ?? false)
  })
}

const ALIAS = /^([A-Z]{2})\*([A-Z0-9]{3})\*(.+)$/

/** An id that reads as the name of another owner's object must not stand where that name may stand. */
function looksForeign({ owner, id }: { owner: string; id: string }): boolean {
  const named = ALIAS.exec(id)
  const party = named && partyOf(named[1], named[2])
  return party !== null && party !== owner
}

/** What competes for a plain id: an owner, for tokens an owner with one type. */
function holder({ module, owner, id, type }: NamedId): string {
  return module === 'tokens' ? `${owner}|${foldKey(id)}|${type ?? 'RFID'}` : owner
}

/** Tokens have no type in the URLs of 2.1.1, so all types of a uid compete for it. */
function nameKey({ module, id }: { module: string; id: string }): string {
  return `${module}|${foldKey(id)}`
}

/** `NL*TNM*1`; `sameOwner`: the plain id is the owner's own token of another type. Cut, it ends with a hash. */
function aliasOf({ module, owner, id, type }: NamedId, sameOwner: boolean): string {
  const { countryCode, partyId } = partyParts(owner)
  const suffix = module === 'tokens' && sameOwner ? `*${type ?? 'RFID'}` : ''
  const whole = `${countryCode}*${partyId}*${id}${suffix}`
  const charsMax = CHARS_MAX[module] ?? whole.length
  if (whole.length <= charsMax) return whole
  const hash = createHash('sha256').update(foldKey(whole)).digest('hex').slice(0, hashChars)
  return `${whole.slice(0, charsMax - hashChars - 1)}~${hash}`
}

const hashChars = 8

/** Name key → holder of the oldest object of that id. */
async function firstObjects(client: Sql, ids: readonly NamedId[]): Promise<Map<string, string>> {
  const wanted = ids.filter(({ module }) => module !== 'cdrs')
  const keys = wanted.flatMap((one) => objectKeys(one).map((key) => ({ key, one })))
  if (keys.length === 0) return new Map()
  const rows = await client.rows<{ name: string; owner: string; object_key: string }>(sql`
    select distinct on (k.name) k.name, o.owner, o.object_key
    from (select distinct name, module, object_key
      from unnest(${keys.map(({ one }) => nameKey(one))}::text[], ${keys.map(({ one }) => one.module)}::text[],
        ${keys.map(({ key }) => key)}::text[]) as k (name, module, object_key)) k
    join objects o using (module, object_key)
    order by k.name, o.seq`)
  return new Map(
    rows.map(({ name, owner, object_key: key }) => [
      name,
      name.startsWith('tokens|') ? `${owner}|${key}` : owner,
    ]),
  )
}

/** The store keys that an id may have. */
function objectKeys({ module, id }: { module: string; id: string }): string[] {
  return module === 'tokens' ? TOKEN_TYPES.map((type) => `${foldKey(id)}|${type}`) : [foldKey(id)]
}

/** CDR key → the owner that sent a CDR of this id first. */
async function firstCdrs(client: Sql, ids: readonly NamedId[]): Promise<Map<string, string>> {
  const keys = [
    ...new Set(ids.flatMap(({ module, id }) => (module === 'cdrs' ? [foldKey(id)] : []))),
  ]
  if (keys.length === 0) return new Map()
  // Owner by owner, because only owner and key together have an index; also of owners that have left.
  const rows = await client.rows<{ cdr_key: string; owner: string }>(sql`
    with recursive p (owner) as (
      select min(owner) from cdrs
      union all
      select (select min(c.owner) from cdrs c where c.owner > p.owner) from p where p.owner is not null
    )
    select distinct on (c.cdr_key) c.cdr_key, c.owner
    from p cross join unnest(${keys}::text[]) as k (cdr_key)
    join cdrs c on c.owner = p.owner and c.cdr_key = k.cdr_key
    order by c.cdr_key, c.id`)
  return new Map(rows.map(({ cdr_key: key, owner }) => [key, owner]))
}

/** Whose object a partner of 2.1.1 means by an id, plain or alias; `id` as its owner writes it. Null: nobody's. */
export async function resolveAlias(
  client: Sql,
  name: { module: string; id: string },
): Promise<{ owner: string; key: string; id: string } | null> {
  const [plain] = await client.rows<Found>(sql`
    select owner, object_key, coalesce(value->>'uid', value->>'id') as id from objects
    where module = ${name.module} and object_key = any(${objectKeys(name)}::text[])
    order by seq limit 1`)
  if (plain && !looksForeign({ owner: plain.owner, id: name.id })) return asResolved(plain)
  const alias = ALIAS.exec(name.id)
  const owner = alias && partyOf(alias[1], alias[2])
  if (!alias || !owner) return null
  const cut = /^(.*)~[0-9a-f]{8}$/.exec(alias[3] ?? '')?.[1]
  const start = cut ?? (alias[3] ?? '').replace(TYPE_SUFFIX, '')
  const rows = await client.rows<Found>(sql`
    select distinct on (object_key) owner, object_key, coalesce(value->>'uid', value->>'id') as id from objects
    where module = ${name.module} and owner = ${owner}
      and (object_key = any(${[...objectKeys({ ...name, id: start }), ...objectKeys({ ...name, id: alias[3] ?? '' })]}::text[])
        -- Reads all of an owner's objects, so only for a name that was cut.
        or (${cut !== undefined} and starts_with(object_key, ${foldKey(start.replace(TYPE_SUFFIX, ''))})))
    order by object_key, seq`)
  const found = rows.find((row) => names(row, name.module).includes(name.id))
  return found ? asResolved(found) : null
}

const TYPE_SUFFIX = /\*(?:RFID|OTHER|APP_USER|AD_HOC_USER|EMAID)$/

type Found = { owner: string; object_key: string; id: string | null }

function asResolved({ owner, object_key: key, id }: Found) {
  return { owner, key, id: id ?? key }
}

/** Both forms that the alias of an object can have. */
function names({ owner, object_key: key, id }: Found, module: string): string[] {
  const type = module === 'tokens' ? key.slice(key.lastIndexOf('|') + 1) : undefined
  const named = { module, owner, id: id ?? key, ...(type === undefined ? {} : { type }) }
  return [aliasOf(named, false), aliasOf(named, true)]
}

/** The ids in an object of any version that may have another name in 2.1.1. `owner` is whose object it is. */
export function idsIn(kind: Kind, value: unknown, owner: string): NamedId[] {
  return placesIn(kind, value).flatMap(({ module, path, type }) => {
    const id = valueAt(value, path)
    const more = type === undefined ? {} : { type }
    return typeof id === 'string' && id !== '' ? [{ module, owner, id, ...more }] : []
  })
}

/** Gives ids in the text of a 2.1.1 object their names; every other byte stays. */
export function aliasText(kind: Kind, text: string, aliases: Aliases): string {
  const value: unknown = JSON.parse(text)
  return placesIn(kind, value).reduce((result, { module, path }) => {
    const id = valueAt(value, path)
    const names = aliases[module]
    const name = typeof id === 'string' && names && Object.hasOwn(names, id) ? names[id] : undefined
    return name === undefined ? result : replaceMember(result, path, JSON.stringify(name))
  }, text)
}

type Place = { module: string; path: (string | number)[]; type?: string }

/** Where ids stand, in the members of all versions: what is not there is skipped later. */
function placesIn(kind: Kind, value: unknown): Place[] {
  switch (kind) {
    case 'location':
      return [{ module: 'locations', path: ['id'] }, ...tariffIds(value, ['evses', 'connectors'])]
    case 'evse':
      return tariffIds(value, ['connectors'])
    case 'connector':
      return tariffIds(value, [])
    case 'tariff':
      return [{ module: 'tariffs', path: ['id'] }]
    case 'session':
      return [
        { module: 'sessions', path: ['id'] },
        { module: 'locations', path: ['location_id'] },
        ...inside('location', valueAt(value, ['location']), ['location']),
      ]
    case 'cdr':
      return [
        { module: 'cdrs', path: ['id'] },
        { module: 'cdrs', path: ['credit_reference_id'] },
        { module: 'locations', path: ['cdr_location', 'id'] },
        ...inside('location', valueAt(value, ['location']), ['location']),
        ...listAt(value, 'tariffs').map((_, index) => ({
          module: 'tariffs',
          path: ['tariffs', index, 'id'],
        })),
      ]
    case 'token': {
      const type = isRecord(value) && typeof value.type === 'string' ? value.type : 'RFID'
      return [{ module: 'tokens', path: ['uid'], type }]
    }
    case 'locationReferences':
      return [{ module: 'locations', path: ['location_id'] }]
    case 'authorizationInfo':
      return [{ module: 'locations', path: ['location', 'location_id'] }]
    default:
      return []
  }
}

function inside(kind: Kind, value: unknown, path: (string | number)[]): Place[] {
  if (!isRecord(value)) return []
  return placesIn(kind, value).map((place) => ({ ...place, path: [...path, ...place.path] }))
}

/** The tariffs of the connectors below `lists`. */
function tariffIds(value: unknown, lists: readonly string[]): Place[] {
  const [list, ...below] = lists
  if (list !== undefined) {
    return listAt(value, list).flatMap((item, index) =>
      tariffIds(item, below).map((place) => ({ ...place, path: [list, index, ...place.path] })),
    )
  }
  const many = listAt(value, 'tariff_ids').map((_, index) => ({
    module: 'tariffs',
    path: ['tariff_ids', index],
  }))
  return [{ module: 'tariffs', path: ['tariff_id'] }, ...many]
}

function listAt(value: unknown, name: string): unknown[] {
  const list = isRecord(value) ? value[name] : undefined
  return Array.isArray(list) ? list : []
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((current, step) => {
    if (typeof step === 'number') return Array.isArray(current) ? current[step] : undefined
    return isRecord(current) && Object.hasOwn(current, step) ? current[step] : undefined
  }, value)
}

/** Aliases as the steps between versions take them. */
export function asAliases(named: readonly (NamedId & { alias: string | null })[]): Aliases {
  const aliases: Record<string, Record<string, string>> = Object.create(null)
  for (const { module, id, alias } of named) {
    if (alias === null) continue
    const names: Record<string, string> = aliases[module] ?? Object.create(null)
    names[id] = alias
    aliases[module] = names
  }
  return aliases
}
