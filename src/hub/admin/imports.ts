import { TextDecoder } from 'node:util'
import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldUpper, partyOf } from '../../ocpi/primitives.ts'
import type { Version } from '../../ocpi/version.ts'
import { hubParty } from '../hub-party.ts'
import { IMPORTABLE, importFeed } from '../copies/import-feed.ts'
import type { FeedImport, ImportReport } from '../copies/import-feed.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'

/** `party`: `CC/PID`, or `from-evse-id` for a feed of many operators; `fallback`: whose the rest is. */
export type ImportOrder = {
  actor: string
  module: FeedImport['module']
  party: string
  fallback?: string | undefined
  version?: Version | undefined
  bytes: Uint8Array
}

/** Imports what an operator uploads; the report has a line for each object. */
export async function runImport(context: Context, order: ImportOrder): Promise<ImportReport> {
  const { module, actor } = order
  const text = decode(order.bytes)
  const owner = {
    party: order.party === 'from-evse-id' ? null : readParty('party', order.party),
    fallback: order.fallback === undefined ? null : readParty('fallback', order.fallback),
    hub: hubParty(context),
  }
  const version = order.version ?? '2.2.1'
  const report = await importFeed(context, { module, version, owner, text })
  if (report === null) {
    throw new Refusal(
      'malformed',
      `Send a list, an OCPI envelope, ${module} one a line, or a recorded response that holds them.`,
    )
  }
  await context.db.transaction((tx) =>
    appendAudit(tx, {
      actor,
      action: 'import.feed',
      subject: module,
      details: { party: order.party, version, ...report.totals },
    }),
  )
  return report
}

const fatalDecoder = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return fatalDecoder.decode(bytes)
  } catch {
    throw new Refusal('malformed', 'The body is not UTF-8.')
  }
}

function readParty(name: string, text: string): string {
  const [countryCode, partyId, ...more] = text.split(/[/-]/)
  const party = partyOf(countryCode, partyId)
  if (party !== null && more.length === 0) return party
  const message = 'is no party: write CC/PID, such as NL/TNM'
  throw new Refusal('invalidQuery', `${name} ${message}.`, {
    faults: [{ pointer: `query:${name}`, message }],
  })
}

type QuarantineRow = {
  id: bigint
  module: string
  owner: string
  object_key: string
  source: 'push' | 'pull' | 'import'
  ocpi_version: string
  original: string
  pointer: string
  message: string
  at: Date
}

/** Objects that are kept and used for nothing, newest first. */
export async function listQuarantine(
  db: Sql,
  filter: PageRequest & { module?: string; owner?: string },
) {
  const { before, limit } = beforeId(filter)
  const owner = filter.owner === undefined ? null : foldUpper(filter.owner)
  const rows = await db.rows<QuarantineRow>(sql`
    select id, module, owner, object_key, source, ocpi_version, original, pointer, message, at from quarantined_objects
    where (${before}::bigint is null or id < ${before}) and (${filter.module ?? null}::text is null or module = ${filter.module ?? null})
      and (${owner}::text is null or owner = ${owner})
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [String(row.id)],
    item: ({ object_key: key, ...row }) => ({
      ...row,
      id: String(row.id),
      key,
      at: row.at.toISOString(),
    }),
  })
}

/**
 * What only all objects together show: how many there are by source, EVSEs that stand in two locations (the same
 * evse_id without `*` and case), and tariff ids that connectors name and nobody has. Reads every location: takes seconds.
 */
export async function readImportReport(context: Context) {
  return context.db.transaction(
    async (tx) => ({
      objects: await countObjects(tx),
      twins: await readTwins(tx),
      dangling_tariffs: await readDangling(tx),
    }),
    { deadlineMs: limits.importReportMs },
  )
}

async function countObjects(tx: Sql) {
  const rows = await tx.rows<{ module: string; source: string; objects: bigint }>(sql`
    select module, source, count(*) as objects from objects
    where module = any(${[...IMPORTABLE]}::text[]) and audience = '*' and deleted_at is null
    group by 1, 2 order by 1, 2`)
  return rows.map((row) => ({ ...row, objects: Number(row.objects) }))
}

type Twin = { evse_id: string; places: string[] }

async function readTwins(tx: Sql) {
  const rows = await tx.rows<Twin & { total: bigint }>(sql`
    with evses as (
      select upper(replace(e->>'evse_id', '*', '')) as evse_id, o.owner || '/' || o.object_key as place
      from objects o cross join lateral jsonb_array_elements(
        case jsonb_typeof(o.value->'evses') when 'array' then o.value->'evses' else '[]' end) e
      where o.module = 'locations' and o.audience = '*' and o.deleted_at is null and jsonb_typeof(e->'evse_id') = 'string'
    )
    select evse_id, array_agg(distinct place order by place) as places, count(*) over () as total
    from evses group by evse_id having count(distinct place) > 1
    order by evse_id limit ${limits.importSamplesMax}`)
  const samples = rows.map(({ evse_id, places }) => ({ evse_id, places }))
  return { count: Number(rows[0]?.total ?? 0n), samples }
}

async function readDangling(tx: Sql) {
  const rows = await tx.rows<{ tariff_id: string; connectors: bigint; total: bigint }>(sql`
    with named as (
      select lower(t.id #>> '{}') as tariff_id, count(*) as connectors
      from objects o cross join lateral jsonb_path_query(o.value, 'lax $.evses[*].connectors[*].tariff_ids[*]') as t (id)
      where o.module = 'locations' and o.audience = '*' and o.deleted_at is null
      group by 1
    )
    select tariff_id, connectors, (sum(connectors) over ())::bigint as total from named
    where not exists (select 1 from objects o where o.module = 'tariffs' and o.object_key = named.tariff_id
      and o.deleted_at is null)
    order by connectors desc, tariff_id limit ${limits.importSamplesMax}`)
  const samples = rows.map(({ tariff_id, connectors }) => ({
    tariff_id,
    connectors: Number(connectors),
  }))
  return { count: Number(rows[0]?.total ?? 0n), samples }
}
