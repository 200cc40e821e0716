import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import {
  done,
  fail,
  isDone,
  isRefused,
  pass,
  refusedAs,
  refusedWith,
  said,
  skipped,
  warn,
} from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './made.ts'

const POST: Source = ['mod_cdrs', 'POST Method']

/** How the partner takes CDRs. What was charged is credited at the end, where the version can say that. */
export function cdrWriteChecks(
  bench: Bench,
  sent: { url: string; cdr: Json; credit: Json | null },
): Check[] {
  const { url, cdr, credit } = sent
  const post = (body: unknown, raw?: string): Promise<Exchange> =>
    ask(bench, { method: 'POST', url, body, for: 'content', ...(raw === undefined ? {} : { raw }) })
  const state: { location: string | null; isTaken: boolean } = { location: null, isTaken: false }
  const kept = async (run: () => Promise<Verdict>): Promise<Verdict> =>
    state.isTaken ? run() : skipped('the CDR before was not taken')
  return [
    {
      id: 'cdrs.post',
      what: 'cdrs: POST of a CDR is taken and answered with its Location',
      source: POST,
      run: async () => {
        const exchange = await post(cdr)
        state.isTaken = isDone(exchange)
        if (!state.isTaken) return fail(said(exchange))
        const location = exchange.headers['location']
        if (location === undefined || !URL.canParse(location, url))
          return fail('there is no Location that can be read')
        state.location = new URL(location, url).href
        if (new URL(state.location).origin !== new URL(url).origin)
          return warn(`Location is on another host: ${state.location}`)
        return URL.canParse(location) ? pass() : warn('Location is no absolute URL')
      },
    },
    {
      id: 'cdrs.get',
      what: 'cdrs: GET of the Location answers the CDR',
      source: ['mod_cdrs', 'GET Method'],
      run: () => kept(() => readBack(bench, { location: state.location, url, cdr })),
    },
    {
      id: 'cdrs.repeat',
      what: 'cdrs: the same CDR again does no harm',
      source: POST,
      run: () =>
        kept(async () => {
          const exchange = await post(cdr)
          return isDone(exchange) ? pass() : warn(said(exchange))
        }),
    },
    {
      id: 'cdrs.changed',
      what: 'cdrs: other content under a used id is refused, a CDR never changes',
      source: ['mod_cdrs', 'Flow and Lifecycle'],
      run: () =>
        kept(async () => {
          const exchange = await post({ ...cdr, total_energy: 2 })
          return isRefused(exchange) ? pass() : fail(said(exchange))
        }),
    },
    ...refusals(post, cdr),
    ...(credit
      ? [
          {
            id: 'cdrs.credit',
            what: 'cdrs: a credit CDR is taken',
            source: ['mod_cdrs', 'Credit CDRs'] as const,
            run: () => kept(async () => done(await post(credit))),
          },
        ]
      : []),
  ]
}

function refusals(post: (body: unknown, raw?: string) => Promise<Exchange>, cdr: Json): Check[] {
  const { currency: _currency, ...incomplete } = cdr
  return [
    {
      id: 'cdrs.malformed',
      what: 'cdrs: a body that is no JSON: HTTP 400',
      source: ['transport_and_format', 'Response format'],
      run: async () => refusedWith(await post(undefined, '{"id": "CONF'), 400),
    },
    {
      id: 'cdrs.missing',
      what: 'cdrs: a required member is missing: 2001',
      source: ['status_codes', '2xxx: Client errors'],
      run: async () => refusedAs(await post({ ...incomplete, id: `${String(cdr['id'])}-M` }), 2001),
    },
  ]
}

async function readBack(
  bench: Bench,
  of: { location: string | null; url: string; cdr: Json },
): Promise<Verdict> {
  const { location, url, cdr } = of
  if (location === null) return skipped('there was no Location')
  // The token of the connection goes to the host of the connection only.
  if (new URL(location).origin !== new URL(url).origin)
    return skipped('Location is on another host')
  const exchange = await ask(bench, { method: 'GET', url: location, for: 'everyone' })
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  const difference = differs(cdr, exchange.data)
  return difference === null ? pass() : fail(`${difference} is not what was sent`)
}
