import { limits } from '../../config/limits.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { ObjectDefinition } from '../ocpi/define.ts'
import { appendOutbox } from '../outbox/outbox.ts'
import {
  appendVersions,
  lockSubjects,
  objectSubject,
  placeKey,
  readObjects,
  writeObjects,
} from '../store/objects.ts'
import type { NewObject, ObjectPlace, ObjectSource } from '../store/objects.ts'
import { judgeAgain, tariffsOf } from './objects-batch.ts'
import type { Copy } from './read-copy.ts'

/** What became of a copy. kept: what the hub has is as new, or was sent by the owner itself. */
export type Stored = 'new' | 'changed' | 'same' | 'kept' | 'quarantined'

export type CopyBatch = {
  module: string
  definition: ObjectDefinition
  source: Exclude<ObjectSource, 'push'>
  platformId: string
  ocpiVersion: string
  copies: readonly (Copy & { audience: string })[]
  /** Whom the worker brings an owner's changed objects to. */
  syncTo(owner: string): readonly { platformId: string; party: string }[]
  correlationId: string
}

type Known = { original: string; lastUpdated: Date; deleted: boolean; source: ObjectSource }

/**
 * Stores objects that were fetched or imported, one transaction for all: locks their subjects, leaves what the hub
 * knows as new or better, writes the rest with the work that follows. Copies that money must not be reckoned by go to
 * the quarantine and nowhere else. Answers what became of each, in order.
 */
export async function storeCopies(tx: Tx, batch: CopyBatch): Promise<Stored[]> {
  const { module, copies, definition, source } = batch
  const places = copies.map(({ owner, key, audience }) => ({ module, owner, key, audience }))
  await lockSubjects(
    tx,
    places.flatMap(lockedBy).map((subject) => ({ subject, exclusive: true })),
  )
  const known = new Map<string, Known>(await readObjects(tx, places))
  const changed = new Map<string, NewObject & { source: ObjectSource }>()
  const stored = copies.map((copy, index): Stored => {
    const place = places[index]
    if (copy.quarantine !== null || place === undefined) return 'quarantined'
    const before = known.get(placeKey(place)) ?? null
    const verdict = decide(copy, { before, source })
    if (verdict !== 'new' && verdict !== 'changed') return verdict
    const object = objectOf(batch, { copy, place })
    known.set(placeKey(place), object)
    changed.set(placeKey(place), object)
    return verdict
  })
  const written = [...changed.values()]
  await writeObjects(tx, written)
  if (definition.versioned) await appendVersions(tx, written)
  await judgeAgain(tx, written.map(objectSubject))
  await appendOutbox(
    tx,
    written.flatMap((object) => syncEntries(batch, object)),
  )
  await writeQuarantine(tx, batch)
  return stored
}

/** As a push locks: the object and, for a tariff, all of its owner's. */
function lockedBy(place: ObjectPlace): string[] {
  const subject = objectSubject(place)
  return place.module === 'tariffs' ? [subject, tariffsOf(place.owner)] : [subject]
}

/**
 * Newer wins. An import never replaces what the owner itself sent, nor brings back what it deleted; at the same time
 * the owner's own words go before an import, and a corrected feed before an earlier one.
 */
function decide(
  copy: Copy,
  { before, source }: { before: Known | null; source: ObjectSource },
): Stored {
  if (before === null) return 'new'
  if (!before.deleted && before.original === copy.original) return 'same'
  const isOwners = before.source !== 'import'
  if (source === 'import' && isOwners) return 'kept'
  const [mine, theirs] = [before.lastUpdated.getTime(), copy.lastUpdated.getTime()]
  const isNewer = theirs > mine || (theirs === mine && !isOwners && !before.deleted)
  return isNewer ? 'changed' : 'kept'
}

function objectOf(
  batch: CopyBatch,
  { copy, place }: { copy: Copy; place: ObjectPlace },
): NewObject & { source: ObjectSource } {
  return {
    ...place,
    platformId: batch.platformId,
    ocpiVersion: batch.ocpiVersion,
    original: copy.original,
    value: copy.value,
    lastUpdated: copy.lastUpdated,
    deleted: false,
    source: batch.source,
    supplied: copy.supplied,
  }
}

function syncEntries(batch: CopyBatch, object: ObjectPlace) {
  return batch.syncTo(object.owner).map(({ platformId, party }) => ({
    kind: 'sync' as const,
    platformId,
    subject: `${party}|${object.audience}|${objectSubject(object)}`,
    correlationId: batch.correlationId,
    expiresInMs: limits.syncAgeMsMax,
  }))
}

/** Keeps the latest doubtful text of an object; one that was taken meanwhile is doubtful no more. */
async function writeQuarantine(tx: Tx, batch: CopyBatch): Promise<void> {
  const { module, copies } = batch
  const doubtful = new Map(
    copies.flatMap((copy) =>
      copy.quarantine === null ? [] : [[`${copy.owner}|${copy.key}`, copy]],
    ),
  )
  const fine = copies.filter(({ quarantine }) => quarantine === null)
  await tx.rows(sql`
    delete from quarantined_objects using unnest(${fine.map((c) => c.owner)}::text[], ${fine.map((c) => c.key)}::text[])
      as t (o, k) where module = ${module} and owner = t.o and object_key = t.k`)
  if (doubtful.size === 0) return
  const rows = [...doubtful.values()]
  await tx.rows(sql`
    insert into quarantined_objects (module, owner, object_key, source, ocpi_version, original, pointer, message)
    select ${module}, owner, object_key, ${batch.source}, ${batch.ocpiVersion}, original, pointer, message
    from unnest(${rows.map((c) => c.owner)}::text[], ${rows.map((c) => c.key)}::text[],
      ${rows.map((c) => c.original)}::text[], ${rows.map((c) => c.quarantine?.pointer ?? '')}::text[],
      ${rows.map((c) => c.quarantine?.message ?? '')}::text[]) as t (owner, object_key, original, pointer, message)
    on conflict on constraint quarantined_objects_natural_key do update set source = excluded.source,
      ocpi_version = excluded.ocpi_version, original = excluded.original, pointer = excluded.pointer,
      message = excluded.message, at = clock_timestamp()`)
}
