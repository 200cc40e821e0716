import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import { EVIDENCE_NAMES, PACK_FORMAT, PACK_VERSION } from '../../clearing/pack/types.ts'
import type { FrozenManifest } from '../../clearing/pack/types.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { gatherEvidence } from './evidence-gather.ts'
import type { EvidenceFile } from './evidence-gather.ts'
import { mediaFault } from './evidence-media.ts'

/** A file that somebody adds. `addedBy`: `hub`, `operator:…`, `NL-TNM`. */
export type NewEvidence = EvidenceFile & { disputeId: bigint; addedBy: string }

export type AddedEvidence =
  | { ok: true; number: number; name: string; media: string; sha256: string }
  | { ok: false; reason: 'conflict' | 'invalid'; message: string }

/**
 * Keeps what a dispute about a CDR is judged by as it is now: the CDR as sent, the messages about its session, tariffs,
 * authority, place, signed meter data, the eMSP's record, the price reckoned again, findings and decisions. The dispute
 * and its CDR are locked.
 */
export async function freezeCdr(
  tx: Tx,
  { disputeId, cdrId }: { disputeId: bigint; cdrId: bigint },
): Promise<void> {
  await freezeEvidence(tx, { disputeId, ...(await gatherEvidence(tx, { disputeId, cdrId })) })
}

/**
 * Keeps these files as what the dispute is judged by; `cdr` null: it is about a pattern. Its evidence hash is the SHA-256
 * of the manifest that lists them, which stands there as the last of them.
 */
export async function freezeEvidence(
  tx: Tx,
  frozen: { disputeId: bigint; cdr: FrozenManifest['cdr']; files: readonly EvidenceFile[] },
): Promise<void> {
  const { disputeId, cdr, files } = frozen
  const first = (await readNumbers(tx, disputeId)).last + 1
  const numbered = files.map((file, index) => ({ ...file, number: first + index }))
  const manifest: FrozenManifest = {
    format: PACK_FORMAT,
    version: PACK_VERSION,
    dispute: disputeId.toString(),
    cdr,
    files: numbered.map(({ number, name, media, bytes }) => ({
      number,
      name,
      media,
      sha256: sha256(bytes).toString('hex'),
      bytes: bytes.length,
    })),
  }
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  const last = { name: EVIDENCE_NAMES.manifest, media: 'application/json', bytes }
  await writeEvidence(tx, {
    disputeId,
    addedBy: 'hub',
    files: [...numbered, { ...last, number: first + files.length }],
  })
  await tx.rows(sql`
    update disputes set evidence_hash = ${sha256(bytes)} where id = ${disputeId.toString()}::bigint`)
}

/**
 * Adds a file under the next number. The same bytes under the same name are there once, and adding them again answers
 * their number. Refused with a sentence where the dispute is closed, is full, or the file is not of its kind.
 */
export async function addEvidence(tx: Tx, added: NewEvidence): Promise<AddedEvidence> {
  const { disputeId, name, media, bytes, addedBy } = added
  const isByHub = addedBy === 'hub'
  const [dispute] = await tx.rows<{ closed_at: Date | null }>(sql`
    select closed_at from disputes where id = ${disputeId.toString()}::bigint for update`)
  assert(dispute !== undefined, `evidence for dispute ${disputeId}, which is not there`)
  const hash = sha256(bytes)
  const fault = isByHub ? null : mediaFault({ name, media, bytes })
  if (fault !== null) return { ok: false, reason: 'invalid', message: fault }
  const [same] = await tx.rows<{ number: number }>(sql`
    select number from dispute_evidence
    where dispute_id = ${disputeId.toString()}::bigint and sha256 = ${hash} and name = ${name} order by number limit 1`)
  const shown = { name, media, sha256: hash.toString('hex') }
  if (same) return { ok: true, number: same.number, ...shown }
  if (dispute.closed_at !== null && !isByHub)
    return {
      ok: false,
      reason: 'conflict',
      message: 'The dispute is closed; nothing can be added to it any more.',
    }
  const { last, added: count, bytes: total } = await readNumbers(tx, disputeId)
  if (
    !isByHub &&
    (count >= limits.evidenceFilesMax || total + bytes.length > limits.evidenceBytesMax)
  )
    return { ok: false, reason: 'conflict', message: fullText() }
  const number = last + 1
  await writeEvidence(tx, { disputeId, addedBy, files: [{ name, media, bytes, number }] })
  return { ok: true, number, ...shown }
}

function fullText(): string {
  const most = Math.floor(limits.evidenceBytesMax / 1_048_576)
  return `A dispute takes ${limits.evidenceFilesMax} added files and ${most} MiB; put several documents into one file.`
}

/** The last number, and how much was added by others than the hub. */
async function readNumbers(
  tx: Tx,
  disputeId: bigint,
): Promise<{ last: number; added: number; bytes: number }> {
  const [row] = await tx.rows<{ last: number | null; added: bigint; bytes: bigint }>(sql`
    select max(number) as last, count(*) filter (where added_by <> 'hub') as added,
      coalesce(sum(length(bytes)) filter (where added_by <> 'hub'), 0)::bigint as bytes
    from dispute_evidence where dispute_id = ${disputeId.toString()}::bigint`)
  return { last: row?.last ?? 0, added: Number(row?.added ?? 0n), bytes: Number(row?.bytes ?? 0n) }
}

async function writeEvidence(
  tx: Tx,
  {
    disputeId,
    addedBy,
    files,
  }: { disputeId: bigint; addedBy: string; files: readonly (EvidenceFile & { number: number })[] },
): Promise<void> {
  await tx.rows(sql`
    insert into dispute_evidence (dispute_id, number, name, media, sha256, bytes, added_by)
    select ${disputeId.toString()}::bigint, number, name, media, sha256(bytes), bytes, ${addedBy}
    from unnest(${files.map((file) => file.number)}::int[], ${files.map((file) => file.name)}::text[],
      ${files.map((file) => file.media)}::text[], ${files.map((file) => file.bytes)}::bytea[])
      as t (number, name, media, bytes)`)
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
