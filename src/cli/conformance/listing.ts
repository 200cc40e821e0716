import { limits } from '../../../config/limits.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import { readTime } from '../../ocpi/primitives.ts'
import { parseLinkNext } from '../../peer/link.ts'
import { ask } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { isDone, said } from './check.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './made.ts'

/** A list of the partner's. `path`: where it is below its module, empty for the module's own. */
export type ListAt = {
  label: string
  module: string
  path: string
  url: string
  for: For
}

/** One page as it came. */
export type Page = {
  exchange: Exchange
  objects: Json[]
  total: number | null
  next: string | null
}

/** A list crawled along its Links. `end`: why the crawl ended before the last page; null when it did not. */
export type Listing = { pages: Page[]; objects: Json[]; end: string | null }

/** The parameters that every GET of a list of this module needs (sessions: date_from). */
export function baseQuery(module: string): Record<string, string> {
  return module === 'sessions' ? { date_from: '2000-01-01T00:00:00Z' } : {}
}

/** A URL with parameters. */
export function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const target = new URL(url)
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value)
  return target.href
}

/** One page. Its objects are without null members. */
export async function getPage(bench: Bench, at: Pick<ListAt, 'url' | 'for'>): Promise<Page> {
  const exchange = await ask(bench, { method: 'GET', url: at.url, for: at.for })
  const data = isDone(exchange) ? dropNulls(exchange.data) : []
  const total = exchange.headers['x-total-count'] ?? ''
  return {
    exchange,
    objects: Array.isArray(data) ? data.filter(isRecord) : [],
    total: /^\d{1,15}$/.test(total) ? Number(total) : null,
    next: parseLinkNext(exchange.headers['link'], at.url),
  }
}

/** Follows the Links of a list on its own host, within limits. */
export async function crawl(
  bench: Bench,
  list: Pick<ListAt, 'url' | 'for'> & { pagesMax?: number },
): Promise<Listing> {
  const { pagesMax = limits.certifyPagesMax } = list
  const listing: Listing = { pages: [], objects: [], end: null }
  const seen = new Set<string>()
  let url: string | null = list.url
  while (url !== null) {
    if (seen.has(url)) return { ...listing, end: 'a Link leads back to a page before' }
    if (new URL(url).origin !== new URL(list.url).origin)
      return { ...listing, end: `a Link leads to another host: ${new URL(url).host}` }
    if (listing.pages.length >= pagesMax || listing.objects.length >= limits.certifyObjectsMax)
      return { ...listing, end: TOO_LONG }
    seen.add(url)
    const page = await getPage(bench, { url, for: list.for })
    listing.pages.push(page)
    if (!isDone(page.exchange)) return { ...listing, end: said(page.exchange) }
    listing.objects.push(...page.objects)
    url = page.next
  }
  return listing
}

/** The end of a crawl that says nothing against the partner. */
export const TOO_LONG = 'longer than is checked'

/** When an object changed: it or any of its parts, as date_from and date_to see it. */
export function changedMs(object: Json): number {
  const own = readTime(object['last_updated'])?.getTime() ?? 0
  const parts = [object['evses'], object['connectors']].flatMap((list) =>
    Array.isArray(list) ? list.filter(isRecord) : [],
  )
  return Math.max(own, ...parts.map(changedMs))
}

/** What tells the objects of a list apart: owner, id, and the type of tokens. */
export function keyOf(label: string, object: Json): string {
  const owner = `${String(object['country_code'] ?? '')}-${String(object['party_id'] ?? '')}`
  const id = label === 'hubclientinfo' ? '' : object[ID_MEMBERS[label] ?? 'id']
  const kind = label === 'tokens' ? object['type'] : label === 'hubclientinfo' ? object['role'] : ''
  return `${owner}/${String(id)}/${String(kind)}`.toLowerCase()
}

/** The members that are not called `id`. */
const ID_MEMBERS: Readonly<Record<string, string>> = { tokens: 'uid', terminals: 'terminal_id' }

/** The parties that a hub says are connected, as `nl-tnm`; null where nobody says it. */
function connectedParties(listings: ReadonlyMap<string, Listing>): ReadonlySet<string> | null {
  const clients = listings.get('hubclientinfo')?.objects
  if (!clients || clients.length === 0) return null
  const connected = clients.filter(({ status }) => status === 'CONNECTED')
  return new Set(connected.map(ownerKey))
}

function ownerKey(object: Json): string {
  return `${String(object['country_code'])}-${String(object['party_id'])}`.toLowerCase()
}

/** Objects of others whose owners can be reached first: behind a hub some owners are away. */
export function reachableFirst(
  module: string,
  listings: ReadonlyMap<string, Listing>,
): readonly Json[] {
  const objects = listings.get(module)?.objects ?? []
  const connected = connectedParties(listings)
  if (connected === null) return objects
  const isConnected = (one: Json) => connected.has(ownerKey(one))
  return [...objects.filter(isConnected), ...objects.filter((one) => !isConnected(one))]
}
