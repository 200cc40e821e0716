import { limits } from '../../../config/limits.ts'
import { readDecimal } from '../../clearing/decimal.ts'
import type { Decimal } from '../../clearing/decimal.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey, readTime } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'

type Json = Record<string, unknown>
type Row = {
  object_key: string
  start: string | null
  end: string | null
  kwh: string | null
  evse: string | null
  uid: string | null
  billed: boolean
}
/** Epoch milliseconds; null where it is not stated. */
type Span = { start: number; end: number | null; energy: Decimal | null }

/**
 * The session that a CDR of 2.1.1, which names none, was written about: the only one of its owner with its card, its EVSE
 * and its start to the second. Else the only one that began within a quarter of an hour and ran at the same time; else
 * the only one without a CDR that is the same but for a shift of the clock by half-hours. Null when there is none yet, or
 * several.
 */
export async function sessionOfCdr(
  client: Sql,
  { owner, value }: { owner: string; value: Json },
): Promise<string | null> {
  const token = isRecord(value.cdr_token) ? value.cdr_token : {}
  const place = isRecord(value.cdr_location) ? value.cdr_location : {}
  const { contract_id: contract, uid } = token
  const { evse_uid: evse } = place
  const own = spanOf({ ...value, kwh: value.total_energy })
  if (typeof contract !== 'string' || typeof evse !== 'string' || own === null) return null
  const rows = await readSessions(client, { owner, contract, start: new Date(own.start) })
  if (rows.length === limits.sessionsOfCardMax) return null
  const found = rows.flatMap((row) => {
    const span = spanOf({ start_date_time: row.start, end_date_time: row.end, kwh: row.kwh })
    const isHere =
      foldKey(row.evse ?? '') === foldKey(evse) &&
      (typeof uid !== 'string' || foldKey(row.uid ?? '') === foldKey(uid))
    return span !== null && isHere ? [{ row, span }] : []
  })
  const near = found.filter(({ span }) => isNear(own, span))
  const exact = near.filter(({ span }) => Math.abs(span.start - own.start) < secondMs)
  const shifted = found.filter(({ row, span }) => !row.billed && isShifted(own, span))
  const [first = []] = [exact, near, shifted].filter((tier) => tier.length > 0)
  const [only] = first
  return only !== undefined && first.length === 1 ? only.row.object_key : null
}

async function readSessions(
  client: Sql,
  { owner, contract, start }: { owner: string; contract: string; start: Date },
): Promise<Row[]> {
  return client.rows<Row>(sql`
    select distinct object_key, value ->> 'start_date_time' as start, value ->> 'end_date_time' as end,
      value ->> 'kwh' as kwh, value ->> 'evse_uid' as evse, value #>> '{cdr_token,uid}' as uid,
      exists (select from cdrs c join cdr_states s on s.cdr_id = c.id
        where c.owner = o.owner and c.session_key = o.object_key and not c.is_credit
          and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn')) as billed
    from objects o
    where module = 'sessions' and owner = ${owner} and deleted_at is null
      and lower(value #>> '{cdr_token,contract_id}') = lower(${contract})
      -- Its last word came after its start; times may have offsets.
      and last_updated >= ${start}::timestamptz - interval '1 day'
      and left(value ->> 'start_date_time', 10) = any(${daysAround(start)}::text[])
    limit ${limits.sessionsOfCardMax}`)
}

function spanOf(value: Json): Span | null {
  const start = readTime(value.start_date_time)
  const end = readTime(value.end_date_time)
  if (start === null) return null
  return {
    start: start.getTime(),
    end: end?.getTime() ?? null,
    energy: readDecimal(value.kwh),
  }
}

/** Begun at about the same time, and running at once: two short ones may follow each other within minutes. */
function isNear(own: Span, { start, end }: Span): boolean {
  if (Math.abs(start - own.start) < secondMs) return true
  const isAtOnce = start < (own.end ?? Infinity) && own.start < (end ?? Infinity)
  return Math.abs(start - own.start) <= nearMs && isAtOnce
}

/** As long and of as much energy, and apart by what Z1 takes for a time zone. */
function isShifted(own: Span, other: Span): boolean {
  if (own.end === null || other.end === null || own.energy === null || other.energy === null)
    return false
  const apart = own.start - other.start
  const steps = Math.round(apart / shift.stepMs)
  const energyApart =
    own.energy > other.energy ? own.energy - other.energy : other.energy - own.energy
  return (
    steps !== 0 &&
    Math.abs(apart) <= shift.mostMs &&
    Math.abs(apart - steps * shift.stepMs) <= shift.noiseMs &&
    Math.abs(own.end - other.end - apart) <= 2 * shift.noiseMs &&
    energyApart * shift.energyParts <= other.energy
  )
}

const secondMs = 1_000
const dayMs = 86_400_000
/** As far as records and CDRs are matched by their start. */
const nearMs = 900_000
const { step_s: stepS, noise_s: noiseS, most_s: mostS } = RULES.Z1.parameters
/** `energyParts`: a thirtieth of the energy may be lost on the way. */
const shift = {
  stepMs: Number(stepS) * 1_000,
  noiseMs: Number(noiseS) * 1_000,
  mostMs: Number(mostS) * 1_000,
  energyParts: 30n,
}

function daysAround(time: Date): string[] {
  return [-dayMs, 0, dayMs].map((ms) => new Date(time.getTime() + ms).toISOString().slice(0, 10))
}
