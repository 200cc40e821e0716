import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Route } from './admin/route.ts'
import { adminRoutes, partyRoutes } from './admin/table.ts'
import { problemSchema } from './problem.ts'

type SurfaceName = 'admin' | 'party'

const SURFACES = {
  admin: {
    base: '/admin/v1',
    title: 'Crosscharge admin API',
    routes: adminRoutes,
    security: {
      type: 'http',
      scheme: 'bearer',
      description: 'an operator token; ADMIN_TOKEN is the first',
    },
  },
  party: {
    base: '/party/v1',
    title: 'Crosscharge party API',
    routes: partyRoutes,
    security: {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: '`Token` and the OCPI credentials token, base64 or raw',
    },
  },
} as const

/** The OpenAPI 3.1 document of a surface, made of the schemas that validate its requests. */
export function openApiDocument(name: SurfaceName): object {
  const { base, title, routes, security } = SURFACES[name]
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) }
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1' },
    servers: [{ url: base }],
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: security }, schemas: { Problem: problemSchema } },
  }
}

/**
 * Checks an answer against the document: sentences that say what does not fit, none when it fits. `path` is the path
 * that was asked, with its base (/admin/v1, /party/v1) and with or without a query; `body` the parsed JSON, or the text
 * of a CSV answer, or undefined.
 */
export function checkAnswer(method: string, path: string, status: number, body: unknown): string[] {
  const pathname = path.split('?', 1)[0] ?? ''
  const surface = Object.values(SURFACES).find(({ base }) => pathname.startsWith(`${base}/`))
  if (!surface) return [`${pathname} belongs to no API with a document`]
  if (status >= 400) return mismatches(problemSchema, body)
  const below = pathname.slice(surface.base.length)
  if (below === '/openapi.json') return []
  const route = surface.routes.find((each) => each.method === method && matches(each.path, below))
  if (!route)
    return [`${method} ${pathname} is not in the document, but was answered with ${status}`]
  if (status !== route.status)
    return [`${method} ${pathname} answered ${status}, the document says ${route.status}`]
  if (route.media !== null) return []
  if (route.schemas.reply === null)
    return body === undefined || body === '' ? [] : ['the answer has a body']
  if (route.hasCsv && typeof body === 'string') return []
  return mismatches(route.schemas.reply, body)
}

function operation(name: SurfaceName, route: Route): object {
  const { params, query, body, reply } = route.schemas
  const needsBody = requiredOf(body).length > 0
  const hasBody = Object.keys(propertiesOf(body)).length > 0
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: route.summary,
    ...(name === 'admin'
      ? { description: `Roles: ${[...new Set([...route.roles, 'admin'])].join(', ')}.` }
      : {}),
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query')],
    ...(route.uploadBytesMax === null ? {} : { requestBody: UPLOAD }),
    ...(hasBody
      ? { requestBody: { required: needsBody, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      [route.status]: {
        description: reply === null && route.media === null ? 'done' : 'the answer',
        ...(reply === null ? {} : { content: contentOf(reply, route.hasCsv) }),
        ...(route.media === null ? {} : { content: { [route.media]: {} } }),
      },
      default: {
        description: 'a problem document',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  }
}

/** A file, taken as it is. */
const UPLOAD = {
  required: true,
  content: { 'application/json': {}, 'application/x-ndjson': {}, 'application/octet-stream': {} },
}

function contentOf(reply: TSchema, hasCsv: boolean): object {
  return {
    'application/json': { schema: reply },
    ...(hasCsv ? { 'text/csv': { schema: { type: 'string' } } } : {}),
  }
}

function parameters(schema: TSchema, place: 'path' | 'query'): object[] {
  const required = requiredOf(schema)
  return Object.entries(propertiesOf(schema)).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }))
}

function propertiesOf(schema: TSchema): Record<string, unknown> {
  const properties: unknown = 'properties' in schema ? schema.properties : undefined
  return typeof properties === 'object' && properties !== null ? { ...properties } : {}
}

function requiredOf(schema: TSchema): unknown[] {
  const required: unknown = 'required' in schema ? schema.required : undefined
  return Array.isArray(required) ? required : []
}

/** Literal segments must be equal, parameters hold one segment. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => part.startsWith(':') || part === given[i])
  )
}

const validators = new WeakMap<
  TSchema,
  { Errors(value: unknown): { instancePath: string; message: string }[] }
>()

function mismatches(schema: TSchema, value: unknown): string[] {
  const validator = validators.get(schema) ?? Compile(schema)
  validators.set(schema, validator)
  return validator
    .Errors(value)
    .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
}
