import { authorization } from '../../ocpi/modules/token-schemas.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import { ask, moduleUrl } from './bench.ts'
import type { Bench } from './bench.ts'
import {
  done,
  fail,
  found,
  isDone,
  isRefused,
  pass,
  refusedWith,
  said,
  skipped,
  warn,
} from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import { reachableFirst } from './listing.ts'
import type { Listing } from './listing.ts'
import type { Json } from './made.ts'

const POST: Source = ['mod_tokens', 'POST Method']
const INFO: Source = ['mod_tokens', 'AuthorizationInfo Object']

/** Real-time authorisation with cards that the partner lists, and one that nobody has. */
export function authorizeChecks(bench: Bench, listings: ReadonlyMap<string, Listing>): Check[] {
  const url = moduleUrl(bench, 'tokens')
  if (url === undefined) return []
  const tokens = () => reachableFirst('tokens', listings).filter(isTheirs)
  const valid = () => tokens().find((one) => one['valid'] === true)
  const authorize = (token: Json, body?: unknown): Promise<Exchange> =>
    ask(bench, { method: 'POST', url: urlFor(bench, url, token), for: 'content', body })
  const withCard = (find: () => Json | undefined, run: (token: Json) => Promise<Verdict>) => {
    const token = find()
    return token ? run(token) : skipped('it lists no such token')
  }
  return [
    {
      id: 'known',
      what: 'a listed, valid token is answered with AuthorizationInfo',
      source: INFO,
      run: () =>
        withCard(valid, async (token) => knownVerdict(bench, token, await authorize(token))),
    },
    {
      id: 'location',
      what: 'with LocationReferences the answer is one, too',
      source: POST,
      run: () =>
        withCard(valid, async (token) => {
          const exchange = await authorize(token, {
            location_id: 'CONF-L1',
            evse_uids: ['CONF-E1'],
          })
          return exchange.code === 2002 ? warn(said(exchange)) : shapeVerdict(bench, exchange)
        }),
    },
    {
      id: 'blocked',
      what: 'a token that is not valid is not ALLOWED',
      source: INFO,
      run: () =>
        withCard(
          () => tokens().find((one) => one['valid'] === false),
          async (token) => blockedVerdict(await authorize(token)),
        ),
    },
    unknownRow(bench, authorize),
    {
      id: 'malformed',
      what: 'a body that is no JSON: HTTP 400',
      source: ['transport_and_format', 'Response format'],
      run: () =>
        withCard(valid, async (token) =>
          refusedWith(
            await ask(bench, {
              method: 'POST',
              url: urlFor(bench, url, token),
              for: 'content',
              raw: '{"location_id": ',
            }),
            400,
          ),
        ),
    },
  ]
}

function unknownRow(
  bench: Bench,
  authorize: (token: Json, body?: unknown) => Promise<Exchange>,
): Check {
  return {
    id: 'unknown',
    what:
      bench.version === '2.1.1'
        ? 'an unknown token: HTTP 404'
        : 'an unknown token: HTTP 404 and 2004',
    source: POST,
    run: async () => {
      const exchange = await authorize(
        { uid: 'CONF-NOBODY', type: 'RFID' },
        { location_id: 'CONF-L1' },
      )
      const status = refusedWith(exchange, 404)
      if (status.outcome !== 'pass' || bench.version === '2.1.1') return status
      return exchange.code === 2004 ? pass() : warn(`expected 2004: ${said(exchange)}`)
    },
  }
}

/** Not what a run of this before has left at a hub. */
function isTheirs({ uid }: Json): boolean {
  return !String(uid).startsWith('CONF-')
}

function urlFor({ version }: Bench, url: string, { uid, type }: Json): string {
  const name = version === '2.1.1' ? 'token_type' : 'type'
  return `${url}/${encodeURIComponent(String(uid))}/authorize?${name}=${encodeURIComponent(String(type))}`
}

function shapeVerdict(bench: Bench, exchange: Exchange): Verdict {
  const answer = done(exchange)
  const schema = schemaFor(authorization, bench.version)
  if (answer.outcome !== 'pass' || !schema) return answer
  const { hard, soft } = validate(schema, dropNulls(exchange.data))
  return hard.length > 0 ? found(hard) : found(soft, 'warn')
}

function knownVerdict(bench: Bench, token: Json, exchange: Exchange): Verdict {
  // 2.2.1 mod_tokens, POST Method: a partner may say that it needs to know where.
  if (exchange.code === 2002) return warn(said(exchange))
  const shape = shapeVerdict(bench, exchange)
  if (shape.outcome === 'fail' || !isRecord(exchange.data)) return shape
  const { allowed, token: shown } = exchange.data
  if (bench.version !== '2.1.1') {
    const difference = differs(
      { uid: token['uid'], type: token['type'], contract_id: token['contract_id'] },
      shown,
    )
    if (difference !== null) return fail(`/token${difference} is not that of the listed token`)
  }
  return allowed === 'ALLOWED' ? shape : warn(`it answers ${String(allowed)}`)
}

function blockedVerdict(exchange: Exchange): Verdict {
  if (isRefused(exchange)) return pass()
  if (!isDone(exchange)) return fail(said(exchange))
  const allowed = isRecord(exchange.data) ? exchange.data['allowed'] : undefined
  return allowed === 'ALLOWED' ? fail('it answers ALLOWED') : pass()
}
