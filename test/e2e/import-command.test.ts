import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { at, items } from '../helpers/ask.ts'
import { dutch } from '../helpers/feeds.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'

const imports = suite<{ hub: TestHub }>('the import command')

imports.before(async (context) => {
  context.hub = await startHub()
})
imports.after(async ({ hub }) => {
  await hub?.close()
})

async function hubCommand(hub: TestHub, line: string[]) {
  let out = ''
  let err = ''
  const env = { HUB_URL: hub.url, ADMIN_TOKEN: hub.context.config.adminToken }
  const code = await runCli(line, {
    env,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  })
  return { code, out, err }
}

imports(
  'the command takes packed lines, lists and recordings, and ends with 1 when something was refused',
  async ({ hub }) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'import-test-'))
    try {
      const file = async (name: string, bytes: string | Buffer): Promise<string> => {
        await writeFile(path.join(folder, name), bytes)
        return path.join(folder, name)
      }
      const many = Array.from({ length: 450 }, (_, index) => JSON.stringify(dutch(`cli-${index}`)))
      const lines = await file('lines.ndjson.gz', gzipSync(many.join('\n')))
      const list = await file(
        'list.json',
        JSON.stringify([dutch('cli-list', { name: '],{"' })], null, 2),
      )
      const recording = await file(
        'recording.json',
        JSON.stringify({
          request: {},
          response: { status_code: 200, body: { data: [dutch('cli-rec')] } },
        }),
      )
      const good = await hubCommand(hub, [
        'import',
        '--module',
        'locations',
        '--party',
        'from-evse-id',
        lines,
        list,
        recording,
      ])
      assert.is(good.code, 0, good.err)
      assert.match(good.out, /452 {2}objects/)
      assert.match(good.err, /450 objects/)
      const broken = await file(
        'broken.ndjson',
        [many[0], '{"id":', '{"id":"no owner"}'].join('\n'),
      )
      const bad = await hubCommand(hub, [
        'import',
        '--module',
        'locations',
        '--party',
        'from-evse-id',
        broken,
      ])
      assert.is(bad.code, 1)
      assert.match(bad.out, /\/country_code/)
      assert.match(bad.out, /2 {2}refused/)
      const json = await hubCommand(hub, [
        'import',
        '--json',
        '--module',
        'locations',
        '--party',
        'from-evse-id',
        broken,
      ])
      assert.equal(
        items(at(JSON.parse(json.out), 'lines')).map((line) => at(line, 'index')),
        [0, 1, 2],
      )
      assert.is(
        (await hubCommand(hub, ['import', '--module', 'tariffs', '--party', 'NL/TNM'])).code,
        64,
      )
      assert.is(
        (
          await hubCommand(hub, [
            'import',
            '--module',
            'tariffs',
            '--party',
            'NL/TNM',
            path.join(folder, 'none'),
          ])
        ).code,
        2,
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

const shared = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data')

imports(
  'recorded feeds beside the project: none of the Dutch is refused, each British refusal has a pointer',
  async ({ hub }) => {
    if (!existsSync(shared))
      return void process.stdout.write('no recorded feeds beside the project\n')
    const run = async (module: string, file: string) => {
      const { out, code, err } = await hubCommand(hub, [
        'import',
        '--json',
        '--module',
        module,
        '--party',
        'from-evse-id',
        file,
      ])
      assert.ok(code < 2, `${file}: ${err}`)
      const report: unknown = JSON.parse(out)
      for (const line of items(at(report, 'lines'))) {
        if (at(line, 'outcome') === 'refused')
          assert.match(String(at(line, 'pointer')), /^\//, file)
      }
      return report
    }
    const dutchFeed = await run(
      'locations',
      path.join(shared, 'ndw_dotnl/locations_sample_2500.ndjson.gz'),
    )
    assert.is(at(dutchFeed, 'totals', 'objects'), 2_500)
    assert.is(at(dutchFeed, 'totals', 'refused'), undefined)
    const tariffs = await run(
      'tariffs',
      path.join(shared, 'ndw_dotnl/tariffs_sample_referenced.ndjson.gz'),
    )
    assert.is(at(tariffs, 'totals', 'taken'), 1_256)
    const british = path.join(shared, 'uk_pcpr_feeds')
    for (const name of readdirSync(british).filter((each) => each.endsWith('.json'))) {
      for (const module of name.startsWith('mer_uk')
        ? ['locations', 'tariffs']
        : [name.includes('tariff') ? 'tariffs' : 'locations'])
        await run(module, path.join(british, name))
    }
  },
)

imports.run()
