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
  judges: boolean
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
  await lockSubjects(
    tx,
    pushes.map(({ place }) => ({ subject: objectSubject(place), exclusive: true })),
  )
  const stored = await readObjects(
    tx,
    pushes.map(({ place }) => place),
  )
  const current = new Map<string, Current>(stored)
  const written = new Map<string, NewObject>()
  const versions: (NewObject & { source: 'push' })[] = []
  const done: ObjectPush[] = []
  const results = pushes.map((push): PushResult => {
    const key = placeKey(push.place)
    const before = current.get(key) ?? null
    try {
      const outcome = applyChange(push.change, before)
      if (outcome.kind === 'changed') {
        const object = {
          ...push.place,
          platformId: push.platformId,
          ocpiVersion: push.ocpiVersion,
          ...outcome.object,
        }
        current.set(key, outcome.object)
        written.set(key, object)
        if (push.versioned) versions.push({ ...object, source: 'push' })
        done.push(push)
      }
      return before && !before.deleted ? { kind: 'updated' } : { kind: 'created' }
    } catch (error) {
      if (error instanceof HubError) return { kind: 'refused', error }
      throw error
    }
  })
  await writeObjects(tx, [...written.values()])
  await appendVersions(tx, versions)
  await appendOutbox(tx, done.flatMap(syncEntries))
  await judgeAgain(
    tx,
    done.filter(({ judges }) => judges).map(({ place }) => objectSubject(place)),
  )
  await noteSoftFaults(
    tx,
    done.map(({ place, soft }) => ({ ...place, soft })),
  )
  assert(results.length === pushes.length, 'every push has its result')
  return results
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
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}
