import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import {
  appendVersions,
  lockSubjects,
  objectSubject,
  readObjects,
  writeObjects,
} from '../../store/objects.ts'
import { raiseAlert } from '../alerts.ts'
import { judgeAgain, tariffsOf } from '../objects/objects-batch.ts'
import type { Pull } from './pull-state.ts'
import { receiversOf } from '../receivers.ts'

type Missing = { owner: string; object_key: string; audience: string }

/**
 * After a whole list: what was fetched before and is no longer in it. Tariffs are deleted as by their owner; other
 * objects have no deletion in OCPI and are kept, with an alert. A list without objects, or with some that could not be
 * read, deletes nothing, and what was pushed or imported is never touched.
 */
export async function buryUnlisted(context: Context, pull: Pull): Promise<void> {
  const definition = pull.module.object
  // Sessions are asked for by date: their list is never whole.
  if (definition?.audience !== 'everyone') return
  const missing = await readMissing(context.db, pull)
  if (missing.length === 0) return
  const { objects, unreadable } = await readCounts(context.db, pull)
  if (definition.deletable && objects > 0n && unreadable === 0n) {
    const snapshot = await context.directory.snapshot()
    for (let from = 0; from < missing.length; from += limits.objectBatchMax) {
      const batch = missing.slice(from, from + limits.objectBatchMax)
      await context.db.transaction((tx) => bury(context, tx, { pull, missing: batch, snapshot }))
    }
    return
  }
  await raiseAlert(context.db, {
    code: 'pulled_objects_missing',
    severity: 'notice',
    subject: `${pull.platform.id}/${pull.module.id}`,
    message: `${missing.length} ${pull.module.id} of ${pull.platform.name} are no longer in its list; they were kept`,
    advice:
      objects > 0n
        ? 'Ask the partner whether they are gone: EVSEs get the status REMOVED, tokens valid false.'
        : 'The list was empty. Ask the partner whether it means that.',
  })
}

async function readMissing(
  client: Sql,
  { run, platform, module, owners }: Pull,
): Promise<Missing[]> {
  return client.rows<Missing>(sql`
    select owner, object_key, audience from objects
    where module = ${module.id} and source = 'pull' and platform_id = ${platform.id}
      and owner = any(${[...owners]}::text[]) and deleted_at is null
      and (listed_at is null or listed_at < ${run.startedAt})
    order by owner, object_key limit ${limits.pullObjectsMax}`)
}

async function readCounts(client: Sql, { platform, module }: Pull) {
  const [row] = await client.rows<{ objects: bigint; unreadable: bigint }>(
    sql`select objects, unreadable from pulls where platform_id = ${platform.id} and module = ${module.id}`,
  )
  return row ?? { objects: 0n, unreadable: 0n }
}

async function bury(
  context: Context,
  tx: Tx,
  { pull, missing, snapshot }: { pull: Pull; missing: readonly Missing[]; snapshot: Snapshot },
): Promise<void> {
  const { module } = pull
  const places = missing.map(({ owner, object_key: key, audience }) => ({
    module: module.id,
    owner,
    key,
    audience,
  }))
  await lockSubjects(
    tx,
    places
      .flatMap((place) => [objectSubject(place), tariffsOf(place.owner)])
      .map((subject) => ({ subject, exclusive: true })),
  )
  const now = context.clock()
  const gone = [...(await readObjects(tx, places)).values()]
    .filter(({ source, deleted }) => source === 'pull' && !deleted)
    .map((object) => ({ ...object, lastUpdated: now, deleted: true }))
  await writeObjects(tx, gone)
  if (module.object?.versioned === true) await appendVersions(tx, gone)
  await judgeAgain(tx, gone.map(objectSubject))
  await appendOutbox(
    tx,
    gone.flatMap((object) => {
      const from = { party: object.owner, role: module.ownerRoles[0] ?? 'CPO' }
      return receiversOf(context, { snapshot, module, from, platformId: pull.platform.id }).map(
        ({ platformId, party }) => ({
          kind: 'sync' as const,
          platformId,
          subject: `${party}|${object.audience}|${objectSubject(object)}`,
          correlationId: pull.correlationId,
          expiresInMs: limits.syncAgeMsMax,
        }),
      )
    }),
  )
}
