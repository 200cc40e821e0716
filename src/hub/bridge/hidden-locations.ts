import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { exactNumbers, exactText } from '../../ocpi/adapt/exact.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { placeKey } from '../../store/objects.ts'
import type { NewObject, ObjectPlace, StoredObject } from '../../store/objects.ts'

/**
 * Keeps locations that a change hides (publish false) as they were last shown: a partner of 2.1.1 may have them, and in
 * 2.1.1 nothing says that they are hidden now. The caller holds their locks; `stored` is what was there before.
 */
export async function noteHidden(
  tx: Tx,
  input: { stored: ReadonlyMap<string, StoredObject>; objects: readonly NewObject[] },
): Promise<void> {
  const hidden = input.objects.flatMap((object) => {
    const before = input.stored.get(placeKey(object))
    const isHiddenNow = before && !before.deleted && !isHidden(before) && isHidden(object)
    return isHiddenNow ? [before] : []
  })
  if (hidden.length === 0) return
  await tx.rows(sql`
    insert into hidden_locations (owner, object_key, audience, ocpi_version, original)
    select * from unnest(${hidden.map((h) => h.owner)}::text[], ${hidden.map((h) => h.key)}::text[],
      ${hidden.map((h) => h.audience)}::text[], ${hidden.map((h) => h.ocpiVersion)}::text[],
      ${hidden.map((h) => h.original)}::text[]) as t (owner, object_key, audience, ocpi_version, original)
    order by 1, 2, 3
    on conflict (owner, object_key, audience) do update set
      ocpi_version = excluded.ocpi_version, original = excluded.original, at = clock_timestamp()`)
}

function isHidden({ module, value }: Pick<NewObject, 'module' | 'value'>): boolean {
  return module === 'locations' && isRecord(value) && value.publish === false
}

/**
 * A location that is hidden now, as a partner that may have it is told that it is gone: what it was when it was last
 * shown, with every EVSE removed since its owner's last word. Null when it is not hidden, or never was shown.
 */
export async function readGone(
  client: Sql,
  object: ObjectPlace & Pick<StoredObject, 'value' | 'deleted'>,
): Promise<{ text: string; version: string } | null> {
  if (object.deleted || !isHidden(object)) return null
  const [shown] = await client.rows<{ original: string; ocpi_version: string }>(sql`
    select original, ocpi_version from hidden_locations
    where owner = ${object.owner} and object_key = ${object.key} and audience = ${object.audience}`)
  const time = isRecord(object.value) ? object.value.last_updated : undefined
  return shown ? { text: removed(shown.original, time), version: shown.ocpi_version } : null
}

function removed(original: string, time: unknown): string {
  const location = exactNumbers(original)
  if (!isRecord(location)) return original
  const stamp = typeof time === 'string' ? { last_updated: time } : {}
  const evses: readonly unknown[] = Array.isArray(location.evses) ? location.evses : []
  return exactText({
    ...location,
    ...stamp,
    evses: evses.filter(isRecord).map((evse) => ({ ...evse, ...stamp, status: 'REMOVED' })),
  })
}
