import { at, isRecord, listOf, readText } from '../read.ts'
import { readPolicy } from '../../pricing/policies.ts'
import type { FrozenFile, PackEvent, PackFile, Recomputation } from './types.ts'
import { PACK_FORMAT, PACK_VERSION } from './types.ts'

/** JSON out of bytes; undefined where there is none. */
export function parsed(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Why a manifest is none of ours, in words; null: it is. */
export function formatFault(manifest: unknown): string | null {
  if (!isRecord(manifest)) return 'it is no JSON object'
  if (manifest['format'] !== PACK_FORMAT) return 'it is not the manifest of an evidence pack'
  if (manifest['version'] !== PACK_VERSION)
    return `it is of version ${JSON.stringify(manifest['version'])}; this program knows version ${PACK_VERSION}`
  return null
}

/** The files that a manifest lists; null where an entry cannot be read. */
export function filesOf(manifest: unknown): PackFile[] | null {
  return all(at(manifest, '/files'), (file) => {
    const path = readText(file['path'])
    const sha256 = hashOf(file['sha256'])
    const { bytes } = file
    if (path === null || sha256 === null || typeof bytes !== 'number') return null
    return {
      path,
      sha256,
      bytes,
      media: readText(file['media']) ?? '',
      added_by: readText(file['added_by']) ?? '',
      at: readText(file['at']),
      ...(file['redacted'] === true ? { redacted: true } : {}),
    }
  })
}

/** The files that were frozen; null where an entry cannot be read. */
export function frozenFilesOf(manifest: unknown): FrozenFile[] | null {
  return all(at(manifest, '/files'), (file) => {
    const [name, sha256] = [readText(file['name']), hashOf(file['sha256'])]
    const { number, bytes } = file
    if (name === null || sha256 === null) return null
    if (typeof number !== 'number' || typeof bytes !== 'number') return null
    return { number, name, sha256, bytes, media: readText(file['media']) ?? '' }
  })
}

/** The events of a chain; null where one cannot be read. */
export function eventsOf(list: unknown): PackEvent[] | null {
  return all(list, (event) => {
    const [subject, hash, micros] = [
      readText(event['subject']),
      hashOf(event['hash']),
      readText(event['at_micros']),
    ]
    const { epoch, prev_hash: prev, said } = event
    const isPrev = prev === null || hashOf(prev) !== null
    if (subject === null || hash === null || typeof epoch !== 'number' || !isPrev) return null
    if (micros === null || !/^-?\d{1,20}$/.test(micros)) return null
    const words = said === null ? null : listOf(said)
    if (words?.some((word) => word !== null && typeof word !== 'string') === true) return null
    return {
      subject,
      epoch,
      hash,
      prev_hash: hashOf(prev),
      at_micros: micros,
      at: readText(event['at']) ?? '',
      said: words === null ? null : words.map((word) => (typeof word === 'string' ? word : null)),
    }
  })
}

/** A recomputation as it was kept; null where it cannot be read. */
export function recomputationOf(value: unknown): Recomputation | null {
  if (!isRecord(value)) return null
  if (value['possible'] !== true) return { possible: false, why: readText(value['why']) ?? '' }
  const policy = readPolicy(value['policy'])
  const bill = value['bill']
  if ('problem' in policy || !isBill(bill)) return null
  return {
    possible: true,
    as_sent: value['as_sent'] === true,
    cdr: value['cdr'],
    tariffs: listOf(value['tariffs']),
    time_zone: readText(value['time_zone']),
    policy,
    bill,
  }
}

/** Enough to compare it: what a bill says is compared as a whole, never trusted. */
function isBill(value: unknown): value is Extract<Recomputation, { possible: true }>['bill'] {
  return isRecord(value) && typeof value['ok'] === 'boolean'
}

function hashOf(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : null
}

function all<T>(list: unknown, read: (item: Record<string, unknown>) => T | null): T[] | null {
  const found: T[] = []
  for (const item of listOf(list)) {
    const one = isRecord(item) ? read(item) : null
    if (one === null) return null
    found.push(one)
  }
  return Array.isArray(list) ? found : null
}
