import type { Context } from 'hono'
import { limits } from '../../../config/limits.ts'
import { Refusal } from '../../hub/admin/refusal.ts'
import { scanBody } from '../../ocpi/scan.ts'

const SCAN_LIMITS = {
  depthMax: limits.jsonDepthMax,
  keysMax: limits.jsonKeysMax,
  numberCharsMax: limits.jsonNumberCharsMax,
  duplicateKeys: 'refuse' as const,
}

/** The one Authorization header; two of them may mean different people to different readers, so they are refused. */
export function readAuthorization(c: Context): string | undefined {
  const header = c.req.header('authorization')
  // Repeated headers arrive joined by a comma, which no token of ours holds.
  if (header?.includes(',')) throw new Refusal('malformed', 'Send one Authorization header.')
  return header
}

/** The address the request came from, as far as the server knows it. */
export function remoteAddress(c: Context): string {
  const env: unknown = c.env
  const incoming = isRecord(env) ? env['incoming'] : undefined
  const socket = isRecord(incoming) ? incoming['socket'] : undefined
  const address = isRecord(socket) ? socket['remoteAddress'] : undefined
  return typeof address === 'string' ? address : ''
}

/** The parameters of the path, decoded. */
export function readParams(c: Context): Record<string, string> {
  const params = c.req.param()
  refuseUnstorable(params, 'path:')
  return params
}

/** The query as an object: each name once, and the names that are numbers by their schema as numbers. */
export function readQuery(
  c: Context,
  schema: { properties?: unknown },
): Record<string, string | number> {
  const query: Record<string, string | number> = {}
  const texts: Record<string, string> = {}
  for (const [name, value] of new URL(c.req.url).searchParams) {
    if (Object.hasOwn(query, name)) throw wrongQuery(name, 'stands there twice')
    texts[name] = value
    Object.defineProperty(query, name, {
      value: isIntegerField(schema, name) && /^[0-9]{1,9}$/.test(value) ? Number(value) : value,
      enumerable: true,
    })
  }
  refuseUnstorable(texts, 'query:')
  return query
}

/** The JSON of the body, or undefined when there is none. */
export async function readJson(c: Context): Promise<unknown> {
  const bytes = await readBytes(c, limits.adminBodyBytesMax)
  if (bytes.length === 0) return undefined
  const mediaType = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/([a-z0-9.+-]+\+)?json$/.test(mediaType)) {
    throw new Refusal('mediaType', 'Send the body as Content-Type: application/json.')
  }
  const scanned = scanBody(bytes, SCAN_LIMITS)
  if (scanned.ok) return scanned.value
  const faults = [{ pointer: scanned.pointer ?? '', message: scanned.message }]
  throw new Refusal('malformed', scanned.message, { faults })
}

/** The body as it came. */
export async function readBytes(c: Context, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () => new Refusal('tooLarge', `Send at most ${bytesMax} bytes.`)
  if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw tooLarge()
  const stream = c.req.raw.body
  if (stream === null) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of stream) {
    size += part.byteLength
    if (size > bytesMax) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** PostgreSQL text holds neither NUL nor half a surrogate pair. */
function refuseUnstorable(texts: Record<string, string>, place: string): void {
  for (const [name, value] of Object.entries(texts)) {
    if (!/[\u0000\ud800-\udfff]/u.test(value)) continue
    const faults = [
      { pointer: `${place}${name}`, message: 'holds a character that cannot be stored' },
    ]
    throw new Refusal('invalidQuery', 'A parameter of the address cannot be read.', { faults })
  }
}

function isIntegerField(schema: { properties?: unknown }, name: string): boolean {
  const { properties } = schema
  if (!isRecord(properties)) return false
  const field: unknown = Object.getOwnPropertyDescriptor(properties, name)?.value
  return isRecord(field) && field['type'] === 'integer'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function wrongQuery(name: string, message: string): Refusal {
  return new Refusal('invalidQuery', `${name} ${message}.`, {
    faults: [{ pointer: `query:${name}`, message }],
  })
}
