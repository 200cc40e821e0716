import type { Tx } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import type { Json } from '../../ocpi/adapt/define.ts'
import { repair } from '../../ocpi/repair.ts'
import { dropNulls, isRecord, schemaFor } from '../../ocpi/validate.ts'
import { placeKey } from '../../store/objects.ts'
import type { NewObject, ObjectPlace, StoredObject } from '../../store/objects.ts'
import { liftValues, restateTexts, versionOf } from '../bridge/bridge.ts'
import { isMerge } from './mutation.ts'
import type { Change, Current } from './mutation.ts'

/** The stored objects that a change is merged into, where their owner has moved to another version since. */
export async function restateStored(
  tx: Tx,
  input: {
    pushes: readonly { place: ObjectPlace; change: Change }[]
    stored: ReadonlyMap<string, StoredObject>
  },
): Promise<Map<string, Current>> {
  const moved = new Map(
    input.pushes.flatMap(({ place, change }) => {
      const object = input.stored.get(placeKey(place))
      if (!object || object.deleted || !isMerge(change)) return []
      if (object.ocpiVersion === change.version) return []
      return [[placeKey(place), { object, change }]]
    }),
  )
  if (moved.size === 0) return new Map()
  const wanted = [...moved.values()].map(({ object, change }) => ({
    kind: change.definition.kind,
    text: object.original,
    from: versionOf(object.ocpiVersion),
    to: change.version,
    owner: object.owner,
    key: object.key,
  }))
  const texts = await restateTexts(tx, wanted)
  return new Map(
    [...moved.keys()].map((key, index) => {
      const converted = texts[index]
      const isPriced = moved.get(key)?.object.module === 'tariffs'
      // What cannot be said in the new version must be put anew, as if it were not here; and what prices are reckoned
      // by must be its owner's own words, so a tariff that lost anything, be it by rounding, too.
      const isWhole = converted?.ok === true && !(isPriced && converted.losses.length > 0)
      const text = isWhole ? converted.value : '{}'
      const value = dropNulls(JSON.parse(text))
      return [key, { original: text, value, deleted: !isWhole }]
    }),
  )
}

/** An object that a change has made; `isRaw`: its value is that of its text still. */
export type ToWork = {
  change: Change
  object: NewObject
  isRaw: boolean
  /** How its sender's ways are read. */
  mend?: (value: Json) => Json
}

/**
 * What was merged as text gets its working value: mended as its sender's pushes are, or, where the hub fetched or
 * imported the object, as such copies are; and lifted when it is 2.1.1. Throws for an object that cannot be lifted, so
 * that its push fails alone.
 */
export async function withWorkingValues<One extends ToWork>(
  tx: Tx,
  done: readonly One[],
): Promise<One[]> {
  const mended = done.map((one) => ({ one, value: mendedValue(one) }))
  const raw = mended.filter(({ one }) => one.isRaw && one.change.version === '2.1.1')
  const lifted = await liftValues(
    tx,
    raw.map(({ one: { change, object }, value }) => ({
      kind: change.definition.kind,
      value,
      from: change.version,
      owner: object.owner,
    })),
  )
  return mended.map((each) => {
    const found = lifted[raw.indexOf(each)]
    if (found && !found.ok) {
      const { pointer, reason: message } = found
      throw new HubError('invalid', message, { faults: [{ pointer, message }] })
    }
    const { one, value } = each
    return { ...one, object: { ...one.object, value: found ? found.value : value } }
  })
}

function mendedValue({ change, object, isRaw, mend }: ToWork): Json {
  const value = isRecord(object.value) ? object.value : {}
  if (!isRaw) return value
  const own = mend ? mend(value) : value
  const schema = schemaFor(change.definition.schema, change.version)
  const isCopy = object.source !== undefined && object.source !== 'push'
  const copied = isCopy && schema ? repair(own, schema, 'all').value : own
  return isRecord(copied) ? copied : own
}
