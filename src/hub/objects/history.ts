import type { Tx } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { keepLocationVersions } from '../../store/location-versions.ts'
import { placeKey } from '../../store/objects.ts'
import type { NewObject, StoredObject } from '../../store/objects.ts'
import { appendSessionSteps } from '../../store/session-steps.ts'
import type { NewSessionStep } from '../../store/session-steps.ts'

/** An object after a message, and the message: its method and text, and what it says. */
export type Message = {
  object: NewObject
  method: 'PUT' | 'PATCH' | 'DELETE' | 'pull'
  body: string
  said: unknown
}

/**
 * Keeps what a batch of objects would forget: each message about a Session, and Locations as they were. `stored` is what
 * was there before the batch; of several messages about one Location the last counts.
 */
export async function keepHistory(
  tx: Tx,
  batch: { stored: ReadonlyMap<string, StoredObject>; messages: readonly Message[] },
): Promise<void> {
  const { stored, messages } = batch
  await appendSessionSteps(tx, messages.flatMap(stepOf))
  const last = new Map(messages.map(({ object }) => [placeKey(object), object]))
  await keepLocationVersions(
    tx,
    [...last].flatMap(([key, after]) => {
      const before = stored.get(key)
      return before ? [{ before, after }] : []
    }),
  )
}

function stepOf({ object, method, body, said }: Message): NewSessionStep[] {
  if (object.module !== 'sessions' || method === 'DELETE') return []
  const { owner, key, lastUpdated } = object
  const value = isRecord(object.value) ? object.value : {}
  const { status, kwh } = value
  const own = isRecord(said) ? said : {}
  return [
    {
      owner,
      key,
      method,
      status: typeof status === 'string' ? status : null,
      kwh: typeof kwh === 'number' || typeof kwh === 'string' ? String(kwh) : null,
      saysKwh: (own.kwh ?? null) !== null,
      saysCost: (own.total_cost ?? null) !== null,
      lastUpdated,
      body,
    },
  ]
}
