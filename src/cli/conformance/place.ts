import { ask } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { skipped } from './check.ts'
import type { Verdict } from './check.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './made.ts'

/** An object of ours that is pushed to the partner, in its version. */
export type Pushed = {
  module: string
  /** What it is called in the rows: the module's name where that has one kind of object. */
  label: string
  /** The URL of the module's Receiver interface. */
  url: string
  /** Where it is below the module: `:owner` and `:id` stand for both. */
  path: string
  /** The section of the specification about reading it back. */
  readSection: string
  /** How a new one is brought: by its URL, or to the module's. */
  create: 'PUT' | 'POST'
  id: string
  idMember: 'id' | 'uid'
  object: Json
  /** A member that every version requires. */
  required: string
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
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
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
        url:
          method === 'POST' ? pushed.url : `${pushed.url}${pathOf(pushed, { owner, id })}${below}`,
        for: forWhom(pushed, method),
        ...(body === undefined ? {} : { body }),
        ...(raw === undefined ? {} : { raw }),
      }),
  }
  return place
}

function pathOf({ path }: Pushed, { owner, id }: { owner: string; id: string }): string {
  return path.replace(':owner', owner).replace(':id', encodeURIComponent(id))
}

/** What the content routes is read back at the hub, which keeps a copy; what is for one party, at that party. */
function forWhom({ for: whom }: Pushed, method: string): For {
  const isRead = method === 'GET' || method === 'DELETE'
  return isRead && typeof whom !== 'object' ? 'everyone' : whom
}
