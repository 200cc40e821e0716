import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { Context } from '../../context.ts'
import { createBatcher } from '../../db/batch.ts'
import type { Batcher } from '../../db/batch.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import type { OutboxEntry } from '../../outbox/outbox.ts'
import {
  appendVersions,
  lockSubjects,
  objectSubject,
  placeKey,
  readObjects,
  writeObjects,
} from '../../store/objects.ts'
import type { NewObject, ObjectPlace, StoredObject } from '../../store/objects.ts'
import type { Json } from '../../ocpi/adapt/define.ts'
import type { Version } from '../../ocpi/version.ts'
import { applyChange, isMerge } from './mutation.ts'
import type { Change, Changed, Current } from './mutation.ts'
import { contractSubjects } from '../bridge/contract-cards.ts'
import { otherParty, readElsewhere } from './elsewhere.ts'
import { noteHidden } from '../bridge/hidden-locations.ts'
import { doubtInText, endDoubt, keepDoubtful, readDoubted } from './quarantine.ts'
import type { Doubtful } from './quarantine.ts'
import { keepHistory } from './history.ts'
import type { Message } from './history.ts'
import { lintEntries } from './lint-tariffs.ts'
import { noteLookAlikes } from './look-alikes.ts'
import { noteSoftFaults } from './soft-faults.ts'
import { reviewBooked } from '../records/review.ts'
import { restateStored, withWorkingValues } from './working-values.ts'
import type { ToWork } from './working-values.ts'

/** One push into the store. */
export type ObjectPush = {
  place: ObjectPlace
  platformId: string
  change: Change
  /** How its sender's ways are read into the working value, where a change is merged into the text. */
  mend?: (value: Json) => Json
  /** Whom the worker brings the current object to. */
  syncTo: readonly { platformId: string; party: string }[]
  correlationId: string
  soft: readonly Fault[]
  versioned: boolean
}

/**
 * `text`: the whole object as it is stored now, in its owner's version. `doubt`: why the object went to the quarantine
 * instead of the store.
 */
export type PushResult =
  | { kind: 'created' | 'updated'; text: string; version: Version; doubt?: Fault }
  | { kind: 'refused'; error: HubError }

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
    [...places.flatMap(lockedBy), ...contractsOf(pushes)].map((subject) => ({
      subject,
      exclusive: true,
    })),
  )
  const stored = await readObjects(tx, places)
  const elsewhere = await readElsewhere(tx, pushes)
  const restated = await restateStored(tx, { pushes, stored })
  const doubted = await readDoubted(tx, places)
  const {
    results,
    done: applied,
    doubts,
  } = applyAll(pushes, {
    stored,
    restated,
    elsewhere,
    doubted,
  })
  const done = await withWorkingValues(tx, applied)
  const written = new Map(done.map(({ object }) => [placeKey(object), object]))
  await noteHidden(tx, { stored, objects: [...written.values()] })
  await writeObjects(tx, [...written.values()])
  await keepHistory(tx, { stored, messages: done.map(messageOf) })
  await keepDoubtful(
    tx,
    [...doubts.values()].flatMap(({ doubtful }) => doubtful ?? []),
  )
  await endDoubt(
    tx,
    [...doubts.values()].flatMap(({ doubtful, place }) => (doubtful === null ? [place] : [])),
  )
  await appendVersions(
    tx,
    done.filter(({ push }) => push.versioned).map(({ object }) => ({ ...object, source: 'push' })),
  )
  await appendOutbox(tx, [
    ...done.flatMap(({ push }) => syncEntries(push)),
    ...lintEntries(done.map(({ object }) => object)),
  ])
  await judgeAgain(tx, [
    ...done.filter(({ matters }) => matters).map(({ object }) => objectSubject(object)),
    ...contractsOf(done.map(({ push }) => push)),
    ...doubts.keys(),
  ])
  await noteSoftFaults(
    tx,
    done.map(({ push: { place, soft } }) => ({ ...place, soft })),
  )
  await noteLookAlikes(
    tx,
    done.map(({ push }) => push.place),
  )
  assert(results.length === pushes.length, 'every push has its result')
  return results
}

/** What a push locks: its object and, for a tariff, all of its owner's, which CDRs without tariffs are judged by. */
function lockedBy(place: ObjectPlace): string[] {
  const subject = objectSubject(place)
  return place.module === 'tariffs' ? [subject, tariffsOf(place.owner)] : [subject]
}

function contractsOf(pushes: readonly ObjectPush[]): string[] {
  return contractSubjects(
    pushes.map(({ place, change }) => ({ ...place, value: change.body?.value })),
  )
}

/** The subject that stands for every tariff of an owner. */
export function tariffsOf(owner: string): string {
  return `tariffs|${owner}`
}

type Applied = ToWork & { push: ObjectPush; matters: boolean }

function messageOf({ push: { change }, object }: Applied): Message {
  return { object, method: change.method, body: change.body?.text ?? '', said: change.body?.value }
}

type Known = {
  stored: ReadonlyMap<string, StoredObject>
  restated: ReadonlyMap<string, Current>
  elsewhere: ReadonlySet<string>
  /** Subjects with an object in the quarantine. */
  doubted: ReadonlySet<string>
}

/** How a subject leaves the batch where its quarantine changes: with a doubtful object, or with none any more. */
type Doubts = Map<string, { place: ObjectPlace; doubtful: Doubtful | null }>

function applyAll(
  pushes: readonly ObjectPush[],
  known: Known,
): { results: PushResult[]; done: Applied[]; doubts: Doubts } {
  const current = new Map<string, Current>([...known.stored, ...known.restated])
  const claimed = new Map<string, string>()
  const done: Applied[] = []
  const doubts: Doubts = new Map()
  const results = pushes.map((push): PushResult => {
    const { place, change } = push
    const key = placeKey(place)
    const before = current.get(key) ?? null
    const personal = change.definition.audience === 'token owner'
    const first = personal ? (claimed.get(objectSubject(place)) ?? place.audience) : place.audience
    if (known.elsewhere.has(key) || first !== place.audience)
      return { kind: 'refused', error: otherParty() }
    const subject = objectSubject(place)
    claimed.set(subject, first)
    try {
      const judged = doubts.get(subject)
      const isDoubted = judged ? judged.doubtful !== null : known.doubted.has(subject)
      const isGone = before === null || before.deleted
      const kind = isGone ? 'created' : 'updated'
      if (isDoubted && isMerge(change)) throw unsure()
      if (isDoubted && isGone && change.method === 'DELETE') {
        doubts.set(subject, { place, doubtful: null })
        return { kind: 'updated', text: '', version: change.version }
      }
      const outcome = applyChange(change, before)
      const doubtful = outcome.kind === 'changed' ? doubtOf(push, outcome.object) : null
      if (doubtful !== null || isDoubted) doubts.set(subject, { place, doubtful })
      if (doubtful !== null) {
        const { original: text, fault: doubt } = doubtful
        return { kind, text, version: change.version, doubt }
      }
      if (outcome.kind === 'changed') {
        const after = outcome.object
        current.set(key, after)
        const matters = isJudgedBy(push, { before, after })
        const object = newObject(push, { after, before: known.stored.get(key) ?? null })
        const { mend } = push
        const { isRaw } = after
        done.push({ push, change, object, isRaw, matters, ...(mend ? { mend } : {}) })
      }
      const text = outcome.kind === 'changed' ? outcome.object.original : (before?.original ?? '')
      return { kind, text, version: change.version }
    } catch (error) {
      if (error instanceof HubError) return { kind: 'refused', error }
      throw error
    }
  })
  return { results, done, doubts }
}

/** A whole object whose numbers leave doubt, however its sender's ways are read; what is deleted prices nothing. */
function doubtOf({ place, change }: ObjectPush, after: Changed): Doubtful | null {
  const { definition, version } = change
  const { original } = after
  const { module, owner, key } = place
  const fault = after.deleted ? null : doubtInText(original, { module, definition, version })
  return fault && { module, owner, key, source: 'push', ocpiVersion: version, original, fault }
}

function unsure(): HubError {
  const message = 'the numbers of the object that came before leave doubt; PUT the whole object'
  return new HubError('invalid', message, { faults: [{ pointer: '', message }] })
}

/** A text stays in the version it was sent in: what was removed is still that of its last push. */
function newObject(
  push: ObjectPush,
  { after, before }: { after: Changed; before: StoredObject | null },
): NewObject {
  const { place, platformId, change } = push
  const isWhole = change.method === 'PUT' && !isMerge(change)
  const patched = change.body?.value ?? {}
  const kept = (before?.supplied ?? []).filter((name) => !Object.hasOwn(patched, name))
  return {
    ...place,
    platformId,
    ocpiVersion:
      change.method === 'DELETE' ? (before?.ocpiVersion ?? change.version) : change.version,
    original: after.original,
    value: after.value,
    lastUpdated: after.lastUpdated,
    deleted: after.deleted,
    source: isWhole ? 'push' : (before?.source ?? 'push'),
    supplied: isWhole ? [] : kept,
  }
}

/** Whether CDRs could be judged otherwise now: not when only members changed that no check reads. */
function isJudgedBy(push: ObjectPush, change: { before: Current | null; after: Changed }): boolean {
  const { except } = push.change.definition.judges
  const { before, after } = change
  if (except.length === 0 || before?.deleted !== after.deleted) return true
  // The working value of 2.1.1 is not there yet; its texts tell the same.
  const isOld = push.change.version === '2.1.1'
  const text = (side: Current) =>
    JSON.stringify(isOld ? JSON.parse(side.original) : side.value, (name, member: unknown) =>
      except.includes(name) ? undefined : member,
    )
  return text(before) !== text(after)
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
  await reviewBooked(tx, subjects)
  await tx.rows(sql`
    insert into outbox (kind, subject)
    select distinct 'clear', cdr_id::text from cdr_watches where subject = any(${subjects}::text[])
    order by 1, 2
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}
