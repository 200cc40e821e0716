import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json, Kind } from '../../src/ocpi/adapt/define.ts'
import { isRecord } from '../../src/ocpi/validate.ts'
import { readObjects, readText } from '../../src/sandbox/feeds.ts'
import { parseJson } from '../../src/sandbox/json.ts'

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data')

/** What operators publish, when the folder of recorded feeds stands beside the project; null without it. */
export async function recordedObjects(): Promise<{ kind: Kind; value: Json }[] | null> {
  const dutch = path.join(folder, 'ndw_dotnl')
  const british = path.join(folder, 'uk_pcpr_feeds')
  if (!existsSync(dutch) || !existsSync(british)) return null
  const files = [
    path.join(dutch, 'locations_sample_2500.ndjson.gz'),
    path.join(dutch, 'tariffs_all.ndjson.gz'),
  ]
  const lists = await Promise.all(files.map(async (file) => readObjects(await readText(file))))
  const recordings = readdirSync(british).filter((file) => file.endsWith('.json'))
  const bodies = await Promise.all(
    recordings.map(async (file) => parseJson(await readText(path.join(british, file)))),
  )
  return objectsIn([...lists.map((list) => list.objects), ...bodies])
}

/** Locations have EVSEs and tariffs have elements, however deep in an envelope or a recording they stand. */
function objectsIn(value: unknown): { kind: Kind; value: Json }[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (typeof value === 'string') return value.startsWith('{') ? objectsIn(parseJson(value)) : []
  if (!isRecord(value)) return []
  if (Array.isArray(value['evses'])) return [{ kind: 'location', value }]
  if (Array.isArray(value['elements'])) return [{ kind: 'tariff', value }]
  return Object.values(value).flatMap(objectsIn)
}
