import type { IncomingMessage } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPeerClient } from '../../src/peer/client.ts'
import type { PeerClient } from '../../src/peer/client.ts'
import { callOcpi } from '../../src/peer/ocpi-client.ts'
import { pullPages } from '../../src/peer/pull.ts'
import type { PullRequest, PullStep } from '../../src/peer/pull.ts'
import { sendJson, startServer } from '../helpers/http-server.ts'

function startClient() {
  const client = createPeerClient({ allowPrivatePeers: true, clock: () => performance.now() })
  return { ...client, [Symbol.asyncDispose]: () => client.close() }
}

const call = (url: string) => ({
  url,
  method: 'GET' as const,
  credentialsToken: 'tok-ä',
  tokenEncoding: 'base64' as const,
  requestId: 'r1',
  correlationId: 'c1',
  deadlineMs: 5_000,
})

test('an OCPI call carries token, ids, parties and the body as it is', async () => {
  const seen: { headers: IncomingMessage['headers']; body: string }[] = []
  await using server = await startServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(Buffer.from(piece))
    seen.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
    sendJson(response, { status_code: 1000, data: null })
  })
  await using client = startClient()
  const parties = {
    from: { countryCode: 'NL', partyId: 'TNM' },
    to: { countryCode: 'DE', partyId: 'ABC' },
  }
  const read = await callOcpi(client, {
    ...call(server.url),
    ...parties,
    method: 'PUT',
    bodyText: '{"kwh":1.10}',
  })
  assert.is(read.kind === 'ocpi' && read.ocpiStatus, 1000)
  await callOcpi(client, { ...call(server.url), tokenEncoding: 'raw', credentialsToken: 'plain' })
  const [first, second] = seen
  assert.is(first?.body, '{"kwh":1.10}')
  assert.is(first?.headers.authorization, `Token ${Buffer.from('tok-ä').toString('base64')}`)
  assert.is(first?.headers['x-request-id'], 'r1')
  assert.is(first?.headers['x-correlation-id'], 'c1')
  assert.is(first?.headers['ocpi-from-country-code'], 'NL')
  assert.is(first?.headers['ocpi-from-party-id'], 'TNM')
  assert.is(first?.headers['ocpi-to-country-code'], 'DE')
  assert.is(first?.headers['ocpi-to-party-id'], 'ABC')
  assert.is(first?.headers['content-type'], 'application/json')
  assert.is(second?.headers.authorization, 'Token plain')
  assert.is(second?.headers['content-type'], undefined)
  assert.is(second?.headers['ocpi-to-party-id'], undefined)
})

/** Pulls everything and keeps the steps. */
async function pull(client: PeerClient, url: string, more: Partial<PullRequest> = {}) {
  const { requestId, ...base } = { ...call(url), client }
  let ids = 0
  const steps: PullStep[] = []
  const newRequestId = () => `${requestId}-${++ids}`
  for await (const step of pullPages({ ...base, newRequestId, ...more })) steps.push(step)
  const end = steps.at(-1)
  if (end?.kind !== 'end') throw new Error('no end')
  return { pages: steps.filter((step) => step.kind === 'page'), end }
}

test('pages are followed to the end, each object with its exact text', async () => {
  const ids: unknown[] = []
  await using server = await startServer((request, response) => {
    ids.push(request.headers['x-request-id'])
    const offset = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('offset') ?? 0)
    const link: Record<string, string> =
      offset < 4 ? { Link: `</list?offset=${offset + 2}>; rel="next"` } : {}
    const data = `[ {"id":${offset},"kwh":1.10} , {"id":${offset + 1}}]`
    sendJson(response, `{"data":${data},"status_code":1000}`, { ...link, 'X-Total-Count': '6' })
  })
  await using client = startClient()
  const { pages, end } = await pull(client, `${server.url}/list`)
  assert.is(end.reason, 'complete')
  assert.is(pages.length, 3)
  assert.is(pages[0]?.totalCount, 6)
  assert.equal(pages[1]?.items[0], { text: '{"id":2,"kwh":1.10}', value: { id: 2, kwh: 1.1 } })
  assert.equal(ids, ['r1-1', 'r1-2', 'r1-3'])
})

test('one bad object of a page never spoils the others', async () => {
  const deep = `${'['.repeat(80)}${']'.repeat(80)}`
  const bad = [
    `{"id":1,"x":${deep}}`,
    '{"id":2,"name":"\\u0000"}',
    '{"id":3,"kwh":1e400}',
    'null',
    '7',
  ]
  await using server = await startServer((_, response) =>
    sendJson(response, `{"data":[{"id":0},${bad.join(',')},{"id":9}],"status_code":1000}`),
  )
  await using client = startClient()
  const { pages, end } = await pull(client, server.url)
  assert.is(end.reason, 'complete')
  assert.equal(
    pages[0]?.items.map(({ text }) => text),
    ['{"id":0}', '{"id":9}'],
  )
  const pointers = pages[0]?.faults.map(({ pointer }) => pointer) ?? []
  assert.is(pointers.length, 5)
  assert.ok(pointers[0]?.startsWith('/data/1/x/0'))
  assert.equal(pointers.slice(1), ['/data/2/name', '/data/3/kwh', '/data/4', '/data/5'])
})

test('pages end at a repeated link, a repeated page, another origin and the caps', async () => {
  let visits = 0
  await using trap = await startServer((_, response) => {
    visits += 1
    sendJson(response, { status_code: 1000, data: [] })
  })
  let page = 0
  await using server = await startServer((request, response) => {
    page += 1
    const links: Record<string, string> = {
      '/self': '</self>',
      '/same': `</same?p=${page}>`,
      '/foreign': `<${trap.url}/>`,
      '/endless': `</endless?p=${page}>`,
    }
    const path = new URL(request.url ?? '/', 'http://x').pathname
    const data = path === '/same' ? [{ id: 1 }] : [{ id: page }]
    sendJson(response, { status_code: 1000, data }, { Link: `${links[path]}; rel="next"` })
  })
  await using client = startClient()
  assert.is((await pull(client, `${server.url}/self`)).end.reason, 'repeatedLink')
  assert.is((await pull(client, `${server.url}/same`)).end.reason, 'repeatedPage')
  const foreign = await pull(client, `${server.url}/foreign`)
  assert.is(foreign.end.reason, 'foreignLink')
  assert.is(foreign.pages.length, 1)
  assert.is(visits, 0)
  const capped = await pull(client, `${server.url}/endless`, { pagesMax: 4 })
  assert.is(capped.end.reason, 'pagesMax')
  assert.is(capped.pages.length, 4)
  assert.match(capped.end.next ?? '', /endless\?p=/)
  const objects = await pull(client, `${server.url}/endless`, { objectsMax: 3 })
  assert.is(objects.end.reason, 'objectsMax')
})

test('a page that fails ends the pull with what was answered', async () => {
  await using server = await startServer((request, response) => {
    if (request.url === '/html') response.end('<html>')
    else if (request.url === '/refused') sendJson(response, { status_code: 2001 })
    else sendJson(response, { status_code: 1000, data: { id: 1 } })
  })
  await using client = startClient()
  assert.is((await pull(client, `${server.url}/html`)).end.answer?.kind, 'notOcpi')
  assert.is((await pull(client, `${server.url}/refused`)).end.answer?.kind, 'ocpi')
  assert.is((await pull(client, `${server.url}/object`)).end.reason, 'failed')
})

test.run()
