import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/** The current text of an owner's object: the copy for everyone, else the newest one addressed to a party. */
export async function readText(
  client: Sql,
  key: { module: string; owner: string; key: string },
): Promise<string | null> {
  const [row] = await client.rows<{ original: string }>(sql`
    select original from objects
    where module = ${key.module} and owner = ${key.owner} and object_key = ${key.key} and deleted_at is null
    order by (audience = '*') desc, seq desc limit 1`)
  return row?.original ?? null
}
