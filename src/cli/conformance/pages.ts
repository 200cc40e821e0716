import { isDone, fail, pass, skipped, warn, isRefused, said } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { moduleUrl } from './bench.ts'
import type { Bench } from './bench.ts'
import { TOO_LONG, baseQuery, changedMs, crawl, getPage, keyOf, withQuery } from './listing.ts'
import type { ListAt, Listing, Page } from './listing.ts'
import { timeAt } from './made.ts'

/** The lists a partner may offer, in the order in which they are read. */
const LISTS = ['hubclientinfo', 'tariffs', 'locations', 'tokens', 'sessions', 'cdrs'] as const

const REQUEST: Source = ['transport_and_format', 'Paginated Request']
const RESPONSE: Source = ['transport_and_format', 'Paginated Response']

/** The lists that this partner offers in its role. */
export function offeredLists(bench: Bench): ListAt[] {
  const sends = bench.role === 'cpo' ? ['tariffs', 'locations', 'sessions', 'cdrs'] : ['tokens']
  return LISTS.flatMap((module): ListAt[] => {
    const url = moduleUrl(bench, module)
    const isConfiguration = module === 'hubclientinfo'
    if (url === undefined || (!isConfiguration && !sends.includes(module))) return []
    const target = withQuery(url, baseQuery(module))
    const whom = isConfiguration ? 'none' : 'everyone'
    return [{ label: module, module, path: '', url: target, for: whom }]
  })
}

/** Pages, filters and totals of one list. What is read is left in `listings` for the checks of the objects. */
export function pageChecks(bench: Bench, at: ListAt, listings: Map<string, Listing>): Check[] {
  const { label, module } = at
  const list: List = { ...at, bench, listing: () => listings.get(label) }
  const row = (
    id: string,
    what: string,
    source: Source,
    run: () => Promise<Verdict> | Verdict,
  ) => ({
    id: `${label}.${id}`,
    what: `${label}: ${what}`,
    source,
    run,
  })
  return [
    row(
      'list',
      'the list can be read to its end',
      ['transport_and_format', 'Pagination'],
      async () => {
        const listing = await crawl(bench, at)
        listings.set(label, listing)
        return listVerdict(listing)
      },
    ),
    row('headers', 'every page has X-Total-Count and X-Limit', RESPONSE, () =>
      withListing(list, headersVerdict),
    ),
    row('total', 'X-Total-Count is the number of objects', RESPONSE, () =>
      withListing(list, totalVerdict),
    ),
    row('limit', 'limit=1 gives one object, and a Link when there are more', REQUEST, () =>
      withListing(list, (listing) => limitVerdict(list, listing)),
    ),
    row('links', 'the Links of small pages lead through the same objects', RESPONSE, () =>
      withListing(list, (listing) => linksVerdict(list, listing)),
    ),
    row('offset', 'offset begins further on, and beyond the end is an empty page', REQUEST, () =>
      withListing(list, (listing) => offsetVerdict(list, listing)),
    ),
    row('date-from', 'date_from is inclusive', REQUEST, () =>
      withListing(list, (listing) => dateVerdict(list, listing, 'date_from')),
    ),
    row('date-to', 'date_to is exclusive', REQUEST, () =>
      withListing(list, (listing) => dateVerdict(list, listing, 'date_to')),
    ),
    row('link-filters', 'Links keep the filters', RESPONSE, () =>
      withListing(list, (listing) => filterVerdict(list, listing)),
    ),
    ...(module === 'sessions' ? [requiredRow(list, row)] : []),
  ]
}

type List = ListAt & { bench: Bench; listing: () => Listing | undefined }

type MakeRow = (id: string, what: string, source: Source, run: () => Promise<Verdict>) => Check

/** 2.2.1 mod_sessions: date_from is required. */
function requiredRow({ bench, module, ...list }: List, row: MakeRow): Check {
  return row(
    'required',
    'without date_from it is refused',
    ['mod_sessions', 'GET Method'],
    async () => {
      const page = await getPage(bench, { ...list, url: moduleUrl(bench, module) ?? '' })
      if (isRefused(page.exchange)) return pass()
      return isDone(page.exchange) ? warn('it is answered all the same') : fail(said(page.exchange))
    },
  )
}

function withListing(
  { listing }: List,
  judge: (listing: Listing) => Promise<Verdict> | Verdict,
): Promise<Verdict> | Verdict {
  const known = listing()
  const [first] = known?.pages ?? []
  return known && first && isDone(first.exchange)
    ? judge(known)
    : skipped('the list cannot be read')
}

function listVerdict({ end, pages, objects }: Listing): Verdict {
  const first = pages[0]?.exchange
  if (first && isDone(first) && !Array.isArray(first.data)) return fail('data is no list')
  if (end !== null && end !== TOO_LONG) return fail(`page ${pages.length}: ${end}`)
  return pass(`${objects.length} objects on ${pages.length} pages${end === null ? '' : `, ${end}`}`)
}

function headersVerdict({ pages }: Listing): Verdict {
  const missing = pages.findIndex(
    ({ total, exchange }) => total === null || !/^\d+$/.test(exchange.headers['x-limit'] ?? ''),
  )
  if (missing !== -1) return fail(`page ${missing + 1} lacks one, or it is no number`)
  const over = pages.findIndex(
    ({ objects, exchange }) => objects.length > Number(exchange.headers['x-limit']),
  )
  return over === -1 ? pass() : fail(`page ${over + 1} holds more objects than its X-Limit`)
}

function totalVerdict({ pages, objects, end }: Listing): Verdict {
  if (end !== null) return skipped(end)
  const totals = [...new Set(pages.map(({ total }) => total))]
  if (totals.length > 1) return warn(`it changes from page to page: ${totals.join(', ')}`)
  return totals[0] === objects.length
    ? pass()
    : fail(`${String(totals[0] ?? 'none')} for ${objects.length} objects`)
}

async function limitVerdict(
  { bench, label, url, for: whom }: List,
  listing: Listing,
): Promise<Verdict> {
  const page = await getPage(bench, { for: whom, url: withQuery(url, { limit: '1' }) })
  if (!isDone(page.exchange)) return fail(said(page.exchange))
  if (page.objects.length > 1) return fail(`it gives ${page.objects.length} objects`)
  if (listing.objects.length > 1 && page.next === null) return fail('there is no Link')
  return pass()
}

const SMALL_PAGES = 6

async function linksVerdict(
  { bench, label, url, for: whom }: List,
  listing: Listing,
): Promise<Verdict> {
  const { objects } = listing
  if (objects.length < 2) return skipped('there are too few objects')
  const limit = Math.max(1, Math.ceil(Math.min(objects.length, 60) / SMALL_PAGES))
  const small = await crawl(bench, {
    for: whom,
    url: withQuery(url, { limit: String(limit) }),
    pagesMax: SMALL_PAGES + 1,
  })
  if (small.end !== null && small.end !== TOO_LONG) return fail(small.end)
  const [known, again] = [objects, small.objects].map((list) =>
    list.map((one) => keyOf(label, one)),
  )
  const differs = again?.findIndex((key, index) => key !== known?.[index]) ?? -1
  if (differs !== -1) return fail(`object ${differs + 1} is another one than before`)
  if (small.end === null && small.objects.length !== objects.length)
    return fail(`${small.objects.length} objects instead of ${objects.length}`)
  return pass()
}

async function offsetVerdict(
  { bench, label, url, for: whom }: List,
  listing: Listing,
): Promise<Verdict> {
  const beyond = await getPage(bench, {
    for: whom,
    url: withQuery(url, { offset: String(listing.objects.length + 100_000) }),
  })
  if (!isDone(beyond.exchange)) return fail(`beyond the end: ${said(beyond.exchange)}`)
  if (beyond.objects.length > 0) return fail('beyond the end there are objects')
  if (beyond.next !== null) return fail('beyond the end there is a Link')
  const second = listing.objects[1]
  if (!second) return pass('only beyond the end: there are too few objects')
  const page = await getPage(bench, { for: whom, url: withQuery(url, { offset: '1', limit: '1' }) })
  const [got] = page.objects
  if (got && keyOf(label, got) === keyOf(label, second)) return pass()
  if (!isDone(page.exchange)) return fail(`offset=1: ${said(page.exchange)}`)
  const what = got ? 'does not begin with the second object' : 'has no object'
  // A hub has objects of many, and what they delete may keep its place so that nobody's crawl loses its own.
  return bench.hub === null
    ? fail(`offset=1 ${what}`)
    : warn(`offset=1 ${what}: deleted objects seem to keep their places`)
}

/** The object in the middle of the list by time: both sides of it must differ for the filter to be seen. */
function middleMs({ objects }: Listing): number | null {
  const times = objects
    .map(changedMs)
    .filter((ms) => ms > 0)
    .sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)] ?? null
}

async function dateVerdict(
  { bench, label, url, for: whom }: List,
  listing: Listing,
  filter: 'date_from' | 'date_to',
): Promise<Verdict> {
  const ms = middleMs(listing)
  if (ms === null) return skipped('there are no objects')
  // 2.1.1 knows no fractions of a second.
  if (ms % 1_000 !== 0 && bench.version === '2.1.1')
    return skipped('the times have fractions of a second')
  const aim = ms % 1_000 === 0 ? timeAt(ms) : new Date(ms).toISOString()
  const { objects, pages, end } = await crawl(bench, {
    for: whom,
    url: withQuery(url, { [filter]: aim }),
  })
  const [first] = pages
  if (!first || !isDone(first.exchange)) return fail(first ? said(first.exchange) : 'no answer')
  const isWanted = (time: number) => (filter === 'date_from' ? time >= ms : time < ms)
  const wrong = objects.find((one) => !isWanted(changedMs(one)))
  if (wrong)
    return fail(`${filter}=${aim} gives ${keyOf(label, wrong)}, of ${timeAt(changedMs(wrong))}`)
  const expected = listing.objects.filter((one) => isWanted(changedMs(one)))
  const missing = expected.find(
    (one) => !objects.some((got) => keyOf(label, got) === keyOf(label, one)),
  )
  if (missing && end === null && listing.end === null)
    return fail(
      `${filter}=${aim} leaves out ${keyOf(label, missing)}, of ${timeAt(changedMs(missing))}`,
    )
  const isRight = end !== null || first.total === objects.length
  return isRight
    ? pass()
    : fail(`X-Total-Count is ${String(first.total)} for ${objects.length} objects`)
}

async function filterVerdict(
  { bench, label, url, for: whom }: List,
  listing: Listing,
): Promise<Verdict> {
  const ms = middleMs(listing)
  if (ms === null) return skipped('there are no objects')
  const from = Math.floor(ms / 1_000) * 1_000
  const first: Page = await getPage(bench, {
    for: whom,
    url: withQuery(url, { date_from: timeAt(from), limit: '1' }),
  })
  if (first.next === null) return skipped('there is no second page')
  if (new URL(first.next).origin !== new URL(url).origin)
    return fail('the Link leads to another host')
  const second = await getPage(bench, { for: whom, url: first.next })
  if (!isDone(second.exchange)) return fail(said(second.exchange))
  const wrong = second.objects.find((one) => changedMs(one) < from)
  if (wrong) return fail(`the second page gives ${keyOf(label, wrong)}, older than date_from`)
  return second.objects.length > 1 ? fail('the second page does not keep limit=1') : pass()
}
