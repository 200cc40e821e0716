import { spawn } from 'node:child_process'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = path.resolve(import.meta.dirname, '../..')
const fixtures = 'test/fixtures/runner'

type Run = { code: number | null; output: string }

/** Runs the runner itself on fixtures whose path contains one of `parts`. */
function run(parts: string[], env: Record<string, string> = {}): Promise<Run> {
  const args = ['--import', 'tsx', 'test/run.ts', '--in', fixtures, ...parts]
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } })
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr.on('data', (part: Buffer) => (output += part.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

const lastLine = (output: string): string | undefined => output.trimEnd().split('\n').at(-1)

/** What the runner must say about each fixture that uvu alone would let pass. */
const promises = [
  ['before-throws', 'a throwing before hook', 'a before or after hook threw'],
  ['after-each-throws', 'a throwing after.each hook', 'a before or after hook threw'],
  ['after-throws', 'a throwing after hook', 'cannot close'],
  ['empty-suite', 'an empty suite', 'holds an empty suite'],
  ['/not-run', 'a file without .run()', 'no `test.run()`'],
  ['second-not-run', 'a second suite without .run()', 'no `second.run()`'],
  ['queues-nothing', 'a file without tests', 'queued nothing'],
  ['skipped', 'a skipped test', 'left-in .skip'],
  ['only', 'a left-in .only', 'left-in .only'],
  ['unsettled', 'a promise that nobody settles', 'ended early (exit 13) in test "awaits nothing"'],
  ['exits-early', 'a test that ends the process', 'ended early (exit 0) in test "leaves"'],
  ['crashing', 'a crash after the last test', 'crashed (exit 1) after its last test'],
  ['failing', 'a failing test', 'wrong sum'],
] as const

const hangs = [
  ['hanging', 'a test that waits for ever', 'hangs in test "waits for ever"'],
  ['spinning', 'a test that never yields', 'hangs in test "never yields"'],
  ['left-open', 'a file that leaves something open', 'does not end'],
] as const

const belt = suite('runner')

belt('sound tests pass, and the last line counts them', async () => {
  const { code, output } = await run(['runner/passing'])
  assert.is(code, 0, output)
  assert.is(lastLine(output), '2 passed, 0 failed')
})

belt('the seed of the run is printed and SEED sets it', async () => {
  const { output } = await run(['runner/passing'], { SEED: '42' })
  assert.match(output, /^seed 42, /)
})

belt('a part that no path contains fails', async () => {
  const { code, output } = await run(['runner/nowhere'])
  assert.is(code, 1)
  assert.is(lastLine(output), '0 passed, 1 failed')
})

// Both begin now, beside the tests above: most of their time is waiting.
const together = run(promises.map(([name]) => name))
const hung = run(
  hangs.map(([name]) => name),
  { FILE_LIMIT_MS: '3000' },
)

for (const [fixture, what, saying] of promises) {
  belt(`${what} fails`, async () => {
    const { code, output } = await together
    assert.is(code, 1)
    assert.match(output, new RegExp(`^FAIL  fixtures/runner/${fixture.replace('/', '')} `, 'm'))
    assert.ok(output.includes(saying), output)
    assert.match(lastLine(output) ?? '', new RegExp(`^\\d+ passed, ${promises.length} failed$`))
  })
}

belt('what hangs is named, killed and fails', async () => {
  // On a busy machine three seconds may not even be enough to begin; then with more patience.
  let found = await hung
  if (!hangs.every(([, , saying]) => found.output.includes(saying))) {
    const parts = hangs.map(([fixture]) => fixture)
    found = await run(parts, { FILE_LIMIT_MS: '15000' })
  }
  assert.is(found.code, 1)
  for (const [, what, saying] of hangs) {
    assert.ok(found.output.includes(saying), `${what}:\n${found.output}`)
  }
})

belt.run()
