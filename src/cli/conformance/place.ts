import type { Kind } from '../../ocpi/adapt/define.ts'
import { ask } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { skipped } from './check.ts'
import type { Verdict } from './check.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './made.ts'

/** An object of ours that is pushed to the partner, in its version. */
export type Pushed = {
  module: string
  kind: Kind
  /** The URL of the module's Receiver interface. */
  url: string
  id: string
  idMember: 'id' | 'uid'
  object: Json
  /** A member that a change sets, with its new value; and an optional one that a replacing PUT leaves out. */
  change: { member: string; value: unknown }
  optional: string
  /** The members that say that it is over. */
  ended: Json
  /** The time of the change, later than that of the object. */
  changedAt: string
  hasPatch: boolean
  hasDelete: boolean
  /** Whether the partner has it. */
  isKept: boolean
  /** Who it is for: everybody, or whom the content names. */
  for: For
}

/** Where the object is at the partner, and whether it got there. */
export type Place = {
  pushed: Pushed
  bench: Bench
  kept(run: () => Promise<Verdict>): Promise<Verdict>
  ask(
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    more?: { id?: string; body?: unknown; raw?: string; owner?: string; below?: string },
  ): Promise<Exchange>
}

/** A way to the object. */
export function createPlace(bench: Bench, pushed: Pushed): Place {
  const { party } = bench.settings
  const place: Place = {
    pushed,
    bench,
    kept: async (run) => (pushed.isKept ? run() : skipped('the PUT before was not taken')),
    ask: (
      method,
      {
        id = pushed.id,
        body,
        raw,
        owner = `${party.countryCode}/${party.partyId}`,
        below = '',
      } = {},
    ) =>
      ask(bench, {
        method,
        url: `${pushed.url}/${owner}/${encodeURIComponent(id)}${below}`,
        for: method === 'GET' || method === 'DELETE' ? 'everyone' : pushed.for,
        ...(body === undefined ? {} : { body }),
        ...(raw === undefined ? {} : { raw }),
      }),
  }
  return place
}
