import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { figureColumns } from './columns.ts'
import type { FiguredCdr } from './columns.ts'

/**
 * The claim of a CDR less what it costs by its tariff, in micro-units, and that tariff; what the energy in it costs, and
 * the energy in mWh that its signed meter, else its session, tells. Null where that is not known.
 */
export type Delta = {
  deltaMicros: bigint
  tariffKey: string | null
  energyCostMicros: bigint | null
  meteredMwh: bigint | null
}

/** Writes down what CDRs are compared by in great numbers, once per CDR; `deltas` as of the last time they were judged. */
export async function writeFigures(
  tx: Tx,
  rows: readonly FiguredCdr[],
  deltas: ReadonlyMap<bigint, Delta> = new Map(),
): Promise<void> {
  if (rows.length === 0) return
  const values = rows.map((row) => {
    const delta = deltas.get(row.id)
    return {
      ...figureColumns(row),
      delta_micros: delta?.deltaMicros.toString() ?? null,
      tariff_key: delta?.tariffKey ?? null,
      energy_cost_micros: delta?.energyCostMicros?.toString() ?? null,
      metered_mwh: delta?.meteredMwh?.toString() ?? null,
    }
  })
  await tx.rows(sql`
    insert into cdr_figures as known
    select * from jsonb_populate_recordset(null::cdr_figures, ${JSON.stringify(values)}::jsonb)
    order by cdr_id
    on conflict (cdr_id) do update set session_key = excluded.session_key, delta_micros = excluded.delta_micros,
      tariff_key = excluded.tariff_key, energy_cost_micros = excluded.energy_cost_micros, metered_mwh = excluded.metered_mwh
      where (known.session_key, known.delta_micros, known.tariff_key, known.energy_cost_micros, known.metered_mwh)
        is distinct from (excluded.session_key, excluded.delta_micros, excluded.tariff_key, excluded.energy_cost_micros,
          excluded.metered_mwh)`)
}
