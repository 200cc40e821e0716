import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Method } from '../../ocpi/define.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { StoredObject } from '../../store/objects.ts'
import { readAliases } from './aliases.ts'
import { bridgeText, versionOf } from './bridge.ts'
import type { BridgeReceiver } from './bridge.ts'
import { readGone } from './hidden-locations.ts'

/** What tells a receiver that an object is gone; `id` as that receiver knows it. */
export type TakingBack = { method: Method; id: string; text: string | null }

/**
 * How an object is taken back from a receiver that may have it and whose version can no longer say it: a tariff is
 * deleted, a location that is hidden now becomes what it last was with every EVSE removed. Null when the receiver never
 * got it, was told before, or has no way to be told.
 */
export async function takingBack(
  context: Context,
  input: { object: StoredObject; receiver: BridgeReceiver; version: Version; pointer: string },
): Promise<TakingBack | null> {
  const { object, receiver, version, pointer } = input
  if (object.deleted || !(await isOwed(context, { object, receiver, pointer }))) return null
  if (object.module === 'tariffs')
    return { method: 'DELETE', id: await idFor(context, { object, version }), text: null }
  const text = await goneText(context, input)
  return text === null
    ? null
    : { method: 'PUT', id: await idFor(context, { object, version }), text }
}

/** A hidden location as this receiver is told that it is gone; null when it is not hidden or never was shown. */
export async function goneText(
  context: Context,
  input: { object: StoredObject; receiver: BridgeReceiver; version: Version },
): Promise<string | null> {
  const { object, receiver, version } = input
  const gone = await readGone(context.db, object)
  if (gone === null) return null
  const converted = await bridgeText(context, {
    kind: 'location',
    text: gone.text,
    from: versionOf(gone.version),
    to: version,
    owner: object.owner,
    receiver,
  })
  return converted.ok ? converted.value : null
}

/** Not for what the hub has known in this one form only, unless that was in force before; nor a second time. */
async function isOwed(
  context: Context,
  input: { object: StoredObject; receiver: BridgeReceiver; pointer: string },
): Promise<boolean> {
  const { object, receiver, pointer } = input
  const { module, owner, key, audience } = object
  const [row] = await context.db.rows<{ owed: boolean }>(sql`
    select (o.revision > 1 or ${pointer === '/end_date_time'}) and c.taken_back_at is null as owed
    from objects o left join conversions c on c.platform_id = ${receiver.platformId} and c.module = o.module
      and c.owner = o.owner and c.object_key = o.object_key
    where o.module = ${module} and o.owner = ${owner} and o.object_key = ${key} and o.audience = ${audience}`)
  return row?.owed === true
}

/** Remembers that the receiver knows. */
export async function noteTakenBack(
  context: Context,
  { object, platformId }: { object: StoredObject; platformId: string },
): Promise<void> {
  await context.db.rows(sql`
    update conversions set taken_back_at = clock_timestamp()
    where platform_id = ${platformId} and module = ${object.module} and owner = ${object.owner}
      and object_key = ${object.key} and withheld`)
}

/** The id by which a receiver knows an object: in 2.1.1 it may be a name of the hub's. */
export async function idFor(
  context: Context,
  { object, version }: { object: StoredObject; version: Version },
): Promise<string> {
  const { module, owner, key, value } = object
  const definition = moduleById(module)?.object
  const said = isRecord(value) ? value[definition?.idMember ?? 'id'] : undefined
  const id = typeof said === 'string' ? said : key
  if (version !== '2.1.1') return id
  const type = module === 'tokens' ? { type: key.slice(key.lastIndexOf('|') + 1) } : {}
  const [alias] = await readAliases(context.db, [{ module, owner, id, ...type }])
  return alias ?? id
}
