import { createBatcher } from '../db/batch.ts'
import type { Batcher } from '../db/batch.ts'
import { sql } from '../db/sql.ts'
import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'

/** Who sent what to whom: codes, times and ids, never a body. */
export type Message = {
  direction: 'in' | 'out'
  platformId: string | null
  correlationId: string | null
  requestId: string | null
  fromParty: string | null
  toParty: string | null
  module: string | null
  method: string
  path: string
  httpStatus: number | null
  ocpiStatus: number | null
  outcome: string
  durationMs: number
}

const batchers = new WeakMap<Context, Batcher<Message, true>>()

/** Writes the message log behind the answer: it may lag or lose a line when the process dies, an answer never waits. */
export function noteMessage(context: Context, message: Message): void {
  let batcher = batchers.get(context)
  if (!batcher) {
    batcher = createBatcher({
      rowsMax: limits.batchRowsMax,
      run: (messages) => write(context, messages),
    })
    batchers.set(context, batcher)
  }
  batcher.add(message).catch((error: unknown) => {
    context.log.debug(
      { err: error instanceof Error ? error.message : '' },
      'a line of the message log was lost',
    )
  })
}

async function write(context: Context, messages: readonly Message[]): Promise<true[]> {
  await context.db.rows(sql`
    insert into messages (direction, platform_id, correlation_id, request_id, from_party, to_party, module, method, path,
      http_status, ocpi_status, outcome, duration_ms)
    select * from unnest(${messages.map((m) => m.direction)}::text[], ${messages.map((m) => m.platformId)}::text[],
      ${messages.map((m) => m.correlationId)}::text[], ${messages.map((m) => m.requestId)}::text[],
      ${messages.map((m) => m.fromParty)}::text[], ${messages.map((m) => m.toParty)}::text[],
      ${messages.map((m) => m.module)}::text[], ${messages.map((m) => m.method)}::text[],
      ${messages.map((m) => m.path.slice(0, limits.requestIdCharsMax * 2))}::text[],
      ${messages.map((m) => m.httpStatus)}::int[], ${messages.map((m) => m.ocpiStatus)}::int[],
      ${messages.map((m) => m.outcome)}::text[], ${messages.map((m) => Math.round(m.durationMs))}::int[])`)
  return messages.map(() => true as const)
}
