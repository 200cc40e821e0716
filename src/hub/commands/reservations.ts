import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import { foldKey, readTime } from '../../ocpi/primitives.ts'
import type { Call } from '../request.ts'

/** A reservation as its eMSP names it. Ids are unique per eMSP only. */
type ReservationName = { emsp: string; reservationId: string }

/**
 * The reservation that a RESERVE_NOW asks for, null for every other command. `expiresAt` is null when it is no time.
 */
export function readReservation(call: Call): (ReservationName & { expiresAt: Date | null }) | null {
  if (call.route.endpoint.body?.kind !== 'reserveNow' || !call.body) return null
  // 2.1.1 has integers here.
  const reservationId = String(call.body.value.reservation_id)
  if (reservationId.length > limits.idCharsMax) {
    throw new HubError('invalid', 'the reservation cannot be kept', {
      faults: [{ pointer: '/reservation_id', message: 'may have 36 characters' }],
    })
  }
  return { emsp: call.from.party, reservationId, expiresAt: readTime(call.body.value.expiry_date) }
}

/**
 * Notes a reservation that is about to be asked for and returns its number: what partners of 2.1.1, which know integers
 * only, call it. Where the eMSP holds one of this id already, that one stays where it is until the new one is accepted.
 */
export async function noteReservation(
  client: Sql,
  reservation: ReservationName & { cpo: string; expiresAt: Date | null },
): Promise<number> {
  const { emsp, reservationId, cpo, expiresAt } = reservation
  const [row] = await client.rows<{ number: number }>(sql`
    insert into reservations (emsp, reservation_key, reservation_id, cpo, expires_at)
    values (${emsp}, ${foldKey(reservationId)}, ${reservationId}, ${cpo}, least(
      greatest(clock_timestamp(), ${expiresAt}::timestamptz) + ${limits.callbackGraceMs}::float8 * interval '1 millisecond',
      clock_timestamp() + ${limits.callbackAgeMsMax}::float8 * interval '1 millisecond'))
    on conflict on constraint reservations_natural_key do update set
      expires_at = greatest(reservations.expires_at, excluded.expires_at)
    returning number`)
  assert(row, 'a reservation is added or found')
  return row.number
}

/** The CPO took the reservation: what concerns it goes there from now on. */
export async function confirmReservation(
  client: Sql,
  reservation: ReservationName & { cpo: string },
): Promise<void> {
  await client.rows(sql`
    update reservations set cpo = ${reservation.cpo}
    where emsp = ${reservation.emsp} and reservation_key = ${foldKey(reservation.reservationId)}`)
}

/** The CPO that holds a reservation, null when this eMSP has none of that id. */
export async function findReservation(
  client: Sql,
  { emsp, reservationId }: ReservationName,
): Promise<string | null> {
  const [row] = await client.rows<{ cpo: string }>(sql`
    select cpo from reservations
    where emsp = ${emsp} and reservation_key = ${foldKey(reservationId)} and expires_at > clock_timestamp()`)
  return row?.cpo ?? null
}

/** Drops at most `limit` reservations that are over. */
export async function dropExpiredReservations(client: Sql, limit: number): Promise<void> {
  await client.rows(sql`
    delete from reservations where number in (
      select number from reservations where expires_at < clock_timestamp() order by expires_at limit ${limit})`)
}
