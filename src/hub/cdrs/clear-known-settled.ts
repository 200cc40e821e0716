import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/**
 * What was found severe or disputed of CDRs, by their ids, as codes: only of those of which a dispute was decided – upheld,
 * denied or given up, not merely overtaken by a credit.
 */
export async function readSettled(
  tx: Tx,
  cdrIds: readonly bigint[],
): Promise<Map<bigint, readonly string[]>> {
  if (cdrIds.length === 0) return new Map()
  const rows = await tx.rows<{ id: bigint; codes: string[] }>(sql`
    with decided as (
      select cdr_id, code from disputes where cdr_id = any(${cdrIds.map(String)}::bigint[])
        and (state in ('await_credit', 'await_replacement') or outcome in ('upheld', 'partly_upheld', 'denied', 'withdrawn'))
    )
    select d.cdr_id as id, array_agg(distinct d.code) as codes from (
      select cdr_id, code from decided
      union all
      select cdr_id, code from cdr_findings
      where cdr_id in (select cdr_id from decided) and severity = 'S' and superseded_at is null) d
    group by d.cdr_id`)
  return new Map(rows.map(({ id, codes }) => [id, codes]))
}
