import type { Static, TSchema } from 'typebox'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Context } from '../../context.ts'
import type { OperatorRole, Scope } from '../../hub/admin/scope.ts'
import { Refusal } from '../../hub/admin/refusal.ts'
import { schemaFaults } from '../../ocpi/schema-faults.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What arrived, before any schema has seen it. */
type RawInput = {
  scope: Scope
  params: unknown
  query: unknown
  body: unknown
  wantsCsv: boolean
}

/** What a route answers: a JSON value (undefined = no body), CSV text in pieces, or a file. */
export type Answer =
  { json: unknown } | { csv: AsyncIterable<string> } | { file: { name: string; bytes: Uint8Array } }

type Schemas = { params: TSchema; query: TSchema; body: TSchema; reply: TSchema | null }

/** One row of the route table: what the server, the validation and the OpenAPI document are made of. */
export type Route = {
  method: Method
  /** Below the surface's base, parameters as `:name`. */
  path: string
  summary: string
  /** Operators with one of these roles; `admin` always may. */
  roles: readonly OperatorRole[]
  /** Whether parties have it too under /party/v1, cut to their own side. */
  party: boolean
  status: 200 | 201 | 204
  schemas: Schemas
  hasCsv: boolean
  /** The most bytes of a body that is taken as it comes; null: the body is JSON of the schema. */
  uploadBytesMax: number | null
  /** The media type of the file that is answered; null: JSON, or CSV. */
  media: string | null
  serve(context: Context, raw: RawInput): Promise<Answer>
}

type Input<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  scope: Scope
  params: Static<P>
  query: Static<Q>
  body: Static<B>
}

/** Answers are read, never changed: what is readonly inside the hub may be answered as it is. */
type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T

type RouteSpec<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> = {
  method: Method
  path: string
  summary: string
  roles: readonly OperatorRole[]
  party?: boolean
  status?: 200 | 201
  params: P
  query: Q
  body: B
  reply: R
  run(context: Context, input: Input<P, Q, B>): Promise<Immutable<Static<R>>>
  csv?(context: Context, input: Input<P, Q, B>): Promise<AsyncIterable<string>>
}

/** Every known role. */
export const EVERYONE: readonly OperatorRole[] = ['viewer', 'operator', 'finance', 'admin']

/** No parameters at all; as a body: none, or `{}`. */
export const nothing = Type.Object({}, { additionalProperties: false })

/** A row of the table. The schemas that validate are the ones that type `run` and stand in the OpenAPI document. */
export function defineRoute<
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  R extends TSchema,
>(spec: RouteSpec<P, Q, B, R>): Route {
  const { params, query, body, reply } = spec
  const readInput = inputReader({ params, query, body })
  return {
    ...commonOf(spec),
    status: spec.status ?? 200,
    schemas: { params, query, body, reply },
    serve: async (context, raw) => {
      const input = readInput(raw)
      if (spec.csv && raw.wantsCsv) return { csv: await spec.csv(context, input) }
      return { json: await spec.run(context, input) }
    },
  }
}

/** A row that answers 204 and no body. */
export function defineRemoval<P extends TSchema, Q extends TSchema>(
  spec: Omit<
    RouteSpec<P, Q, typeof nothing, typeof nothing>,
    'body' | 'reply' | 'run' | 'csv' | 'status' | 'method'
  > & {
    run(context: Context, input: Input<P, Q, typeof nothing>): Promise<void>
  },
): Route {
  const { params, query } = spec
  const readInput = inputReader({ params, query, body: nothing })
  return {
    ...commonOf({ ...spec, method: 'DELETE' }),
    status: 204,
    schemas: { params, query, body: nothing, reply: null },
    serve: async (context, raw) => {
      await spec.run(context, readInput(raw))
      return { json: undefined }
    },
  }
}

/** A row whose body is a file: it is not parsed here, `run` gets its bytes. */
export function defineUpload<P extends TSchema, Q extends TSchema, R extends TSchema>(
  spec: Omit<RouteSpec<P, Q, typeof nothing, R>, 'body' | 'run' | 'csv' | 'method'> & {
    bytesMax: number
    run(
      context: Context,
      input: Omit<Input<P, Q, typeof nothing>, 'body'> & { bytes: Uint8Array },
    ): Promise<Immutable<Static<R>>>
  },
): Route {
  const { params, query, reply } = spec
  const readInput = inputReader({ params, query, body: nothing })
  return {
    ...commonOf({ ...spec, method: 'POST' }),
    status: spec.status ?? 200,
    uploadBytesMax: spec.bytesMax,
    schemas: { params, query, body: nothing, reply },
    serve: async (context, raw) => {
      const { scope, params: place, query: asked } = readInput({ ...raw, body: undefined })
      const bytes = raw.body instanceof Uint8Array ? raw.body : new Uint8Array()
      return { json: await spec.run(context, { scope, params: place, query: asked, bytes }) }
    },
  }
}

/** A row that answers a file. */
export function defineDownload<P extends TSchema, Q extends TSchema>(
  spec: Omit<
    RouteSpec<P, Q, typeof nothing, typeof nothing>,
    'body' | 'reply' | 'run' | 'csv' | 'status' | 'method'
  > & {
    media: string
    run(
      context: Context,
      input: Input<P, Q, typeof nothing>,
    ): Promise<{ name: string; bytes: Uint8Array }>
  },
): Route {
  const { params, query, media } = spec
  const readInput = inputReader({ params, query, body: nothing })
  return {
    ...commonOf({ ...spec, method: 'GET' }),
    status: 200,
    media,
    schemas: { params, query, body: nothing, reply: null },
    serve: async (context, raw) => ({ file: await spec.run(context, readInput(raw)) }),
  }
}

function commonOf(spec: {
  method: Method
  path: string
  summary: string
  roles: readonly OperatorRole[]
  party?: boolean
  csv?: unknown
}) {
  const { method, path, summary, roles } = spec
  return {
    method,
    path,
    summary,
    roles,
    party: spec.party ?? false,
    hasCsv: spec.csv !== undefined,
    uploadBytesMax: null,
    media: null,
  }
}

/** Checks the three places of the input in order; each refusal names every wrong field of its place. */
function inputReader<P extends TSchema, Q extends TSchema, B extends TSchema>(schemas: {
  params: P
  query: Q
  body: B
}) {
  const params = checker({ schema: schemas.params, code: 'invalidQuery', place: 'path:' })
  const query = checker({ schema: schemas.query, code: 'invalidQuery', place: 'query:' })
  const body = checker({ schema: schemas.body, code: 'invalidBody', place: '' })
  return (raw: RawInput): Input<P, Q, B> => ({
    scope: raw.scope,
    params: params(raw.params),
    query: query(raw.query),
    // No body is an empty one; `null` is a body, and says nothing that could be meant.
    body: body(raw.body === undefined ? {} : raw.body),
  })
}

function checker<S extends TSchema>(how: {
  schema: S
  code: 'invalidQuery' | 'invalidBody'
  place: string
}) {
  const compile = () => Compile(how.schema)
  let validator: ReturnType<typeof compile> | undefined
  return (value: unknown): Static<S> => {
    validator ??= compile()
    if (validator.Check(value)) return value
    const faults = schemaFaults(validator.Errors(value)).map(({ pointer, message }) => ({
      pointer: how.place === '' ? pointer : `${how.place}${pointer.slice(1)}`,
      message,
    }))
    const first = faults[0]
    throw new Refusal(
      how.code,
      first ? `${first.pointer || 'The body'} ${first.message}` : 'The request does not fit.',
      { faults },
    )
  }
}
