import { noteReceivedCdr, noteSession, digestOf } from './books.ts'
import type { Books } from './books.ts'
import { limits } from '../../config/limits.ts'
import { objectIn, objectsIn, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer, PartnerRequest } from './partner-server.ts'
import type { PlatformPlan } from './world.ts'

const UNKNOWN: PartnerAnswer = { status: 404, code: 2003, message: 'no such object' }

type PartnerModulesParts = { plan: PlatformPlan; books: Books; baseUrl: () => string }

/** What a partner answers in the functional modules. It enters what it gets into its books. */
export function createPartnerModules(
  parts: PartnerModulesParts,
): (request: PartnerRequest) => PartnerAnswer {
  const cards = new Map<string, Json>()
  const bodies = new Map<string, string>()
  for (const token of parts.plan.tokens)
    cards.set((textOf(token, 'uid') ?? '').toLowerCase(), token)
  return (request) => {
    if (request.side === 'sender') {
      const isAuthorize = request.method === 'POST' && request.segments[1] === 'authorize'
      if (request.module === 'tokens' && isAuthorize) return authorize(parts, cards, request)
      return list(parts, request)
    }
    if (!parts.plan.receives.includes(request.module)) return UNKNOWN
    if (request.method === 'GET') return readBack(bodies, request)
    if (request.module === 'cdrs') return takeCdr(parts, bodies, request)
    return take(parts, bodies, request)
  }
}

/** Real-time authorisation (2.2.1, Tokens: POST method): unknown cards are 404 with 2004. */
function authorize(
  { books }: PartnerModulesParts,
  cards: Map<string, Json>,
  request: PartnerRequest,
): PartnerAnswer {
  const token = cards.get((request.segments[0] ?? '').toLowerCase())
  if (!token) return { status: 404, code: 2004, message: 'unknown token' }
  books.authorizations += 1
  return { data: { allowed: token['valid'] === true ? 'ALLOWED' : 'BLOCKED', token } }
}

/** A page of what we own, oldest first, with Link, X-Total-Count and X-Limit. */
function list({ plan, baseUrl }: PartnerModulesParts, request: PartnerRequest): PartnerAnswer {
  const all = ownObjects(plan, request.module)
  if (!all) return UNKNOWN
  const offset = Math.max(0, Number(request.query.get('offset') ?? '0') || 0)
  const asked = Number(request.query.get('limit') ?? limits.sandboxPageObjects)
  const limit = Math.min(Math.max(1, asked || 1), limits.sandboxPageObjects)
  const page = all.slice(offset, offset + limit)
  const headers: Record<string, string> = {
    'X-Total-Count': String(all.length),
    'X-Limit': String(limits.sandboxPageObjects),
  }
  const next = offset + page.length
  if (next < all.length) {
    const path = `${baseUrl()}/ocpi/2.2.1/sender/${request.module}`
    headers['Link'] = `<${path}?offset=${next}&limit=${limit}>; rel="next"`
  }
  return { data: page, headers }
}

function ownObjects(plan: PlatformPlan, module: string): Json[] | undefined {
  switch (module) {
    case 'locations':
      return plan.locations
    case 'tariffs':
      return plan.tariffs
    case 'tokens':
      return plan.tokens
    case 'sessions':
    case 'cdrs':
      return []
    default:
      return undefined
  }
}

function readBack(bodies: Map<string, string>, request: PartnerRequest): PartnerAnswer {
  const text = bodies.get(pathKey(request))
  return text === undefined ? UNKNOWN : { data: parseJson(text) }
}

function pathKey(request: PartnerRequest): string {
  const [countryCode = '', partyId = '', ...id] = request.segments
  return `${request.module}/${countryCode}-${partyId}/${id.join('/')}`
}

function take(
  { books }: PartnerModulesParts,
  bodies: Map<string, string>,
  request: PartnerRequest,
): PartnerAnswer {
  const key = pathKey(request)
  if (request.method === 'DELETE') {
    books.received.delete(key)
    return {}
  }
  if (request.module === 'sessions') {
    noteSession(books.receivedSessions, { key, text: request.text })
    return {}
  }
  const isNew = !books.received.has(key)
  books.received.set(key, digestOf(request.text))
  bodies.set(key, request.text)
  return { status: isNew && request.method === 'PUT' ? 201 : 200 }
}

/** A CDR is answered with its Location; the same content again is answered the same way. */
function takeCdr(
  { books, baseUrl }: PartnerModulesParts,
  bodies: Map<string, string>,
  request: PartnerRequest,
): PartnerAnswer {
  const cdr = objectIn(parseJson(request.text))
  const id = textOf(cdr, 'id')
  const owner = `${textOf(cdr, 'country_code')}/${textOf(cdr, 'party_id')}`
  if (request.method !== 'POST' || id === undefined) return { code: 2001, message: 'no CDR' }
  const key = `cdrs/${owner.replace('/', '-')}/${id}`
  const isKnown = bodies.has(key)
  noteReceivedCdr(books, { key, receiver: request.to, text: request.text })
  bodies.set(key, request.text)
  const url = `${baseUrl()}/ocpi/2.2.1/receiver/cdrs/${owner}/${encodeURIComponent(id)}`
  return { status: isKnown ? 200 : 201, headers: { Location: url } }
}

/** Key and digest of every object of a pulled page. */
export function pageDigests(module: string, data: unknown): [string, string][] {
  return objectsIn(data).map((object) => {
    const owner = `${textOf(object, 'country_code')}-${textOf(object, 'party_id')}`
    const id = textOf(object, 'id') ?? textOf(object, 'uid') ?? ''
    return [`${module}/${owner}/${id}`, digestOf(JSON.stringify(object))]
  })
}
