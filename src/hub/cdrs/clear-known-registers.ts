import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { exactly, readDecimal, textOf } from '../../clearing/decimal.ts'
import type { Known } from '../../clearing/known.ts'
import { at, readText } from '../../clearing/read.ts'
import type { SignedReading } from '../../clearing/signed/types.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { evseKeyOf } from './clear-known-rivals.ts'
import type { KnownRow } from './known-row.ts'

/** A CDR with its signed records as they were read. */
export type Read = { row: KnownRow; signed: readonly SignedReading[] }

/** The registers of a session beside those that the same meter showed at other times. */
export type Registers = Omit<NonNullable<Known['meter']>, 'registeredKey'>

/**
 * What each meter showed otherwise, of CDRs that stand: where the session before it ended; where the one after it began,
 * which was received earlier; and the very same registers, at whatever time.
 */
export async function readRegisters(tx: Tx, all: readonly Read[]): Promise<Map<bigint, Registers>> {
  const asked = all.flatMap((one) => spanOf(one) ?? [])
  const kept = new Map<bigint, Registers>()
  for (const { id, relation, ...other } of await readOthers(tx, asked))
    kept.set(id, { ...(kept.get(id) ?? NONE), ...known(relation, other) })
  // Others of the same batch, whose registers are kept only after this.
  const signed = all.flatMap((one) => (isProven(one) ? (spanOf(one) ?? []) : []))
  for (const own of asked) {
    const stored = kept.get(own.row.id) ?? NONE
    kept.set(own.row.id, withBatch(stored, { own, all: signed }))
  }
  return kept
}

const NONE: Registers = { previousStop: null, nextStart: null, same: null }

type Relation = 'before' | 'after' | 'same'
type Other = { mwh: bigint; at: Date | null; cdr_id: string; is_for_another: boolean }

function known(
  relation: Relation,
  { mwh, at, cdr_id: cdrId, is_for_another: isForAnother }: Other,
): Partial<Registers> {
  const register = { kwh: textOf(readKwh(mwh)), at, cdrId, isForAnother }
  switch (relation) {
    case 'before':
      return { previousStop: register }
    case 'after':
      return { nextStart: register }
    case 'same':
      return { same: { cdrId, isForAnother } }
    default:
      return relation satisfies never
  }
}

/** The registers of one CDR: from the first of its records that has a start. */
type Span = { row: KnownRow; key: string; at: Date; until: Date; start: bigint; stop: bigint }

function spanOf({ row, signed }: Read): Span | null {
  const reading =
    signed.find(({ verdict, start, stop }) => verdict === 'valid' && start && stop) ??
    signed.find(({ start }) => start !== null)
  const at = reading?.start?.at ?? row.started_at
  const until = reading?.stop?.at ?? row.ended_at ?? at
  const start = mwhOf(reading?.start?.kwh)
  if (!reading || !at || !until || start === null) return null
  const stop = mwhOf(reading.stop?.kwh) ?? start
  return { row, key: meterKeyOf(row, reading), at, until, start, stop }
}

function isProven({ signed }: Read): boolean {
  return signed.some(({ verdict, start, stop }) => verdict === 'valid' && start && stop)
}

async function readOthers(
  tx: Tx,
  asked: readonly Span[],
): Promise<(Other & { id: bigint; relation: Relation })[]> {
  if (asked.length === 0) return []
  return tx.rows(sql`
    select q.id, m.relation, m.mwh, m.at, m.cdr_id, m.receiver <> q.receiver as is_for_another
    from unnest(${asked.map(({ row }) => row.id.toString())}::bigint[], ${asked.map(({ row }) => row.owner)}::text[],
      ${asked.map(({ row }) => row.receiver)}::text[], ${asked.map(({ key }) => key)}::text[],
      ${asked.map(({ at }) => at)}::timestamptz[], ${asked.map(({ start }) => start.toString())}::bigint[],
      ${asked.map(({ stop }) => stop.toString())}::bigint[])
      as q (id, owner, receiver, meter_key, at, start_mwh, stop_mwh)
    cross join lateral (
      (select 'before' as relation, m.stop_mwh as mwh, m.stopped_at as at, c.cdr_id, c.receiver from meter_readings m
        join cdr_states s on s.cdr_id = m.cdr_id join cdrs c on c.id = m.cdr_id
        where m.owner = q.owner and m.meter_key = q.meter_key and m.cdr_id <> q.id and m.started_at < q.at
          and m.stopped_at <= q.at + ${limits.clockSkewMs}::float8 * interval '1 millisecond'
          and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn')
        order by m.stopped_at desc, m.cdr_id desc limit 1)
      union all
      -- Only what came before this CDR: of two, the later one gets the finding.
      (select 'after', m.start_mwh, m.started_at, c.cdr_id, c.receiver from meter_readings m
        join cdr_states s on s.cdr_id = m.cdr_id join cdrs c on c.id = m.cdr_id
        where m.owner = q.owner and m.meter_key = q.meter_key and m.cdr_id < q.id and m.stopped_at >= q.at
          and m.started_at >= q.at and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn')
        order by m.started_at, m.cdr_id limit 1)
      union all
      (select 'same', m.stop_mwh, m.stopped_at, c.cdr_id, c.receiver from meter_readings m
        join cdr_states s on s.cdr_id = m.cdr_id join cdrs c on c.id = m.cdr_id
        where m.owner = q.owner and m.meter_key = q.meter_key and m.cdr_id <> q.id
          and m.start_mwh = q.start_mwh and m.stop_mwh = q.stop_mwh
          and (cdr_is_live(s.cdr_id, s.state)
            or (m.cdr_id < q.id and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn')))
        order by m.cdr_id limit 1)
    ) m`)
}

/** What is nearer in the same batch; only what was received before counts there. */
function withBatch(
  stored: Registers,
  { own, all }: { own: Span; all: readonly Span[] },
): Registers {
  const others = all.filter(
    ({ row, key }) => row.id < own.row.id && row.owner === own.row.owner && key === own.key,
  )
  const of = (relation: Relation, { row, mwh, at }: { row: KnownRow; mwh: bigint; at: Date }) =>
    known(relation, {
      mwh,
      at,
      cdr_id: row.cdr_id,
      is_for_another: row.receiver !== own.row.receiver,
    })
  const found = { ...stored }
  for (const { row, at, until, start, stop } of others) {
    const latest = own.at.getTime() + limits.clockSkewMs
    const isSame = start === own.start && stop === own.stop
    if (isSame && !found.same) Object.assign(found, of('same', { row, mwh: stop, at: until }))
    const last = found.previousStop?.at ?? null
    if (at < own.at && until.getTime() <= latest && (last === null || until > last))
      Object.assign(found, of('before', { row, mwh: stop, at: until }))
    const next = found.nextStart?.at ?? null
    if (at >= own.at && (next === null || at < next))
      Object.assign(found, of('after', { row, mwh: start, at }))
  }
  return found
}

/** The subject of everything that bills by the same signed record; null where a CDR carries none. */
export function recordSubject({ owner, value }: Pick<KnownRow, 'owner' | 'value'>): string | null {
  const record = readText(at(value, '/signed_data/signed_values/0/signed_data'))
  if (record === null) return null
  return `record|${owner}|${createHash('sha256').update(record).digest('hex')}`
}

/** The meter by its own id, else by its key, else the EVSE stands for it. */
export function meterKeyOf(row: KnownRow, { meterId, publicKey }: SignedReading): string {
  if (meterId !== null) return foldKey(meterId.slice(0, limits.idCharsMax))
  if (publicKey !== null) return `key|${publicKey.slice(0, limits.idCharsMax)}`
  return `evse|${evseKeyOf(row) ?? ''}`
}

/** Thousandths of a watt-hour, the finest that registers show. */
const MWH_PER_KWH = 1_000_000n

function readKwh(mwh: bigint): bigint {
  return (exactly('1') / MWH_PER_KWH) * mwh
}

/** A register in thousandths of a watt-hour; null for what is none. */
export function mwhOf(kwh: string | undefined): bigint | null {
  const read = readDecimal(kwh)
  return read === null ? null : (read * MWH_PER_KWH) / exactly('1')
}
