import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Fault } from '../../errors.ts'
import type { Repair } from '../../ocpi/repair.ts'
import { repair } from '../../ocpi/repair.ts'
import type { ObjectDefinition } from '../../ocpi/define.ts'
import { dropNulls, schemaFor } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { objectSubject } from '../../store/objects.ts'
import type { ObjectSource } from '../../store/objects.ts'
import { raiseAlert } from '../alerts.ts'

/** An object that is kept for a person and used for nothing: money could be meant otherwise than it is written. */
export type Doubtful = {
  module: string
  owner: string
  key: string
  source: ObjectSource
  ocpiVersion: string
  original: string
  fault: Fault
}

type Place = { module: string; owner: string; key: string }

/** Why nothing may be priced by an object: the first repair that money depends on. Only tariffs price anything. */
export function doubtIn(module: string, repairs: readonly Repair[]): Fault | null {
  const first = module === 'tariffs' ? repairs.find((one) => one.isDoubtful) : undefined
  return first === undefined ? null : { pointer: first.pointer, message: first.message }
}

/** The same of the text of an object, as it would be stored. */
export function doubtInText(
  text: string,
  {
    module,
    definition,
    version,
  }: { module: string; definition: ObjectDefinition; version: Version },
): Fault | null {
  const schema = module === 'tariffs' ? schemaFor(definition.schema, version) : undefined
  if (!schema) return null
  return doubtIn(module, repair(dropNulls(JSON.parse(text)), schema, 'all').repairs)
}

/** The subjects of those places that have an object in the quarantine. */
export async function readDoubted(client: Sql, places: readonly Place[]): Promise<Set<string>> {
  const asked = places.filter(({ module }) => module === 'tariffs')
  if (asked.length === 0) return new Set()
  const rows = await client.rows<Place>(sql`
    select module, owner, object_key as key from quarantined_objects
    join unnest(${asked.map((p) => p.module)}::text[], ${asked.map((p) => p.owner)}::text[],
      ${asked.map((p) => p.key)}::text[]) as p (module, owner, object_key) using (module, owner, object_key)`)
  return new Set(rows.map(objectSubject))
}

/**
 * Keeps the latest doubtful text of each object, since when the first one came: what began meanwhile is priced by
 * neither it nor an older version. The caller holds the subjects' locks and judges what waits for them again.
 */
export async function keepDoubtful(tx: Tx, objects: readonly Doubtful[]): Promise<void> {
  const rows = [...new Map(objects.map((one) => [objectSubject(one), one])).values()]
  if (rows.length === 0) return
  await tx.rows(sql`
    insert into quarantined_objects (module, owner, object_key, source, ocpi_version, original, pointer, message)
    select * from unnest(${rows.map((r) => r.module)}::text[], ${rows.map((r) => r.owner)}::text[],
      ${rows.map((r) => r.key)}::text[], ${rows.map((r) => r.source)}::text[], ${rows.map((r) => r.ocpiVersion)}::text[],
      ${rows.map((r) => r.original)}::text[], ${rows.map((r) => r.fault.pointer)}::text[],
      ${rows.map((r) => r.fault.message)}::text[]) as t (module, owner, object_key, source, ocpi_version, original, p, m)
    order by 1, 2, 3
    on conflict on constraint quarantined_objects_natural_key do update set source = excluded.source,
      ocpi_version = excluded.ocpi_version, original = excluded.original, pointer = excluded.pointer,
      message = excluded.message`)
  for (const { owner, key, fault } of rows.filter(({ source }) => source !== 'import')) {
    await raiseAlert(tx, {
      code: 'tariff_in_doubt',
      severity: 'warning',
      subject: `${owner}/tariffs`,
      message: `a tariff of ${owner} is kept and used for nothing, last ${key}: ${fault.pointer} ${fault.message}`,
      advice:
        'See GET /admin/v1/imports/quarantine. Ask its owner to write numbers as JSON numbers; the next sound version ends it.',
    })
  }
}

/** A sound version, or the end of the object, ends the doubt. */
export async function endDoubt(tx: Tx, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return
  await tx.rows(sql`
    delete from quarantined_objects using unnest(${places.map((p) => p.module)}::text[],
      ${places.map((p) => p.owner)}::text[], ${places.map((p) => p.key)}::text[]) as t (m, o, k)
    where module = t.m and owner = t.o and object_key = t.k`)
}
