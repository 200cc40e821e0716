import { limits } from '../../../config/limits.ts'
import { claimedAmounts } from '../../clearing/amounts.ts'
import { readDecimal, textOf } from '../../clearing/decimal.ts'
import type { PlacedRival, Rival, Rivals } from '../../clearing/known.ts'
import { usedFromOf } from '../../clearing/use.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { unassigned } from '../../ocpi/adapt/embedded-location.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { grouped } from './grouped.ts'
import type { KnownRow } from './known-row.ts'

/** How a CDR stands near another one. */
type Relation = 'similar' | 'neighbour' | 'connector' | 'before' | 'after'
type Near = { id: bigint; other: bigint; relation: Relation }

/**
 * The CDRs that stand near each one. Only those that stand: received before it and not out, or live already, so that of
 * two the later one gets the finding, whoever judges first. Who is near is found by columns that have an index; the CDRs
 * themselves are read for those few alone.
 */
export async function readRivals(tx: Tx, rows: readonly KnownRow[]): Promise<Map<bigint, Rivals>> {
  const timed = rows.filter(
    ({ started_at: start, ended_at: end }) => start !== null && end !== null,
  )
  if (timed.length === 0) return new Map()
  const near = await readNear(tx, timed)
  const others = await readOthers(
    tx,
    near.map(({ other }) => other),
  )
  const byRow = grouped(near.map((one) => [one.id, one]))
  return new Map(
    timed.flatMap((row) => {
      const mine = byRow.get(row.id)
      return mine ? [[row.id, rivalsOf(row, mine, others)]] : []
    }),
  )
}

async function readNear(tx: Tx, rows: readonly KnownRow[]): Promise<Near[]> {
  return tx.rows<Near>(sql`
    with q as (
      select * from unnest(${rows.map(({ id }) => id.toString())}::bigint[], ${rows.map(({ owner }) => owner)}::text[],
        ${rows.map(({ receiver }) => receiver)}::text[], ${rows.map(({ token_key: key }) => key)}::text[],
        ${rows.map(evseKeyOf)}::text[], ${rows.map(({ location_key: key }) => key)}::text[],
        ${rows.map(({ started_at: start }) => start)}::timestamptz[],
        ${rows.map(({ ended_at: end }) => end)}::timestamptz[])
        as q (id, owner, receiver, token_key, evse_key, location_key, started_at, ended_at)
    ), window_of as (
      select ${limits.knownRivalsMs}::float8 * interval '1 millisecond' as back,
        ${limits.similarStartMs}::float8 * interval '1 millisecond' as start,
        ${limits.neighbourGapMs}::float8 * interval '1 millisecond' as gap
    ), found as (
      -- Of the same card, at nearly the same time or directly before or after. The limits keep the planner at the indexes.
      select q.id, c.id as other,
        case when c.started_at between q.started_at - w.start and q.started_at + w.start then 'similar' else 'neighbour' end
          as relation
      from q cross join window_of w cross join lateral (
        select c.id, c.started_at from cdrs c
        where c.receiver = q.receiver and c.token_key = q.token_key
          and c.started_at between q.started_at - w.back and q.ended_at + w.gap
          and c.id <> q.id and not c.is_credit
          and (c.started_at between q.started_at - w.start and q.started_at + w.start
            or ((c.ended_at between q.started_at - w.gap and q.started_at
                or c.started_at between q.ended_at and q.ended_at + w.gap)
              and c.owner = q.owner and c.evse_key = q.evse_key))
        order by c.started_at limit ${limits.knownRivalsMax}
      ) c
      union all
      -- Of another card at the same EVSE, at the same time.
      select q.id, c.id, 'connector'
      from q cross join window_of w cross join lateral (
        select c.id from cdrs c
        where c.owner = q.owner and c.evse_key = q.evse_key and not c.is_credit
          and c.started_at > q.started_at - w.back and c.started_at < q.ended_at and c.ended_at > q.started_at
          and c.id <> q.id and (c.receiver, c.token_key) <> (q.receiver, q.token_key)
        order by c.started_at limit ${limits.knownRivalsMax}
      ) c
    )
    select f.id, f.other, f.relation from found f join cdr_states s on s.cdr_id = f.other
    where cdr_is_live(s.cdr_id, s.state)
      or (f.other < f.id and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn'))
    union all
    -- The one before, where it was somewhere else; nobody came for a reservation that was not used.
    select q.id, c.id, 'before' from q cross join window_of w cross join lateral (
      select c.id, c.owner, c.location_key from cdrs c
      where c.receiver = q.receiver and c.token_key = q.token_key and c.id < q.id and not c.is_credit
        and c.started_at >= q.started_at - w.back and c.started_at < q.started_at
        and not exists (select from cdr_states s where s.cdr_id = c.id
          and s.state in ('quarantined', 'dropped', 'credited', 'withdrawn'))
        and not (c.value -> 'total_energy' = '0'
          and c.value @? '$.charging_periods[*].dimensions[*] ? (@.type == "RESERVATION_TIME")')
      order by c.started_at desc limit 1
    ) c where (c.owner, c.location_key) is distinct from (q.owner, q.location_key)
    union all
    -- The one after, where that came in earlier.
    select q.id, c.id, 'after' from q cross join window_of w cross join lateral (
      select c.id, c.owner, c.location_key from cdrs c
      where c.receiver = q.receiver and c.token_key = q.token_key and c.id < q.id and not c.is_credit
        and c.started_at > q.started_at and c.started_at <= q.ended_at + w.back
        and not exists (select from cdr_states s where s.cdr_id = c.id
          and s.state in ('quarantined', 'dropped', 'credited', 'withdrawn'))
        and not (c.value -> 'total_energy' = '0'
          and c.value @? '$.charging_periods[*].dimensions[*] ? (@.type == "RESERVATION_TIME")')
      order by c.started_at limit 1
    ) c where (c.owner, c.location_key) is distinct from (q.owner, q.location_key)
    order by 1, 3, 2`)
}

type Other = {
  rival: Rival
  tokenPlace: Place
}
type Place = {
  location: string | null
  evse: string | null
  evseId: string | null
  connector: string | null
  latitude: string | null
  longitude: string | null
}

async function readOthers(tx: Tx, ids: readonly bigint[]): Promise<Map<bigint, Other>> {
  const distinct = [...new Set(ids)].map(String)
  if (distinct.length === 0) return new Map()
  const rows = await tx.rows<{
    id: bigint
    owner: string
    cdr_id: string
    session_key: string | null
    platform_id: string
    channel: Rival['channel']
    is_credit: boolean
    started_at: Date
    ended_at: Date
    value: unknown
  }>(sql`
    select id, owner, cdr_id, session_key, platform_id, channel, is_credit, started_at, ended_at, value from cdrs
    where id = any(${distinct}::bigint[])`)
  return new Map(
    rows.flatMap(({ id, value, ...row }) => {
      const claim = claimedAmounts(value)
      const kwh = isRecord(value) ? readDecimal(value.total_energy) : null
      if (claim === null || kwh === null) return []
      const rival = {
        owner: row.owner,
        cdrId: row.cdr_id,
        sessionId: sessionOf(value) ?? row.session_key,
        start: row.started_at,
        usedFrom: usedFromOf(value, row.started_at),
        end: row.ended_at,
        kwh: textOf(kwh),
        isCredit: row.is_credit,
        channel: row.channel,
        platformId: row.platform_id,
        net: claim.net,
        currency: claim.currency,
      }
      return [[id, { rival, tokenPlace: placeOf(value) }]]
    }),
  )
}

function rivalsOf(
  row: KnownRow,
  near: readonly Near[],
  others: ReadonlyMap<bigint, Other>,
): Rivals {
  const own = placeOf(row.value)
  const rivals = (relation: Relation, fits: (other: Other) => boolean): Rival[] =>
    near.flatMap((one) => {
      const other = one.relation === relation ? others.get(one.other) : undefined
      return other && fits(other) ? [other.rival] : []
    })
  const placed = (relation: Relation): PlacedRival | null => {
    const one = near.find((each) => each.relation === relation)
    const other = one && others.get(one.other)
    const { latitude, longitude } = other?.tokenPlace ?? {}
    return other && latitude && longitude ? { ...other.rival, latitude, longitude } : null
  }
  return {
    similar: rivals('similar', (other) => isSamePlace(row, { own, other })),
    neighbours: rivals('neighbour', ({ tokenPlace }) => isSameEvse(own, tokenPlace)),
    sameConnector: rivals(
      'connector',
      ({ tokenPlace }) =>
        isSameEvse(own, tokenPlace) &&
        (tokenPlace.connector === null || tokenPlace.connector === own.connector),
    ),
    before: placed('before'),
    after: placed('after'),
  }
}

/**
 * At one owner the EVSE tells. Two owners that write of one session, as it came over two hubs, may call it otherwise: then
 * its public id, or the coordinates.
 */
function isSamePlace(row: KnownRow, { own, other }: { own: Place; other: Other }): boolean {
  const there = other.tokenPlace
  if (other.rival.owner === row.owner)
    return own.evse === null || there.evse === null || isSameEvse(own, there)
  if (own.evseId !== null && there.evseId !== null) return own.evseId === there.evseId
  return (
    own.latitude !== null &&
    own.longitude !== null &&
    own.latitude === there.latitude &&
    own.longitude === there.longitude
  )
}

/** The uid is one of the whole platform; where two places use it for two EVSEs all the same, their public ids tell. */
function isSameEvse(one: Place, other: Place): boolean {
  const isElsewhere = one.location !== other.location && one.evseId !== other.evseId
  return one.evse === other.evse && !(isElsewhere && one.evseId !== null && other.evseId !== null)
}

/** The folded uid of the EVSE of a CDR; null when it names none. */
export function evseKeyOf({ value }: Pick<KnownRow, 'value'>): string | null {
  const place = isRecord(value) && isRecord(value.cdr_location) ? value.cdr_location : {}
  return folded(place.evse_uid)
}

/** The subject of everything that is charged at an EVSE. */
export function evseSubject(owner: string, evseKey: string): string {
  return `evse|${owner}|${evseKey}`
}

function placeOf(cdr: unknown): Place {
  const place = isRecord(cdr) && isRecord(cdr.cdr_location) ? cdr.cdr_location : {}
  const at = isRecord(place.coordinates) ? place.coordinates : {}
  return {
    location: folded(place.id),
    evse: folded(place.evse_uid),
    evseId: folded(place.evse_id)?.replaceAll('*', '') ?? null,
    connector: folded(place.connector_id),
    latitude: degrees(at.latitude),
    longitude: degrees(at.longitude),
  }
}

function sessionOf(cdr: unknown): string | null {
  return isRecord(cdr) && typeof cdr.session_id === 'string' ? cdr.session_id : null
}

/** OCPI 2.2.1, CdrLocation: `#NA` stands for none, of a reservation that was not used. */
function folded(id: unknown): string | null {
  return typeof id === 'string' && id !== unassigned ? foldKey(id) : null
}

function degrees(value: unknown): string | null {
  const read = readDecimal(value)
  return read === null ? null : textOf(read)
}
