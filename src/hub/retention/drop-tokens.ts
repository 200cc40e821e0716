import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { lockSubjects, objectSubject } from '../../store/objects.ts'

type Token = { owner: string; object_key: string; audience: string }

/**
 * Drops tokens that are no longer valid, or were taken back, and that nobody has written of since `before`, with their
 * versions; of the others the versions that something newer had replaced by then. Returns how many rows went.
 */
export async function dropTokens(
  tx: Tx,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const ended = await tx.rows<Token>(sql`
    select owner, object_key, audience from objects
    where module = 'tokens' and greatest(last_updated, received_at) < ${before}
      and (deleted_at is not null or value -> 'valid' = 'false'::jsonb)
    order by owner, object_key, audience limit ${limit}`)
  const replaced = await tx.rows<{ id: bigint }>(sql`
    delete from object_versions where id in (
      select v.id from object_versions v
      where v.module = 'tokens' and v.in_force_from < ${before} and exists (
        select from object_versions n
        where n.module = 'tokens' and n.owner = v.owner and n.object_key = v.object_key and n.audience = v.audience
          and n.in_force_from < ${before} and (n.in_force_from, n.id) > (v.in_force_from, v.id))
      limit ${limit})
    returning id`)
  if (ended.length === 0) return replaced.length
  await lockSubjects(
    tx,
    ended.map(({ owner, object_key: key }) => ({
      subject: objectSubject({ module: 'tokens', owner, key }),
      exclusive: true,
    })),
  )
  const [owners, keys, audiences] = [
    ended.map(({ owner }) => owner),
    ended.map(({ object_key: key }) => key),
    ended.map(({ audience }) => audience),
  ]
  // Those that were pushed anew meanwhile stay. First as deleted ones: the count of the living follows that.
  const gone = await tx.rows<Token>(sql`
    update objects o set deleted_at = coalesce(deleted_at, clock_timestamp())
    from unnest(${owners}::text[], ${keys}::text[], ${audiences}::text[]) as t (owner, object_key, audience)
    where o.module = 'tokens' and o.owner = t.owner and o.object_key = t.object_key and o.audience = t.audience
      and greatest(o.last_updated, o.received_at) < ${before}
    returning o.owner, o.object_key, o.audience`)
  await tx.rows(sql`
    delete from objects o
    using unnest(${gone.map(({ owner }) => owner)}::text[], ${gone.map((g) => g.object_key)}::text[],
      ${gone.map(({ audience }) => audience)}::text[]) as t (owner, object_key, audience)
    where o.module = 'tokens' and o.owner = t.owner and o.object_key = t.object_key and o.audience = t.audience`)
  await tx.rows(sql`
    delete from object_versions v
    using unnest(${gone.map(({ owner }) => owner)}::text[], ${gone.map((g) => g.object_key)}::text[])
      as t (owner, object_key)
    where v.module = 'tokens' and v.owner = t.owner and v.object_key = t.object_key and v.in_force_from < ${before}`)
  return replaced.length + gone.length
}
