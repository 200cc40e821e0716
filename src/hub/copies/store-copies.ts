import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import type { Tx } from '../../db/sql.ts'
import type { ObjectDefinition } from '../../ocpi/define.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import {
  appendVersions,
  lockSubjects,
  objectSubject,
  placeKey,
  readObjects,
  writeObjects,
} from '../../store/objects.ts'
import type { NewObject, ObjectPlace, ObjectSource } from '../../store/objects.ts'
import { contractSubjects } from '../bridge/contract-cards.ts'
import { noteHidden } from '../bridge/hidden-locations.ts'
import { keepHistory } from '../objects/history.ts'
import { lintEntries } from '../objects/lint-tariffs.ts'
import { judgeAgain, tariffsOf } from '../objects/objects-batch.ts'
import { endDoubt, keepDoubtful } from '../objects/quarantine.ts'
import type { Doubtful } from '../objects/quarantine.ts'
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
  /** Whom the worker brings a changed object to. */
  syncTo(object: ObjectPlace): readonly { platformId: string; party: string }[]
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
    [...places.flatMap(lockedBy), ...contractSubjects(tokensIn(batch))].map((subject) => ({
      subject,
      exclusive: true,
    })),
  )
  const before = await readObjects(tx, places)
  const known = new Map<string, Known>(before)
  const changed = new Map<string, NewObject & { source: ObjectSource }>()
  const stored = copies.map((copy, index): Stored => {
    const place = present(places[index], 'place of a copy')
    const verdict = decide(copy, { before: known.get(placeKey(place)) ?? null, source })
    if (verdict !== 'new' && verdict !== 'changed') return verdict
    if (copy.quarantine !== null) return 'quarantined'
    const object = objectOf(batch, { copy, place })
    known.set(placeKey(place), object)
    changed.set(placeKey(place), object)
    return verdict
  })
  const written = [...changed.values()]
  await noteHidden(tx, { stored: before, objects: written })
  await writeObjects(tx, written)
  const messages = written.map((object) => ({
    object,
    method: 'pull' as const,
    body: object.original,
    said: object.value,
  }))
  await keepHistory(tx, { stored: before, messages })
  if (definition.versioned) await appendVersions(tx, written)
  const doubts = doubtsOf(batch, stored)
  await judgeAgain(tx, [
    ...written.map(objectSubject),
    ...contractSubjects(written),
    ...doubts.kept.map(objectSubject),
  ])
  await appendOutbox(tx, [
    ...written.flatMap((object) => syncEntries(batch, object)),
    ...lintEntries(written),
  ])
  await endDoubt(tx, doubts.ended)
  await keepDoubtful(tx, doubts.kept)
  return stored
}

/**
 * What goes to the quarantine, and what leaves it: an object that was taken, and one that its owner's list has as the
 * hub knows it. A feed that somebody imports says nothing about what the owner itself has sent.
 */
function doubtsOf(batch: CopyBatch, stored: readonly Stored[]) {
  const { module, source, ocpiVersion, copies } = batch
  const last = new Map<string, { place: ObjectPlace; doubtful: Doubtful | null }>()
  for (const [index, { owner, key, audience, original, quarantine: fault }] of copies.entries()) {
    const verdict = stored[index]
    const place = { module, owner, key, audience }
    const isCurrent = verdict === 'new' || verdict === 'changed'
    if (verdict === 'quarantined' && fault !== null) {
      const doubtful = { module, owner, key, source, ocpiVersion, original, fault }
      last.set(objectSubject(place), { place, doubtful })
    } else if (isCurrent || (verdict === 'same' && source === 'pull')) {
      last.set(objectSubject(place), { place, doubtful: null })
    }
  }
  const all = [...last.values()]
  return {
    kept: all.flatMap(({ doubtful }) => doubtful ?? []),
    ended: all.flatMap(({ place, doubtful }) => (doubtful === null ? [place] : [])),
  }
}

function tokensIn({ module, copies }: CopyBatch) {
  return copies.map(({ owner, value }) => ({ module, owner, value }))
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
  // What a fetch had buried, because a list lacked it, is there again: its tombstone has the hub's time, not its owner's.
  if (source === 'pull' && before.source === 'pull' && before.deleted) return 'changed'
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
  return batch.syncTo(object).map(({ platformId, party }) => ({
    kind: 'sync' as const,
    platformId,
    subject: `${party}|${object.audience}|${objectSubject(object)}`,
    correlationId: batch.correlationId,
    expiresInMs: limits.syncAgeMsMax,
  }))
}
