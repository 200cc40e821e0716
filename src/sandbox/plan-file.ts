import { isJson, needText, objectsIn, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { Known } from './partner-work.ts'
import { objectKey } from './world.ts'
import type { PlatformPlan, World } from './world.ts'

/**
 * The plan of one platform as text: its own objects and sessions, and the tariffs of other platforms that its
 * connectors refer to.
 */
export function writePlan(plan: PlatformPlan, world: World): string {
  const wanted = new Set(plan.sessions.map((session) => session.tariffKey))
  const tariffs = world.platforms
    .flatMap((platform) => platform.tariffs)
    .filter((tariff) => wanted.has(keyOf(tariff)))
  return JSON.stringify({ plan, tariffs })
}

/** Reads what `writePlan` wrote; throws when it is something else. */
export function readPlan(text: string): { plan: PlatformPlan; known: Known } {
  const file = parseJson(text)
  if (!isJson(file) || !isPlan(file['plan'])) throw new Error('not the plan of a platform')
  const plan = file['plan']
  const byKey = (objects: Json[]) => new Map(objects.map((object) => [keyOf(object), object]))
  return {
    plan,
    known: { tariffs: byKey(objectsIn(file['tariffs'])), locations: byKey(plan.locations) },
  }
}

/** Our own file, written a moment ago by our own code: its outline is enough. */
function isPlan(value: unknown): value is PlatformPlan {
  if (!isJson(value) || textOf(value, 'name') === undefined) return false
  const lists = ['parties', 'receives', 'tariffs', 'locations', 'tokens', 'sessions']
  return (
    (value['role'] === 'CPO' || value['role'] === 'EMSP') &&
    lists.every((key) => Array.isArray(value[key]))
  )
}

function keyOf(object: Json): string {
  const party = {
    countryCode: needText(object, 'country_code'),
    partyId: needText(object, 'party_id'),
  }
  return objectKey(party, needText(object, 'id'))
}
