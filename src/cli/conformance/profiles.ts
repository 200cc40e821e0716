import type { BySince } from '../../ocpi/define.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { limits } from '../../../config/limits.ts'
import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import { fail, isDone, isRefused, pass, refusedAs, refusedWith, said, skipped } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import type { Desk } from './commands.ts'
import type { Exchange } from './exchange.ts'
import { awaitResult, notAccepted, responseVerdict, sentVerdict } from './later-results.ts'
import { withQuery } from './listing.ts'
import type { Listing } from './listing.ts'
import { timeAt } from './made.ts'
import type { Json } from './made.ts'
import type { Got } from './own-state.ts'
import type { Pushed } from './place.ts'
import { offerChecks } from './reach.ts'
import type { At } from './reach.ts'

const MODULE = 'chargingprofiles'
const FILE = 'mod_charging_profiles'
const RESPONSE: Source = [FILE, 'ChargingProfileResponse Object']
const HTTP: Source = ['transport_and_format', 'Response format']
const CODES: Source = ['status_codes', '2xxx: Client errors']

/** The requests of the Receiver interface with the object that their result is. */
const REQUESTS = [
  { method: 'PUT', result: 'ChargingProfileResult Object' },
  { method: 'GET', result: 'ActiveChargingProfileResult Object' },
  { method: 'DELETE', result: 'ClearProfileResult Object' },
] as const

type Method = (typeof REQUESTS)[number]['method']

const NOBODY = 'CONF-NOBODY'
const DURATION_S = 900

/** Profiles of the session that START_SESSION began, with their later results; or, of an eMSP, the active profile. */
export function profileChecks(
  bench: Bench,
  listings: ReadonlyMap<string, Listing>,
  of: { desk: Desk | null; pushed: readonly Pushed[] },
): Check[] {
  if (bench.role === 'emsp')
    return offerChecks(bench, listings, {
      module: MODULE,
      side: 'sender',
      probe: (at) => putActive(bench, at, { session: sessionOf(of.pushed) ?? NOBODY }),
      rows: (at) => activeRows(bench, at, () => sessionOf(of.pushed)),
    })
  return offerChecks(bench, listings, {
    module: MODULE,
    side: 'receiver',
    probe: (at) => request(bench, at, { method: 'GET', session: NOBODY }),
    rows: (at) => receiverRows(bench, at, of.desk),
  })
}

type Sent = { method: Method; session: string; query?: Json; body?: unknown; raw?: string }

function request(bench: Bench, at: At, sent: Sent): Promise<Exchange> {
  const { method, session, body, raw } = sent
  const whole = method === 'PUT' ? {} : queryFor(method, bench.own.resultUrl('profile'))
  const query = Object.entries({ ...whole, ...sent.query }).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return ask(bench, {
    method,
    url: withQuery(`${at.url}/${encodeURIComponent(session)}`, Object.fromEntries(query)),
    for: at.whom,
    ...(body === undefined ? {} : { body }),
    ...(raw === undefined ? {} : { raw }),
  })
}

/** GET and DELETE say in the query what PUT says in its body. */
function queryFor(method: Method, responseUrl: string): Json {
  const base = { response_url: responseUrl }
  return method === 'GET' ? { ...base, duration: String(DURATION_S) } : base
}

/** 8 A for a quarter of an hour, then 16 A. */
function profileAt(ms: number): Json {
  return {
    start_date_time: timeAt(ms),
    duration: DURATION_S,
    charging_rate_unit: 'A',
    charging_profile_period: [
      { start_period: 0, limit: 8 },
      { start_period: DURATION_S, limit: 16 },
    ],
  }
}

function receiverRows(bench: Bench, at: At, desk: Desk | null): Check[] {
  const accepted = new Map<string, { url: string; waitMs: number }>()
  const parts: Receiver = { bench, at, accepted, session: () => desk?.sessionId ?? null }
  return [
    ...REQUESTS.flatMap(({ method, result }) => [
      ...requestRows(parts, { method, result }),
      ...(method === 'PUT' ? [updateRow(parts)] : []),
    ]),
    ...refusalRows(bench, at),
  ]
}

type Receiver = {
  bench: Bench
  at: At
  accepted: Map<string, { url: string; waitMs: number }>
  session: () => string | null
}

function requestRows(
  { bench, at, accepted, session }: Receiver,
  { method, result }: { method: Method; result: string },
): Check[] {
  const name = method.toLowerCase()
  const endpoint = moduleById(MODULE)?.endpoints[name]
  return [
    {
      id: name,
      what: `${method} of a charging profile is answered with a ChargingProfileResponse`,
      source: RESPONSE,
      run: async () => {
        const id = session()
        if (id === null) return skipped('no session was started')
        const url = bench.own.resultUrl(`profile-${name}`)
        const sent =
          method === 'PUT'
            ? { body: { charging_profile: profileAt(bench.settings.clock()), response_url: url } }
            : { query: queryFor(method, url) }
        const exchange = await request(bench, at, { method, session: id, ...sent })
        const schema = endpoint?.reply?.schema ?? {}
        return responseVerdict(bench, exchange, { name, url, schema, accepted })
      },
    },
    {
      id: `${name}-result`,
      what: `${method} of a charging profile has its result posted to the response_url`,
      source: [FILE, result],
      run: () =>
        awaitResult(bench, { name, schema: endpoint?.responseUrl?.schema ?? {}, accepted }),
    },
  ]
}

/** It must only be sent by who knows of a change: a Charge Point need not tell its operator. */
function updateRow({ bench, accepted, session }: Receiver): Check {
  return {
    id: 'active',
    what: 'changes of the active profile are put to our Sender interface',
    source: [FILE, 'Sender Interface, PUT Method'],
    run: async () => {
      if (!accepted.has('put')) return skipped('no profile was accepted')
      const path = `/chargingprofiles/${encodeURIComponent(session() ?? '')}`
      const isOurs = (got: Got) => got.method === 'PUT' && got.path.endsWith(path)
      const got = await bench.own.waitFor(isOurs, limits.certifySessionMs)
      if (!got) return skipped(`none came within ${limits.certifySessionMs / 1_000} s`)
      return sentVerdict(bench, got, activeSchema())
    },
  }
}

function activeSchema(): BySince {
  return moduleById(MODULE)?.endpoints['update']?.body?.schema ?? {}
}

function refusalRows(bench: Bench, at: At): Check[] {
  const charging_profile = profileAt(bench.settings.clock())
  const response_url = bench.own.resultUrl('refused')
  const put = (sent: Pick<Sent, 'body' | 'raw'>) =>
    request(bench, at, { method: 'PUT', session: NOBODY, ...sent })
  return [
    {
      id: 'unknown-session',
      what: 'a profile for an unknown session is not accepted',
      source: [FILE, 'ChargingProfileResponseType enum'],
      run: async () => notAccepted(await put({ body: { charging_profile, response_url } })),
    },
    {
      id: 'malformed',
      what: 'a body that is no JSON: HTTP 400',
      source: HTTP,
      run: async () => refusedWith(await put({ raw: '{"charging_profile": ' }), 400),
    },
    {
      id: 'missing',
      what: 'a profile without response_url: 2001',
      source: CODES,
      run: async () => refusedAs(await put({ body: { charging_profile } }), 2001),
    },
    {
      id: 'missing-duration',
      what: 'GET without duration: 2001',
      source: [FILE, 'GET Method'],
      run: async () => {
        const query = { duration: undefined }
        return refusedAs(await request(bench, at, { method: 'GET', session: NOBODY, query }), 2001)
      },
    },
  ]
}

/** The session that the partner has of us. */
function sessionOf(pushed: readonly Pushed[]): string | null {
  return pushed.find(({ module, isKept }) => module === 'sessions' && isKept)?.id ?? null
}

function putActive(
  bench: Bench,
  at: At,
  sent: { session: string; body?: unknown; raw?: string },
): Promise<Exchange> {
  const nowMs = bench.settings.clock()
  const whole = { start_date_time: timeAt(nowMs), charging_profile: profileAt(nowMs) }
  const content = sent.raw === undefined ? { body: sent.body ?? whole } : { raw: sent.raw }
  const url = `${at.url}/${encodeURIComponent(sent.session)}`
  return ask(bench, { method: 'PUT', url, for: at.whom, ...content })
}

function activeRows(bench: Bench, at: At, session: () => string | null): Check[] {
  let isTaken = false
  const taken = async (run: (session: string) => Promise<Exchange>, judge: Judge) => {
    const id = session()
    return isTaken && id !== null ? judge(await run(id)) : skipped('the PUT before was not taken')
  }
  return [
    {
      id: 'put',
      what: 'PUT of the active profile of a session is taken',
      source: [FILE, 'Sender Interface, PUT Method'],
      run: async () => {
        const id = session()
        if (id === null) return skipped('it has no session of ours')
        const exchange = await putActive(bench, at, { session: id })
        isTaken = isDone(exchange)
        if (isTaken) return pass()
        // It may insist that it is told only of sessions that it has set a profile for.
        return isRefused(exchange) ? skipped(said(exchange)) : fail(said(exchange))
      },
    },
    {
      id: 'malformed',
      what: 'a body that is no JSON: HTTP 400',
      source: HTTP,
      run: () =>
        taken(
          (id) => putActive(bench, at, { session: id, raw: '{"start_date_time": ' }),
          (exchange) => refusedWith(exchange, 400),
        ),
    },
    {
      id: 'missing',
      what: 'an active profile without charging_profile: 2001',
      source: CODES,
      run: () =>
        taken(
          (id) =>
            putActive(bench, at, {
              session: id,
              body: { start_date_time: timeAt(bench.settings.clock()) },
            }),
          (exchange) => refusedAs(exchange, 2001),
        ),
    },
  ]
}

type Judge = (exchange: Exchange) => Verdict
