import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/** The current text of an owner's object with its version: the copy for everyone, else the newest one for a party. */
export async function readText(
  client: Sql,
  key: { module: string; owner: string; key: string },
): Promise<{ text: string; version: string } | null> {
  const [row] = await client.rows<{ text: string; version: string }>(sql`
    select original as text, ocpi_version as version from objects
    where module = ${key.module} and owner = ${key.owner} and object_key = ${key.key} and deleted_at is null
    order by (audience = '*') desc, seq desc limit 1`)
  return row ?? null
}
