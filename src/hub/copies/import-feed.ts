import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import type { Context } from '../../context.ts'
import type { Fault } from '../../errors.ts'
import { feedItems } from '../../ocpi/feed-items.ts'
import { moduleById } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import { openZones } from '../../store/place-zone.ts'
import { liftValue } from '../bridge/bridge.ts'
import { noteLookAlikes } from '../objects/look-alikes.ts'
import { notesOf } from './import-notes.ts'
import { supplementOf } from './import-supplement.ts'
import type { FeedOwner } from './import-supplement.ts'
import { readCopy } from './read-copy.ts'
import type { Copy, RefusedCopy } from './read-copy.ts'
import { storeCopies } from './store-copies.ts'
import type { Stored } from './store-copies.ts'

/** What operators may import: objects that their owners publish for everyone. */
export const IMPORTABLE = ['locations', 'tariffs', 'tokens'] as const

export type FeedImport = {
  module: (typeof IMPORTABLE)[number]
  version: Version
  owner: FeedOwner
  text: string
}

/**
 * The line of one object. taken – used as it is; repaired – used with what is listed under `repairs`; quarantined –
 * kept, used for nothing; refused – not kept. `pointer` and `message` name the first reason of the last two.
 */
export type ImportLine = {
  index: number
  id: string | null
  owner: string | null
  outcome: 'taken' | 'repaired' | 'quarantined' | 'refused'
  stored: Stored | 'no'
  supplied: string[]
  repairs: { pointer: string; kind: string; message: string }[]
  findings: Fault[]
  pointer: string | null
  message: string | null
}

export type ImportReport = {
  lines: ImportLine[]
  totals: Record<'objects' | ImportLine['outcome'], number>
  stored: Record<string, number>
  supplied: Record<string, number>
  repairs: Record<string, number>
  notes: Record<string, number>
}

/** The platform id under which imported objects stand: no platform brought them. */
const IMPORT_PLATFORM = 'import'

/**
 * Reads a feed and stores what it can, `objectBatchMax` objects in one transaction. Each object has its line in the
 * report; a bad one costs no other. Null when the text holds no objects. Nothing is broadcast: receivers pull.
 */
export async function importFeed(context: Context, feed: FeedImport): Promise<ImportReport | null> {
  const texts = feedItems(feed.text, feed.module)
  if (texts === null) return null
  const report = emptyReport()
  for (let from = 0; from < texts.length; from += limits.objectBatchMax) {
    const batch = texts.slice(from, from + limits.objectBatchMax)
    for (const [at, line] of (
      await importBatch(context, { feed, texts: batch, report })
    ).entries()) {
      addLine(report, { ...line, index: from + at })
    }
  }
  return report
}

type Line = Omit<ImportLine, 'index'>

async function importBatch(
  context: Context,
  input: { feed: FeedImport; texts: readonly string[]; report: ImportReport },
): Promise<Line[]> {
  const { feed, texts, report } = input
  const module = present(moduleById(feed.module), 'module of an import')
  const known = { now: context.clock(), zoneAt: await openZones() }
  const read: (Copy | RefusedCopy)[] = []
  for (const text of texts) {
    const supplement = (value: Record<string, unknown>) =>
      supplementOf(value, { ...feed, zoneAt: known.zoneAt })
    const copy = readCopy(text, { module, version: feed.version, now: known.now, supplement })
    read.push(await lifted(context, { copy, feed }))
  }
  const copies = read.flatMap((copy) => (copy.ok ? [{ ...copy, audience: '*' }] : []))
  for (const { value, repairs } of copies) {
    for (const note of notesOf(feed.module, value, known)) count(report.notes, note)
    for (const { kind } of repairs) count(report.repairs, kind)
  }
  const stored = await context.db.transaction(async (tx) => {
    const outcomes = await storeCopies(tx, {
      module: feed.module,
      definition: present(module.object, 'object definition'),
      source: 'import',
      platformId: IMPORT_PLATFORM,
      ocpiVersion: feed.version,
      copies,
      syncTo: () => [],
      correlationId: context.ids.uuid(),
    })
    await noteLookAlikes(
      tx,
      copies.map(({ owner, key }) => ({ module: feed.module, owner, key })),
    )
    return outcomes
  })
  let at = 0
  return read.map((copy) => (copy.ok ? lineOf(copy, stored[at++] ?? 'kept') : refusedLine(copy)))
}

/** An object of 2.1.1 in the shape that checks and prices read. */
async function lifted(
  context: Context,
  { copy, feed }: { copy: Copy | RefusedCopy; feed: FeedImport },
): Promise<Copy | RefusedCopy> {
  const { kind } = present(moduleById(feed.module)?.object, 'object definition')
  if (!copy.ok || feed.version !== '2.1.1') return copy
  const value = await liftValue(context.db, {
    kind,
    value: copy.value,
    from: feed.version,
    owner: copy.owner,
  })
  if (value.ok) return { ...copy, value: value.value }
  const { pointer, reason: message } = value
  return { ok: false, id: copy.id, owner: copy.owner, fault: { pointer, message }, findings: [] }
}

function lineOf(copy: Copy, stored: Stored): Line {
  const { id, owner, supplied, repairs, findings, quarantine } = copy
  const outcome = quarantine !== null ? 'quarantined' : repairs.length > 0 ? 'repaired' : 'taken'
  return {
    id,
    owner,
    outcome,
    stored,
    supplied,
    repairs: repairs
      .slice(0, limits.softFindingsMax)
      .map(({ pointer, kind, message }) => ({ pointer, kind, message })),
    findings: findings.slice(0, limits.softFindingsMax),
    pointer: quarantine?.pointer ?? null,
    message: quarantine === null ? null : `${quarantine.message}; nothing is priced by it`,
  }
}

function refusedLine({ id, owner, fault, findings }: RefusedCopy): Line {
  return {
    id: id?.slice(0, limits.idCharsMax) ?? null,
    owner,
    outcome: 'refused',
    stored: 'no',
    supplied: [],
    repairs: [],
    findings: findings.slice(0, limits.softFindingsMax),
    pointer: fault.pointer,
    message: fault.message,
  }
}

function emptyReport(): ImportReport {
  return {
    lines: [],
    totals: { objects: 0, taken: 0, repaired: 0, quarantined: 0, refused: 0 },
    stored: {},
    supplied: {},
    repairs: {},
    notes: {},
  }
}

function addLine(report: ImportReport, line: ImportLine): void {
  report.lines.push(line)
  report.totals.objects += 1
  report.totals[line.outcome] += 1
  count(report.stored, line.stored)
  for (const member of line.supplied) count(report.supplied, member)
}

function count(tally: Record<string, number>, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1
}
