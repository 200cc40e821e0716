import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import type { PullStep } from '../../peer/pull.ts'
import { liftValues, versionOf } from '../bridge/bridge.ts'
import { tellRefused } from './pull-refused.ts'
import type { RefusedItem } from './pull-refused.ts'
import { countPage } from './pull-state.ts'
import type { Pull } from './pull-state.ts'
import { readCopy } from './read-copy.ts'
import type { Copy } from './read-copy.ts'
import { partyReceiver, receiversOf } from '../receivers.ts'
import type { Receiver } from '../receivers.ts'
import { noteLookAlikes } from '../objects/look-alikes.ts'
import { noteSoftFaults } from '../objects/soft-faults.ts'
import { storeCopies } from './store-copies.ts'
import { partyOfToken, withTokenParty } from '../bridge/token-party.ts'
import { lockSubjects, objectSubject } from '../../store/objects.ts'
import type { ObjectPlace } from '../../store/objects.ts'

type Page = Extract<PullStep, { kind: 'page' }>
type Placed = Copy & { audience: string }
type Read = { copies: Placed[]; refused: RefusedItem[] }

/** Stores the objects of a page, as many as a transaction takes at a time. Bad ones are left out and told. */
export async function storePage(context: Context, pull: Pull, page: Page): Promise<void> {
  for (let from = 0; from === 0 || from < page.items.length; from += limits.objectBatchMax) {
    const texts = page.items.slice(from, from + limits.objectBatchMax).map(({ text }) => text)
    const read = await readTexts(context, pull, texts)
    const unread = from > 0 ? [] : page.faults.map((fault) => ({ id: null, fault }))
    const refused = [...unread, ...read.refused]
    const syncTo = await receiversFor(context, pull)
    await context.db.transaction(async (tx) => {
      const copies = await inTheirPlace(tx, { pull, copies: read.copies, refused })
      await storeAll(tx, { pull, copies, syncTo })
      if (pull.run.isFull) await markListed(tx, pull, { copies, refused })
      await noteSoftFaults(
        tx,
        copies.map(({ owner, key, findings, repairs }) => ({
          module: pull.module.id,
          owner,
          key,
          soft: [...findings, ...repairs],
        })),
      )
      await noteLookAlikes(
        tx,
        copies.map(({ owner, key }) => ({ module: pull.module.id, owner, key })),
      )
      await tellRefused(tx, pull, refused)
      await countPage(tx, pull.run, {
        objects: copies.length,
        refused: refused.length,
        unreadable: refused.filter(({ id }) => id === null).length,
      })
    })
  }
}

async function readTexts(context: Context, pull: Pull, texts: readonly string[]): Promise<Read> {
  const snapshot = await context.directory.snapshot()
  const version = versionOf(pull.platform.version)
  const isOld = version === '2.1.1'
  // A connection of 2.1.1 is one party's; its objects do not say whose they are.
  const owner = isOld ? (pull.owners[0] ?? null) : null
  const supplement = () => ({ ok: true as const, owner, members: {}, findings: [] })
  const rules = { module: pull.module, version, now: context.clock(), supplement }
  const read: Read = { copies: [], refused: [] }
  const good: Copy[] = []
  for (const text of texts) {
    const copy = readCopy(text, rules)
    if (!copy.ok) read.refused.push({ id: copy.id, fault: copy.fault })
    else if (!pull.owners.includes(copy.owner)) read.refused.push(foreign(copy))
    else good.push(copy)
  }
  const { kind } = present(pull.module.object, 'object definition')
  const lifted = await liftValues(
    context.db,
    good.map((copy) => ({ kind, value: copy.value, from: version, owner: copy.owner })),
  )
  for (const [index, copy] of good.entries()) {
    const value = lifted[index]
    if (value === undefined) continue
    if (value.ok) place(read, { pull, snapshot, copy: { ...copy, value: value.value } })
    else {
      const fault = { pointer: value.pointer, message: value.reason }
      read.refused.push({ id: copy.id, fault })
    }
  }
  return read
}

function foreign(copy: Copy): RefusedItem {
  const message = `names ${copy.owner}, which is no party of this platform`
  return { id: copy.id, fault: { pointer: '/party_id', message } }
}

/** A session is for the party in its cdr_token alone, or of its contract in 2.1.1. */
function place(
  read: Read,
  { pull, snapshot, copy }: { pull: Pull; snapshot: Snapshot; copy: Copy },
): void {
  if (pull.module.object?.audience !== 'token owner') {
    read.copies.push({ ...copy, audience: '*' })
    return
  }
  try {
    const value = withTokenParty(copy.value, snapshot)
    const audience = partyOfToken(value)
    if (audience !== null) read.copies.push({ ...copy, value, audience })
    else read.refused.push({ id: copy.id, fault: nobody })
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    read.refused.push({ id: copy.id, fault: error.faults[0] ?? nobody })
  }
}

const nobody = { pointer: '/cdr_token', message: 'names no party' }

/** A session belongs to one card: it does not move to another party's. */
async function inTheirPlace(
  tx: Tx,
  { pull, copies, refused }: { pull: Pull; copies: readonly Placed[]; refused: RefusedItem[] },
): Promise<Placed[]> {
  if (pull.module.object?.audience !== 'token owner') return [...copies]
  // Before it is looked: a push of the same session for another party may be on its way.
  const places = copies.map(({ owner, key }) => ({ module: pull.module.id, owner, key }))
  await lockSubjects(
    tx,
    places.map((place) => ({ subject: objectSubject(place), exclusive: true })),
  )
  const rows = await tx.rows<{ owner: string; object_key: string; audience: string }>(sql`
    select owner, object_key, audience from objects
    where module = ${pull.module.id} and (owner, object_key) in (
      select * from unnest(${copies.map((c) => c.owner)}::text[], ${copies.map((c) => c.key)}::text[]))`)
  const known = new Map(rows.map((row) => [`${row.owner}|${row.object_key}`, row.audience]))
  return copies.filter((copy) => {
    const audience = known.get(`${copy.owner}|${copy.key}`) ?? copy.audience
    if (audience === copy.audience) return true
    const message = 'names another party than this session had before'
    refused.push({ id: copy.id, fault: { pointer: '/cdr_token', message } })
    return false
  })
}

async function storeAll(
  tx: Tx,
  input: { pull: Pull; copies: readonly Placed[]; syncTo: (object: ObjectPlace) => Receiver[] },
): Promise<void> {
  const { pull, copies, syncTo } = input
  await storeCopies(tx, {
    module: pull.module.id,
    definition: present(pull.module.object, 'object definition'),
    source: 'pull',
    platformId: pull.platform.id,
    ocpiVersion: versionOf(pull.platform.version),
    copies,
    syncTo,
    correlationId: pull.correlationId,
  })
}

/**
 * Who is told of a new or changed object: of what is for everyone all that a push would reach, but not of everything
 * that the hub reads when it first meets a partner, which receivers pull; of a session the party of its card.
 */
async function receiversFor(
  context: Context,
  { module, platform, run }: Pull,
): Promise<(object: ObjectPlace) => Receiver[]> {
  const snapshot = await context.directory.snapshot()
  if (module.object?.audience === 'token owner') {
    return ({ owner, audience }) => {
      const found = partyReceiver(context, { snapshot, module, owner, audience })
      return found === null || found.platformId === platform.id ? [] : [found]
    }
  }
  if (run.isFull && run.completeUntil === null) return () => []
  const byOwner = new Map(
    platform.parties
      .filter(({ role }) => module.ownerRoles.includes(role))
      .map((from) => [
        from.party,
        receiversOf(context, { snapshot, module, from, platformId: platform.id }),
      ]),
  )
  return ({ owner }) => byOwner.get(owner) ?? []
}

/** What the partner's list has, also what could not be taken this time: none of it is gone there. */
async function markListed(tx: Tx, pull: Pull, page: Read): Promise<void> {
  const keys = [
    ...page.copies.map(({ key }) => key),
    ...page.refused.flatMap(({ id }) => (id === null ? [] : [foldKey(id)])),
  ]
  // In the order in which pushes lock rows: refused objects have no lock of their subject.
  await tx.rows(sql`
    with listed as (
      select module, owner, object_key, audience from objects
      where module = ${pull.module.id} and source = 'pull' and platform_id = ${pull.platform.id}
        and owner = any(${[...pull.owners]}::text[]) and object_key = any(${keys}::text[])
      order by module, owner, object_key, audience for update
    )
    update objects o set listed_at = clock_timestamp() from listed l
    where (o.module, o.owner, o.object_key, o.audience) = (l.module, l.owner, l.object_key, l.audience)`)
}
