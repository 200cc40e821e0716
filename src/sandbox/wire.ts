import { Agent, request } from 'node:http'
import { limits } from '../../config/limits.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What came back: header names in lower case, the body as text. */
export type WireAnswer = { status: number; headers: Map<string, string>; text: string }

type WireRequest = {
  method: Method
  url: string
  headers: Record<string, string>
  body?: string
}

/** The sandbox's own HTTP client, on plain `node:http`: it tests the hub's client and must not be it. */
export type Wire = {
  /** One exchange over a kept connection. Throws when the other side cannot be reached or takes too long. */
  exchange(request: WireRequest): Promise<WireAnswer>
  close(): void
}

export function createWire(inFlightMax: number): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightMax })
  const exchange = (wanted: WireRequest) =>
    new Promise<WireAnswer>((resolve, reject) => {
      const bytes = wanted.body === undefined ? undefined : Buffer.from(wanted.body)
      const headers: Record<string, string | number> = { ...wanted.headers }
      if (bytes) {
        headers['Content-Type'] = 'application/json'
        headers['Content-Length'] = bytes.length
      }
      const sent = request(wanted.url, { method: wanted.method, agent, headers }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const found = new Map<string, string>()
          for (const [name, value] of Object.entries(answer.headers)) {
            if (value !== undefined)
              found.set(name, Array.isArray(value) ? value.join(', ') : value)
          }
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: answer.statusCode ?? 0, headers: found, text })
        })
      })
      sent.setTimeout(limits.sandboxRequestMs, () => {
        sent.destroy(new Error(`no answer within ${limits.sandboxRequestMs} ms`))
      })
      sent.on('error', reject)
      sent.end(bytes)
    })
  return { exchange, close: () => agent.destroy() }
}
