import { foldKey } from '../../ocpi/primitives.ts'
import { endpointSide } from '../../ocpi/registry.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { compareVersions } from '../../ocpi/version.ts'
import type { Json } from './made.ts'
import { shownCredentials } from './own-state.ts'
import type { Got, OwnState } from './own-state.ts'

type Answer = { status?: number; code?: number; data?: unknown; headers?: Record<string, string> }

const MODULES = ['locations', 'tariffs', 'sessions', 'cdrs', 'tokens', 'commands'] as const

/** What comes back to us in the modules that later versions added, by the side that we are on. */
const MORE = [
  { module: 'chargingprofiles', since: '2.2.1', own: 'emsp', side: 'sender' },
  { module: 'Booking', since: '2.3.0', own: 'emsp', side: 'receiver' },
  { module: 'payments', since: '2.3.0', own: 'cpo', side: 'receiver' },
] as const

/** What the certifier answers to its partner: it offers its side's modules and takes whatever is pushed. */
export function answerOwn(state: OwnState, got: Got, newCredentials: () => Json): Answer {
  const [, root, first = '', ...rest] = got.path.replace(/\/$/, '').split('/')
  if (root !== 'ocpi') return { status: 404, code: 2001 }
  if (!got.isKnownToken) return { status: 401, code: 2001 }
  if (first === 'results') return got.method === 'POST' ? {} : { status: 405, code: 2001 }
  const base = `${state.url}/ocpi/${state.version}`
  if (first === 'versions') return { data: [{ version: state.version, url: base }] }
  if (first !== state.version) return { status: 404, code: 2001 }
  const [place = '', ...below] = rest
  if (place === '') return { data: detailsOf(state, base) }
  if (place === 'credentials') return credentials(state, got, newCredentials)
  const segments = place === 'sender' || place === 'receiver' ? below : rest
  return functional(state, got, segments)
}

function sideOf(state: OwnState, module: string): 'sender' | 'receiver' {
  const more = MORE.find((one) => one.module === module)
  return more?.side ?? endpointSide(module, state.side) ?? 'receiver'
}

function modulesOf({ version, side }: OwnState): string[] {
  const more = MORE.filter(({ since, own }) => own === side && compareVersions(version, since) >= 0)
  return [...MODULES, ...more.map(({ module }) => module)]
}

function detailsOf(state: OwnState, base: string): Json {
  const isOld = state.version === '2.1.1'
  const endpoints = modulesOf(state).map((identifier) => {
    const side = sideOf(state, identifier)
    return isOld
      ? { identifier, url: `${base}/${identifier}` }
      : { identifier, role: side.toUpperCase(), url: `${base}/${side}/${identifier}` }
  })
  const credentials = { identifier: 'credentials', url: `${base}/credentials` }
  return {
    version: state.version,
    endpoints: [isOld ? credentials : { ...credentials, role: 'SENDER' }, ...endpoints],
  }
}

/** A hub may bring new credentials whenever its parties change (2.3.0 Credentials object). */
function credentials(state: OwnState, got: Got, newCredentials: () => Json): Answer {
  const { body } = got
  switch (got.method) {
    case 'GET':
      return { data: shownCredentials(state, state.tokens.at(-1) ?? '') }
    case 'PUT':
      if (!isRecord(body) || typeof body['token'] !== 'string') return { code: 2001 }
      state.onToken(body['token'])
      return { data: newCredentials() }
    case 'DELETE':
      return {}
    default:
      return { status: 405, code: 2001 }
  }
}

function functional(state: OwnState, got: Got, segments: readonly string[]): Answer {
  const [module = '', ...path] = segments
  const own = state.objects.get(module) ?? []
  if (sideOf(state, module) === 'receiver')
    return got.method === 'POST' && module === 'cdrs'
      ? { status: 201, headers: { location: `${state.url}${got.path}/kept` } }
      : got.method === 'GET'
        ? { status: 404, code: 2001 }
        : {}
  // The active profile of a session of ours: the only thing that is put to a Sender interface.
  if (got.method === 'PUT') return {}
  if (path[1] === 'authorize') return authorize(state, own, path[0] ?? '')
  if (path.length > 0) return { status: 404, code: 2001 }
  const headers = { 'X-Total-Count': String(own.length), 'X-Limit': '100' }
  return { data: own, headers }
}

function authorize(state: OwnState, own: readonly Json[], uid: string): Answer {
  const token = own.find((one) => foldKey(String(one['uid'])) === foldKey(decodeURIComponent(uid)))
  if (!token) return { status: 404, code: state.version === '2.1.1' ? 2000 : 2004 }
  return {
    data: state.version === '2.1.1' ? { allowed: 'ALLOWED' } : { allowed: 'ALLOWED', token },
  }
}
