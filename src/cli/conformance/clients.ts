import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import { done, fail, isDone, refusedAs, refusedWith, said, skipped, warn } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import type { Listing } from './listing.ts'
import { timeAt } from './made.ts'
import type { Json } from './made.ts'
import { offerChecks } from './reach.ts'
import type { At } from './reach.ts'

const FILE = 'mod_hub_client_info'
const PUT: Source = [FILE, 'PUT Method']
const GET: Source = [FILE, 'GET Method']

/** A party that nobody is, and one that nobody was told of. */
const OTHER = { country_code: 'XX', party_id: 'CNF' }
const NOBODY = { country_code: 'XX', party_id: 'XXX' }

/** What a hub tells its clients of each other: the partner as such a client. A hub itself has no Receiver interface. */
export function clientChecks(bench: Bench, listings: ReadonlyMap<string, Listing>): Check[] {
  return offerChecks(bench, listings, {
    module: 'hubclientinfo',
    side: 'receiver',
    probe: (at) => request(bench, at, { method: 'GET', party: NOBODY }),
    rows: (at) => rows(bench, at),
  })
}

type Sent = { method: 'GET' | 'PUT'; party?: typeof OTHER; body?: unknown; raw?: string }

/** A configuration module has no routing headers. */
function request(bench: Bench, { url, whom }: At, sent: Sent): Promise<Exchange> {
  const { party = OTHER, ...content } = sent
  return ask(bench, {
    ...content,
    url: `${url}/${party.country_code}/${party.party_id}`,
    for: whom,
  })
}

function rows(bench: Bench, at: At): Check[] {
  const client = {
    ...OTHER,
    role: bench.role === 'cpo' ? 'EMSP' : 'CPO',
    status: 'PLANNED',
    last_updated: timeAt(bench.settings.clock()),
  }
  const { status: _status, ...incomplete } = client
  const put = (sent: { body?: unknown; raw?: string }) =>
    request(bench, at, { method: 'PUT', ...sent })
  let isKept = false
  const kept = (run: () => Promise<Verdict>): Promise<Verdict> | Verdict =>
    isKept ? run() : skipped('the PUT before was not taken')
  return [
    row('put', 'PUT of a new ClientInfo is taken', PUT, async () => {
      const exchange = await put({ body: client })
      isKept = isDone(exchange)
      return isKept ? done(exchange) : fail(said(exchange))
    }),
    row('get', 'GET answers what was put', GET, () => kept(() => readBack(bench, at, client))),
    // When the Hub invalidates a ClientInfo it becomes SUSPENDED (Push model); nothing better can be left behind.
    row('put-again', 'PUT changes the status', [FILE, 'Push model'], () =>
      kept(async () => {
        const suspended = { ...client, status: 'SUSPENDED' }
        const answer = done(await put({ body: suspended }))
        return answer.outcome === 'pass' ? readBack(bench, at, suspended) : answer
      }),
    ),
    row('get-unknown', 'GET of an unknown party: 404', HTTP, async () =>
      refusedWith(await request(bench, at, { method: 'GET', party: NOBODY }), 404),
    ),
    row('malformed', 'a body that is no JSON: HTTP 400', HTTP, async () =>
      refusedWith(await put({ raw: '{"role": "CP' }), 400),
    ),
    row('missing', 'a required member is missing: 2001', CODES, async () =>
      refusedAs(await put({ body: incomplete }), 2001),
    ),
    row('other-party', 'another party in the body than in the URL is refused', PUT, async () => {
      const exchange = await put({ body: { ...client, party_id: NOBODY.party_id } })
      return isDone(exchange) ? warn('it is taken') : refusedAs(exchange, 2001)
    }),
  ]
}

const HTTP: Source = ['transport_and_format', 'Response format']
const CODES: Source = ['status_codes', '2xxx: Client errors']

function row(
  id: string,
  what: string,
  source: Source,
  run: () => Promise<Verdict> | Verdict,
): Check {
  return { id, what, source, run }
}

async function readBack(bench: Bench, at: At, expected: Json): Promise<Verdict> {
  const exchange = await request(bench, at, { method: 'GET' })
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  const difference = differs(expected, exchange.data)
  return difference === null ? answer : fail(`${difference} is not what was sent`)
}
