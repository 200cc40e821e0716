import type { IncomingMessage, ServerResponse } from 'node:http'
import { isVersion } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { parse } from './ask.ts'

/** A request of the hub, as a partner got it. */
export type Got = {
  method: string
  /** `sender/tokens` for the modules; `versions`, `details` or `credentials` for the rest. */
  place: string
  /** The version in the URL; empty for `versions`. */
  version: string
  /** The whole path of its URL, without the query. */
  path: string
  /** What follows the module's URL, with its query. */
  rest: string
  headers: Readonly<Record<string, string>>
  body: string
  json: unknown
}

/** How a partner answers. `drop` cuts the connection, `silence` never answers; `text` is sent instead of an envelope. */
export type Given =
  | 'drop'
  | 'silence'
  | {
      status?: number
      code?: number
      message?: string
      data?: unknown
      headers?: Record<string, string>
      text?: string
      type?: string
    }

export async function readRequest(request: IncomingMessage): Promise<Got> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  const body = Buffer.concat(parts).toString('utf8')
  const [path = '', query] = (request.url ?? '').split('?')
  const [, version = '', side = '', module = '', ...rest] = path.split('/')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value)
  return {
    method: request.method ?? '',
    place: placeOf({ version, side, module }),
    version: isVersion(version) ? version : '',
    path,
    rest: `${rest.map((part) => `/${part}`).join('')}${query === undefined ? '' : `?${query}`}`,
    headers,
    body,
    json: parse(body),
  }
}

/**
 * `/versions`, `/{version}`, `/{version}/credentials`, `/{version}/{side}/{module}`: the same in every version, because
 * URLs are whatever a partner says they are.
 */
function placeOf(path: { version: string; side: string; module: string }): string {
  if (!isVersion(path.version)) return path.version
  if (path.side === '') return 'details'
  return path.module === '' ? path.side : `${path.side}/${path.module}`
}

export function writeAnswer(response: ServerResponse, given: Exclude<Given, string>): void {
  const { status = 200, code = 1000, message, data, type = 'application/json' } = given
  const envelope = { data, status_code: code, status_message: message, timestamp: TIMESTAMP }
  response.writeHead(status, { 'content-type': type, ...given.headers })
  response.end(given.text ?? JSON.stringify(envelope))
}

const TIMESTAMP = '2026-01-01T00:00:00Z'

/** Which of the URLs that an invitation names a partner goes to: 2.1.1 has one for each side. */
export function versionsUrlOf(partner: {
  version?: Version
  parties: readonly { role: string }[]
}): string {
  if (partner.version !== '2.1.1') return 'versions_url'
  return partner.parties.some(({ role }) => role === 'CPO')
    ? 'versions_url_cpo'
    : 'versions_url_emsp'
}
