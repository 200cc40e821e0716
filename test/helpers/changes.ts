import { present } from '../../src/assert.ts'
import { HubError } from '../../src/errors.ts'
import { applyChange } from '../../src/hub/objects/mutation.ts'
import type { Change, Changed, Current } from '../../src/hub/objects/mutation.ts'
import { moduleById } from '../../src/ocpi/registry.ts'
import { dropNulls } from '../../src/ocpi/validate.ts'

export const now = new Date('2026-06-24T12:00:00Z')
export const OLD = '2026-06-24T09:00:00Z'
export const MID = '2026-06-24T10:00:00Z'
export const NEW = '2026-06-24T11:00:00Z'

/** A push: what is asked of which object. */
export type Wanted = {
  module: string
  version?: Change['version']
  method: Change['method']
  params: Record<string, string>
  text?: string
}

function changeOf({ module, version = '2.2.1', method, params, text }: Wanted): Change {
  const definition = present(moduleById(module)?.object, 'object definition')
  if (text === undefined) return { definition, version, method, params, body: null, now }
  const value = Object(dropNulls(JSON.parse(text)))
  const bytes = Buffer.from(text)
  return {
    definition,
    version,
    method,
    params,
    body: { bytes, text, value, longNumbers: new Map(), soft: [] },
    now,
  }
}

/** An object as the hub has it. */
export function stored(text: string, deleted = false): Current {
  return { original: text, value: dropNulls(JSON.parse(text)), deleted }
}

/** What a change makes of the object; 'same', or the pointer or code of the refusal. */
export function result(wanted: Wanted, current: Current | null): Changed | string {
  try {
    const outcome = applyChange(changeOf(wanted), current)
    return outcome.kind === 'same' ? 'same' : outcome.object
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    return error.faults[0]?.pointer ?? error.code
  }
}

/** The same where a change is expected. */
export function changed(wanted: Wanted, current: Current | null): Changed {
  const outcome = result(wanted, current)
  if (typeof outcome === 'string') throw new Error(`expected a change, got ${outcome}`)
  return outcome
}
