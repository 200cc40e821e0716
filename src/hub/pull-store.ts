import { limits } from '../../config/limits.ts'
import { present } from '../assert.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Fault } from '../errors.ts'
import { foldKey, partyOf } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { PullStep } from '../peer/pull.ts'
import { raiseAlert } from './alerts.ts'
import { liftValues, versionOf } from './bridge.ts'
import { countPage } from './pull-state.ts'
import type { Pull } from './pull-state.ts'
import { readCopy } from './read-copy.ts'
import type { Copy } from './read-copy.ts'
import { receiversOf } from './receivers.ts'
import type { Receiver } from './receivers.ts'
import { noteSoftFaults } from './soft-faults.ts'
import { storeCopies } from './store-copies.ts'

type Page = Extract<PullStep, { kind: 'page' }>
type Placed = Copy & { audience: string }
/** `id` null: nobody can tell which object it is. */
type Refused = { id: string | null; fault: Fault }
type Read = { copies: Placed[]; refused: Refused[] }

/** Stores the objects of a page, as many as a transaction takes at a time. Bad ones are left out and told. */
export async function storePage(context: Context, pull: Pull, page: Page): Promise<void> {
  for (let from = 0; from === 0 || from < page.items.length; from += limits.objectBatchMax) {
    const texts = page.items.slice(from, from + limits.objectBatchMax).map(({ text }) => text)
    const read = await readTexts(context, pull, texts)
    const unread = from > 0 ? [] : page.faults.map((fault) => ({ id: null, fault }))
    const refused = [...unread, ...read.refused]
    const syncTo = pull.run.isFull ? new Map() : await receiversFor(context, pull)
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
    if (value.ok) place(read, pull, { ...copy, value: value.value })
    else {
      const fault = { pointer: value.pointer, message: value.reason }
      read.refused.push({ id: copy.id, fault })
    }
  }
  return read
}

function foreign(copy: Copy): Refused {
  const message = `names ${copy.owner}, which is no party of this platform`
  return { id: copy.id, fault: { pointer: '/party_id', message } }
}

/** A session is for the party in its cdr_token alone. */
function place(read: Read, pull: Pull, copy: Copy): void {
  if (pull.module.object?.audience !== 'token owner') {
    read.copies.push({ ...copy, audience: '*' })
    return
  }
  const { cdr_token: token } = copy.value
  const audience = isRecord(token) ? partyOf(token.country_code, token.party_id) : null
  if (audience !== null) read.copies.push({ ...copy, audience })
  else {
    const fault = { pointer: '/cdr_token', message: 'names no party' }
    read.refused.push({ id: copy.id, fault })
  }
}

/** A session belongs to one card: it does not move to another party's. */
async function inTheirPlace(
  tx: Tx,
  { pull, copies, refused }: { pull: Pull; copies: readonly Placed[]; refused: Refused[] },
): Promise<Placed[]> {
  if (pull.module.object?.audience !== 'token owner') return [...copies]
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
  input: { pull: Pull; copies: readonly Placed[]; syncTo: ReadonlyMap<string, Receiver[]> },
): Promise<void> {
  const { pull, copies, syncTo } = input
  await storeCopies(tx, {
    module: pull.module.id,
    definition: present(pull.module.object, 'object definition'),
    source: 'pull',
    platformId: pull.platform.id,
    ocpiVersion: versionOf(pull.platform.version),
    copies,
    syncTo: (owner) => syncTo.get(owner) ?? [],
    correlationId: pull.correlationId,
  })
}

/** By owner: who is told of changes, as of a push. Of sessions nobody is: their party pulls. */
async function receiversFor(
  context: Context,
  pull: Pull,
): Promise<ReadonlyMap<string, Receiver[]>> {
  if (pull.module.object?.audience !== 'everyone') return new Map()
  const snapshot = await context.directory.snapshot()
  const { module, platform } = pull
  return new Map(
    platform.parties
      .filter(({ role }) => module.ownerRoles.includes(role))
      .map((from) => [
        from.party,
        receiversOf(context, { snapshot, module, from, platformId: platform.id }),
      ]),
  )
}

/** What the partner's list has, also what could not be taken this time: none of it is gone there. */
async function markListed(tx: Tx, pull: Pull, page: Read): Promise<void> {
  const keys = [
    ...page.copies.map(({ key }) => key),
    ...page.refused.flatMap(({ id }) => (id === null ? [] : [foldKey(id)])),
  ]
  await tx.rows(sql`
    update objects set listed_at = clock_timestamp()
    where module = ${pull.module.id} and source = 'pull' and platform_id = ${pull.platform.id}
      and owner = any(${[...pull.owners]}::text[]) and object_key = any(${keys}::text[])`)
}

/** One alert a partner, module and place, with the last object that had it. */
async function tellRefused(tx: Tx, pull: Pull, refused: Refused[]): Promise<void> {
  const places = new Map(
    refused.map((one) => [one.fault.pointer.replace(/\/\d+(?=\/|$)/g, '/*').slice(0, 200), one]),
  )
  for (const [place, { id, fault }] of [...places].sort().slice(0, limits.softFindingsMax)) {
    await raiseAlert(tx, {
      code: 'pulled_object_refused',
      severity: 'notice',
      subject: `${pull.platform.id}/${pull.module.id}${place}`,
      message: `${pull.module.id} of ${pull.platform.name}: ${fault.pointer} ${fault.message} (last in ${(id ?? 'one without id').slice(0, 100)})`,
      advice:
        'The object was left out, the rest of the page was taken. Ask its owner to correct it.',
    })
  }
}
