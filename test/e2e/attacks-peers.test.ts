import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, at } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { noise } from '../helpers/bad-input.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { Web } from '../helpers/door-hub.ts'
import { asRole } from '../helpers/fake-partner.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import type { Given } from '../helpers/fake-partner-wire.ts'
import { cdrOf } from '../helpers/objects.ts'

// What partners' URLs and answers can do to the hub and to each other, on real processes. More of it, with workers, stands
// in attacks-answers and attacks-redirects; the client itself is shown in test/unit/ssrf, test/fault/peer and peer-ocpi.
const hub = await startDoorHub()
const strict = await hub.addWeb({ ALLOW_PRIVATE_PEERS: 'false', AGREEMENTS: 'required' })
const cpo = await hub.connect({ parties: [{ party: 'NL-CPA', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'NL-EMA', role: 'EMSP' }] })
const fresh = await hub.invite({ parties: [{ party: 'NL-NEW', role: 'EMSP' }] })
/** Where nobody may be led to: it counts who comes. */
const trap = createServer((socket) => {
  visits += 1
  socket.destroy()
})
let visits = 0
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
const trapPort = Number(at(trap.address(), 'port'))

const peers = suite('attacks by partners')
peers.after.each(() => {
  hub.assertSound()
  assert.is(visits, 0, 'the hub went where it must not go')
  cpo.answer = () => undefined
})
peers.after(async () => {
  trap.close()
  await hub[Symbol.asyncDispose]()
})

const authorization = (partner: FakePartner) =>
  `Token ${Buffer.from(partner.token).toString('base64')}`

/** POST credentials of the invited platform, naming this URL. */
function register(web: Web, url: string): Promise<Reply> {
  return ask({
    url: `${web.url}/ocpi/2.2.1/credentials`,
    method: 'POST',
    headers: { authorization: authorization(fresh), 'content-type': 'application/json' },
    body: JSON.stringify({ ...fresh.credentials(), url, roles: fresh.parties.map(asRole) }),
  })
}

const privateHosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0177.0.0.1',
  '0x7f.1',
  '0x7f000001',
  '①②⑦.0.0.1',
  '127。0。0。1',
  '127.0.0.1.',
  '0.0.0.0',
  '0',
  '10.0.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[fe80::1]',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'a.localhost',
  'metadata.google.internal',
]
const otherUrls = [
  'http://example.com/versions',
  'https://example.com:22/versions',
  'https://example.com:25/versions',
  'https://example.com:5432/versions',
  'https://example.com:6379/versions',
  'https://user:password@example.com/versions',
  'file:///etc/passwd',
  'ftp://example.com/versions',
  'unix:/var/run/redis.sock',
  'javascript:alert(1)',
  'data:application/json,{}',
  '//example.com/versions',
  'versions',
  '',
]

peers(
  'T20 T46 T49: URLs that lead inside are refused with 3001 before anything connects',
  async () => {
    const before = await hub.written()
    const urls = [
      ...privateHosts.flatMap((host) => [
        `https://${host}:${trapPort}/versions`,
        `https://${host}/`,
      ]),
      `http://127.0.0.1:${trapPort}/versions`,
      ...otherUrls,
    ]
    for (const url of urls) {
      const reply = await register(strict, url)
      assert.is(`${reply.status}/${reply.code}`, '200/3001', `${url}: ${reply.text}`)
    }
    assert.is(await hub.written(), before)
  },
)

peers('T20: the versions of the hub or of another partner are not yours', async () => {
  const before = await hub.written()
  const others = [`${hub.web.url}/ocpi/versions`, cpo.versionsUrl, `${hub.web.url}/admin/v1/`]
  for (const url of [...others, `http://127.0.0.1:${trapPort + 1}x/versions`]) {
    const reply = await register(hub.web, url)
    assert.is(`${reply.status}/${reply.code}`, '200/3001', `${url}: ${reply.text}`)
  }
  assert.is(await hub.written(), before)
})

peers(
  'T21: version details that name other schemes or user names are refused with 3001',
  async () => {
    const before = await hub.written()
    const urls = ['file:///etc/passwd', 'javascript:alert(1)', 'https://u:p@example.com/', 'cdrs']
    for (const url of urls) {
      const endpoints = [
        { identifier: 'credentials', role: 'SENDER', url: `${fresh.url}/2.2.1/credentials` },
        { identifier: 'cdrs', role: 'RECEIVER', url },
      ]
      fresh.answer = (got) =>
        got.place === 'details' ? { data: { version: '2.2.1', endpoints } } : undefined
      assert.is((await register(hub.web, fresh.versionsUrl)).code, 3001, url)
    }
    assert.is(await hub.written(), before)
  },
)

peers('a module name that no index could hold does not hinder a registration', async () => {
  const url = `${fresh.url}/2.2.1/receiver/cdrs`
  const endpoints = [
    { identifier: 'credentials', role: 'SENDER', url: `${fresh.url}/2.2.1/credentials` },
    { identifier: 'cdrs', role: 'RECEIVER', url },
    { identifier: noise(6_000), role: 'RECEIVER', url },
  ]
  fresh.answer = (got) =>
    got.place === 'details' ? { data: { version: '2.2.1', endpoints } } : undefined
  assert.is((await register(hub.web, fresh.versionsUrl)).code, 1000)
})

peers('T17 T45: a provider without an agreement reads like one that is not there', async () => {
  const before = await hub.written()
  const post = (payer: string) =>
    ask({
      url: `${strict.url}/ocpi/2.2.1/receiver/cdrs`,
      method: 'POST',
      headers: {
        authorization: authorization(cpo),
        'content-type': 'application/json',
        'OCPI-from-country-code': 'NL',
        'OCPI-from-party-id': 'CPA',
      },
      body: JSON.stringify(cdrOf({ owner: cpo.party, payer, id: 'C-1' })),
    })
  const [known, unknown] = await Promise.all([post(emsp.party), post('NL-NOB')])
  assert.is(`${known?.status}/${known?.code}`, '200/4001')
  assert.is(known?.message.replaceAll('EMA', 'NOB'), unknown?.message)
  assert.is(await hub.written(), before)
})

/** What the provider gets when the operator answers its question like this. */
function relayed(given: Given | ((partner: FakePartner) => Given)): Promise<Reply> {
  cpo.answer = (got) =>
    got.place === 'sender/locations'
      ? typeof given === 'function'
        ? given(cpo)
        : given
      : undefined
  return emsp.send('GET', 'sender/locations/L1', { to: cpo.party })
}

const trapUrl = `http://127.0.0.1:${trapPort}/`
const envelope = (more: string) => `{${more},"timestamp":"2026-01-01T00:00:00Z"}`
const wrongAnswers: Record<string, Given> = {
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].map((status) => [
      `T48 redirect ${status}`,
      { status, headers: { Location: trapUrl } },
    ]),
  ),
  'T51 gzip': { headers: { 'Content-Encoding': 'gzip' } },
  'T51 br': { headers: { 'Content-Encoding': 'br' } },
  'T51 9 MB': { data: 'a'.repeat(9_000_000) },
  'T51 1,000 headers': {
    headers: Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`x-long-header-${index}`, '1234567890']),
    ),
  },
  'T52 depth': { text: envelope(`"status_code":1000,"data":${'['.repeat(1e5)}${']'.repeat(1e5)}`) },
  'T52 digits': { text: envelope(`"status_code":1000,"data":${'7'.repeat(1e6)}`) },
  'T52 exponent': { text: envelope('"status_code":1000,"data":1e131071') },
  'T52 surrogate': { text: envelope('"status_code":1000,"data":"\\ud800"') },
  'T52 NUL': { text: envelope('"status_code":1000,"data":"\\u0000"') },
  'T55 code as text': { text: envelope('"status_code":"1000"') },
  'T55 code 0': { text: envelope('"status_code":0') },
  'T55 code 99999': { text: envelope('"status_code":99999') },
  'T55 no code': { text: envelope('"data":{}') },
  'row 74 array': { text: '[]' },
  'row 74 web page': { text: '<html></html>', type: 'text/html' },
  'row 74 web page as JSON': { text: '<html></html>' },
  'row 74 empty': { text: '' },
  'row 74 204': { status: 204, text: '' },
}

for (const [name, given] of Object.entries(wrongAnswers)) {
  peers(`${name}: an answer that is not OCPI becomes 4000`, async () => {
    const reply = await relayed(given)
    assert.is(`${reply.status}/${reply.code}`, '200/4000', reply.text.slice(0, 300))
  })
}

peers('T50: an answer that repeats the token of the hub is not passed on', async () => {
  for (const token of [cpo.expects, Buffer.from(cpo.expects).toString('base64')]) {
    const reply = await relayed({ data: { debug: `Authorization: Token ${token}` } })
    assert.is(`${reply.status}/${reply.code}`, '200/4000')
    assert.not.match(reply.text, token)
  }
  assert.not.match(hub.web.process.output(), cpo.expects)
})

peers('T53: a Link to another origin ends the list with an error', async () => {
  const links = [trapUrl, 'file:///etc/passwd', `${hub.web.url}/ocpi/versions`, emsp.versionsUrl]
  for (const link of links) {
    const reply = await relayed({ data: [], headers: { Link: `<${link}>; rel="next"` } })
    assert.is(`${reply.status}/${reply.code}`, '200/4000', link)
    assert.is(reply.headers.link, undefined, link)
  }
})

peers('a token with a uid that no index could hold does not hinder its authorisation', async () => {
  emsp.answer = (got) => {
    const token = { country_code: 'NL', party_id: 'EMA', uid: noise(6_000), type: 'RFID' }
    return got.place === 'sender/tokens' ? { data: { allowed: 'ALLOWED', token } } : undefined
  }
  const reply = await cpo.send('POST', 'sender/tokens/CARD/authorize', { to: emsp.party })
  assert.is(`${reply.status}/${reply.code}`, '200/1000')
})

peers.run()
