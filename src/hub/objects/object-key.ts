import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import { HubError } from '../../errors.ts'
import type { ObjectDefinition } from '../../ocpi/define.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Call } from '../request.ts'

/** The key within the owner of the object that a path names: its id, for tokens with their type. */
export function objectKey(
  { route, body, query }: Pick<Call, 'route' | 'body' | 'query'>,
  definition: ObjectDefinition,
): string {
  const id = present(route.params[definition.idMember], 'id in the path')
  checkLength(`/${definition.idMember}`, id)
  const extra = definition.keyQuery
  if (!extra) return foldKey(id)
  const member = body?.value[extra.member]
  const named = typeof member === 'string' ? member : null
  const isWhole = route.endpoint.method === 'PUT'
  const kind = query.get(extra.name) ?? (isWhole ? named : null) ?? extra.fallback
  checkLength(`/${extra.member}`, kind)
  if (named !== null && named !== kind) {
    const message = `must be the ${extra.name} in the query (${extra.fallback} without one)`
    throw new HubError('invalid', message, { faults: [{ pointer: `/${extra.member}`, message }] })
  }
  return `${foldKey(id)}|${kind}`
}

/** Lengths are soft up to what an index can hold. */
function checkLength(pointer: string, id: string): void {
  if (id.length <= limits.idCharsMax) return
  const message = `may have ${limits.idCharsMax} characters`
  throw new HubError('invalid', message, { faults: [{ pointer, message }] })
}
