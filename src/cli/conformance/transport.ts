import { ask, moduleUrl } from './bench.ts'
import type { Bench } from './bench.ts'
import { fail, isDone, pass, refusedWith, said, skipped, warn } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import type { Exchange } from './exchange.ts'
import { offeredLists } from './pages.ts'

const CODES: Source = ['status_codes', 'Status codes']
const FORMAT: Source = ['transport_and_format', 'Response format']

/** Tokens, paths and methods. */
export function transportChecks(bench: Bench): Check[] {
  const [offered] = [...offeredLists(bench), ...terminalList(bench)]
  const list = offered?.url
  const url = offered && moduleUrl(bench, offered.module)
  const onList = (run: (url: string) => Promise<Verdict>) =>
    list === undefined ? skipped('it offers no list') : run(list)
  return [
    {
      id: 'no-token',
      what: 'a request without token: 401',
      source: CODES,
      run: () =>
        onList(async (at) =>
          refusedWith(
            await ask(bench, { method: 'GET', url: at, token: null, for: 'everyone' }),
            401,
          ),
        ),
    },
    {
      id: 'wrong-token',
      what: 'a request with a wrong token: 401',
      source: CODES,
      run: () =>
        onList(async (at) =>
          refusedWith(
            await ask(bench, {
              method: 'GET',
              url: at,
              token: 'conformance-test-unknown-token',
              for: 'everyone',
            }),
            401,
          ),
        ),
    },
    {
      id: 'unknown-path',
      what: 'an unknown path: 404',
      source: CODES,
      run: async () =>
        refusedWith(
          await ask(bench, {
            method: 'GET',
            url: `${url ?? bench.detailsUrl}/a/b/c/d/e/f/g`,
            for: 'everyone',
          }),
          404,
        ),
    },
    {
      id: 'wrong-method',
      what: 'a method that the endpoint has not: 405',
      source: CODES,
      run: () =>
        onList(async (at) =>
          refusedWith(await ask(bench, { method: 'DELETE', url: at, for: 'everyone' }), 405),
        ),
    },
  ]
}

/** The only list of a payment terminal provider. */
function terminalList(bench: Bench): { url: string; module: string }[] {
  const isDirect = bench.hub === null && bench.role === 'emsp'
  const url = isDirect ? moduleUrl(bench, 'payments') : undefined
  return url === undefined ? [] : [{ url: `${url}/terminals`, module: 'payments' }]
}

/** A rule for every answer. `fault` says what breaks it; a fault only warns where `isMinor`. */
type Rule = {
  id: string
  what: string
  source: Source
  fault(exchange: Exchange): string | null
  isMinor(exchange: Exchange, bench: Bench): boolean
  isRouted?: true
}

const RULES: readonly Rule[] = [
  {
    id: 'answered',
    what: 'every request was answered in time, with OCPI and without redirects',
    source: FORMAT,
    fault: ({ problem }) => problem,
    isMinor: () => false,
  },
  {
    id: 'server-errors',
    what: 'no request was answered with HTTP 5xx or 3xxx',
    source: CODES,
    fault: (one) =>
      one.status >= 500 || Math.floor((one.code ?? 0) / 1_000) === 3 ? said(one) : null,
    isMinor: () => false,
  },
  {
    id: 'envelope',
    what: 'every answer has status_code and timestamp',
    source: FORMAT,
    fault: ({ problem, faults }) => (problem === null ? faults.envelope : null),
    isMinor: ({ status }) => status >= 400,
  },
  {
    id: 'content-type',
    what: 'every answer is application/json',
    source: ['transport_and_format', 'Request format'],
    fault: ({ faults }) => faults.type,
    isMinor: ({ status }) => status >= 400,
  },
  {
    id: 'message-ids',
    what: 'every answer repeats X-Request-ID and X-Correlation-ID',
    source: ['transport_and_format', 'Unique message IDs'],
    fault: ({ faults }) =>
      faults.ids.length === 0 ? null : `${faults.ids.join(' and ')} not repeated`,
    isMinor: ({ status }) => status === 401,
    isRouted: true,
  },
  {
    id: 'routing',
    what: 'answers of functional modules are addressed to us',
    source: ['transport_and_format', 'Message Routing Headers'],
    fault: (one) => (isDone(one) ? one.faults.routing : null),
    // Without a hub the two sides may leave them out (Party to Party, without Hub).
    isMinor: (_one, { hub }) => hub === null,
    isRouted: true,
  },
]

/** What holds for every answer that came in the whole run. 2.1.1 has neither message ids nor routing headers. */
export function answerChecks(bench: Bench): Check[] {
  return RULES.filter(({ isRouted }) => !isRouted || bench.version !== '2.1.1').map((rule) => ({
    id: rule.id,
    what: rule.what,
    source: rule.source,
    run: () => answersVerdict(bench, rule),
  }))
}

/** Fails at the first answer with a fault; only warns when all of those are minor. */
function answersVerdict(bench: Bench, { fault, isMinor }: Rule): Verdict {
  const all = bench.asker.all()
  const faulty = all.flatMap((exchange) => {
    const why = fault(exchange)
    return why === null ? [] : [{ exchange, why }]
  })
  const worst = faulty.find(({ exchange }) => !isMinor(exchange, bench)) ?? faulty[0]
  if (!worst) return pass(`${all.length} answers`)
  const { asked } = worst.exchange
  const text = `${faulty.length} of ${all.length} answers, say ${asked.method} ${new URL(asked.url).pathname}: ${worst.why}`
  return isMinor(worst.exchange, bench) ? warn(text) : fail(text)
}
