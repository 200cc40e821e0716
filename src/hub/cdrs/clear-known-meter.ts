import { limits } from '../../../config/limits.ts'
import { readDecimal, textOf, exactly } from '../../clearing/decimal.ts'
import type { Known } from '../../clearing/known.ts'
import { readSigned } from '../../clearing/signed/read.ts'
import type { SignedReading } from '../../clearing/signed/types.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { evseKeyOf } from './clear-known-rivals.ts'
import type { KnownRow } from './known-row.ts'

type Meter = { signed: readonly SignedReading[]; meter: NonNullable<Known['meter']> }

/**
 * The signed meter data of CDRs that carry some, read with the key that is known of their EVSE, and the register at which
 * the session before ended on the same meter.
 */
export async function readMeters(tx: Tx, rows: readonly KnownRow[]): Promise<Map<bigint, Meter>> {
  const asked = rows.filter(({ value }) => isRecord(value) && isRecord(value.signed_data))
  if (asked.length === 0) return new Map()
  const keys = await readKeys(tx, asked)
  const read = asked.map((row) => {
    const registeredKey = keys.get(row.id) ?? null
    return { row, registeredKey, signed: readSigned(row.value, { registeredKey }) }
  })
  const before = await readPreviousStops(tx, read)
  for (const one of read) {
    const near = stopInBatch(one, read)
    const known = before.get(one.row.id)?.at ?? null
    if (near && (known === null || near.at > known)) before.set(one.row.id, near)
  }
  return new Map(
    read.map(({ row, registeredKey, signed }) => [
      row.id,
      { signed, meter: { registeredKey, previousStop: before.get(row.id) ?? null } },
    ]),
  )
}

async function readKeys(tx: Tx, rows: readonly KnownRow[]): Promise<Map<bigint, string>> {
  const found = await tx.rows<{ id: bigint; public_key: string }>(sql`
    select q.id, k.public_key
    from unnest(${rows.map(({ id }) => id.toString())}::bigint[], ${rows.map(({ owner }) => owner)}::text[],
      ${rows.map(evseKeyOf)}::text[]) as q (id, owner, evse_key)
    join meter_keys k using (owner, evse_key)`)
  return new Map(found.map((row) => [row.id, row.public_key]))
}

type Read = { row: KnownRow; signed: readonly SignedReading[] }

async function readPreviousStops(
  tx: Tx,
  all: readonly Read[],
): Promise<Map<bigint, NonNullable<Meter['meter']['previousStop']>>> {
  const asked = all.flatMap(({ row, signed }) => {
    const reading = signed.find(({ start }) => start !== null)
    const at = reading?.start?.at ?? row.started_at
    return reading && at ? [{ row, key: meterKeyOf(row, reading), at }] : []
  })
  if (asked.length === 0) return new Map()
  const found = await tx.rows<{
    id: bigint
    stop_mwh: bigint
    stopped_at: Date | null
    cdr_id: string
    is_for_another: boolean
  }>(sql`
    select q.id, m.stop_mwh, m.stopped_at, m.cdr_id, m.receiver <> q.receiver as is_for_another
    from unnest(${asked.map(({ row }) => row.id.toString())}::bigint[], ${asked.map(({ row }) => row.owner)}::text[],
      ${asked.map(({ row }) => row.receiver)}::text[], ${asked.map(({ key }) => key)}::text[],
      ${asked.map(({ at }) => at)}::timestamptz[]) as q (id, owner, receiver, meter_key, at)
    cross join lateral (
      select m.stop_mwh, m.stopped_at, c.cdr_id, c.receiver from meter_readings m
      join cdr_states s on s.cdr_id = m.cdr_id join cdrs c on c.id = m.cdr_id
      where m.owner = q.owner and m.meter_key = q.meter_key and m.cdr_id <> q.id and m.started_at < q.at
        and m.stopped_at <= q.at + ${limits.clockSkewMs}::float8 * interval '1 millisecond'
        and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn')
      order by m.stopped_at desc, m.cdr_id desc limit 1
    ) m`)
  return new Map(
    found.map((row) => [
      row.id,
      {
        kwh: textOf(readKwh(row.stop_mwh)),
        at: row.stopped_at,
        cdrId: row.cdr_id,
        isForAnother: row.is_for_another,
      },
    ]),
  )
}

type StopInBatch = { kwh: string; at: Date; cdrId: string; isForAnother: boolean }

/** The session before may be in the same batch, so that its registers are kept only after this. */
function stopInBatch({ row, signed }: Read, all: readonly Read[]): StopInBatch | null {
  const own = signed.find(({ start }) => start !== null)
  const began = own?.start?.at ?? row.started_at
  if (!own || !began) return null
  const latest = began.getTime() + limits.clockSkewMs
  const key = meterKeyOf(row, own)
  return all.reduce<StopInBatch | null>((best, other) => {
    if (other.row.id >= row.id || other.row.owner !== row.owner) return best
    const reading = other.signed.find(
      ({ verdict, start, stop }) => verdict === 'valid' && start !== null && stop !== null,
    )
    const at = reading?.stop?.at ?? other.row.ended_at
    const start = reading?.start?.at ?? other.row.started_at
    if (!reading?.stop || !at || !start || meterKeyOf(other.row, reading) !== key) return best
    if (start >= began || at.getTime() > latest || (best !== null && at <= best.at)) return best
    const isForAnother = other.row.receiver !== row.receiver
    return { kwh: reading.stop.kwh, at, cdrId: other.row.cdr_id, isForAnother }
  }, null)
}

/** The meter by its own id, else by its key, else the EVSE stands for it. */
function meterKeyOf(row: KnownRow, { meterId, publicKey }: SignedReading): string {
  if (meterId !== null) return foldKey(meterId.slice(0, limits.idCharsMax))
  if (publicKey !== null) return `key|${publicKey.slice(0, limits.idCharsMax)}`
  return `evse|${evseKeyOf(row) ?? ''}`
}

/** Thousandths of a watt-hour, the finest that registers show. */
const MWH_PER_KWH = 1_000_000n

function readKwh(mwh: bigint): bigint {
  return (exactly('1') / MWH_PER_KWH) * mwh
}

function mwhOf(kwh: string): bigint | null {
  const read = readDecimal(kwh)
  return read === null ? null : (read * MWH_PER_KWH) / exactly('1')
}

/**
 * Keeps the registers of CDRs that clear, for the session after on the same meter, and the key of a meter that was seen
 * for the first time. Only of records whose signature fits.
 */
export async function keepMeterReadings(
  tx: Tx,
  cleared: readonly { row: KnownRow; signed: readonly SignedReading[] }[],
): Promise<void> {
  const valid = cleared.flatMap(({ row, signed }) => {
    const reading = signed.find(({ verdict, start, stop }) => verdict === 'valid' && start && stop)
    const [from, to] = [mwhOf(reading?.start?.kwh ?? ''), mwhOf(reading?.stop?.kwh ?? '')]
    return reading && from !== null && to !== null ? [{ row, reading, from, to }] : []
  })
  if (valid.length === 0) return
  await tx.rows(sql`
    insert into meter_readings (cdr_id, owner, meter_key, start_mwh, stop_mwh, started_at, stopped_at)
    select * from unnest(${valid.map(({ row }) => row.id.toString())}::bigint[],
      ${valid.map(({ row }) => row.owner)}::text[],
      ${valid.map(({ row, reading }) => meterKeyOf(row, reading))}::text[],
      ${valid.map(({ from }) => from.toString())}::bigint[], ${valid.map(({ to }) => to.toString())}::bigint[],
      ${valid.map(({ row, reading }) => reading.start?.at ?? row.started_at)}::timestamptz[],
      ${valid.map(({ row, reading }) => reading.stop?.at ?? row.ended_at)}::timestamptz[])
    on conflict (cdr_id) do nothing`)
  const keyed = valid.flatMap(({ row, reading }) => {
    const evse = evseKeyOf(row)
    return evse !== null && reading.publicKey !== null
      ? [{ owner: row.owner, evse, key: reading.publicKey }]
      : []
  })
  await tx.rows(sql`
    insert into meter_keys (owner, evse_key, public_key, source)
    select distinct on (owner, evse_key) owner, evse_key, public_key, 'first seen'
    from unnest(${keyed.map(({ owner }) => owner)}::text[], ${keyed.map(({ evse }) => evse)}::text[],
      ${keyed.map(({ key }) => key)}::text[]) as t (owner, evse_key, public_key)
    order by owner, evse_key
    on conflict (owner, evse_key) do nothing`)
}
