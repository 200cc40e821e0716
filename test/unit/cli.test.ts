import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { commands } from '../../src/cli/commands/table.ts'
import { runCli } from '../../src/cli/run.ts'
import { printable, table } from '../../src/cli/show.ts'

const cli = suite('command line')

async function run(line: string[], env: Record<string, string> = {}) {
  let out = ''
  let err = ''
  const code = await runCli(line, {
    env,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  })
  return { code, out, err }
}

cli('help names every command and the exit codes', async () => {
  const { code, out } = await run(['help'])
  assert.is(code, 0)
  for (const { words } of commands) assert.ok(out.includes(words), words)
  for (const number of [0, 1, 2, 3, 4, 64, 78]) assert.match(out, new RegExp(`^ +${number}  `, 'm'))
  assert.is((await run([])).out, out)
  assert.match((await run(['help', 'cdr', 'approve'])).out, /--reason/)
  assert.is((await run(['help', 'nonsense'])).code, 64)
})

cli('a wrong line ends with 64 and says what to write', async () => {
  for (const line of [
    ['fly'],
    ['cdr', 'NL-TNM'],
    ['cdr', 'NLTNM', 'x', '--token', 't'],
    ['cdrs', '--colour', 'red'],
    ['cdrs', '--csv'],
    ['platforms', 'invite', '--name', 'x', '--role', 'NL-TNM', '--token', 't'],
    ['cdr', 'approve', 'NL-TNM', 'x', '--token', 't'],
    ['cdrs', '--url', 'nowhere', '--token', 't'],
    ['conformance', 'http://127.0.0.1:9', '--token', 't', '--timeout', 'soon'],
  ]) {
    const { code, err } = await run(line)
    assert.is(code, 64, line.join(' '))
    assert.match(err, /^crosscharge: .+/)
  }
  const { err } = await run(['fly', '--json'])
  assert.is(JSON.parse(err).exit, 64)
})

cli('settings, missing tokens and hubs that do not answer have codes of their own', async () => {
  assert.is((await run(['cdrs'], { HUB_URL: 'nowhere' })).code, 78)
  assert.is((await run(['cdrs'])).code, 4)
  const away = await run(['cdrs', '--url', 'http://127.0.0.1:9', '--token', 't'])
  assert.is(away.code, 3)
  assert.match(away.err, /npm start/)
})

cli('answers and refusals of a hub become text, JSON and exit codes', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    const { status, body } = fakeAnswer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const env = { HUB_URL: url, ADMIN_TOKEN: 'operator-token' }
  try {
    const alerts = await run(['alerts'], env)
    assert.match(alerts.out, /call them/)
    assert.is(JSON.parse((await run(['alerts', '--json'], env)).out).items.length, 1)
    assert.is((await run(['ledger', 'verify'], env)).code, 1)
    const refused = await run(['cdr', 'release', 'NL-TNM', 'a/b', '--reason', 'x'], env)
    assert.is(refused.code, 2)
    assert.match(refused.err, /possible now: approve/)
    assert.is((await run(['outbox', '--limit', '0'], env)).code, 64)
    assert.is((await run(['cycles'], env)).code, 4)
    assert.ok(asked.includes('POST /admin/v1/cdrs/NL/TNM/a%2Fb/release Bearer operator-token'))
    assert.ok(asked.includes('GET /admin/v1/alerts?state=open Bearer operator-token'))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

function fakeAnswer(request: IncomingMessage): { status: number; body: object } {
  const { url = '' } = request
  if (url.includes('/alerts')) {
    const alert = {
      id: '1',
      severity: 'warning',
      code: 'x',
      subject: 'y',
      count: 1,
      message: 'm',
      what_to_do: 'call them',
    }
    return { status: 200, body: { items: [alert], next_cursor: null } }
  }
  if (url.includes('/verify')) {
    const differences = [
      { account: 'obl', field: 'debits_posted', stored: '1.00', recomputed: '2.00' },
    ]
    return { status: 200, body: { ok: false, differences, breaches: [] } }
  }
  if (url.includes('/release')) return { status: 409, body: { detail: 'possible now: approve' } }
  if (url.includes('/outbox')) return { status: 400, body: { detail: 'query:limit must be >= 1' } }
  return { status: 403, body: { detail: 'This needs the role finance.' } }
}

const tariff = {
  id: 'T',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] }],
}
const cdr = {
  id: 'C',
  currency: 'EUR',
  start_date_time: '2026-01-01T10:00:00Z',
  end_date_time: '2026-01-01T11:00:00Z',
  total_energy: 10,
  total_time: 1,
  total_cost: { excl_vat: 2.5, incl_vat: 3 },
  charging_periods: [
    {
      start_date_time: '2026-01-01T10:00:00Z',
      tariff_id: 'T',
      dimensions: [{ type: 'ENERGY', volume: 10 }],
    },
  ],
  tariffs: [tariff],
}

cli('price works without a hub and ends with 0, 1 or 2', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cli-test-'))
  const file = async (name: string, value: unknown) => {
    const full = path.join(folder, name)
    await writeFile(full, typeof value === 'string' ? value : JSON.stringify(value))
    return full
  }
  try {
    const right = await run(['price', await file('right.json', cdr)])
    assert.is(right.code, 0, right.out + right.err)
    assert.match(right.out, /RECONCILES/)
    assert.match(right.out, /total EUR +2\.50 +3\.00/)
    const wrong = { ...cdr, total_cost: { excl_vat: 2.6, incl_vat: 3.12 } }
    const differs = await run([
      'price',
      await file('wrong.json', { status_code: 1000, data: wrong }),
      '--json',
    ])
    assert.is(differs.code, 1)
    assert.is(JSON.parse(differs.out).comparison.items[0].difference, '0.1')
    const bare = await file('bare.json', { ...cdr, tariffs: undefined })
    assert.is((await run(['price', bare])).code, 2)
    assert.is((await run(['price', bare, '--tariff', await file('t.json', [tariff])])).code, 0)
    assert.is((await run(['price', await file('credit.json', { ...cdr, credit: true })])).code, 2)
    assert.is((await run(['price', await file('broken.json', '{')])).code, 2)
    assert.is((await run(['price', path.join(folder, 'none.json')])).code, 2)
  } finally {
    await rm(folder, { recursive: true })
  }
})

cli('text of partners cannot steer the terminal, columns line up', () => {
  assert.is(printable('a\u001b[2Jb'), 'a�[2Jb')
  assert.is(
    table(
      ['a', 'n'],
      [
        ['xx', '1'],
        ['y', '10'],
      ],
      ['n'],
    ),
    'a    n\nxx   1\ny   10',
  )
})

cli.run()
