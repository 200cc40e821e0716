import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/**
 * One message about a Session. `status` and `kwh` are those of the session after it; `saysKwh` and `saysCost`: it said
 * its energy and its cost itself; `body` is what came.
 */
export type NewSessionStep = {
  owner: string
  key: string
  method: 'PUT' | 'PATCH' | 'pull'
  status: string | null
  kwh: string | null
  saysKwh: boolean
  saysCost: boolean
  lastUpdated: Date
  body: string
}

/** Keeps the messages about sessions, one insert for all: what their CDRs are compared with. */
export async function appendSessionSteps(tx: Tx, steps: readonly NewSessionStep[]): Promise<void> {
  if (steps.length === 0) return
  await tx.rows(sql`
    insert into session_steps (owner, object_key, method, status, kwh, says_kwh, says_cost, last_updated, sha256, body)
    select owner, object_key, method, status, kwh, says_kwh, says_cost, last_updated, sha256(convert_to(body, 'UTF8')), body
    from unnest(${steps.map((s) => s.owner)}::text[], ${steps.map((s) => s.key)}::text[],
      ${steps.map((s) => s.method)}::text[], ${steps.map((s) => s.status)}::text[], ${steps.map((s) => s.kwh)}::text[],
      ${steps.map((s) => s.saysKwh)}::boolean[], ${steps.map((s) => s.saysCost)}::boolean[],
      ${steps.map((s) => s.lastUpdated)}::timestamptz[], ${steps.map((s) => s.body)}::text[])
      with ordinality as t (owner, object_key, method, status, kwh, says_kwh, says_cost, last_updated, body, n)
    order by n`)
}
