import type { Sql, Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/** A URL of ours that stands for a partner's response_url: who asked, who was asked, and for what. */
export type Callback = {
  id: string
  module: string
  /** The name of the module's endpoint that was called: it says what the result looks like. */
  endpoint: string
  requesterPlatform: string
  requester: string
  receiverPlatform: string
  receiver: string
  urlSealed: Buffer
  correlationId: string
}

/** Keeps a callback until `graceMs` after `dueAt`, or after now where that is later; at most `ageMsMax` from now. */
export async function insertCallback(
  client: Sql,
  input: { callback: Callback; dueAt: Date | null; graceMs: number; ageMsMax: number },
): Promise<void> {
  const { callback, dueAt, graceMs, ageMsMax } = input
  await client.rows(sql`
    insert into callbacks (id, module, endpoint, requester_platform, requester, receiver_platform, receiver, url_sealed,
      correlation_id, expires_at)
    values (${callback.id}, ${callback.module}, ${callback.endpoint}, ${callback.requesterPlatform},
      ${callback.requester}, ${callback.receiverPlatform}, ${callback.receiver}, ${callback.urlSealed},
      ${callback.correlationId}, least(
        greatest(clock_timestamp(), ${dueAt}::timestamptz) + ${graceMs}::float8 * interval '1 millisecond',
        clock_timestamp() + ${ageMsMax}::float8 * interval '1 millisecond'))`)
}

/** The callback of this id, if it is meant for results of this platform and its time is not over. */
export async function findCallback(
  client: Sql,
  wanted: { id: string; receiverPlatform: string },
): Promise<Callback | null> {
  const [row] = await client.rows<CallbackRow>(sql`
    select id, module, endpoint, requester_platform, requester, receiver_platform, receiver, url_sealed, correlation_id
    from callbacks
    where id = ${wanted.id} and receiver_platform = ${wanted.receiverPlatform} and expires_at > clock_timestamp()`)
  if (!row) return null
  return {
    id: row.id,
    module: row.module,
    endpoint: row.endpoint,
    requesterPlatform: row.requester_platform,
    requester: row.requester,
    receiverPlatform: row.receiver_platform,
    receiver: row.receiver,
    urlSealed: row.url_sealed,
    correlationId: row.correlation_id,
  }
}

type CallbackRow = {
  id: string
  module: string
  endpoint: string
  requester_platform: string
  requester: string
  receiver_platform: string
  receiver: string
  url_sealed: Buffer
  correlation_id: string
}

/** Counts a result that came for a callback. */
export async function noteResult(client: Sql, id: string): Promise<void> {
  await client.rows(sql`
    update callbacks set answers = answers + 1, answered_at = clock_timestamp() where id = ${id}`)
}

/** Drops at most `limit` callbacks whose time is over. */
export async function dropExpiredCallbacks(client: Sql, limit: number): Promise<void> {
  await client.rows(sql`
    delete from callbacks where id in (
      select id from callbacks where expires_at < clock_timestamp() order by expires_at limit ${limit})`)
}

/** At most `limit` callbacks that still wait, locked in the order of their ids so that two runs do not block each other. */
export async function lockCallbacks(
  tx: Tx,
  limit: number,
): Promise<Pick<Callback, 'id' | 'requesterPlatform' | 'urlSealed'>[]> {
  const rows = await tx.rows<Pick<CallbackRow, 'id' | 'requester_platform' | 'url_sealed'>>(sql`
    select id, requester_platform, url_sealed from callbacks where expires_at > clock_timestamp()
    order by id limit ${limit} for update`)
  return rows.map((row) => ({
    id: row.id,
    requesterPlatform: row.requester_platform,
    urlSealed: row.url_sealed,
  }))
}

/** Replaces the sealed URL of a callback. */
export async function resealCallback(
  tx: Tx,
  { id, urlSealed }: Pick<Callback, 'id' | 'urlSealed'>,
): Promise<void> {
  await tx.rows(sql`update callbacks set url_sealed = ${urlSealed} where id = ${id}`)
}
