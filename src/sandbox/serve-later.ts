import { pause } from './clock.ts'
import type { Address } from './dialect.ts'
import type { Json } from './json.ts'
import { RESULT_AFTER_MS } from './serve-commands.ts'
import type { MoreParts } from './serve-charging.ts'
import type { Method } from './wire.ts'

type Later = {
  method: Method
  module: string
  path: string
  to: Address | undefined
  object: Json
  /** What happens here at the same time. */
  before?: () => void
}

/** Sends what follows from a request a moment after its answer, to who asked, if it takes that. */
export function sendLater(parts: MoreParts, later: Later): void {
  const { method, module, path, to, object } = later
  const send = async () => {
    await pause(RESULT_AFTER_MS)
    later.before?.()
    const connection = parts.connection()
    if (!connection.endpoints().has(`${module}/receiver`)) return
    const answer = await connection.send({
      ...{ method, module, path, to },
      side: 'receiver',
      from: parts.party,
      body: JSON.stringify(object),
    })
    parts.say(`→ ${method} ${module}${path}: ${answer.status} ${answer.code} ${answer.message}`)
  }
  void send().catch((error: unknown) => parts.say(`! ${String(error)}`))
}
