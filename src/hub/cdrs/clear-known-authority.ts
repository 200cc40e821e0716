import { limits } from '../../../config/limits.ts'
import type { Authorization, SessionStep } from '../../clearing/known.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { grouped } from './grouped.ts'
import type { KnownRow, TokenAtStart } from './known-row.ts'

/** Every message about the session of each CDR, in order of receipt; the first of them where there are very many. */
export async function readSteps(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, SessionStep[]>> {
  const asked = rows.filter(({ session_key: key }) => key !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<{
    id: bigint
    at: Date
    method: SessionStep['method']
    last_updated: Date | null
    status: string | null
    kwh: string | null
    says_kwh: boolean
    says_cost: boolean
    hash: string
  }>(sql`
    select q.id, s.at, s.method, s.last_updated, s.status, s.kwh, s.says_kwh, s.says_cost, encode(s.sha256, 'hex') as hash
    from unnest(${asked.map(({ id }) => id.toString())}::bigint[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(({ session_key: key }) => key)}::text[]) as q (id, owner, object_key)
    cross join lateral (
      select * from session_steps s where s.owner = q.owner and s.object_key = q.object_key
      order by s.id limit ${limits.knownStepsMax}
    ) s order by q.id, s.id`)
  return grouped(
    found.map(({ id, at, last_updated, says_kwh, says_cost, ...step }) => [
      id,
      {
        ...step,
        receivedAt: at,
        lastUpdated: last_updated,
        saysKwh: says_kwh,
        saysCost: says_cost,
      },
    ]),
  )
}

/**
 * OCPI has no word for a card that several drivers use at once, a fleet's or a car-sharer's: providers that have agreed on
 * it write `multi_use`, which is kept as everything is that a Token holds.
 */
export function isMultiUse(token: unknown): boolean {
  return isRecord(token) && token.multi_use === true
}

/**
 * What was asked for with the card of each CDR at its CPO from a day before the start to the end, to stop its session
 * for as long after that as a clock can be off, and under its authorization_reference whenever that was, oldest first.
 */
export async function readAuthorizations(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, Authorization[]>> {
  const asked = rows.filter(({ started_at: start }) => start !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<{
    id: bigint
    kind: Authorization['kind']
    at: Date
    answered_at: Date | null
    answer: string | null
    reference: string | null
    location_key: string | null
    evse_uid: string | null
  }>(sql`
    select q.id, a.* from unnest(${asked.map(({ id }) => id.toString())}::bigint[],
      ${asked.map(({ owner }) => owner)}::text[], ${asked.map(({ receiver }) => receiver)}::text[],
      ${asked.map(({ token_key: key }) => key)}::text[], ${asked.map(referenceOf)}::text[],
      ${asked.map(({ started_at: start }) => start)}::timestamptz[],
      ${asked.map((row) => row.ended_at ?? row.received_at)}::timestamptz[],
      ${asked.map(({ session_key: key }) => key)}::text[])
      as q (id, cpo, emsp, token_key, reference, started_at, ended_at, session_key)
    cross join lateral (
      (select a.id as n, kind, at, answered_at, answer, coalesce(reference_said, a.reference) as reference, location_key, evse_uid from authorizations a
        where a.emsp = q.emsp and a.token_key = q.token_key and a.cpo = q.cpo
          and a.at between q.started_at - ${limits.knownAuthorizationsMs}::float8 * interval '1 millisecond'
            and q.ended_at + ${limits.clockSkewMs}::float8 * interval '1 millisecond'
        order by a.at desc limit ${limits.knownAuthorizationsMax})
      union
      (select a.id, kind, at, answered_at, answer, coalesce(reference_said, a.reference) as reference, location_key, evse_uid from authorizations a
        where a.emsp = q.emsp and a.token_key = q.token_key and a.cpo = q.cpo and a.kind = 'STOP_SESSION'
          and a.session_key = q.session_key
          and a.at between q.ended_at and q.ended_at + ${STOPPED_AFTER_S}::float8 * interval '1 second'
        order by a.at limit ${limits.knownAuthorizationsMax})
      union
      (select a.id, kind, at, answered_at, answer, coalesce(reference_said, a.reference) as reference, location_key, evse_uid from authorizations a
        where a.cpo = q.cpo and a.reference = q.reference and a.emsp = q.emsp
        order by a.at desc limit ${limits.knownAuthorizationsMax})
    ) a order by q.id, a.at, a.n`)
  return grouped(
    found.map((row) => [
      row.id,
      {
        kind: row.kind,
        at: row.at,
        answeredAt: row.answered_at,
        answer: row.answer,
        reference: row.reference,
        locationId: row.location_key,
        evseUid: row.evse_uid,
      },
    ]),
  )
}

/**
 * Tokens that their provider never published, but had a session started or a place reserved with at the CPO and place of
 * the CDR: it need not publish them (OCPI 2.2.1, Commands). A command without an answer may have been carried out.
 */
export async function readCommanded(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, TokenAtStart>> {
  const asked = rows.filter(({ started_at: start }) => start !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<{ id: bigint; at: Date }>(sql`
    select q.id, a.at from unnest(${asked.map(({ id }) => id.toString())}::bigint[],
      ${asked.map(({ owner }) => owner)}::text[], ${asked.map(({ receiver }) => receiver)}::text[],
      ${asked.map(({ token_key: key }) => key)}::text[], ${asked.map(({ location_key: key }) => key)}::text[],
      ${asked.map(referenceOf)}::text[], ${asked.map(({ started_at: start }) => start)}::timestamptz[],
      ${asked.map((row) => row.ended_at ?? row.received_at)}::timestamptz[])
      as q (id, cpo, emsp, token_key, location_key, reference, started_at, ended_at)
    cross join lateral (
      select a.at from authorizations a
      where a.emsp = q.emsp and a.token_key = q.token_key and a.cpo = q.cpo
        and a.kind in ('START_SESSION', 'RESERVE_NOW')
        and (a.answer is null or a.answer in ('ACCEPTED', 'TIMEOUT'))
        and (a.location_key is null or q.location_key is null or a.location_key = q.location_key)
        and (a.reference = q.reference
          or a.at >= q.started_at - ${limits.knownAuthorizationsMs}::float8 * interval '1 millisecond')
        and a.at <= q.ended_at
      order by a.at desc limit 1
    ) a`)
  return new Map(
    found.map(({ id, at: receivedAt }) => [
      id,
      { source: 'command', afterStart: false, value: null, receivedAt },
    ]),
  )
}

/** A session that ended longer before the command to end it is another matter than a clock. */
const STOPPED_AFTER_S = Number(RULES.Z2.parameters.most_s)

/** When the hub first saw a request between the two parties of each CDR, by `cpo>emsp`. */
export async function readFirstAuthorizations(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<string, Date>> {
  const pairs = new Map(rows.map((row) => [`${row.owner}>${row.receiver}`, row]))
  const asked = [...pairs.values()]
  const found = await tx.rows<{ pair: string; at: Date }>(sql`
    select q.cpo || '>' || q.emsp as pair, a.at
    from unnest(${asked.map(({ owner }) => owner)}::text[], ${asked.map(({ receiver }) => receiver)}::text[])
      as q (cpo, emsp)
    cross join lateral (
      select at from authorizations a where a.cpo = q.cpo and a.emsp = q.emsp order by at limit 1
    ) a`)
  return new Map(found.map(({ pair, at }) => [pair, at]))
}

/** The folded authorization_reference of a CDR; null when it has none. */
export function referenceOf({ value }: Pick<KnownRow, 'value'>): string | null {
  const reference = isRecord(value) ? value.authorization_reference : undefined
  return typeof reference === 'string' ? foldKey(reference) : null
}
