import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import type { ObjectPlace } from '../../store/objects.ts'
import type { Change } from './mutation.ts'

/** Sessions that the hub has for another party: they belong to one card and cannot move to another party's. */
export async function readElsewhere(
  tx: Tx,
  pushes: readonly { place: ObjectPlace; change: Change }[],
): Promise<Set<string>> {
  const places = pushes
    .filter(({ change }) => change.definition.audience === 'token owner')
    .map(({ place }) => place)
  if (places.length === 0) return new Set()
  const rows = await tx.rows<{ key: string }>(sql`
    select p.module || '|' || p.owner || '|' || p.object_key || '|' || p.audience as key
    from unnest(${places.map((p) => p.module)}::text[], ${places.map((p) => p.owner)}::text[],
      ${places.map((p) => p.key)}::text[], ${places.map((p) => p.audience)}::text[])
      as p (module, owner, object_key, audience)
    join objects o using (module, owner, object_key) where o.audience <> p.audience`)
  return new Set(rows.map(({ key }) => key))
}

/** A session keeps its party. */
export function otherParty(): HubError {
  const message = 'names another party than this session had before; use a new session id'
  return new HubError('invalid', message, { faults: [{ pointer: '/cdr_token', message }] })
}
