import type { Known } from '../../clearing/known.ts'
import { readSigned } from '../../clearing/signed/read.ts'
import type { SignedReading } from '../../clearing/signed/types.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { meterKeyOf, mwhOf, readRegisters } from './clear-known-registers.ts'
import { evseKeyOf } from './clear-known-rivals.ts'
import type { KnownRow } from './known-row.ts'

type Meter = { signed: readonly SignedReading[]; meter: NonNullable<Known['meter']> }

/**
 * The signed meter data of CDRs that carry some, read with the key that is known of their EVSE, and what the same meter
 * showed at other times.
 */
export async function readMeters(tx: Tx, rows: readonly KnownRow[]): Promise<Map<bigint, Meter>> {
  const asked = rows.filter(({ value }) => isRecord(value) && isRecord(value.signed_data))
  if (asked.length === 0) return new Map()
  const keys = await readKeys(tx, asked)
  const read = asked.map((row) => {
    const registeredKey = keys.get(row.id) ?? null
    return { row, registeredKey, signed: readSigned(row.value, { registeredKey }) }
  })
  const registers = await readRegisters(tx, read)
  return new Map(
    read.map(({ row, registeredKey, signed }) => [
      row.id,
      { signed, meter: { previousStop: null, ...registers.get(row.id), registeredKey } },
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
    const [from, to] = [mwhOf(reading?.start?.kwh), mwhOf(reading?.stop?.kwh)]
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
