import type { Context as Request } from 'hono'
import { Hono } from 'hono'
import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import { Refusal } from '../../hub/admin/refusal.ts'
import type { Scope } from '../../hub/admin/scope.ts'
import { isOurFault, problem } from '../problem.ts'
import {
  readAuthorization,
  readBytes,
  readJson,
  readParams,
  readQuery,
  remoteAddress,
} from './read-request.ts'
import type { Answer, Route } from './route.ts'

type Surface = {
  context: Context
  /** Label of logs and metrics. */
  name: 'admin' | 'party'
  routes: readonly Route[]
  /** The OpenAPI document, answered to everybody. */
  document: object
  /** Who asks; throws a refusal. */
  authenticate(header: string | undefined): Promise<Scope>
  /** Throws a refusal when this scope may not use the route. */
  authorize(scope: Scope, route: Route): Promise<void>
}

/** Serves a route table: unknown paths get 404, other methods 405 with Allow, everything a problem document. */
export function serveSurface(surface: Surface): Hono {
  const app = new Hono()
  for (const route of surface.routes) {
    app.on(route.method, route.path, (c) => answering(surface, { c, route }))
  }
  app.get('/openapi.json', (c) => c.json(surface.document, 200, { 'cache-control': 'no-store' }))
  for (const [path, methods] of methodsByPath(surface.routes)) {
    const allow = methods.includes('GET') ? ['HEAD', ...methods] : methods
    app.all(path, () =>
      problem(new Refusal('methodNotAllowed', `Use ${methods.join(' or ')} here.`, { allow })),
    )
  }
  app.all('*', () =>
    problem(new Refusal('notFound', 'There is nothing at this path; openapi.json lists them all.')),
  )
  return app
}

/** One request: who, what, do it, answer, count it. */
async function answering(
  surface: Surface,
  { c, route }: { c: Request; route: Route },
): Promise<Response> {
  const { context } = surface
  const started = context.clock().getTime()
  const response = await serve(surface, { c, route }).catch((error: unknown) => {
    if (isOurFault(error))
      context.log.error({ err: error, path: route.path }, `${surface.name} API failed`)
    return problem(error)
  })
  const labels = {
    surface: surface.name,
    module: route.path,
    http_status: String(response.status),
    ocpi_status: '',
  }
  context.metrics.requests.inc(labels)
  context.metrics.requestSeconds.observe(
    { surface: surface.name },
    (context.clock().getTime() - started) / 1_000,
  )
  return response
}

async function serve(
  surface: Surface,
  { c, route }: { c: Request; route: Route },
): Promise<Response> {
  const scope = await identify(surface, c)
  await surface.authorize(scope, route)
  const answer = await route.serve(surface.context, {
    scope,
    params: readParams(c),
    query: readQuery(c, route.schemas.query),
    body: await readBody(c, route),
    wantsCsv: wantsCsv(c),
  })
  return asResponse(answer, route)
}

async function readBody(c: Request, route: Route): Promise<unknown> {
  if (route.method === 'GET') return undefined
  return route.uploadBytesMax === null ? readJson(c) : readBytes(c, route.uploadBytesMax)
}

/** A wrong token costs its address a share of the logins that may fail in a minute, as on the OCPI side. */
async function identify(surface: Surface, c: Request): Promise<Scope> {
  try {
    return await surface.authenticate(readAuthorization(c))
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'unauthorized')) throw error
    const share = surface.context.limiter.take(
      `login:${remoteAddress(c)}`,
      limits.failedLoginsPerMinuteMax,
    )
    if (share.ok) throw error
    const { retryAfterS } = share
    throw new Refusal('rateLimited', 'Too many requests with a wrong token; wait and check it.', {
      retryAfterS,
    })
  }
}

function asResponse(answer: Answer, route: Route): Response {
  const headers = { 'cache-control': 'no-store' }
  if ('csv' in answer) {
    const type = { 'content-type': 'text/csv; charset=utf-8', vary: 'accept' }
    return new Response(asStream(answer.csv), { status: 200, headers: { ...headers, ...type } })
  }
  if ('file' in answer) {
    const { name, bytes } = answer.file
    const type = route.media ?? 'application/octet-stream'
    const disposition = `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, '_')}"`
    const more = { 'content-type': type, 'content-disposition': disposition }
    return new Response(Buffer.from(bytes), { status: 200, headers: { ...headers, ...more } })
  }
  if (route.status === 204) return new Response(null, { status: 204, headers })
  const type = { 'content-type': 'application/json', ...(route.hasCsv ? { vary: 'accept' } : {}) }
  return new Response(JSON.stringify(answer.json), {
    status: route.status,
    headers: { ...headers, ...type },
  })
}

function asStream(pieces: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const next = await iterator.next()
      if (next.done) controller.close()
      else controller.enqueue(Buffer.from(next.value))
    },
    cancel: async () => {
      await iterator.return?.()
    },
  })
}

/** `format` decides; without it the first of the two media types that Accept names. */
function wantsCsv(c: Request): boolean {
  const format = c.req.query('format')
  if (format !== undefined) return format === 'csv'
  const accepted = (c.req.header('accept') ?? '').toLowerCase()
  const csv = accepted.indexOf('text/csv')
  const json = accepted.indexOf('application/json')
  return csv !== -1 && (json === -1 || csv < json)
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>([['/openapi.json', ['GET']]])
  for (const route of routes)
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method])
  return methods
}
