import http from 'node:http'
import https from 'node:https'
import { limits } from '../../config/limits.ts'
import { CliStop, EXIT } from './exit-codes.ts'

/** A way to the admin API of one hub. */
export type HubClient = {
  url: string
  get(path: string): Promise<unknown>
  post(path: string, body?: object): Promise<unknown>
  patch(path: string, body: object): Promise<unknown>
  /** Sends a text of JSON, or the bytes of a file, as they are. */
  upload(path: string, body: string | Buffer): Promise<unknown>
  /** The text of an answer that is not JSON. */
  text(path: string): Promise<string>
  /** The bytes of a file. */
  bytes(path: string): Promise<Buffer>
  /** Status and text of any path, without the token and whatever the status. */
  look(path: string): Promise<{ status: number; text: string }>
}

type Call = {
  method: 'GET' | 'POST' | 'PATCH'
  path: string
  body?: object | string | Buffer
  accept?: string
  token?: string | undefined
}
type Reply = { status: number; text: string; bytes: Buffer }

/** `url` is the base of the hub, `token` an operator's. Every failure becomes a CliStop that says what to do. */
export function createHubClient(options: { url: string; token: string | undefined }): HubClient {
  const { url, token } = options
  const ask = async (call: Call): Promise<Reply> => {
    if (token === undefined) {
      throw new CliStop(
        EXIT.notAuthorised,
        'No token: give --token, or set ADMIN_TOKEN (the demo writes .data/demo.env).',
      )
    }
    const reply = await send(url, { ...call, token })
    if (reply.status >= 400) throw refused(call, reply)
    return reply
  }
  return {
    url,
    get: async (path) => parse((await ask({ method: 'GET', path })).text, path),
    post: async (path, body = {}) => parse((await ask({ method: 'POST', path, body })).text, path),
    patch: async (path, body) => parse((await ask({ method: 'PATCH', path, body })).text, path),
    upload: async (path, body) => parse((await ask({ method: 'POST', path, body })).text, path),
    text: async (path) => (await ask({ method: 'GET', path, accept: 'text/csv' })).text,
    bytes: async (path) => (await ask({ method: 'GET', path, accept: '*/*' })).bytes,
    look: (path) => send(url, { method: 'GET', path }),
  }
}

function send(base: string, call: Call): Promise<Reply> {
  const target = urlOf(base, call.path)
  const body = bytesOf(call.body)
  const media = Buffer.isBuffer(call.body) ? 'application/octet-stream' : 'application/json'
  const headers = {
    accept: call.accept ?? 'application/json',
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    ...(body === undefined ? {} : { 'content-type': media, 'content-length': String(body.length) }),
  }
  return new Promise((resolve, reject) => {
    const stop = (why: string) => reject(unreachable(base, why))
    const open = target.protocol === 'https:' ? https.request : http.request
    const request = open(
      target,
      { method: call.method, headers, timeout: limits.cliRequestMs },
      (response) => {
        collect(response).then(
          (bytes) =>
            resolve({ status: response.statusCode ?? 0, text: bytes.toString('utf8'), bytes }),
          (e: Error) => stop(e.message),
        )
      },
    )
    request.on('timeout', () =>
      request.destroy(new Error(`no answer in ${limits.cliRequestMs / 1_000} s`)),
    )
    request.on('error', (error: Error & { code?: string }) =>
      stop(error.message || (error.code ?? 'connection failed')),
    )
    request.end(body)
  })
}

function bytesOf(body: Call['body']): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'object' ? JSON.stringify(body) : body)
}

async function collect(response: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > limits.cliResponseBytesMax) throw new Error('the answer is too long')
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

function urlOf(base: string, path: string): URL {
  const text = `${base.replace(/\/+$/, '')}${path}`
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text)
  throw new CliStop(
    EXIT.usage,
    `--url ${base} is no http or https URL; write for example http://127.0.0.1:8700.`,
  )
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliStop(
      EXIT.cannot,
      `${path} was not answered in JSON; is --url the base of a Crosscharge hub?`,
    )
  }
}

function refused(call: Call, reply: Reply): CliStop {
  const said =
    problemText(reply.text) ??
    `the hub answered HTTP ${reply.status} to ${call.method} ${call.path}`
  if (reply.status === 401 || reply.status === 403) return new CliStop(EXIT.notAuthorised, said)
  if (reply.status === 503) return new CliStop(EXIT.notReachable, said)
  return new CliStop(reply.status === 400 ? EXIT.usage : EXIT.cannot, said)
}

/** The sentences of an RFC 9457 problem document, or null when the text is none. */
function problemText(text: string): string | null {
  try {
    const document: unknown = JSON.parse(text)
    if (typeof document !== 'object' || document === null || !('detail' in document)) return null
    const faults = 'errors' in document && Array.isArray(document.errors) ? document.errors : []
    const lines = faults.map(
      (fault: { pointer?: unknown; detail?: unknown }) => `  ${fault.pointer}: ${fault.detail}`,
    )
    const detail = String(document.detail)
    return lines.length > 1 ? [detail, ...lines].join('\n') : detail
  } catch {
    return null
  }
}

function unreachable(base: string, why: string): CliStop {
  return new CliStop(
    EXIT.notReachable,
    `The hub at ${base} does not answer (${why}). Start it with npm start or npm run demo, or give --url.`,
  )
}
