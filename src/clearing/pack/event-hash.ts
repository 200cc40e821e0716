import { createHash } from 'node:crypto'
import type { PackEvent } from './types.ts'

/**
 * The hash of an event as the database makes it (function event_hash): SHA-256 of the hash before, as bytes, and of the
 * text of a JSON array as PostgreSQL writes jsonb, with a blank after each comma.
 */
export function eventHash(event: PackEvent & { said: NonNullable<PackEvent['said']> }): string {
  const said = `[${event.said.map((each) => JSON.stringify(each)).join(', ')}]`
  const text = `[${JSON.stringify(event.subject)}, ${event.epoch}, ${said}, ${event.at_micros}]`
  return createHash('sha256')
    .update(Buffer.from(event.prev_hash ?? '', 'hex'))
    .update(text, 'utf8')
    .digest('hex')
}

/** What is wrong with a chain of events, in words; null: nothing. `withheld` counts those whose content is not shown. */
export function chainFault(events: readonly PackEvent[]): string | null {
  for (const [index, event] of events.entries()) {
    const before = events[index - 1]
    const name = `event ${event.epoch} of ${event.subject}`
    if (before !== undefined && event.prev_hash !== before.hash)
      return `${name} does not follow the one before it`
    if (before !== undefined && event.epoch !== before.epoch + 1)
      return `before ${name} one is missing`
    if (before === undefined && event.prev_hash !== null && event.epoch === 0)
      return `${name} is the first and names one before it`
    // The database knows microseconds, the text milliseconds.
    const apart = Date.parse(event.at) - Number(event.at_micros) / 1000
    if (!(Math.abs(apart) <= 1)) return `${name} shows another time than was hashed`
    const { said } = event
    if (said !== null && eventHash({ ...event, said }) !== event.hash)
      return `${name} is not what its hash was made of`
  }
  return null
}
