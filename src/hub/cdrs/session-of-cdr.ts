import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey, readTime } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'

type Json = Record<string, unknown>
type Row = { object_key: string; start: string | null; evse: string | null; uid: string | null }

/**
 * The session that a CDR of 2.1.1, which names none, was written about: the only one of its owner with its card, its
 * start to the second and its EVSE. Null when there is none yet, or several.
 */
export async function sessionOfCdr(
  client: Sql,
  { owner, value }: { owner: string; value: Json },
): Promise<string | null> {
  const token = isRecord(value.cdr_token) ? value.cdr_token : {}
  const place = isRecord(value.cdr_location) ? value.cdr_location : {}
  const { contract_id: contract, uid } = token
  const { evse_uid: evse } = place
  const start = readTime(value.start_date_time)
  if (typeof contract !== 'string' || typeof evse !== 'string' || start === null) return null
  const rows = await client.rows<Row>(sql`
    select distinct object_key, value ->> 'start_date_time' as start, value ->> 'evse_uid' as evse,
      value #>> '{cdr_token,uid}' as uid
    from objects
    where module = 'sessions' and owner = ${owner} and deleted_at is null
      and lower(value #>> '{cdr_token,contract_id}') = lower(${contract})
      -- Its last word came after its start; times may have offsets.
      and last_updated >= ${start}::timestamptz - interval '1 day'
      and left(value ->> 'start_date_time', 10) = any(${daysAround(start)}::text[])
    limit ${limits.sessionsOfCardMax}`)
  if (rows.length === limits.sessionsOfCardMax) return null
  const found = rows.filter(
    (row) =>
      Math.abs((readTime(row.start)?.getTime() ?? 0) - start.getTime()) < secondMs &&
      foldKey(row.evse ?? '') === foldKey(evse) &&
      (typeof uid !== 'string' || foldKey(row.uid ?? '') === foldKey(uid)),
  )
  const [only] = found
  return only !== undefined && found.length === 1 ? only.object_key : null
}

const secondMs = 1_000
const dayMs = 86_400_000

function daysAround(time: Date): string[] {
  return [-dayMs, 0, dayMs].map((ms) => new Date(time.getTime() + ms).toISOString().slice(0, 10))
}
