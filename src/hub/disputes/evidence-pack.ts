import { createHash } from 'node:crypto'
import { parsed } from '../../clearing/pack/read.ts'
import { EVIDENCE_NAMES, PACK_FORMAT, PACK_PATHS, PACK_VERSION } from '../../clearing/pack/types.ts'
import type { PackEvent, PackFile, PackManifest } from '../../clearing/pack/types.ts'
import { sumsOf } from '../../clearing/pack/sums.ts'
import { evidencePath } from '../../clearing/pack/verify.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Scope } from '../admin/scope.ts'
import { readmeOf } from './evidence-readme.ts'
import { zipOf } from './evidence-zip.ts'
import { getDispute } from './read-detail.ts'

/**
 * The evidence of a dispute as a ZIP that can be checked without the hub: what was frozen, what was added, both chains of
 * events, the price to be reckoned again, and a page that says it in words. Only for its two parties and for operators of
 * the hub; to a party an operator is `operator`. A Refusal `notFound` where the scope has no such dispute.
 */
export async function evidencePack(
  context: Context,
  scope: Scope,
  id: bigint,
): Promise<{ bytes: Buffer; name: string }> {
  const dispute = await getDispute(context.db, scope, id)
  const rows = await readRows(context.db, id)
  const events = await readEvents(context.db, { id, scope })
  const { possible, evidence, history, cdr, ...facts } = dispute
  const contents = rows.map((row) => ({ row, path: evidencePath(row), bytes: row.bytes }))
  const files: PackFile[] = contents.map(({ row, path, bytes }) => {
    const sha256 = hashOf(bytes)
    return {
      path,
      media: row.media,
      sha256,
      bytes: bytes.length,
      added_by: shownActor(row.added_by, scope),
      at: row.at.toISOString(),
      ...(sha256 === row.sha256.toString('hex') ? {} : { redacted: true }),
    }
  })
  const readme = Buffer.from(
    readmeOf({
      dispute,
      files,
      cdr: jsonOf(contents, 'cdr.json'),
      recomputation: jsonOf(contents, 'recomputation.json'),
      findings: jsonOf(contents, 'findings.json'),
      pattern: jsonOf(contents, EVIDENCE_NAMES.pattern),
    }),
  )
  const manifest: PackManifest = {
    format: PACK_FORMAT,
    version: PACK_VERSION,
    // The card stands in the CDR alone.
    dispute: { ...facts, cdr: cdr === null ? null : { party: dispute.cpo, id: cdr.id }, history },
    evidence_hash: dispute.evidence_hash,
    files: [
      {
        path: PACK_PATHS.readme,
        media: 'text/markdown',
        sha256: hashOf(readme),
        bytes: readme.length,
        added_by: 'hub',
        at: null,
      },
      ...files,
    ],
    ...events,
  }
  const all = [
    { path: PACK_PATHS.readme, bytes: readme },
    { path: PACK_PATHS.manifest, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) },
    ...contents,
  ]
  const sums = sumsOf(all.map(({ path, bytes }) => [path, bytes] as const))
  const bytes = await zipOf([...all, { path: PACK_PATHS.sums, bytes: sums }])
  return { bytes, name: `dispute-${id}-evidence.zip` }
}

type Row = {
  number: number
  name: string
  media: string
  sha256: Buffer
  bytes: Buffer
  added_by: string
  at: Date
}

async function readRows(db: Sql, id: bigint): Promise<Row[]> {
  return db.rows<Row>(sql`
    select number, name, media, sha256, bytes, added_by, at from dispute_evidence
    where dispute_id = ${id.toString()}::bigint order by number`)
}

type EventRow = {
  subject: string
  epoch: number
  said: (string | null)[]
  actor: string
  /** What was said is no longer what was hashed. */
  redacted: boolean
  at: Date
  at_micros: string
  prev_hash: string | null
  hash: string | null
}

/** The words that each event was hashed with, as writeStep and writeTransitions put them. */
async function readEvents(
  db: Sql,
  { id, scope }: { id: bigint; scope: Scope },
): Promise<{ events: PackEvent[]; cdr_events: PackEvent[] }> {
  const number = id.toString()
  const events = await db.rows<EventRow>(sql`
    select 'dispute:' || e.dispute_id as subject, e.epoch, e.actor, e.at, e.redacted_at is not null as redacted,
      array[e.state, array_to_string(e.via, ' '), e.actor, e.reason_code, coalesce(e.reason, ''), e.verb, e.side,
        e.net_micros::text, e.tax_micros::text] as said,
      ((extract(epoch from e.at) * 1000000)::bigint)::text as at_micros, encode(e.prev_hash, 'hex') as prev_hash,
      encode(e.hash, 'hex') as hash
    from dispute_events e where e.dispute_id = ${number}::bigint order by e.epoch`)
  const ofCdr = await db.rows<EventRow>(sql`
    select 'cdr:' || e.cdr_id as subject, e.epoch, e.actor, e.at, e.redacted_at is not null as redacted,
      array[e.state, array_to_string(e.via, ' '), e.actor, e.reason_code, coalesce(e.reason, '')] as said,
      ((extract(epoch from e.at) * 1000000)::bigint)::text as at_micros, encode(e.prev_hash, 'hex') as prev_hash,
      encode(e.hash, 'hex') as hash
    from cdr_events e join disputes d on d.cdr_id = e.cdr_id where d.id = ${number}::bigint order by e.epoch`)
  const shown = (rows: readonly EventRow[]): PackEvent[] =>
    rows.flatMap(({ hash, actor, at, said, redacted, ...event }) => {
      // Events of before there was a chain have no hash.
      if (hash === null) return []
      const isWithheld =
        redacted ||
        (scope.kind === 'party' && said.some((word) => word?.includes('operator:') === true))
      return [{ ...event, hash, at: at.toISOString(), said: isWithheld ? null : said }]
    })
  return { events: shown(events), cdr_events: shown(ofCdr) }
}

function jsonOf(contents: readonly { row: Row; bytes: Buffer }[], name: string): unknown {
  const found = contents.find(({ row }) => row.name === name && row.added_by === 'hub')
  return found === undefined ? null : (parsed(found.bytes) ?? null)
}

function shownActor(actor: string, scope: Scope): string {
  return scope.kind === 'party' && actor.startsWith('operator') ? 'operator' : actor
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
