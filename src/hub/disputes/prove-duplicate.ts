import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'

/** Codes of CDRs that bill what another CDR bills. */
export const DUPLICATE_CODES: ReadonlySet<string> = new Set(['D2', 'D4', 'C4'])

/** Proof that a CDR bills what another one bills. */
type DuplicateProof = {
  sentence: string
  proof: Readonly<Record<string, unknown>>
  mayReplace: MayReplace | null
}

/**
 * The CDR claims less than the other one, which was disputed before it came: it may be what replaces that, sent before
 * the credit. `until`: the deadline of that dispute; isOver: what happens then is just being done.
 */
export type MayReplace = { until: Date; isOver: boolean }

/**
 * Proof that an earlier CDR that stands bills the same: of the same session of the same CPO, or with the same signed
 * registers of one meter. Null where there is none.
 */
export async function proveDuplicate(tx: Tx, row: CdrRow): Promise<DuplicateProof | null> {
  const found = (await sameSession(tx, row)) ?? (await sameRegisters(tx, row))
  if (found === null) return null
  const { firstId, ...proven } = found
  return { ...proven, mayReplace: await readMayReplace(tx, { row, firstId }) }
}

type Found = Omit<DuplicateProof, 'mayReplace'> & { firstId: bigint }

async function sameSession(tx: Tx, row: CdrRow): Promise<Found | null> {
  const [session] = await tx.rows<{ id: bigint; cdr_id: string; session: string | null }>(sql`
    select c.id, c.cdr_id, c.value->>'session_id' as session from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.owner = ${row.owner} and c.session_key = ${row.session_key} and c.id < ${row.id.toString()}::bigint
      and not c.is_credit and s.booked is not null and s.state not in ('credited', 'withdrawn')
    order by c.id limit 1`)
  if (!session) return null
  return {
    firstId: session.id,
    sentence: `The CDR ${session.cdr_id} bills the same session ${session.session ?? ''} and stands.`,
    proof: { rule: 'same session', first: session.cdr_id, session: session.session },
  }
}

async function sameRegisters(tx: Tx, row: CdrRow): Promise<Found | null> {
  const [meter] = await tx.rows<{ id: bigint; cdr_id: string; start: string; stop: string }>(sql`
    select c.id, c.cdr_id, (m.start_mwh / 1000000.0)::text as start, (m.stop_mwh / 1000000.0)::text as stop
    from meter_readings own join meter_readings m using (owner, meter_key, start_mwh, stop_mwh)
    join cdrs c on c.id = m.cdr_id join cdr_states s on s.cdr_id = c.id
    where own.cdr_id = ${row.id.toString()}::bigint and m.cdr_id < own.cdr_id and s.booked is not null
      and s.state not in ('credited', 'withdrawn')
    order by c.id limit 1`)
  if (!meter) return null
  const from = `${trimmed(meter.start)} kWh`
  const to = `${trimmed(meter.stop)} kWh`
  return {
    firstId: meter.id,
    sentence: `The CDR ${meter.cdr_id} bills the same signed registers of the same meter, from ${from} to ${to}, and stands.`,
    proof: { rule: 'same registers', first: meter.cdr_id, start_kwh: from, stop_kwh: to },
  }
}

/**
 * Whether a CDR may replace the first: for the same eMSP, claiming less, and received after a dispute of the first began
 * that is not decided, or whose credit is waited for in time. What came before that dispute is no outcome of it, and what
 * claims as much corrects nothing: these are second bills and nothing else.
 */
async function readMayReplace(
  tx: Tx,
  { row, firstId }: { row: CdrRow; firstId: bigint },
): Promise<MayReplace | null> {
  const [found] = await tx.rows<MayReplace>(sql`
    select d.deadline_at as until, d.deadline_at <= clock_timestamp() as "isOver"
    from cdrs me join cdr_states mine on mine.cdr_id = me.id
    join cdrs f on f.id = ${firstId.toString()}::bigint and f.receiver = me.receiver
    join cdr_states first on first.cdr_id = f.id
    join lateral (
      select d.id, d.deadline_at from disputes d
      where d.cdr_id = f.id and d.closed_at is null and d.state not in ('await_credit', 'await_replacement')
      union all
      select d.id, d.deadline_at from adjustments a join disputes d on d.id = a.dispute_id
      where a.cdr_id = f.id and a.state = 'awaiting_document' and d.state = 'await_credit'
        and d.deadline_at > clock_timestamp()
    ) d on true
    join dispute_events began on began.dispute_id = d.id and began.epoch = 0 and began.at < me.received_at
    where me.id = ${row.id.toString()}::bigint
      and (mine.net_micros, coalesce(mine.tax_micros, 0)) < (first.net_micros, coalesce(first.tax_micros, 0))
    order by d.deadline_at desc limit 1`)
  return found ?? null
}

function trimmed(decimal: string): string {
  return decimal.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}
