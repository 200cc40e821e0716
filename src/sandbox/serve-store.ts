import { limits } from '../../config/limits.ts'
import { nextPageUrl, readPage } from '../ocpi/paging.ts'
import { foldKey, readTime } from '../ocpi/primitives.ts'
import type { Route } from '../ocpi/registry.ts'
import { isJson, objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'

/** What a served partner keeps: objects of its own by module, oldest first, and what others sent by key. */
export type ServeStore = {
  own: Map<string, Json[]>
  received: Map<string, Json>
}

export function createServeStore(): ServeStore {
  return { own: new Map(), received: new Map() }
}

/** Adds an object of our own, or puts it in the place of the one with its id. */
export function keepOwn(store: ServeStore, module: string, object: Json): void {
  const list = store.own.get(module) ?? []
  const at = list.findIndex((one) => idOf(one) === idOf(object))
  if (at === -1) list.push(object)
  else list[at] = object
  store.own.set(module, list)
}

/** The `id`, or what a token or terminal has instead, folded as ids are compared. */
export function idOf(object: Json): string {
  const names = ['id', 'uid', 'terminal_id']
  return foldKey(names.map((name) => textOf(object, name)).find((id) => id !== undefined) ?? '')
}

/** What a path is about: the module, and where that has several kinds of objects, the kind: `payments/terminals`. */
export function collectionOf({ module, endpoint }: Route): string {
  const kinds = endpoint.path.split('/').filter((part) => part !== '' && !part.startsWith(':'))
  return [module.id, ...kinds].join('/')
}

/** When an object changed: it or any of its parts, ms since 1970. */
function changedMs(object: Json): number {
  const parts = [...objectsIn(object['evses']), ...objectsIn(object['connectors'])]
  const own = readTime(object['last_updated'])?.getTime() ?? 0
  return Math.max(own, ...parts.map(changedMs))
}

/** A page of our own objects with Link, X-Total-Count and X-Limit (Transport: Pagination). `url` is that of the list. */
export function pageOf(
  store: ServeStore,
  at: { route: Route; query: URLSearchParams; url: string },
): PartnerAnswer {
  const { route, query, url } = at
  const read = readPage(query, route.endpoint.requiredQuery)
  if (!read.ok) {
    const [fault] = read.faults
    return { code: 2001, message: `${fault?.pointer} ${fault?.message}` }
  }
  const { offset, limit, dateFrom, dateTo } = read.page
  const all = (store.own.get(collectionOf(route)) ?? []).filter((object) => {
    const changed = changedMs(object)
    return (
      (dateFrom === null || changed >= dateFrom.getTime()) &&
      (dateTo === null || changed < dateTo.getTime())
    )
  })
  const page = all.slice(offset, offset + limit)
  const next = offset + page.length
  const link = nextPageUrl({ url, query, offset: next, limit, after: '0' })
  return {
    data: page,
    headers: {
      'X-Total-Count': String(all.length),
      'X-Limit': String(limits.pageLimitMax),
      ...(next < all.length ? { Link: `<${link}>; rel="next"` } : {}),
    },
  }
}

/** The object that a path below `/:id` names: the location, its EVSE or its connector. */
export function childAt(object: Json, path: { evse?: string; connector?: string }): Json | null {
  const { evse: evseId, connector: connectorId } = path
  if (evseId === undefined) return object
  const evse = objectsIn(object['evses']).find(
    (one) => foldKey(textOf(one, 'uid') ?? '') === foldKey(evseId),
  )
  if (!evse || connectorId === undefined) return evse ?? null
  return objectsIn(evse['connectors']).find((one) => idOf(one) === foldKey(connectorId)) ?? null
}

/** The object with a member of one of its lists put in, by id; others keep their places. */
export function withChild(object: Json, child: { list: string; value: Json }): Json {
  const { list, value } = child
  const items = objectsIn(object[list])
  const at = items.findIndex((one) => idOf(one) === idOf(value))
  const next = at === -1 ? [...items, value] : items.map((one, i) => (i === at ? value : one))
  return bumped({ ...object, [list]: next }, value)
}

/** A change of a part is a change of the whole (2.2.1 mod_locations, PUT Method). */
function bumped(object: Json, child: Json): Json {
  const time = child['last_updated']
  return isJson(child) && typeof time === 'string' && changedMs(child) > ownMs(object)
    ? { ...object, last_updated: time }
    : object
}

function ownMs(object: Json): number {
  return readTime(object['last_updated'])?.getTime() ?? 0
}
