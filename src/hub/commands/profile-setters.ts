import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'

/** A CPO accepted a charging profile of `party` for its session: active profiles may be sent there from now on. */
export async function noteProfileSetter(
  client: Sql,
  { cpo, session, party }: { cpo: string; session: string; party: string },
): Promise<void> {
  await client.rows(sql`
    insert into profile_setters (cpo, session_key, party) values (${cpo}, ${foldKey(session)}, ${party})
    on conflict do nothing`)
}

/** Who set a profile on a session of a CPO; active profiles without a receiver are for them. */
export async function profileSetters(
  client: Sql,
  { cpo, session }: { cpo: string; session: string },
): Promise<string[]> {
  const rows = await client.rows<{ party: string }>(sql`
    select party from profile_setters where cpo = ${cpo} and session_key = ${foldKey(session)} order by party`)
  return rows.map(({ party }) => party)
}

/** Drops at most `limit` of those that are older than any session. */
export async function dropOldProfileSetters(
  client: Sql,
  { ageMs, limit }: { ageMs: number; limit: number },
): Promise<void> {
  await client.rows(sql`
    delete from profile_setters where (cpo, session_key, party) in (
      select cpo, session_key, party from profile_setters
      where created_at < clock_timestamp() - ${ageMs}::float8 * interval '1 millisecond' limit ${limit})`)
}
