import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'

/**
 * Proof that an earlier CDR that stands bills the same: of the same session of the same CPO, or with the same signed
 * registers of one meter. Null where there is none.
 */
export async function proveDuplicate(
  tx: Tx,
  row: CdrRow,
): Promise<{ sentence: string; proof: Readonly<Record<string, unknown>> } | null> {
  const [session] = await tx.rows<{ cdr_id: string; session: string | null }>(sql`
    select c.cdr_id, c.value->>'session_id' as session from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.owner = ${row.owner} and c.session_key = ${row.session_key} and c.id < ${row.id.toString()}::bigint
      and not c.is_credit and s.booked is not null and s.state not in ('credited', 'withdrawn')
    order by c.id limit 1`)
  if (session)
    return {
      sentence: `The CDR ${session.cdr_id} bills the same session ${session.session ?? ''} and stands.`,
      proof: { rule: 'same session', first: session.cdr_id, session: session.session },
    }
  const [meter] = await tx.rows<{ cdr_id: string; start: string; stop: string }>(sql`
    select c.cdr_id, (m.start_mwh / 1000000.0)::text as start, (m.stop_mwh / 1000000.0)::text as stop
    from meter_readings own join meter_readings m using (owner, meter_key, start_mwh, stop_mwh)
    join cdrs c on c.id = m.cdr_id join cdr_states s on s.cdr_id = c.id
    where own.cdr_id = ${row.id.toString()}::bigint and m.cdr_id < own.cdr_id and s.booked is not null
      and s.state not in ('credited', 'withdrawn')
    order by c.id limit 1`)
  if (!meter) return null
  const from = `${trimmed(meter.start)} kWh`
  const to = `${trimmed(meter.stop)} kWh`
  return {
    sentence: `The CDR ${meter.cdr_id} bills the same signed registers of the same meter, from ${from} to ${to}, and stands.`,
    proof: { rule: 'same registers', first: meter.cdr_id, start_kwh: from, stop_kwh: to },
  }
}

function trimmed(decimal: string): string {
  return decimal.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}
