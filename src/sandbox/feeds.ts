import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { isJson, objectsIn, parseJson } from './json.ts'
import type { Json } from './json.ts'

const GZIP_MAGIC = [0x1f, 0x8b]

/**
 * The text of a file, unpacked where its first two bytes say gzip, whatever its name.
 * Throws when it cannot be read.
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file)
  const isPacked = bytes[0] === GZIP_MAGIC[0] && bytes[1] === GZIP_MAGIC[1]
  return (isPacked ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '')
}

/**
 * The objects of a feed: a JSON array, an OCPI envelope (`{data: […]}`) or NDJSON.
 * Throws when the text is none of these; lines and entries that are no objects are counted as `unread`.
 */
export function readObjects(text: string): { objects: Json[]; unread: number } {
  const whole = parseJson(text)
  if (Array.isArray(whole)) return counted(whole)
  if (isJson(whole) && Array.isArray(whole['data'])) return counted(whole['data'])
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const entries = lines.map(parseJson)
  const read = counted(entries)
  if (read.objects.length === 0) {
    throw new Error('expected a JSON array, an OCPI envelope with a data list, or NDJSON')
  }
  return read
}

function counted(entries: unknown[]): { objects: Json[]; unread: number } {
  const objects = objectsIn(entries)
  return { objects, unread: entries.length - objects.length }
}
