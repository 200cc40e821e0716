import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items, parse } from '../helpers/ask.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { freePort } from '../../config/setup/files.mjs'
import { startProcess } from '../helpers/processes.ts'
import type { Running } from '../helpers/processes.ts'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const demoMs = 120_000
const blockMs = 60_000

/** What the demo leaves for a person, in a folder of its own whose path has a space. */
type Stage = { database: TestDatabase; folder: string; demo: Running }

const readme = suite<Stage>('README.md')

readme.before(async (stage) => {
  stage.database = await testDatabase()
  // The template's installation id would let this hub share its queues with those of other tests.
  await stage.database.db.rows(sql`update installation set id = gen_random_uuid()::text`)
  stage.folder = await mkdtemp(path.join(tmpdir(), 'crosscharge by hand '))
  stage.demo = await startProcess({
    file: 'src/sandbox/demo.ts',
    args: ['--cdrs', '12'],
    env: {
      DEMO_DATABASE_URL: stage.database.url,
      DEMO_REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
      DEMO_PORT: String(await freePort()),
      DEMO_FOLDER: path.join(stage.folder, '.data'),
    },
    ready: { line: /TRY IT BY HAND[^]*What to do/ },
    readyMs: demoMs,
  })
})

readme.after(async (stage) => {
  await stage.demo?.kill()
  await stage.database?.drop()
  if (stage.folder) await rm(stage.folder, { recursive: true, force: true })
})

/** Runs the block as a paste into a shell at the root of the clone, all at once. */
async function paste({ folder }: Stage): Promise<string[]> {
  const args = ['-euo', 'pipefail', '-c', await blockToPaste()]
  const { stdout } = await run('bash', args, { cwd: folder, timeout: blockMs })
  return stdout.split(/\r?\n/).filter((line) => line !== '')
}

async function blockToPaste(): Promise<string> {
  const text = await readFile(path.join(root, 'README.md'), 'utf8')
  const blocks = [...text.matchAll(/^```bash\n([^]*?)^```$/gm)].map(([, block = '']) => block)
  const block = blocks.find((each) => each.startsWith('. .data/demo.env\n'))
  if (block === undefined) throw new Error('README.md has no block that begins `. .data/demo.env`')
  return block
}

readme(
  'the block has ten curl lines and no comment, which an interactive shell may refuse',
  async () => {
    const block = await blockToPaste()
    assert.is(block.match(/\bcurl /g)?.length, 10)
    assert.not.match(block, /(^|\s)#/)
  },
)

readme('demo.env is for its owner only', async ({ folder }) => {
  const { mode } = await stat(path.join(folder, '.data', 'demo.env'))
  assert.is(mode & 0o777, 0o600)
})

readme('the block takes a CDR from its CPO to a statement', async (stage) => {
  const answers = await paste(stage)
  checkAnswers(answers)
})

readme('pasted again it says the same: nothing is done twice', async (stage) => {
  const answers = await paste(stage)
  checkAnswers(answers, { first: 'netted', then: 'netted' })
})

readme('Ctrl-C ends the demo with 0', async ({ demo }) => {
  demo.signal('SIGINT')
  assert.equal(await demo.exited, { code: 0, signal: null })
})

/** `first` is the state in which the provider first sees the CDR, `then` that after its approval. */
function checkAnswers(
  answers: string[],
  { first, then } = { first: 'provisional', then: 'approved' },
): void {
  const [tariff, posted, seen, approval, listed, closed, final, statement, ...rest] =
    answers.map(parse)
  const told = answers.join('\n')
  assert.is(at(tariff, 'status_code'), 1000, told)
  assert.is(at(posted, 'status_code'), 1000, told)
  assert.is(at(seen, 'state'), first, told)
  assert.is(at(seen, 'breakdown', 'total', 'incl'), '2.42', told)
  assert.is(at(approval, 'state'), then, told)
  const id = at(seen, 'id')
  assert.equal(
    items(at(listed, 'items')).map((item) => [at(item, 'id'), at(item, 'state')]),
    [[id, then]],
  )
  assert.is(at(final, 'state'), 'final', told)
  assert.ok(['contest', 'final'].includes(String(at(closed, 'state'))), told)
  assert.equal(
    items(at(final, 'positions')).map((one) => at(one, 'net')),
    ['2.42', '-2.42'],
  )
  const line = items(at(statement, 'lines')).find((one) => at(one, 'cdr_id') === id)
  assert.equal(
    ['state', 'net', 'tax', 'gross', 'direction'].map((name) => at(line, name)),
    ['approved', '2.00', '0.42', '2.42', 'owes'],
  )
  assert.is(at(rest.at(-1), 'ok'), true, told)
  const header = answers.findIndex((line) => line.startsWith('cycle,kind,party,cdr_id,'))
  assert.ok(header > 0, told)
  const row = answers.slice(header + 1).find((line) => line.includes(`,${String(id)},`)) ?? ''
  assert.match(row, new RegExp(`,${String(id)},.*,gets,approved,EUR,2.00,0.42,2.42,true,`))
}

readme.run()
