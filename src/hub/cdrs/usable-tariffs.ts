import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey, readTime } from '../../ocpi/primitives.ts'

type Row = {
  n: number
  object_key: string
  type: string | null
  start: string | null
  end: string | null
  now: Date
}

/**
 * Index → the tariffs of an owner, folded, that a partner of 2.1.1 is not given: for some sessions only, or not in force.
 * A connector has one tariff there, and none of these.
 */
export async function readUnusableTariffs(
  client: Sql,
  wanted: readonly { index: number; owner: string; ids: readonly string[] }[],
): Promise<Map<number, ReadonlySet<string>>> {
  const asked = wanted.flatMap(({ index, owner, ids }) =>
    ids.map((id) => ({ index, owner, key: foldKey(id) })),
  )
  if (asked.length === 0) return new Map()
  const rows = await client.rows<Row>(sql`
    select distinct q.n, o.object_key, o.value->>'type' as type, o.value->>'start_date_time' as start,
      o.value->>'end_date_time' as "end", clock_timestamp() as now
    from unnest(${asked.map(({ index }) => index)}::int[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(({ key }) => key)}::text[]) as q (n, owner, object_key)
    join objects o on o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key and o.audience = '*'
    where o.deleted_at is null`)
  const unusable = new Map<number, Set<string>>()
  for (const row of rows.filter(isUnusable)) {
    const known = unusable.get(row.n) ?? new Set()
    unusable.set(row.n, known.add(row.object_key))
  }
  return unusable
}

function isUnusable({ type, start, end, now }: Row): boolean {
  const [from, to] = [readTime(start), readTime(end)]
  if (type !== null && type !== 'REGULAR') return true
  return (from !== null && from > now) || (to !== null && to <= now)
}
