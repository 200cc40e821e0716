import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { foldKey } from '../ocpi/primitives.ts'

export type AuthorizationKind = 'realtime' | 'START_SESSION' | 'STOP_SESSION' | 'RESERVE_NOW'

/**
 * A request to charge with a card, or to start, stop or reserve. `answer`: what was said, null when nothing was. `agoMs`:
 * when it was asked, before now. `isOver`: the answer is the last one.
 */
export type NewAuthorization = {
  kind: AuthorizationKind
  cpo: string
  emsp: string
  tokenKey: string
  locationKey: string | null
  evseUid: string | null
  sessionKey: string | null
  /** As it was sent; what is compared is folded. */
  reference: string | null
  answer: string | null
  correlationId: string
  agoMs: number
  isOver: boolean
}

/** Keeps requests, one insert for all. Answers their ids, in order. */
export async function appendAuthorizations(
  client: Sql,
  all: readonly NewAuthorization[],
): Promise<bigint[]> {
  const rows = await client.rows<{ id: bigint }>(sql`
    insert into authorizations (kind, cpo, emsp, token_key, location_key, evse_uid, session_key, reference, reference_said,
      answer, correlation_id, at, answered_at)
    select kind, cpo, emsp, token_key, location_key, evse_uid, session_key, reference, said, answer, correlation_id,
      clock_timestamp() - ago_ms * interval '1 millisecond', case when is_over then clock_timestamp() end
    from unnest(${all.map((a) => a.kind)}::text[], ${all.map((a) => a.cpo)}::text[], ${all.map((a) => a.emsp)}::text[],
      ${all.map((a) => a.tokenKey)}::text[], ${all.map((a) => a.locationKey)}::text[],
      ${all.map((a) => a.evseUid)}::text[], ${all.map((a) => a.sessionKey)}::text[],
      ${all.map(({ reference }) => (reference === null ? null : foldKey(reference)))}::text[],
      ${all.map((a) => a.reference)}::text[], ${all.map((a) => a.answer)}::text[],
      ${all.map((a) => a.correlationId)}::text[], ${all.map((a) => a.agoMs)}::float8[],
      ${all.map((a) => a.isOver)}::boolean[])
      with ordinality as t (kind, cpo, emsp, token_key, location_key, evse_uid, session_key, reference, said, answer,
        correlation_id, ago_ms, is_over, n)
    order by n
    returning id`)
  return rows.map(({ id }) => id)
}

/** What the CPO said to a command at once; `isOver`: no result follows. Never over a result that was faster. */
export async function answerCommand(
  client: Sql,
  said: { id: bigint; answer: string | null; isOver: boolean },
): Promise<void> {
  await client.rows(sql`
    update authorizations set answer = ${said.answer},
      answered_at = case when ${said.isOver}::boolean then clock_timestamp() end
    where id = ${said.id.toString()}::bigint and answered_at is null`)
}

/** The result of a command that came later: of the newest of its kind in this exchange that waits for one. */
export async function answerLater(
  client: Sql,
  said: Pick<NewAuthorization, 'kind' | 'cpo' | 'emsp' | 'correlationId'> & { answer: string },
): Promise<void> {
  const { kind, cpo, emsp, correlationId, answer } = said
  await client.rows(sql`
    update authorizations set answer = ${answer}, answered_at = clock_timestamp()
    where id = (
      select id from authorizations
      where correlation_id = ${correlationId} and answered_at is null and kind = ${kind} and cpo = ${cpo} and emsp = ${emsp}
      order by id desc limit 1)`)
}
