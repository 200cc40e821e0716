// Which URLs for later results a partner may name, and what is answered when nobody has what a command is about.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Platform } from '../../src/directory/snapshot.ts'
import { HubError } from '../../src/errors.ts'
import { readResponseUrl } from '../../src/hub/commands/response-url.ts'
import { unknownSubjectAnswer } from '../../src/hub/commands/commands.ts'
import type { Call } from '../../src/hub/request.ts'
import { matchRoute } from '../../src/ocpi/registry.ts'
import { isRecord } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'

const PUBLIC = { allowPrivatePeers: false }
const LAB = { allowPrivatePeers: true }

const platform: Platform = {
  id: 'P1',
  name: 'provider',
  status: 'registered',
  version: '2.2.1',
  versionsUrl: 'https://ocpi.ema.example/versions',
  quirks: { origins: ['results.ema.example'] },
  offlineSince: null,
  peerTokenSealed: null,
  peerTokenEncoding: 'base64',
  shownTokenEncoding: null,
  parties: [],
  invited: [],
  endpoints: new Map([
    ['commands:sender', 'https://api.ema.example:8443/ocpi/commands'],
    ['tokens:sender', 'http://10.1.2.3/tokens'],
  ]),
  updatedAt: new Date('2026-01-01T00:00:00Z'),
}

type Asked = { text?: string; query?: URLSearchParams; version?: Version }

function callOf(method: string, segments: string[], asked: Asked): Call {
  const version = asked.version ?? '2.2.1'
  const match = matchRoute({ version, method, segments, side: 'emsp' })
  if (match.kind !== 'route') throw new Error(`no route: ${segments.join('/')}`)
  const value: unknown = asked.text === undefined ? undefined : JSON.parse(asked.text)
  const body = isRecord(value)
    ? {
        bytes: Buffer.from(asked.text ?? ''),
        text: asked.text ?? '',
        value,
        longNumbers: new Map(),
        soft: [],
      }
    : null
  return {
    identity: {
      kind: 'platform',
      platform,
      tokenKind: 'access',
      token: '',
      tokenHash: Buffer.alloc(0),
    },
    route: match.route,
    version,
    ids: { requestId: 'r1', correlationId: 'c1' },
    from: { party: 'DE-EMA', role: 'EMSP' },
    to: 'BE-CPO',
    query: asked.query ?? new URLSearchParams(),
    rest: '',
    side: 'receiver',
    moduleUrl: 'https://hub.example/ocpi/2.2.1/receiver/commands',
    body,
  }
}

const stop = (text: string) => callOf('POST', ['receiver', 'commands', 'STOP_SESSION'], { text })
const stopWith = (url: unknown) => stop(JSON.stringify({ response_url: url, session_id: 'S1' }))
const clear = (query: string) =>
  callOf('DELETE', ['receiver', 'chargingprofiles', 'S1'], { query: new URLSearchParams(query) })

/** The refusal of a call, as `code pointer message`; empty when its URL is taken. */
function refusal(call: Call, options = PUBLIC): string {
  try {
    readResponseUrl(call, options)
    return ''
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    const [fault] = error.faults
    return `${error.code} ${fault?.pointer ?? ''} ${fault?.message ?? ''}`
  }
}

test('a URL on the host of the versions URL, of an endpoint, or that operators added is taken as it is', () => {
  for (const url of [
    'https://ocpi.ema.example/cb/77?x=1&y=%2F',
    'https://api.ema.example:8443/anything',
    'https://results.ema.example/r',
    'HTTPS://OCPI.EMA.EXAMPLE/Case',
  ])
    assert.is(readResponseUrl(stopWith(url), PUBLIC), url)
})

test('T22: any other host is refused with its pointer', () => {
  for (const url of [
    'https://evil.example/cb',
    'https://ocpi.ema.example.evil.example/cb',
    'https://ocpi.ema.example:8443/cb',
    'https://api.ema.example/cb',
    'https://ocpi.ema.example@evil.example/cb',
  ])
    assert.match(refusal(stopWith(url)), /^invalid \/response_url (must|the URL must)/, url)
})

test('plain http, other schemes, user names and private addresses are refused, endpoint or not', () => {
  for (const url of [
    'http://ocpi.ema.example/cb',
    'http://10.1.2.3/cb',
    'https://10.1.2.3/cb',
    'https://127.0.0.1/cb',
    'https://[::1]/cb',
    'https://2130706433/cb',
    'https://localhost/cb',
    'https://169.254.169.254/latest/meta-data',
    'ftp://ocpi.ema.example/cb',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://user:secret@ocpi.ema.example/cb',
    '/cb',
    '',
  ])
    assert.match(refusal(stopWith(url)), /^invalid \/response_url /, url)
  // In a laboratory the guard is off; the host must be the platform's own all the same.
  assert.is(refusal(stopWith('http://10.1.2.3/cb'), LAB), '')
  assert.match(refusal(stopWith('http://127.0.0.1/cb'), LAB), /a host of yours/)
})

test('255 characters are taken, 256 are not', () => {
  const start = 'https://ocpi.ema.example/'
  assert.is(refusal(stopWith(start.padEnd(255, 'x'))), '')
  assert.match(refusal(stopWith(start.padEnd(256, 'x'))), /^invalid \/response_url may have 255/)
})

test('one URL is needed: none, no text, or two of them are refused', () => {
  const url = 'https://ocpi.ema.example/cb'
  assert.match(refusal(stop('{"session_id":"S1"}')), /^invalid \/response_url is required/)
  assert.match(refusal(stopWith(7)), /^invalid \/response_url is required/)
  assert.match(refusal(stopWith(null)), /^invalid \/response_url is required/)
  const twice = `{"response_url":"https://evil.example","session_id":"S1","response_url":"${url}"}`
  assert.match(refusal(stop(twice)), /^invalid \/response_url may be given once/)
})

test('chargingprofiles: GET and DELETE have it in the query', () => {
  const url = 'https://ocpi.ema.example/cb?a=1&b=2'
  const query = `response_url=${encodeURIComponent(url)}`
  assert.is(readResponseUrl(clear(query), PUBLIC), url)
  assert.match(refusal(clear('')), /^invalid query:response_url is required/)
  assert.match(refusal(clear(`${query}&${query}`)), /^invalid query:response_url may be given once/)
  assert.match(
    refusal(clear('response_url=https://evil.example')),
    /^invalid query:response_url must/,
  )
})

test('what is unknown is answered 2003 with a response, in 2.1.1 without a timeout', () => {
  const call = stopWith('https://ocpi.ema.example/cb')
  const old = callOf('POST', ['commands', 'STOP_SESSION'], { version: '2.1.1' })
  for (const [pointer, result] of [
    ['/location_id', 'REJECTED'],
    ['/reservation_id', 'REJECTED'],
    ['/session_id', 'UNKNOWN_SESSION'],
    ['path:session_id', 'UNKNOWN_SESSION'],
  ] as const) {
    const answer = unknownSubjectAnswer(call, { pointer, message: 'is not known here' })
    assert.equal([answer.httpStatus, answer.ocpiStatus], [200, 2003])
    assert.is(answer.statusMessage, `${pointer} is not known here`)
    assert.is(answer.dataText, JSON.stringify({ result, timeout: 0 }))
    const before = unknownSubjectAnswer(old, { pointer, message: '' })
    assert.is(before.dataText, JSON.stringify({ result }))
  }
})

test.run()
