import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'

/**
 * Exchanges credentials with a platform while nobody else does: of two exchanges at once each side could keep the token
 * that the other has thrown away. Refuses (clientUnusable, to be tried again) instead of waiting, because the partner
 * may be answering the other exchange. A process that dies gives way after `credentialsLeaseMs`.
 */
export async function exchangeAlone<T>(
  context: Context,
  platformId: string,
  work: () => Promise<T>,
): Promise<T> {
  const holder = context.ids.uuid()
  const lease = `credentials/${platformId}`
  const held = await context.db.rows(sql`
    insert into leases (name, holder, expires_at)
    values (${lease}, ${holder}, clock_timestamp() + ${limits.credentialsLeaseMs}::float8 * interval '1 millisecond')
    on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at, epoch = leases.epoch + 1
      where leases.expires_at < clock_timestamp()
    returning epoch`)
  if (held.length === 0) {
    throw new HubError(
      'clientUnusable',
      'credentials are being exchanged with this platform at this moment; let that end and try again',
    )
  }
  try {
    return await work()
  } finally {
    await context.db.rows(sql`delete from leases where name = ${lease} and holder = ${holder}`)
  }
}
