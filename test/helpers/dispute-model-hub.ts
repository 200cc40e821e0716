import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { clearCdrs } from '../../src/hub/cdrs/clear.ts'
import { admitCdr, recordCdr } from '../../src/hub/cdrs/record-cdr.ts'
import { sweepDue } from '../../workers/sweep.ts'
import { bareContext } from './bare-context.ts'
import { insertRows } from './clearing-world-load.ts'
import type { Json } from './objects.ts'
import { relayedJobs } from './relayed.ts'

/** The pair of one history: it shares hub and database with other histories, but no account. */
export type Pair = { owner: string; receiver: string; currency: string; prefix: string }

/** A hub with many parties, for one history after the other. */
export type Lane = AsyncDisposable & { context: Context }

const parties = 40
const cards = 24
/** Currencies that nobody else uses; all have two decimals. */
export const CURRENCIES =
  'EUR GBP CHF SEK NOK DKK PLN CZK RON USD CAD AUD NZD SGD HKD ZAR MXN BRL THB ILS'.split(' ')

export function partyAt(kind: 'C' | 'E', index: number): string {
  return `NL-${kind}${String(index % parties).padStart(2, '0')}`
}

export async function openLane(): Promise<Lane> {
  const bare = await bareContext()
  const { context } = bare
  const all = Array.from({ length: parties }, (_, index) => index).flatMap((index) => [
    { party: partyAt('C', index), role: 'CPO' },
    { party: partyAt('E', index), role: 'EMSP' },
  ])
  const now = new Date(0)
  await insertRows(
    context.db,
    'platforms',
    all.map(({ party, role }) => ({
      id: party,
      name: party,
      status: 'registered',
      invited_roles: [{ role }],
      ocpi_version: '2.2.1',
      quirks: { pull: false },
      peer_token_encoding: 'base64',
      revision: 1,
      created_at: now,
      updated_at: now,
    })),
  )
  await insertRows(
    context.db,
    'platform_parties',
    all.map(({ party, role }) => ({
      platform_id: party,
      party,
      role,
      business_details: { name: party },
      registered: true,
      updated_at: now,
    })),
  )
  context.directory.invalidate()
  return bare
}

/** The cards of a history, known for long. Each charge has its own. */
export async function issueCards({ context }: Lane, { receiver, prefix }: Pair): Promise<void> {
  const rows = Array.from({ length: cards }, (_, index) => cardOf(prefix, index)).map((uid) => ({
    key: `${uid.toLowerCase()}|RFID`,
    value: {
      ...idsOf(receiver),
      uid,
      type: 'RFID',
      contract_id: `C-${uid}`,
      valid: true,
      whitelist: 'ALLOWED',
    },
  }))
  await context.db.rows(sql`
    insert into object_versions (module, owner, object_key, audience, source, ocpi_version, original, value,
      last_updated, received_at, in_force_from, deleted)
    select 'tokens', ${receiver}, key, '*', 'push', '2.2.1', value::text, value, '2020-01-01', '2020-01-01', '2020-01-01',
      false from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t (key text, value jsonb)`)
}

export function cardOf(prefix: string, session: number): string {
  return `${prefix}-${session}`
}

export function idsOf(party: string): { country_code: string; party_id: string } {
  return { country_code: party.slice(0, 2), party_id: party.slice(3) }
}

/** A completed session as its operator pushed it. */
export async function pushSession({ context }: Lane, pair: Pair, value: Json): Promise<void> {
  await context.db.rows(sql`
    insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated)
    values ('sessions', ${pair.owner}, ${String(value['id']).toLowerCase()}, '*', ${pair.owner}, '2.2.1',
      ${JSON.stringify(value)}, ${JSON.stringify(value)}::jsonb, now())
    on conflict do nothing`)
}

/** A CDR as it comes through the door, recorded and not judged yet. */
export async function sendCdr({ context }: Lane, pair: Pair, value: Json): Promise<void> {
  const text = JSON.stringify(value)
  const parsed: Json = JSON.parse(text)
  const snapshot = await context.directory.snapshot()
  const sent = {
    owner: pair.owner,
    platformId: pair.owner,
    version: '2.2.1' as const,
    correlationId: `c-${String(value['id'])}`,
    body: {
      bytes: Buffer.from(text),
      text,
      value: parsed,
      longNumbers: new Map<string, string>(),
      soft: [],
    },
  }
  const { cdr } = await admitCdr(context, { sent, receiver: pair.receiver, snapshot })
  await recordCdr(context, { cdr, relayed: false, soft: [] })
}

/** Who is killed: what a transaction did is undone just before its commit. */
export class Killed extends Error {}

/** The same hub, in a process that dies at the end of its next transaction. */
export function dying(context: Context): Context {
  const { db } = context
  return {
    ...context,
    db: {
      rows: (statement) => db.rows(statement),
      close: () => db.close(),
      transaction: (work, options) =>
        db.transaction(async (tx) => {
          await work(tx)
          throw new Killed('the worker was killed')
        }, options),
    },
  }
}

const QUIET_KINDS = ['deliver', 'explain', 'lint', 'webhook', 'dispute_push', 'sync', 'alert']

/** Does the work that is due, also what it leads to; deliveries and the like are left out. `twice`: each job runs again. */
export async function work({ context }: Lane, { twice }: { twice: boolean }): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const rows = await context.db.rows<{ id: bigint; kind: string; subject: string }>(sql`
      select id, kind, subject from outbox where finished_at is null and due_at <= clock_timestamp() order by id`)
    if (rows.length === 0) return
    await context.db.rows(sql`
      update outbox set finished_at = clock_timestamp(), outcome = 'done'
      where finished_at is null and kind = any(${QUIET_KINDS}::text[])`)
    const clear = rows.filter(({ kind }) => kind === 'clear')
    // As the relay leaves them: what is on its way may be asked for once more.
    await context.db.rows(sql`
      update outbox set enqueued_at = clock_timestamp()
      where id = any(${clear.map(({ id }) => id.toString())}::bigint[])`)
    const job = {
      ids: clear.map(({ subject }) => BigInt(subject)),
      outboxIds: clear.map(({ id }) => id),
    }
    if (clear.length > 0) await clearCdrs(context, job)
    if (clear.length > 0 && twice) await clearCdrs(context, job)
    if (rows.some(({ kind }) => kind !== 'clear' && !QUIET_KINDS.includes(kind)))
      await relayAll(context, twice)
  }
  throw new Error('work leads to work, again and again')
}

/** Work that was on its way through a worker that died is opened again, and what waits to be tried again is not waited for. */
export async function findLost({ context }: Lane): Promise<void> {
  await context.db.rows(sql`
    update outbox o set enqueued_at = null where finished_at is null and enqueued_at is not null
      and not exists (select from outbox n where n.kind = o.kind and n.platform_id = o.platform_id
        and n.subject = o.subject and n.finished_at is null and n.enqueued_at is null)`)
  await context.db.rows(sql`
    update outbox set due_at = clock_timestamp() where finished_at is null and due_at > clock_timestamp()`)
  // The sweeps of every second find what a worker left behind.
  await sweepDue(context)
}

async function relayAll(context: Context, twice: boolean): Promise<void> {
  for (const job of await relayedJobs(context)) {
    await job()
    if (twice) await job()
  }
}

/** Lets time pass for this pair alone, then sweeps. */
export async function letPass(lane: Lane, pair: Pair, days: number): Promise<void> {
  const { db } = lane.context
  const { owner, receiver } = pair
  await db.rows(sql`
    update cdr_states set contest_until = contest_until - ${days} * interval '1 day',
      drop_at = case when state = 'held' then drop_at - ${days} * interval '1 day' else drop_at end
    where owner = ${owner} and receiver = ${receiver} and (contest_until is not null or drop_at is not null)`)
  await db.rows(sql`
    update disputes set deadline_at = deadline_at - ${days} * interval '1 day',
      opened_at = opened_at - ${days} * interval '1 day'
    where owner = ${owner} and receiver = ${receiver} and closed_at is null`)
  await db.rows(sql`
    update adjustments set due_at = due_at - ${days} * interval '1 day'
    where owner = ${owner} and receiver = ${receiver} and state <> 'consumed'`)
  await sweepDue(lane.context)
}

export async function isAnyOverdue({ context }: Lane, pair: Pair): Promise<boolean> {
  const found = await context.db.rows(sql`
    select from disputes where owner = ${pair.owner} and receiver = ${pair.receiver} and currency = ${pair.currency}
      and closed_at is null and deadline_at <= clock_timestamp()`)
  return found.length > 0
}
