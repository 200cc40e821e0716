import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/** Something a person at the hub should know, with what to do about it. */
export type Alert = {
  code: string
  severity: 'critical' | 'warning' | 'notice'
  /** What it is about: a platform id, a CDR, a currency. */
  subject: string
  message: string
  advice: string
}

/** Opens an alert, or counts it again when the same one is open. Sends it on when it is new. */
export async function raiseAlert(client: Sql, alert: Alert): Promise<void> {
  await client.rows(sql`
    with raised as (
      insert into alerts (code, severity, subject, message, advice)
      values (${alert.code}, ${alert.severity}, ${alert.subject}, ${alert.message}, ${alert.advice})
      on conflict (code, subject) where state = 'open' do update set
        last_seen = clock_timestamp(), count = alerts.count + 1, message = excluded.message
      returning id, count
    )
    insert into outbox (kind, subject) select 'alert', id::text from raised where count = 1
    on conflict do nothing`)
}
