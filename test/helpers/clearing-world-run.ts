import { limits } from '../../config/limits.ts'
import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { clearCdrs } from '../../src/hub/cdrs/clear.ts'
import { actOnDispute } from '../../src/hub/disputes/act.ts'
import type { Bundle } from './clearing-world-bundle.ts'
import { soundBundle } from './clearing-world-bundle.ts'
import { FAULTS } from './clearing-world-faults.ts'
import { loadWorld } from './clearing-world-load.ts'
import { loadBundles, loadCdrs } from './clearing-world-tell.ts'
import type { Loaded } from './clearing-world-tell.ts'
import { newMonth, note, scoreMonth } from './clearing-world-month.ts'
import { planSlots } from './clearing-world-plan.ts'
import type { Needs } from './clearing-world-plan.ts'
import { newScore, score } from './clearing-world-score.ts'
import type { Found, Score } from './clearing-world-score.ts'
import { makeWorld } from './clearing-world.ts'

export type WorldRun = { score: Score; cdrs: number; clearMs: number; loadMs: number }

const chunkSessions = 1_000

/**
 * Makes the month, tells the hub of it in pieces, clears each piece as a worker would and holds the findings against
 * what was planted. Only the clearing is timed in `clearMs`.
 */
export async function runWorld(
  context: Context,
  input: { seed: number; sessions: number; only?: string; progress?: (told: string) => void },
): Promise<WorldRun> {
  const nowMs = Math.floor(context.clock().getTime() / 1_000) * 1_000
  const world = makeWorld({ seed: input.seed, nowMs, sessions: input.sessions })
  const kinds = [...FAULTS].filter(([name]) => name.startsWith(input.only ?? ''))
  const faults = new Map(kinds.map(([name, { needs }]): [string, Needs] => [name, needs ?? {}]))
  const slots = planSlots(world, { sessions: input.sessions, faults })
  await loadWorld(context, world)
  const run: WorldRun = { score: newScore(), cdrs: 0, clearMs: 0, loadMs: 0 }
  const month = newMonth()
  for (let from = 0; from < slots.length; from += chunkSessions) {
    const began = performance.now()
    const bundles = slots.slice(from, from + chunkSessions).map((slot): Bundle => {
      const bundle = soundBundle(world, slot)
      if (slot.fault !== null) FAULTS.get(slot.fault)?.plant(bundle)
      return bundle
    })
    const loaded = await loadBundles(context, bundles)
    const told = performance.now()
    await clearAll(context)
    run.clearMs += performance.now() - told
    run.loadMs += told - began
    run.cdrs += loaded.length
    await scoreCdrs(context, { total: run.score, loaded })
    const later = await goOn(context, bundles)
    await scoreCdrs(context, { total: run.score, loaded: later })
    note(month, bundles)
    input.progress?.(`${from + bundles.length} of ${slots.length} sessions`)
  }
  await scoreMonth(context, { month, total: run.score })
  return run
}

/** The CPOs of some accept what is disputed; then come a credit and what replaces the CDR, which are cleared too. */
async function goOn(context: Context, bundles: readonly Bundle[]): Promise<Loaded[]> {
  const going = bundles.filter(({ later }) => later.length > 0)
  for (const { cdrs, slot } of going) {
    const [draft] = await context.db.rows<{ id: bigint }>(sql`
      select d.id from disputes d join cdrs c on c.id = d.cdr_id
      where c.owner = ${slot.operator.party} and c.cdr_id = ${String(cdrs[0]?.value['id'])} and d.state = 'draft'`)
    const { party } = slot.operator
    const accepted = await actOnDispute(context, {
      disputeId: draft?.id ?? 0n,
      verb: 'accept',
      side: 'cpo',
      actor: party,
      scope: { kind: 'party', actor: party, platformId: party, cpos: [party], emsps: [] },
    })
    if (!accepted.ok) throw new Error(accepted.message)
  }
  const loaded = await loadCdrs(
    context,
    going.map((bundle) => ({ ...bundle, cdrs: bundle.later })),
    { isNow: true },
  )
  await clearAll(context)
  return loaded
}

/** What the relay would hand to the queue `clear`, batch by batch, until nothing is left. */
async function clearAll(context: Context): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const rows = await context.db.rows<{ id: bigint; subject: string }>(
      // As the relay leaves them: what is on its way may be asked for once more.
      sql`
        with taken as (
          update outbox set enqueued_at = clock_timestamp() where kind = 'clear' and finished_at is null
          returning id, subject)
        select id, subject from taken order by id`,
    )
    if (rows.length === 0) return
    for (let from = 0; from < rows.length; from += limits.clearBatchMax) {
      const batch = rows.slice(from, from + limits.clearBatchMax)
      await clearCdrs(context, {
        ids: batch.map(({ subject }) => BigInt(subject)),
        outboxIds: batch.map(({ id }) => id),
      })
    }
  }
  throw new Error('clearing leads to more clearing, again and again')
}

async function scoreCdrs(
  { db }: Context,
  { total, loaded }: { total: Score; loaded: readonly Loaded[] },
): Promise<void> {
  const ids = loaded.map(({ cdr, id }) => ({
    owner: `${String(cdr.value['country_code'])}-${String(cdr.value['party_id'])}`,
    id,
  }))
  const rows = await db.rows<{
    owner: string
    cdr_id: string
    found: Found[] | null
    state: string
  }>(sql`
    select c.owner, c.cdr_id, s.state, (
      select jsonb_agg(jsonb_build_object('code', f.code, 'severity', f.severity) order by f.id) from cdr_findings f
      where f.cdr_id = c.id and f.superseded_at is null) as found
    from cdrs c join cdr_states s on s.cdr_id = c.id
    join jsonb_to_recordset(${JSON.stringify(ids)}::jsonb) as t (owner text, id text)
      on t.owner = c.owner and t.id = c.cdr_id`)
  const found = new Map(rows.map((row) => [`${row.owner}/${row.cdr_id}`, row]))
  for (const [index, { bundle, cdr, id }] of loaded.entries()) {
    const row = found.get(`${ids[index]?.owner}/${id}`)
    if (row === undefined || row.state === 'received') throw new Error(`${id} was not cleared`)
    score(total, { fault: bundle.fault, id, must: cdr.must, may: cdr.may }, row.found ?? [])
  }
}
