import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { ServerOptions } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { issue, newAuthority } from '../helpers/certificates.ts'
import { at } from '../helpers/ask.ts'
import { scriptOf } from '../helpers/processes.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const trusted = newAuthority('trusted by this test')
const unknown = newAuthority('trusted by nobody')
const good = issue(trusted, { host: 'localhost', days: [-1, 1] })

const servers: Record<string, ServerOptions> = {
  good,
  'signed by nobody known': issue(unknown, { host: 'localhost', days: [-1, 1] }),
  'signed by itself': newAuthority('localhost'),
  expired: issue(trusted, { host: 'localhost', days: [-2, -1] }),
  'not valid yet': issue(trusted, { host: 'localhost', days: [1, 2] }),
  'of another name': issue(trusted, { host: 'partner.example.com', days: [-1, 1] }),
  'TLS 1.1': {
    ...good,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  },
}

/** Asks a server of each kind, in the order above, with an authority that counts as known. */
async function endsOf(folder: string): Promise<string[]> {
  const file = path.join(folder, 'authority.pem')
  await writeFile(file, trusted.cert)
  const running = Object.values(servers).map((options) =>
    createServer(options, (_, response) => response.end('{}')),
  )
  const urls: string[] = []
  for (const server of running) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    urls.push(`https://localhost:${String(at(server.address(), 'port'))}/`)
  }
  const args = [await scriptOf('test/helpers/tls-client.ts'), ...urls]
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: file }
  const { stdout } = await run(process.execPath, args, { cwd: root, env, timeout: 60_000 })
  for (const server of running) {
    server.closeAllConnections()
    server.close()
  }
  return JSON.parse(stdout)
}

test('T58: whoever cannot prove who it is, or speaks an old TLS, is not spoken to', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'crosscharge-tls-'))
  try {
    const ends = await endsOf(folder)
    const shown = Object.fromEntries(Object.keys(servers).map((name, index) => [name, ends[index]]))
    assert.is(shown['good'], 'answer', JSON.stringify(shown))
    const { good: _good, ...wrong } = shown
    for (const [name, end] of Object.entries(wrong)) assert.match(String(end), 'unreachable ', name)
    assert.match(String(shown['expired']), 'EXPIRED')
    assert.match(String(shown['of another name']), 'ALTNAME')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.run()
