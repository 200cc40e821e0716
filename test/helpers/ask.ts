import http from 'node:http'

/** An answer with its OCPI envelope, as far as it has one. */
export type Reply = {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  json: unknown
  /** OCPI status_code; 0 when there is none. */
  code: number
  message: string
  data: unknown
}

export type Question = {
  url: string
  method: string
  headers?: Readonly<Record<string, string>>
  body?: string | Buffer | undefined
}

/** One HTTP request with exactly these headers. */
export function ask({ url, method, headers = {}, body }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // Node sets no length by itself where a body is unusual (DELETE).
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const all = { ...length, ...headers }
    const request = http.request(url, { method, headers: all }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        const json = /json/.test(response.headers['content-type'] ?? '') ? parse(text) : undefined
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json,
          code: Number(at(json, 'status_code') ?? 0),
          message: String(at(json, 'status_message') ?? ''),
          data: at(json, 'data'),
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** A member of a JSON value, by path; undefined where there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null
        ? Object.getOwnPropertyDescriptor(inner, name)?.value
        : undefined,
    value,
  )
}

/** The items of a JSON list; none when it is no list. */
export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** JSON, or undefined when the text is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
