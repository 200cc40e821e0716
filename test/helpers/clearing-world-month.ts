import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { findBias } from '../../src/hub/records/bias.ts'
import { matchReceiver } from '../../src/hub/records/match-blocks.ts'
import { reconcile } from '../../src/hub/records/reconcile.ts'
import { foldKey } from '../../src/ocpi/primitives.ts'
import type { OutboxRow } from '../../src/outbox/outbox.ts'
import type { Bundle } from './clearing-world-bundle.ts'
import { score } from './clearing-world-score.ts'
import type { Score } from './clearing-world-score.ts'

/** What is told of a whole month and not of one CDR: what must be missing, and what must not. */
export type Month = {
  sessions: Map<string, string>
  records: Map<string, string>
  pairs: Set<string>
  soundSessions: Set<string>
  soundRecords: Set<string>
}

export function newMonth(): Month {
  return {
    sessions: new Map(),
    records: new Map(),
    pairs: new Set(),
    soundSessions: new Set(),
    soundRecords: new Set(),
  }
}

/** Remembers what of these sessions must be told, without keeping them. */
export function note(month: Month, bundles: readonly Bundle[]): void {
  for (const { slot, notices, record, sessions, fault } of bundles) {
    const session = foldKey(`${slot.operator.party}/${slot.plan.id}`)
    const recordId =
      record === null ? null : foldKey(`${slot.provider.party}/${String(record['id'])}`)
    if (notices.includes('X2')) month.sessions.set(session, fault)
    if (notices.includes('X3') && recordId !== null) month.records.set(recordId, fault)
    if (notices.includes('S4')) month.pairs.add(`${slot.operator.party}>${slot.provider.party}`)
    if (fault !== 'sound') continue
    if (sessions.length > 0) month.soundSessions.add(session)
    if (recordId !== null) month.soundRecords.add(recordId)
  }
}

/** Matches records by what they look like, compares everything, and holds what is missing against what was planted. */
export async function scoreMonth(
  context: Context,
  input: { month: Month; total: Score },
): Promise<void> {
  await matchAll(context)
  const id = await compareAll(context)
  await scorePatterns(context, input)
  await scoreMissing(context, { ...input, id })
}

async function matchAll(context: Context): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const rows = await context.db.rows<OutboxRow>(
      sql`
        with taken as (
          update outbox set enqueued_at = clock_timestamp() where kind = 'match' and finished_at is null returning *)
        select * from taken order by id`,
    )
    if (rows.length === 0) return
    for (const row of rows) await matchReceiver(context, row)
  }
  throw new Error('records are matched again and again')
}

async function compareAll(context: Context): Promise<bigint> {
  const [asked] = await context.db.rows<{ id: bigint }>(sql`
    insert into reconciliations (from_at, to_at, asked_by)
    values (now() - interval '60 days', now() + interval '1 day', 'test') returning id`)
  const [row] = await context.db.rows<OutboxRow>(sql`
    insert into outbox (kind, subject) values ('reconcile', ${String(asked?.id)}) returning *`)
  if (asked === undefined || row === undefined) throw new Error('nothing was ordered')
  await reconcile(context, row)
  return asked.id
}

/** One dispute over all the small differences of a pair, and none where there are none. */
async function scorePatterns(
  context: Context,
  { month, total }: { month: Month; total: Score },
): Promise<void> {
  const dayMs = 86_400_000
  const now = context.clock().getTime()
  await findBias(context, { from: new Date(now - 60 * dayMs), to: new Date(now + dayMs) })
  const rows = await context.db.rows<{ pair: string }>(sql`
    select owner || '>' || receiver as pair from disputes where cdr_id is null and code = 'S4'`)
  const found = new Set(rows.map(({ pair }) => pair))
  for (const pair of month.pairs)
    tell(total, { fault: 'S4', id: pair, code: 'S4', isFound: found.has(pair) })
  for (const pair of found)
    if (!month.pairs.has(pair))
      score(total, { fault: 'sound', id: pair, must: [], may: [] }, [{ code: 'S4', severity: 'S' }])
}

async function scoreMissing(
  { db }: Context,
  { month, total, id }: { month: Month; total: Score; id: bigint },
): Promise<void> {
  const lines = await db.rows<{ kind: string; key: string }>(sql`
    select l.kind, case l.kind when 'cdr_missing' then lower(l.owner) || '/' || l.session_key
      else lower(l.receiver) || '/' || r.record_key end as key
    from reconciliation_lines l left join emsp_records r on r.id = l.record_id
    where l.reconciliation_id = ${id} and l.kind in ('cdr_missing', 'record_unbilled')`)
  const found = new Map(lines.map(({ kind, key }) => [key, kind]))
  for (const [key, fault] of month.sessions)
    tell(total, { fault, id: key, code: 'X2', isFound: found.get(key) === 'cdr_missing' })
  for (const [key, fault] of month.records)
    tell(total, { fault, id: key, code: 'X3', isFound: found.get(key) === 'record_unbilled' })
  for (const [key, kind] of found) {
    const isWrong = month.soundSessions.has(key) || month.soundRecords.has(key)
    const code = kind === 'cdr_missing' ? 'X2' : 'X3'
    if (isWrong)
      score(total, { fault: 'sound', id: key, must: [], may: [] }, [{ code, severity: 'W' }])
  }
}

function tell(
  total: Score,
  told: { fault: string; id: string; code: string; isFound: boolean },
): void {
  const { fault, id, code, isFound } = told
  score(total, { fault, id, must: [code], may: [] }, isFound ? [{ code, severity: 'W' }] : [])
}
