import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { createPeerClient } from '../../src/peer/client.ts'
import type { PeerAnswer, PeerClient, PeerRequest } from '../../src/peer/client.ts'
import { readAnswer } from '../../src/peer/ocpi-client.ts'
import { startFaultProxy } from '../helpers/fault-proxy.ts'
import { sendJson, startServer } from '../helpers/http-server.ts'

function startClient(clock = () => performance.now()) {
  const client = createPeerClient({ allowPrivatePeers: true, clock })
  return { ...client, [Symbol.asyncDispose]: () => client.close() }
}

const get = (client: PeerClient, url: string, more: Partial<PeerRequest> = {}) =>
  client.request({ url, method: 'GET', headers: {}, deadlineMs: 5_000, ...more })

/** Runs one request and gives its answer with the time that it took on our side. */
async function timed(work: Promise<PeerAnswer>) {
  const startedMs = performance.now()
  const answer = await work
  return { answer, tookMs: performance.now() - startedMs }
}

test('an answer comes with lower-case headers, its bytes and over kept connections', async () => {
  const seen: IncomingMessage[] = []
  const sockets = new Set<unknown>()
  await using server = await startServer((request, response) => {
    seen.push(request)
    sockets.add(request.socket)
    sendJson(response, '{"a":1.10}', { 'X-Total-Count': '7' })
  })
  await using client = startClient()
  for (let round = 0; round < 10; round++) {
    const answer = await get(client, `${server.url}/a?b=c%2Fd`, {
      headers: { 'X-Request-ID': 'r1' },
    })
    if (answer.kind !== 'answer') throw new Error(answer.kind)
    assert.is(answer.status, 200)
    assert.is(answer.headers['x-total-count'], '7')
    assert.is(answer.body.toString(), '{"a":1.10}')
  }
  assert.is(seen[0]?.url, '/a?b=c%2Fd')
  assert.is(seen[0]?.headers['accept-encoding'], 'identity')
  assert.is(seen[0]?.headers['x-request-id'], 'r1')
  // The next request may start before the last connection counts as free.
  assert.ok(sockets.size <= 2)
})

test('a partner that refuses, resets or does not exist is unreachable', async () => {
  const gone = await startServer((_, response) => sendJson(response, {}))
  await gone[Symbol.asyncDispose]()
  await using client = startClient()
  assert.equal(await get(client, gone.url), {
    kind: 'unreachable',
    reason: 'ECONNREFUSED',
    sent: false,
  })
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  proxy.set({ kind: 'reset' })
  const answer = await get(client, proxy.url)
  assert.is(answer.kind, 'unreachable')
  assert.is(answer.kind === 'unreachable' && answer.sent, true)
})

test('a lost reply is unreachable and may have been received', async () => {
  let received = 0
  await using server = await startServer((_, response) => {
    received += 1
    sendJson(response, {})
  })
  await using proxy = await startFaultProxy(server.port)
  proxy.set({ kind: 'loseReply' })
  await using client = startClient()
  const answer = await get(client, proxy.url, { method: 'POST', body: '{}' })
  assert.is(answer.kind, 'unreachable')
  assert.is(answer.kind === 'unreachable' && answer.sent, true)
  assert.is(received, 1)
})

test('a partner that accepts and never answers ends at the deadline', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  proxy.set({ kind: 'stall' })
  await using client = startClient()
  const { answer, tookMs } = await timed(get(client, proxy.url, { deadlineMs: 150 }))
  assert.equal(answer, { kind: 'timeout' })
  assert.ok(tookMs < 2_000)
})

test('a trickle of bytes ends at the total deadline, a delay within it is waited for', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  await using client = startClient()
  proxy.set({ kind: 'trickle', ms: 20 })
  const { answer, tookMs } = await timed(get(client, proxy.url, { deadlineMs: 300 }))
  assert.equal(answer, { kind: 'timeout' })
  assert.ok(tookMs < 2_000)
  proxy.set({ kind: 'delay', ms: 50 })
  assert.is((await get(client, proxy.url)).kind, 'answer')
})

test('endless headers and endless bodies are cut at their caps', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  await using client = startClient()
  for (const part of ['headers', 'body'] as const) {
    proxy.set({ kind: 'endless', part })
    assert.equal(await get(client, proxy.url), { kind: 'tooLarge' })
  }
})

test('a body of exactly the cap is read, one byte more is too large', async () => {
  await using server = await startServer((_, response) => response.end('x'.repeat(1_000)))
  await using client = startClient()
  assert.is((await get(client, server.url, { responseBytesMax: 1_000 })).kind, 'answer')
  assert.is((await get(client, server.url, { responseBytesMax: 999 })).kind, 'tooLarge')
})

test('a compressed body is never inflated', async () => {
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  await using client = startClient()
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  proxy.set({ kind: 'encode', encoding: 'gzip', body: bomb })
  const answer = await get(client, proxy.url)
  assert.is(answer.kind === 'answer' && answer.body.equals(bomb), true)
  const read = readAnswer(answer, {})
  assert.is(read.kind, 'notOcpi')
  assert.match(read.kind === 'notOcpi' ? read.reason : '', /compressed/)
})

test('redirects are answers, not instructions', async () => {
  let visits = 0
  await using trap = await startServer((_, response) => {
    visits += 1
    sendJson(response, {})
  })
  await using server = await startServer((_, response) => sendJson(response, {}))
  await using proxy = await startFaultProxy(server.port)
  await using client = startClient()
  for (const status of [301, 302, 307, 308]) {
    proxy.set({ kind: 'redirect', status, location: `${trap.url}/metadata` })
    const answer = await get(client, proxy.url, { method: 'POST', body: '{"secret":1}' })
    assert.is(answer.kind === 'answer' && answer.status, status)
    assert.is(readAnswer(answer, {}).kind, 'notOcpi')
  }
  assert.is(visits, 0)
})

test('what is not HTTP is malformed, a body shorter than announced is not an answer', async () => {
  await using server = await startServer((request, response) => {
    request.socket.end(
      request.url === '/short'
        ? 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}'
        : 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    )
    response.detachSocket(request.socket)
  })
  await using client = startClient()
  assert.is((await get(client, server.url)).kind, 'malformed')
  assert.not.equal((await get(client, `${server.url}/short`)).kind, 'answer')
})

test('headers that cannot be sent are refused before anything is sent', async () => {
  let visits = 0
  await using server = await startServer((_, response) => {
    visits += 1
    sendJson(response, {})
  })
  await using client = startClient()
  for (const value of ['a\r\nX-Evil: 1', 'a\u0000b', '№']) {
    const answer = await get(client, server.url, { headers: { authorization: value } })
    assert.is(answer.kind === 'refused' && answer.reason, 'invalidRequest')
  }
  assert.is(visits, 0)
})

test('at most the allowed number of requests is in flight, and the rest is refused at once', async () => {
  const waiting: ServerResponse[] = []
  let isFull: () => void = () => {}
  const full = new Promise<void>((resolve) => (isFull = resolve))
  await using server = await startServer((_, response) => {
    waiting.push(response)
    if (waiting.length === limits.peerInFlightMax) isFull()
  })
  await using other = await startServer((_, response) => sendJson(response, {}))
  await using client = startClient()
  const open = Array.from({ length: limits.peerInFlightMax }, () => get(client, server.url))
  const over = await get(client, server.url)
  assert.is(over.kind === 'refused' && over.reason, 'inFlight')
  assert.is((await get(client, other.url)).kind, 'answer')
  await full
  waiting.forEach((response) => sendJson(response, {}))
  const answers = await Promise.all(open)
  assert.is(answers.filter(({ kind }) => kind === 'answer').length, limits.peerInFlightMax)
})

test('a failing partner is left alone, probed once, and served again when it is back', async () => {
  let visits = 0
  await using server = await startServer((_, response) => {
    visits += 1
    sendJson(response, {})
  })
  await using proxy = await startFaultProxy(server.port)
  let nowMs = 0
  await using client = startClient(() => nowMs)
  proxy.set({ kind: 'reset' })
  for (let round = 0; round < limits.peerBreakerRequestsMin; round++) await get(client, proxy.url)
  const refused = await get(client, proxy.url)
  if (refused.kind !== 'refused') throw new Error(refused.kind)
  assert.is(refused.reason, 'breakerOpen')
  assert.is(refused.retryAfterMs, limits.peerBreakerOpenMs)
  assert.is(proxy.log.length, limits.peerBreakerRequestsMin)
  assert.is((await get(client, server.url)).kind, 'answer')
  nowMs += limits.peerBreakerOpenMs
  const [probe, second] = await Promise.all([get(client, proxy.url), get(client, proxy.url)])
  assert.is(probe.kind, 'unreachable')
  assert.is(second.kind, 'refused')
  proxy.set({ kind: 'none' })
  nowMs += limits.peerBreakerOpenMs * 2
  assert.is((await get(client, proxy.url)).kind, 'answer')
  assert.is((await get(client, proxy.url)).kind, 'answer')
  assert.is(visits, 3)
})

test('HTTP errors of a partner do not open the breaker', async () => {
  await using server = await startServer((_, response) => response.writeHead(500).end())
  await using client = startClient()
  for (let round = 0; round < limits.peerBreakerRequestsMin + 5; round++) {
    assert.is((await get(client, server.url)).kind, 'answer')
  }
})

test('a closed client refuses and lets go of what was in flight', async () => {
  await using server = await startServer(() => {})
  await using client = startClient()
  const open = get(client, server.url)
  await client.close()
  assert.is((await open).kind, 'unreachable')
  const after = await get(client, server.url)
  assert.is(after.kind === 'refused' && after.reason, 'closed')
})

test.run()
