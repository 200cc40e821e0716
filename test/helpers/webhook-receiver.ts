import { startServer } from './http-server.ts'

export type WebhookMessage = { headers: Record<string, string>; body: string }

/** A receiver of webhooks on a real port: what it got, oldest first, and what it answers. */
export async function startReceiver() {
  const got: WebhookMessage[] = []
  const state = { status: 204 }
  const server = await startServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      got.push({ headers, body: Buffer.concat(parts).toString('utf8') })
      response.writeHead(state.status)
      response.end()
    })
  })
  return { ...server, url: `${server.url}/hook`, got, state }
}
