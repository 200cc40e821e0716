import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPeerClient } from '../../src/peer/client.ts'
import { guardUrl } from '../../src/peer/guard.ts'
import type { Lookup } from '../../src/peer/guard.ts'

const open = { allowPrivatePeers: false }

const privateHosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '①②⑦.0.0.1',
  '127。0。0。1',
  '127.0.0.1.',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[fc00::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[4000::1]',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'a.localhost',
  'printer.local',
  'metadata.google.internal',
  'redis',
]

test('no spelling of a private host passes', () => {
  for (const host of privateHosts) {
    assert.is(guardUrl(`https://${host}/ocpi`, open).ok, false, host)
  }
})

test('public hosts pass', () => {
  for (const host of ['example.com', 'ocpi.example.co.uk:8443', '8.8.8.8', '[2606:4700::1111]']) {
    assert.is(guardUrl(`https://${host}/ocpi/versions`, open).ok, true, host)
  }
})

test('other schemes, user names and ports of other services are refused', () => {
  const wrong = [
    'http://example.com/',
    'file:///etc/passwd',
    'ftp://example.com/',
    'unix:/var/run/docker.sock',
    'javascript:alert(1)',
    'https://user@example.com/',
    'https://:secret@example.com/',
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:80/',
    'https://example.com:5432/',
    'https://example.com:6379/',
    'https://example.com:0/',
    '/ocpi/versions',
    '',
    'https://',
    'https://exa mple.com/',
  ]
  for (const url of wrong) assert.is(guardUrl(url, open).ok, false, url)
})

test('private peers are allowed only when the setting says so, other schemes never', () => {
  const local = { allowPrivatePeers: true }
  assert.is(guardUrl('http://127.0.0.1:8701/ocpi', local).ok, true)
  assert.is(guardUrl('https://localhost:6379/', local).ok, true)
  for (const url of ['file:///etc/passwd', 'ftp://a/', 'http://u:p@localhost/']) {
    assert.is(guardUrl(url, local).ok, false, url)
  }
})

/** A server on loopback that counts who connects. */
async function startTrap() {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

const ask = (url: string) => ({ url, method: 'GET' as const, headers: {}, deadlineMs: 2_000 })

test('nothing connects to loopback, whether by literal or by name', async () => {
  await using trap = await startTrap()
  const names: Record<string, { address: string; family: number }[]> = {
    'one.example.com': [{ address: '127.0.0.1', family: 4 }],
    'mixed.example.com': [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ],
    'mapped.example.com': [{ address: '::ffff:127.0.0.1', family: 6 }],
    'compatible.example.com': [{ address: '::7f00:1', family: 6 }],
    'empty.example.com': [],
  }
  const lookup: Lookup = async (hostname) => names[hostname] ?? []
  const client = createPeerClient({ ...open, clock: () => performance.now(), lookup })
  for (const host of [...privateHosts, ...Object.keys(names)]) {
    const answer = await client.request(ask(`https://${host}:${trap.port}/`))
    assert.is(answer.kind, 'refused', host)
    assert.is(answer.kind === 'refused' && answer.reason, 'guard', host)
  }
  assert.is(trap.connections(), 0)
  await client.close()
})

test('the address that was judged is the one that is used, one look-up per connection', async () => {
  await using trap = await startTrap()
  const asked: string[] = []
  const lookup: Lookup = async (hostname) => {
    asked.push(hostname)
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const clock = () => performance.now()
  const local = createPeerClient({ allowPrivatePeers: true, clock, lookup })
  const url = `http://rebind.example.com:${trap.port}/`
  assert.is((await local.request(ask(url))).kind, 'unreachable')
  assert.is((await local.request(ask(url))).kind, 'unreachable')
  assert.equal(asked, ['rebind.example.com', 'rebind.example.com'])
  assert.is(trap.connections(), 2)
  await local.close()
})

test('a name that turns private after it was public is refused at the next connection', async () => {
  await using trap = await startTrap()
  let calls = 0
  const lookup: Lookup = async () => {
    calls += 1
    // The first answer is public but fails, so that no test leaves this machine.
    if (calls === 1) throw Object.assign(new Error('later'), { code: 'EAI_AGAIN' })
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const client = createPeerClient({ ...open, clock: () => performance.now(), lookup })
  const url = `https://rebind.example.com:${trap.port}/`
  assert.is((await client.request(ask(url))).kind, 'unreachable')
  assert.is((await client.request(ask(url))).kind, 'refused')
  assert.is(trap.connections(), 0)
  await client.close()
})

test.run()
