import { credentialsObject } from '../../ocpi/modules/credentials.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import { ask, interfaceOf, moduleUrl, otherSide } from './bench.ts'
import type { Bench, PeerRole } from './bench.ts'
import { done, fail, found, isDone, pass, refusedWith, said, skipped, warn } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import type { Address, Exchange } from './exchange.ts'

const GET: Source = ['credentials', 'GET Method']
const POST: Source = ['credentials', 'POST Method']
const PUT: Source = ['credentials', 'PUT Method']
const DELETE: Source = ['credentials', 'DELETE Method']
const REGISTRATION: Source = ['credentials', 'Registration']

const NOT_CHECKED = 'not checked: the token is that of a finished registration'

/** Registers with token A, updates, and looks at what the partner makes of it. The handshake is begun by us. */
export function credentialsChecks(bench: Bench): Check[] {
  const state: State = { registeredAt: 0, tokenA: bench.settings.token }
  return [
    ...before(bench),
    {
      id: 'register',
      what: 'POST with token A registers and answers Credentials',
      source: POST,
      run: () => onlyFresh(bench, () => register(bench, state)),
    },
    {
      id: 'calls-back',
      what: 'it reads our versions and details with our token',
      source: REGISTRATION,
      run: () => onlyFresh(bench, () => calledBack(bench, 0)),
    },
    {
      id: 'show',
      what: 'GET answers its Credentials for us, with our token',
      source: GET,
      run: () => show(bench),
    },
    {
      id: 'token-a-ends',
      what: 'token A ends with the registration',
      source: REGISTRATION,
      run: () => onlyFresh(bench, () => ended(bench, state.tokenA)),
    },
    {
      id: 'second-post',
      what: 'POST when registered: 405',
      source: POST,
      run: () => onlyFresh(bench, () => write(bench, 'POST').then((got) => refusedWith(got, 405))),
    },
    ...updates(bench, state),
  ]
}

type State = { registeredAt: number; tokenA: string; formerToken?: string }

function before(bench: Bench): Check[] {
  return [
    {
      id: 'token-a-scope',
      what: 'token A opens nothing but versions and credentials: 401',
      source: bench.version === '2.1.1' ? REGISTRATION : ['status_codes', 'Status codes'],
      run: () => onlyFresh(bench, () => scope(bench)),
    },
    {
      id: 'early-put',
      what: 'PUT when not registered: 405',
      source: PUT,
      run: () => onlyFresh(bench, () => write(bench, 'PUT').then((got) => refusedWith(got, 405))),
    },
    {
      id: 'early-delete',
      what: 'DELETE when not registered: 405',
      source: DELETE,
      run: () =>
        onlyFresh(bench, () => write(bench, 'DELETE').then((got) => refusedWith(got, 405))),
    },
  ]
}

function updates(bench: Bench, state: State): Check[] {
  return [
    {
      id: 'update',
      what: 'PUT answers Credentials with a new token',
      source: PUT,
      run: () => onlyFresh(bench, () => update(bench, state)),
    },
    {
      id: 'reads-again',
      what: 'it reads our versions again, though nothing else changed',
      source: PUT,
      run: () => onlyFresh(bench, () => calledBack(bench, state.registeredAt)),
    },
    {
      id: 'new-token',
      what: 'the new token works',
      source: PUT,
      run: () => onlyFresh(bench, async () => done(await write(bench, 'GET'))),
    },
    {
      id: 'old-token-ends',
      what: 'the token before ends',
      source: PUT,
      run: () =>
        onlyFresh(bench, () =>
          state.formerToken === undefined
            ? skipped('there was no new token')
            : ended(bench, state.formerToken),
        ),
    },
  ]
}

/** Leaves again. Comes last: nothing can be asked afterwards. */
export function leavingChecks(bench: Bench): Check[] {
  return [
    {
      id: 'unregister',
      what: 'DELETE ends the registration',
      source: DELETE,
      run: () => onlyFresh(bench, async () => done(await write(bench, 'DELETE'))),
    },
    {
      id: 'token-ends',
      what: 'afterwards the token is unknown: 401',
      source: DELETE,
      run: () => onlyFresh(bench, () => ended(bench, bench.token)),
    },
    {
      id: 'second-delete',
      what: 'a second DELETE is refused',
      source: DELETE,
      run: () =>
        onlyFresh(bench, async () => {
          const exchange = await write(bench, 'DELETE')
          const { status } = exchange
          return status === 401 || status === 405 ? pass() : fail(said(exchange))
        }),
    },
  ]
}

function onlyFresh(
  bench: Bench,
  run: () => Promise<Verdict> | Verdict,
): Promise<Verdict> | Verdict {
  return bench.settings.isRegistered ? skipped(NOT_CHECKED) : run()
}

function write(bench: Bench, method: 'GET' | 'POST' | 'PUT' | 'DELETE'): Promise<Exchange> {
  const url = bench.endpoints.get('credentials') ?? ''
  const body = method === 'POST' || method === 'PUT' ? bench.own.credentials() : undefined
  return ask(bench, { method, url, body, for: 'none' })
}

async function scope(bench: Bench): Promise<Verdict> {
  for (const module of ['locations', 'tariffs', 'cdrs', 'tokens', 'payments'])
    if (interfaceOf(bench.role, module) === 'sender') {
      const url = moduleUrl(bench, module)
      if (url !== undefined)
        return refusedWith(
          await ask(bench, { method: 'GET', url: `${url}${listBelow(module)}`, for: 'everyone' }),
          401,
        )
    }
  return skipped('it offers no list')
}

/** Payments have no list of their own. */
function listBelow(module: string): string {
  return module === 'payments' ? '/terminals' : ''
}

async function register(bench: Bench, state: State): Promise<Verdict> {
  bench.own.speak({
    version: bench.version,
    side: otherSide(bench.role),
    role: bench.ownPart,
    party: bench.settings.party,
  })
  const exchange = await write(bench, 'POST')
  state.registeredAt = bench.own.got.length
  const verdict = takeToken(bench, exchange)
  bench.isRegistered = isDone(exchange)
  if (verdict.outcome === 'fail') bench.stopped = 'it did not register us'
  return verdict
}

async function update(bench: Bench, state: State): Promise<Verdict> {
  const former = bench.token
  state.registeredAt = bench.own.got.length
  const verdict = takeToken(bench, await write(bench, 'PUT'))
  if (bench.token !== former) state.formerToken = former
  return verdict
}

/** Reads Credentials out of an answer and goes on with the token in it. */
function takeToken(bench: Bench, exchange: Exchange): Verdict {
  const shape = credentialsVerdict(bench, exchange)
  if (shape.outcome === 'fail' || !isRecord(exchange.data)) return shape
  const token = exchange.data['token']
  if (token === bench.token) return fail('the token is the one that we showed; a new one is due')
  bench.token = String(token)
  return shape
}

async function show(bench: Bench): Promise<Verdict> {
  const exchange = await write(bench, 'GET')
  const shape = credentialsVerdict(bench, exchange)
  if (shape.outcome === 'fail' || !isRecord(exchange.data)) return shape
  return exchange.data['token'] === bench.token
    ? shape
    : warn('the token in it is not the one that we use')
}

function credentialsVerdict(bench: Bench, exchange: Exchange): Verdict {
  const answer = done(exchange)
  const schema = schemaFor(credentialsObject, bench.version)
  if (answer.outcome !== 'pass' || !schema) return answer
  const data = dropNulls(exchange.data)
  const { hard, soft } = validate(schema, data)
  if (hard.length > 0 || !isRecord(data)) return found(hard)
  readRoles(bench, data)
  const missing = missingRole(bench)
  return missing ?? found(soft, 'warn')
}

function readRoles(bench: Bench, data: Record<string, unknown>): void {
  const entries: unknown = bench.version === '2.1.1' ? [data] : data['roles']
  bench.roles = (Array.isArray(entries) ? entries : []).flatMap((entry: unknown): PeerRole[] => {
    if (!isRecord(entry)) return []
    const role = bench.version === '2.1.1' ? bench.part : String(entry['role'])
    return [{ role, party: addressOf(entry) }]
  })
  const named = data['hub_party_id']
  const hubRole = bench.roles.find(({ role }) => role === 'HUB' && bench.version === '2.2.1')
  if (bench.version === '2.3.0' && typeof named === 'string')
    bench.hub = { countryCode: named.slice(0, 2), partyId: named.slice(2) }
  else bench.hub = hubRole?.party ?? null
}

function addressOf(entry: Record<string, unknown>): Address {
  return { countryCode: String(entry['country_code']), partyId: String(entry['party_id']) }
}

/** A partner that is no hub must have the role that it is checked in. */
function missingRole({ version, hub, roles, part }: Bench): Verdict | null {
  if (version === '2.1.1' || hub || roles.some((each) => each.role === part)) return null
  return warn(`it has no role ${part}`)
}

/** Whether the partner asked for our versions and details since, with the token it was given. */
function calledBack({ own, version }: Bench, since: number): Verdict {
  const asked = own.got.slice(since).filter(({ method }) => method === 'GET')
  const asks = (path: string) => asked.filter((got) => got.path.replace(/\/$/, '') === path)
  const versions = asks('/ocpi/versions')
  if (versions.length === 0) return fail('it did not ask for our versions')
  if (asks(`/ocpi/${version}`).length === 0) return fail('it did not ask for our version details')
  return versions.some(({ isKnownToken }) => isKnownToken)
    ? pass()
    : fail('it did not show the token in our Credentials')
}

async function ended(bench: Bench, token: string): Promise<Verdict> {
  const url = bench.endpoints.get('credentials') ?? ''
  const exchange = await ask(bench, { method: 'GET', url, token, for: 'none' })
  if (exchange.status === 401) return pass()
  return isDone(exchange) ? fail(`it still works: ${said(exchange)}`) : warn(said(exchange))
}
