import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptOf } from '../helpers/processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = await scriptOf('src/cli/main.ts')
const cases = path.join(root, 'test/fixtures/verify')

type Context = { folder: string }
const cli = suite<Context>('price, explain, lint and verify as processes')

cli.before((context) => {
  context.folder = mkdtempSync(path.join(tmpdir(), 'price-cli-'))
})
cli.after(({ folder }) => rmSync(folder, { recursive: true }))

function run(...line: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...line], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    )
  })
}

const tariff = {
  country_code: 'NL',
  party_id: 'XCH',
  id: 'T',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1000 }] }],
  last_updated: '2026-01-01T00:00:00Z',
}
const night = {
  ...tariff,
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.1, vat: 20, step_size: 1 }],
      restrictions: { start_time: '22:00', end_time: '06:00' },
    },
    ...tariff.elements,
  ],
}
// 9.5 kWh are 10 steps of 1 kWh: 2.50 before and 3.00 after taxes.
const cdr = {
  id: 'C',
  currency: 'EUR',
  start_date_time: '2026-03-02T09:00:00Z',
  end_date_time: '2026-03-02T10:00:00Z',
  total_energy: 9.5,
  total_time: 1,
  total_cost: { excl_vat: 2.5, incl_vat: 3 },
  charging_periods: [
    {
      start_date_time: '2026-03-02T09:00:00Z',
      tariff_id: 'T',
      dimensions: [{ type: 'ENERGY', volume: 9.5 }],
    },
  ],
  tariffs: [tariff],
}

function fileOf({ folder }: Context, name: string, value: unknown): string {
  const file = path.join(folder, name)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  return file
}

cli('price: 0 reconciles, 1 differs, 2 cannot be priced or read', async (context) => {
  const right = await run('price', fileOf(context, 'right.json', cdr))
  assert.is(right.code, 0, right.out + right.err)
  assert.match(right.out, /9\.5 kWh of energy are billed as 10 kWh, .* steps of 1 kWh/)
  assert.match(right.out, /RECONCILES/)
  const dear = { ...cdr, total_cost: { excl_vat: 2.7, incl_vat: 3.24 } }
  const differs = await run('price', fileOf(context, 'dear.json', dear), '--json')
  assert.is(differs.code, 1)
  const { priced, comparison } = JSON.parse(differs.out)
  assert.equal(priced.total, { excl: '2.5', incl: '3' })
  assert.is(comparison.verdict, 'differs')
  const file = fileOf(context, 'night.json', [night])
  const unknown = await run('price', path.join(context.folder, 'right.json'), '--tariff', file)
  assert.is(unknown.code, 2)
  assert.match(unknown.out, /AT LEAST[^]*0\.95 +1\.14[^]*AT MOST[^]*2\.50 +3\.00/)
  assert.match(unknown.out, /--tz Europe\/Amsterdam/)
  const unpriced = [
    [fileOf(context, 'no-tariff.json', { ...cdr, tariffs: [] })],
    [fileOf(context, 'broken.json', '{')],
    [path.join(context.folder, 'nowhere.json')],
    [path.join(context.folder, 'right.json'), '--tz', 'Mars/Olympus'],
    [path.join(context.folder, 'right.json'), '--policy', 'as-we-like-it'],
    [fileOf(context, 'credit.json', { ...cdr, credit: true })],
  ]
  const ends = await Promise.all(unpriced.map((args) => run('price', ...args)))
  for (const [index, end] of ends.entries()) assert.is(end.code, 2, unpriced[index]?.join(' '))
  assert.is((await run('price')).code, 64)
})

cli('a policy decides, from a file or by name', async (context) => {
  const claimed = { ...cdr, total_cost: { excl_vat: 2.375, incl_vat: 2.85 } }
  const file = fileOf(context, 'unstepped.json', claimed)
  const policy = fileOf(context, 'policy.json', { name: 'ours', step_size: 'none' })
  assert.is((await run('price', file)).code, 1)
  const by = await run('price', file, '--policy', policy)
  assert.is(by.code, 0, by.out)
  assert.match(by.out, /priced by policy ours version 1/)
  assert.is((await run('price', file, '--policy', 'wwcp')).code, 1)
  const odd = await run('price', file, '--policy', fileOf(context, 'odd.json', { step: 1 }))
  assert.is(odd.code, 2)
  assert.match(odd.err, /policy\/step/)
})

cli('explain names what reproduces the claim, and compares three ways', async (context) => {
  const claimed = { ...cdr, total_cost: { excl_vat: 2.375, incl_vat: 2.85 } }
  const file = fileOf(context, 'unstepped.json', claimed)
  const { code, out } = await run('explain', file)
  assert.is(code, 1)
  assert.match(
    out,
    /total cost \(total_cost\) before taxes +2\.375 EUR +2\.50 EUR +-0\.125 EUR .* DIFFERS/,
  )
  assert.match(
    out,
    /Your total is reproduced to the cent if the billing step \(step_size\) is not applied/,
  )
  const cheap = JSON.parse(JSON.stringify(tariff).replace('0.25', '0.2'))
  const old = { ...cdr, total_cost: { excl_vat: 2, incl_vat: 2.4 } }
  const before = fileOf(context, 'cheap.json', cheap)
  const late = await run(
    'explain',
    fileOf(context, 'old.json', old),
    '--previous',
    before,
    '--json',
  )
  assert.is(late.code, 1)
  assert.match(JSON.stringify(JSON.parse(late.out).attribution.found), /previous/)
  const three = await run('explain', fileOf(context, 'right.json', cdr), '--stored', before)
  assert.is(three.code, 0)
  assert.match(three.out, /own_stored_differ/)
  assert.is((await run('explain', fileOf(context, 'none.json', { ...cdr, tariffs: [] }))).code, 2)
})

cli('lint: 0 nothing above info, 1 warnings or errors, 2 unreadable', async (context) => {
  const fine = {
    ...tariff,
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] }],
  }
  const good = await run('lint', fileOf(context, 'good.json', fine))
  assert.is(good.code, 0, good.out)
  const dead = { ...fine, id: 'D', elements: [...fine.elements, ...tariff.elements] }
  const bad = await run('lint', fileOf(context, 'dead.json', dead), '--json')
  assert.is(bad.code, 1)
  const { findings } = JSON.parse(bad.out)
  assert.ok(findings[0].findings.some((each: { code: string }) => each.code === 'element_shadowed'))
  const many = Array.from({ length: 60 }, (_, index) => ({ ...dead, id: `D${index}` }))
  const lines = many.map((each) => JSON.stringify(each)).join('\n')
  const counted = await run('lint', fileOf(context, 'many.ndjson.gz', lines))
  assert.is(counted.code, 1)
  assert.match(counted.out, /^element_shadowed +warning +60 +60 +60 +D0 \/elements\/1$/m)
  assert.match(counted.out, /^60 tariffs: 0 errors, 60 warnings/m)
  const envelope = fileOf(context, 'envelope.json', { status_code: 1000, data: [fine] })
  assert.is((await run('lint', envelope, '--ocpi', '2.2.1')).code, 0)
  assert.is((await run('lint', fileOf(context, 'broken.json', '{'))).code, 2)
  assert.is((await run('lint', fileOf(context, 'empty.json', []))).code, 2)
  assert.is((await run('lint', envelope, '--ocpi', '9')).code, 64)
})

cli('verify: 0 agrees, 1 a current case disagrees, 2 no case', async ({ folder }) => {
  const good = await run('verify', path.join(cases, 'agree'))
  assert.is(good.code, 0, good.out + good.err)
  assert.match(good.out, /AGREES\n$/)
  assert.is((await run('verify', path.join(cases, 'disagree'))).code, 1)
  assert.is((await run('verify', path.join(folder))).code, 2)
})

cli.run()
