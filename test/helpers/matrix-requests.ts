// The request of a cell of the matrix: with who asks, what it asks for, and what is wrong with it.
import type { Version } from '../../src/ocpi/version.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { matchRoute } from '../../src/ocpi/registry.ts'
import { ask } from './ask.ts'
import type { Reply } from './ask.ts'
import { asRole } from './fake-partner.ts'
import type { FakePartner } from './fake-partner.ts'
import { CONDITIONS, ROWS } from './matrix.ts'
import { cardOf, locationIdOf, sessionIdOf } from './matrix-cast.ts'
import type { Cast, CastRole, State } from './matrix-cast.ts'
import type { Cell, Place } from './matrix-cells.ts'
import { exampleIn, mistyped, named } from './matrix-words.ts'

/** Which of the partners of the other side is meant under a condition. */
function stateOf(condition: Cell['condition']): State {
  if (condition.startsWith('slow')) return 'slow'
  return condition.startsWith('offline') ? 'offline' : 'good'
}

/** What a request is made of. `minted`: URLs of the hub for results, by who waits for them. */
export type Stage = {
  hubUrl: string
  hubParty: string
  cast: Cast
  foreign: FakePartner
  /** One of each side, whose token is still that of its invitation. */
  invited: Readonly<Record<'CPO' | 'EMSP', FakePartner>>
  minted: Readonly<Record<State, string>>
}

const NOBODY = 'DE-NOB'

/** Sends the request of a cell, after what must be there before it. */
export async function playCell(stage: Stage, cell: Cell): Promise<Reply> {
  const scene = sceneOf(stage, cell)
  for (const before of givenFor(cell)) await send(stage, { ...scene, ...before })
  return send(stage, scene)
}

type Scene = {
  cell: Cell
  caller: FakePartner
  other: FakePartner
  otherParty: string
  method: string
  /** Another object than that of the endpoint: its name in WIRE_OBJECTS. */
  body?: string
  toHub: boolean
}

function sceneOf(stage: Stage, cell: Cell): Scene {
  const { place, condition } = cell
  const other = stage.cast.of(present(place, place.other), stateOf(condition))
  const isWrong = condition === 'wrong method'
  return {
    cell,
    caller: callerOf(stage, cell),
    other,
    otherParty: condition === 'unknown receiver' ? NOBODY : other.party,
    method: isWrong ? wrongMethod(place) : place.method,
    toHub: condition.endsWith('to the hub'),
  }
}

/** There are no payment terminals before 2.3.0; there anybody asks who asks for them. */
function present({ version }: Place, role: CastRole): CastRole {
  return role === 'PTP' && version !== '2.3.0' ? 'EMSP' : role
}

function callerOf({ cast, invited, foreign }: Stage, { place, condition }: Cell): FakePartner {
  if (condition === 'token A') return invited[place.caller === 'CPO' ? 'CPO' : 'EMSP']
  if (place.name === 'credentials.register') return cast.newcomer
  if (place.module === 'credentials') return cast.mover
  if (place.module === 'callbacks' && condition === 'foreign party') return foreign
  return cast.of(present(place, place.caller), 'good')
}

/** What a success needs: the object that is read, changed or taken away, told to the same receiver. */
function givenFor({ place, condition, want }: Cell): Partial<Scene>[] {
  if (typeof want === 'string' || condition === 'wrong method') return []
  if (!['in order', 'to the hub', ...STATEFUL].includes(condition)) return []
  const { name, interface: side, method } = place
  if (name === 'cdrs.get') return [{ method: 'POST', body: 'cdr', toHub: false }]
  const object = { locations: 'location', tariffs: 'tariff', tokens: 'token', sessions: 'session' }
  const body = Object.entries(object).find(([module]) => module === place.module)?.[1]
  if (body === undefined || side !== 'receiver' || method === 'PUT') return []
  // What is one party's alone is never put to the hub.
  return [{ method: 'PUT', body, ...(body === 'session' ? { toHub: false } : {}) }]
}

const STATEFUL = CONDITIONS.filter((each) => /^(slow|offline)/.test(each))

/** One that the path has not. */
function wrongMethod(place: Place): string {
  const allowed = methodsOf(place)
  const [wrong] = (['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const).filter(
    (method) => !allowed.includes(method),
  )
  if (wrong === undefined) throw new Error(`${place.name} takes every method`)
  return wrong
}

/** What the tables have at the path of an endpoint. */
function methodsOf(place: Place): readonly string[] {
  if (place.module === 'versions') return ['GET']
  if (place.module === 'callbacks') return ['POST']
  const { version, caller } = place
  const path = place.path.split('/').filter((part) => part !== '' && !part.endsWith('?'))
  const head = place.module === 'credentials' || version === '2.1.1' ? [] : [place.interface]
  const segments = [...head, place.module, ...path]
  const side = caller === 'CPO' ? 'cpo' : 'emsp'
  const match = matchRoute({ version, side, method: 'NONE', segments })
  return match.kind === 'method' ? match.allow : []
}

function send(stage: Stage, scene: Scene): Promise<Reply> {
  const { method, caller } = scene
  const body = bodyOf(stage, scene)
  return ask({
    url: urlOf(stage, scene),
    method,
    body,
    headers: {
      ...authorizationOf(scene, caller),
      ...routingOf(stage, scene),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  })
}

function authorizationOf({ cell }: Scene, caller: FakePartner): Record<string, string> {
  if (cell.condition === 'no token') return {}
  const token = cell.condition === 'wrong token' ? 'not-a-token-of-anybody' : caller.token
  const isRaw = cell.place.version === '2.1.1'
  return { authorization: `Token ${isRaw ? token : Buffer.from(token).toString('base64')}` }
}

function routingOf(stage: Stage, scene: Scene): Record<string, string> {
  const { cell, caller, toHub, otherParty } = scene
  const { module, version } = cell.place
  if (version === '2.1.1' || ['credentials', 'versions', 'callbacks'].includes(module)) return {}
  const from = cell.condition === 'foreign party' ? stage.foreign.party : caller.party
  const to = toHub ? stage.hubParty : otherParty
  return {
    'OCPI-from-country-code': from.slice(0, 2),
    'OCPI-from-party-id': from.slice(3),
    'OCPI-to-country-code': to.slice(0, 2),
    'OCPI-to-party-id': to.slice(3),
  }
}

function urlOf(stage: Stage, scene: Scene): string {
  const { cell, caller } = scene
  const { name, version, module, path, query } = cell.place
  const isOld = version === '2.1.1'
  const base = `${stage.hubUrl}/ocpi${isOld ? `/${cell.place.caller === 'CPO' ? 'cpo' : 'emsp'}` : ''}`
  if (name === 'versions.list') return `${base}/versions`
  if (name === 'versions.details') return `${base}/${version}`
  if (module === 'callbacks')
    return cell.condition === 'unknown receiver'
      ? `${stage.hubUrl}/ocpi/callbacks/${'A'.repeat(43)}`
      : stage.minted[stateOf(cell.condition)]
  const isSided = !isOld && module !== 'credentials'
  const isPost = scene.method === 'POST' && scene.body === 'cdr'
  const rest = isPost ? '' : filled(stage, { scene, path })
  const url = new URL([base, version, ...(isSided ? [cell.place.interface] : []), module].join('/'))
  url.pathname += rest
  for (const [key, value] of Object.entries(query))
    url.searchParams.set(key, key === 'response_url' ? responseUrl(caller) : value)
  return url.href
}

const responseUrl = (caller: FakePartner) => `${caller.url}/cb/a/b/matrix`

/** The path with this scene's owner and ids. */
function filled(stage: Stage, { scene, path }: { scene: Scene; path: string }): string {
  const { cell, caller } = scene
  const owner = cell.condition === 'foreign owner' ? stage.foreign.party : caller.party
  const ids = idsOf(scene)
  const { module } = cell.place
  const own: Record<string, string | undefined> = {
    country_code: owner.slice(0, 2),
    party_id: owner.slice(3),
    id: { locations: ids.L1, tariffs: ids.T1, sessions: ids.S1, cdrs: ids.C1 }[module] ?? 'I1',
    uid: cell.place.method === 'POST' ? askedCard(scene) : ids.CARD1,
    session_id: sessionId(scene),
    command: 'FLY',
  }
  return path
    .split('/')
    .filter((part) => part !== '' && !part.endsWith('?'))
    .map((part) => `/${part.startsWith(':') ? (own[part.slice(1)] ?? 'ID1') : part}`)
    .join('')
}

const askedCard = ({ other, otherParty }: Scene) =>
  otherParty === NOBODY ? 'CARD-NOBODY' : cardOf(other)
const sessionId = ({ other, otherParty }: Scene) =>
  otherParty === NOBODY ? 'X-NOBODY' : sessionIdOf(other)

/** The ids of the examples as they are here. A charge has one of its own for each receiver. */
function idsOf(scene: Scene): Record<string, string | undefined> {
  const { cell, other, otherParty } = scene
  const isCommand = cell.place.module === 'commands'
  const isGetOwn = cell.place.name === 'locations.getOwn'
  const location = otherParty === NOBODY ? 'L-NOBODY' : locationIdOf(other)
  return {
    L1: isCommand || isGetOwn ? location : 'L1',
    T1: 'T1',
    S1: isCommand ? sessionId(scene) : `S-${otherParty}`,
    C1: `C-${otherParty}`,
    CARD1: 'CARD1',
  }
}

function bodyOf(stage: Stage, scene: Scene): string | undefined {
  const { cell, method } = scene
  const row = ROWS[cell.place.name]
  const name = scene.body ?? row?.body
  if (name === undefined || method === 'GET' || method === 'DELETE') return undefined
  if (cell.condition === 'malformed JSON') return '{"id": "1",'
  const whole = objectOf(stage, { scene, name })
  const value = scene.body === undefined && row?.part ? partOf(whole, row.part) : whole
  return JSON.stringify(cell.condition === 'invalid object' ? mistyped(value) : value)
}

function objectOf(stage: Stage, { scene, name }: { scene: Scene; name: string }): unknown {
  const { cell, caller, otherParty } = scene
  if (name === 'credentials') return credentialsOf(stage, scene)
  const { version } = cell.place
  const isOperator = cell.place.caller === 'CPO'
  const ids = Object.fromEntries(
    Object.entries(idsOf(scene)).flatMap(([id, own]) => (own === undefined ? [] : [[id, own]])),
  )
  return named(exampleIn(name, versionWith(name, version)), {
    cpo: isOperator ? caller.party : otherParty,
    emsp: isOperator ? otherParty : caller.party,
    ids: { ...ids, [RESPONSE_URL]: responseUrl(caller) },
  })
}

/** For an endpoint that a version does not have: the object of one that has it. */
function versionWith(name: string, version: Version): Version {
  return [version, ...VERSIONS].find((each) => hasExample(name, each)) ?? version
}

function hasExample(name: string, version: Version): boolean {
  try {
    return exampleIn(name, version) !== undefined
  } catch {
    return false
  }
}

const RESPONSE_URL = 'https://partner.example/ocpi/results/1'

/** The caller's own, but where the condition says otherwise. */
function credentialsOf(stage: Stage, { cell, caller, other }: Scene): Record<string, unknown> {
  const own = caller.credentials()
  switch (cell.condition) {
    case 'foreign party': {
      const role = asRole({ party: stage.foreign.party, role: 'CPO' })
      return cell.place.version === '2.1.1' ? { ...own, ...role } : { ...own, roles: [role] }
    }
    case 'slow receiver':
    case 'offline receiver':
      return { ...own, url: other.versionsUrl }
    default:
      return own
  }
}

function partOf(value: unknown, names: readonly string[]): unknown {
  const kept = Object.entries(Object(value)).filter(([name]) =>
    [...names, 'last_updated'].includes(name),
  )
  return Object.fromEntries(kept)
}
