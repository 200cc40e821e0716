import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { admit, newBreaker, note } from '../../src/peer/breaker.ts'
import type { Breaker, Outcome } from '../../src/peer/breaker.ts'
import { parseLinkNext } from '../../src/peer/link.ts'
import { readAnswer } from '../../src/peer/ocpi-client.ts'
import type { OcpiAnswer } from '../../src/peer/ocpi-client.ts'

const { peerBreakerOpenMs, peerBreakerOpenMsMax, peerBreakerRequestsMin, peerBreakerWindowMs } =
  limits

/** Lets requests with these outcomes through at one instant; says whether the last one was admitted. */
const play = (breaker: Breaker, nowMs: number, outcomes: readonly Outcome[]): boolean => {
  let isAdmitted = false
  for (const outcome of outcomes) {
    const admission = admit(breaker, nowMs)
    isAdmitted = admission.admitted
    if (admission.admitted) note(breaker, { outcome, isProbe: admission.isProbe, nowMs })
  }
  return isAdmitted
}

const times = (count: number, outcome: Outcome) => Array<Outcome>(count).fill(outcome)

test('the breaker opens at half of the least number of requests failing, not before', () => {
  const half = peerBreakerRequestsMin / 2
  const breaker = newBreaker()
  play(breaker, 0, [...times(half, 'reached'), ...times(half - 1, 'failed')])
  assert.is(breaker.state, 'closed')
  play(breaker, 0, ['failed'])
  assert.is(breaker.state, 'open')
  const healthy = newBreaker()
  play(healthy, 0, [...times(half + 1, 'reached'), ...times(half - 1, 'failed')])
  assert.is(healthy.state, 'closed')
})

test('failures older than the window do not count', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin - 1, 'failed'))
  play(breaker, peerBreakerWindowMs, times(peerBreakerRequestsMin - 1, 'failed'))
  assert.is(breaker.state, 'closed')
})

test('an open breaker says when to come back and then lets one probe through', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin, 'failed'))
  assert.equal(admit(breaker, 1_000), { admitted: false, retryAfterMs: peerBreakerOpenMs - 1_000 })
  assert.equal(admit(breaker, peerBreakerOpenMs), { admitted: true, isProbe: true })
  assert.equal(admit(breaker, peerBreakerOpenMs), { admitted: false, retryAfterMs: 0 })
  note(breaker, { outcome: 'reached', isProbe: true, nowMs: peerBreakerOpenMs })
  assert.is(play(breaker, peerBreakerOpenMs, ['reached']), true)
})

test('failed probes double the time up to the maximum', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin, 'failed'))
  let nowMs = 0
  const opened: number[] = []
  for (let round = 0; round < 6; round++) {
    opened.push(breaker.openUntilMs - nowMs)
    nowMs = breaker.openUntilMs
    play(breaker, nowMs, ['failed'])
  }
  const doubled = opened.map((_, round) =>
    Math.min(peerBreakerOpenMs * 2 ** round, peerBreakerOpenMsMax),
  )
  assert.equal(opened, doubled)
})

test('a flapping peer is left alone for longer each time, a healed one starts anew', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin, 'failed'))
  const back = breaker.openUntilMs
  play(breaker, back, ['reached', ...times(peerBreakerRequestsMin, 'failed')])
  assert.is(breaker.openUntilMs - back, peerBreakerOpenMs * 2)
  const healed = breaker.openUntilMs
  play(breaker, healed, ['reached'])
  const later = healed + peerBreakerOpenMsMax
  play(breaker, later, times(peerBreakerRequestsMin, 'failed'))
  assert.is(breaker.openUntilMs - later, peerBreakerOpenMs)
})

test('a probe that taught nothing leaves the way to the next probe', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin, 'failed'))
  play(breaker, peerBreakerOpenMs, ['unknown'])
  assert.equal(admit(breaker, peerBreakerOpenMs), { admitted: true, isProbe: true })
})

test('late ends of requests from before the opening change nothing', () => {
  const breaker = newBreaker()
  play(breaker, 0, times(peerBreakerRequestsMin, 'failed'))
  note(breaker, { outcome: 'reached', isProbe: false, nowMs: 1 })
  note(breaker, { outcome: 'failed', isProbe: false, nowMs: 1 })
  assert.is(breaker.state, 'open')
  assert.is(breaker.openUntilMs, peerBreakerOpenMs)
})

test('the next page is found in every spelling of RFC 8288', () => {
  const base = 'https://cpo.example.com/ocpi/2.2.1/locations?limit=5'
  const next = 'https://cpo.example.com/ocpi/2.2.1/locations?offset=5&limit=5'
  const same = [
    `<${next}>; rel="next"`,
    `<${next}>;rel=next`,
    `<${next}> ; REL = "NEXT"`,
    `<${next}>; title="a, b; c <d>"; rel="prev next"`,
    `<https://x.example.com/?a=1,2>; rel="prev", <${next}>; rel="next"`,
    `<https://x.example.com/>; rel="first last" , ,<${next}>; foo; rel='x'; foo, <${next}>; rel=next`,
    '<?offset=5&limit=5>; rel="next"',
    '</ocpi/2.2.1/locations?offset=5&limit=5>; rel="next"',
    `<${next}>; title="say \\"hi\\", ok"; rel="next"`,
  ]
  for (const header of same) assert.is(parseLinkNext(header, base), next, header)
})

test('what is no link to a next page gives null', () => {
  const base = 'https://cpo.example.com/'
  const none = [
    undefined,
    null,
    '',
    'next',
    '<https://a.example.com/>',
    '<https://a.example.com/>; rel="prev"; rel="next"',
    '<https://a.example.com/>; rel="nextish"',
    '<https://a.example.com/; rel="next"',
    '<http://[>; rel="next"',
    '<https://a.example.com/>; rel="next"; anchor="#x"',
    '<'.repeat(10_000),
    '<a>;'.repeat(5_000),
  ]
  for (const header of none) assert.is(parseLinkNext(header, base), null)
})

const answer = (
  body: string | Buffer,
  more: { status?: number; headers?: Record<string, string> } = {},
) => ({
  kind: 'answer' as const,
  status: more.status ?? 200,
  headers: more.headers ?? { 'content-type': 'application/json' },
  body: Buffer.from(body),
  tookMs: 1,
})

const isNotOcpi = (read: OcpiAnswer, reason: RegExp) => {
  assert.is(read.kind, 'notOcpi')
  if (read.kind === 'notOcpi') assert.match(read.reason, reason)
}

test('an envelope keeps the exact text of its data', () => {
  const body = '{"status_code":1000,"status_message":"ok","data": {"kwh":1.10} ,"timestamp":"x"}'
  const read = readAnswer(answer(body), {})
  if (read.kind !== 'ocpi') throw new Error(read.kind)
  assert.is(read.ocpiStatus, 1000)
  assert.is(read.statusMessage, 'ok')
  assert.is(read.dataText, '{"kwh":1.10}')
  assert.equal(read.data, { kwh: 1.1 })
})

test('an envelope counts whatever HTTP status carried it', () => {
  const read = readAnswer(answer('{"status_code":2003}', { status: 404 }), {})
  assert.is(read.kind === 'ocpi' && read.ocpiStatus, 2003)
  assert.is(read.kind === 'ocpi' && read.httpStatus, 404)
  assert.is(read.kind === 'ocpi' && read.dataText, null)
})

test('answers that are not OCPI are told apart', () => {
  isNotOcpi(readAnswer(answer(''), {}), /empty/)
  isNotOcpi(readAnswer(answer('', { status: 204, headers: {} }), {}), /empty/)
  isNotOcpi(readAnswer(answer('<html>'), {}), /strict JSON/)
  isNotOcpi(readAnswer(answer('{"status_code":1000'), {}), /strict JSON/)
  isNotOcpi(readAnswer(answer('[]'), {}), /not an object/)
  isNotOcpi(readAnswer(answer('null'), {}), /not an object/)
  const html = { headers: { 'content-type': 'text/html' } }
  isNotOcpi(readAnswer(answer('{"status_code":1000}', html), {}), /application\/json/)
  isNotOcpi(readAnswer(answer('{}', { status: 302 }), {}), /redirect/)
  for (const code of ['"1000"', '0', '99999', '1000.5', 'null', '-1000', 'true', '{}']) {
    isNotOcpi(readAnswer(answer(`{"status_code":${code}}`), {}), /four digits/)
  }
  isNotOcpi(readAnswer(answer('{"data":[]}'), {}), /four digits/)
})

test('a string as status code is read for partners known for it', () => {
  const quirk = { acceptsStringStatus: true }
  const read = readAnswer(answer('{"status_code":"1000"}'), quirk)
  assert.is(read.kind === 'ocpi' && read.ocpiStatus, 1000)
  isNotOcpi(readAnswer(answer('{"status_code":"1e3"}'), quirk), /four digits/)
})

test('reasons hold none of the words of the partner', () => {
  const read = readAnswer(answer('{"status_code":"canary-4711"}'), {})
  assert.not.match(JSON.stringify(read), /canary/)
})

test.run()
