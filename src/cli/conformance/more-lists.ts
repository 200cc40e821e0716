import { ask } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { done, fail, pass, refusedWith, skipped } from './check.ts'
import type { Check } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import { withQuery } from './listing.ts'
import type { ListAt, Listing } from './listing.ts'
import type { Json } from './made.ts'
import { objectChecks } from './objects.ts'
import { pageChecks } from './pages.ts'
import type { At } from './reach.ts'
import { fileOf } from './spec-files.ts'

/** A list of a module that is not pushed to everybody. `path`: where it is below the module. */
export type MoreList = { label: string; module: string; path: string }

/** Pages and objects of such a list. */
export function listChecks(
  bench: Bench,
  listings: Map<string, Listing>,
  { list, at }: { list: MoreList; at: At },
): Check[] {
  const place: ListAt = { ...list, url: `${at.url}${list.path}`, for: at.whom }
  return [...pageChecks(bench, place, listings), ...objectChecks(bench, place, listings)]
}

/** The first page with one object, which shows whether there is a list at all. */
export function askList(bench: Bench, at: At, path: string): Promise<Exchange> {
  return ask(bench, {
    method: 'GET',
    url: withQuery(`${at.url}${path}`, { limit: '1' }),
    for: at.whom,
  })
}

/** Two rows: an object of a list has a URL of its own, and an unknown one is 404. `section`: what cites both. */
export function oneChecks(
  bench: Bench,
  of: { list: MoreList; at: At; section: string; idMember: string; first: () => Json | undefined },
): Check[] {
  const { list, at, section, idMember, first } = of
  const { label } = list
  return [
    {
      id: `${label}.one`,
      what: `${label}: one object can be read by its id`,
      source: [fileOf(list.module), section],
      run: async () => {
        const object = first()
        if (!object) return skipped('there are no objects')
        const exchange = await getOne(bench, { list, at, id: String(object[idMember]) })
        const answer = done(exchange)
        if (answer.outcome !== 'pass') return answer
        const difference = differs(object, exchange.data)
        return difference === null ? pass() : fail(`${difference} is not as in the list`)
      },
    },
    {
      id: `${label}.unknown`,
      what: `${label}: GET of an unknown object: 404`,
      source: ['transport_and_format', 'Response format'],
      run: async () => refusedWith(await getOne(bench, { list, at, id: 'CONF-NOBODY' }), 404),
    },
  ]
}

function getOne(
  bench: Bench,
  { list, at, id }: { list: MoreList; at: { url: string; whom: For }; id: string },
): Promise<Exchange> {
  const url = `${at.url}${list.path}/${encodeURIComponent(id)}`
  return ask(bench, { method: 'GET', url, for: at.whom })
}
