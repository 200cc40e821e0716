import { limits } from '../../config/limits.ts'
import { assert } from '../assert.ts'
import type { Context } from '../context.ts'
import { createBatcher } from '../db/batch.ts'
import type { Batcher } from '../db/batch.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import { appendOutbox } from '../outbox/outbox.ts'
import type { OutboxEntry } from '../outbox/outbox.ts'
import {
  appendVersions,
  lockSubjects,
  objectSubject,
  placeKey,
  readObjects,
  writeObjects,
} from '../store/objects.ts'
import type { NewObject, ObjectPlace } from '../store/objects.ts'
import { applyChange } from './mutation.ts'
import type { Change, Current } from './mutation.ts'
import { noteSoftFaults } from './soft-faults.ts'

/** One push into the store. */
export type ObjectPush = {
  place: ObjectPlace
  platformId: string
  ocpiVersion: string
  change: Change
  /** Whom the worker brings the current object to. */
  syncTo: readonly { platformId: string; party: string }[]
  correlationId: string
  soft: readonly Fault[]
  versioned: boolean
}

export type PushResult =
  { kind: 'created' } | { kind: 'updated' } | { kind: 'refused'; error: HubError }

const batchers = new WeakMap<Context, Batcher<ObjectPush, PushResult>>()

/** Stores a pushed object together with whatever else arrives now: one transaction, one flush, an answer for each. */
export function storeObject(context: Context, push: ObjectPush): Promise<PushResult> {
  let batcher = batchers.get(context)
  if (!batcher) {
    batcher = createBatcher({
      rowsMax: limits.objectBatchMax,
      run: (pushes) => context.db.transaction((tx) => storeBatch(tx, pushes)),
    })
    batchers.set(context, batcher)
  }
  return batcher.add(push)
}

/**
 * Locks the subjects, applies each push to what the one before left, and writes objects, versions and the work that
 * follows. A refused push changes nothing and does not disturb the others.
 */
async function storeBatch(tx: Tx, pushes: readonly ObjectPush[]): Promise<PushResult[]> {
  const places = pushes.map(({ place }) => place)
  await lockSubjects(
    tx,
    places.flatMap(lockedBy).map((subject) => ({ subject, exclusive: true })),
  )
  const stored = await readObjects(tx, places)
  const elsewhere = await readElsewhere(tx, pushes)
  const { results, done } = applyAll(pushes, { stored, elsewhere })
  const written = new Map(done.map(({ object }) => [placeKey(object), object]))
  await writeObjects(tx, [...written.values()])
  await appendVersions(
    tx,
    done.filter(({ push }) => push.versioned).map(({ object }) => ({ ...object, source: 'push' })),
  )
  await appendOutbox(
    tx,
    done.flatMap(({ push }) => syncEntries(push)),
  )
  await judgeAgain(
    tx,
    done.filter(({ matters }) => matters).map(({ object }) => objectSubject(object)),
  )
  await noteSoftFaults(
    tx,
    done.map(({ push: { place, soft } }) => ({ ...place, soft })),
  )
  assert(results.length === pushes.length, 'every push has its result')
  return results
}

/** What a push locks: its object and, for a tariff, all of its owner's, which CDRs without tariffs are judged by. */
function lockedBy(place: ObjectPlace): string[] {
  const subject = objectSubject(place)
  return place.module === 'tariffs' ? [subject, tariffsOf(place.owner)] : [subject]
}

/** The subject that stands for every tariff of an owner. */
export function tariffsOf(owner: string): string {
  return `tariffs|${owner}`
}

type Applied = { push: ObjectPush; object: NewObject; matters: boolean }

function applyAll(
  pushes: readonly ObjectPush[],
  known: { stored: ReadonlyMap<string, Current>; elsewhere: ReadonlySet<string> },
): { results: PushResult[]; done: Applied[] } {
  const current = new Map<string, Current>(known.stored)
  const claimed = new Map<string, string>()
  const done: Applied[] = []
  const results = pushes.map((push): PushResult => {
    const { place, platformId, ocpiVersion } = push
    const key = placeKey(place)
    const before = current.get(key) ?? null
    const personal = push.change.definition.audience === 'token owner'
    const first = personal ? (claimed.get(objectSubject(place)) ?? place.audience) : place.audience
    if (known.elsewhere.has(key) || first !== place.audience)
      return { kind: 'refused', error: otherParty() }
    claimed.set(objectSubject(place), first)
    try {
      const outcome = applyChange(push.change, before)
      if (outcome.kind === 'changed') {
        current.set(key, outcome.object)
        const object = { ...place, platformId, ocpiVersion, ...outcome.object }
        done.push({ push, object, matters: isJudgedBy(push, { before, after: outcome.object }) })
      }
      return before && !before.deleted ? { kind: 'updated' } : { kind: 'created' }
    } catch (error) {
      if (error instanceof HubError) return { kind: 'refused', error }
      throw error
    }
  })
  return { results, done }
}

/** Whether CDRs could be judged otherwise now: not when only members changed that no check reads. */
function isJudgedBy(push: ObjectPush, change: { before: Current | null; after: Current }): boolean {
  const { except } = push.change.definition.judges
  if (except.length === 0 || change.before?.deleted !== change.after.deleted) return true
  const text = (value: unknown) =>
    JSON.stringify(value, (name, member: unknown) => (except.includes(name) ? undefined : member))
  return text(change.before.value) !== text(change.after.value)
}

/** Sessions that the hub has for another party: they belong to one card and cannot move to another party's. */
async function readElsewhere(tx: Tx, pushes: readonly ObjectPush[]): Promise<Set<string>> {
  const places = pushes
    .filter(({ change }) => change.definition.audience === 'token owner')
    .map(({ place }) => place)
  if (places.length === 0) return new Set()
  const rows = await tx.rows<{ key: string }>(sql`
    select p.module || '|' || p.owner || '|' || p.object_key || '|' || p.audience as key
    from unnest(${places.map((p) => p.module)}::text[], ${places.map((p) => p.owner)}::text[],
      ${places.map((p) => p.key)}::text[], ${places.map((p) => p.audience)}::text[])
      as p (module, owner, object_key, audience)
    join objects o using (module, owner, object_key) where o.audience <> p.audience`)
  return new Set(rows.map(({ key }) => key))
}

function otherParty(): HubError {
  const message = 'names another party than this session had before; use a new session id'
  return new HubError('invalid', message, { faults: [{ pointer: '/cdr_token', message }] })
}

function syncEntries(push: ObjectPush): OutboxEntry[] {
  return push.syncTo.map(({ platformId, party }) => ({
    kind: 'sync',
    platformId,
    subject: `${party}|${push.place.audience}|${objectSubject(push.place)}`,
    correlationId: push.correlationId,
    expiresInMs: limits.syncAgeMsMax,
  }))
}

/** CDRs that were judged by these subjects, or wait for them, are judged again. */
export async function judgeAgain(tx: Tx, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return
  await tx.rows(sql`
    insert into outbox (kind, subject)
    select distinct 'clear', cdr_id::text from cdr_watches where subject = any(${subjects}::text[])
    order by 1, 2
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}
