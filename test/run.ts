// The safety belt around uvu, which on its own ends green when a hook throws, a suite is empty, `.run()` is missing or
// an `.only` was left in. Each file runs in a process of its own, so that one that hangs can be killed and named.
// Usage: node --import tsx test/run.ts [--static] [--in FOLDER] [--write-coverage] [PART …]
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { judgeCoverage } from './helpers/coverage-file.ts'
import type { Ran } from './helpers/coverage.ts'
import { textFaults } from './helpers/text-faults.ts'
import { bundle, makeFolder } from './runner/bundle.ts'
import { withPlaces } from './runner/places.ts'
import type { Message, SuiteResult } from './runner/child.ts'

type Outcome = { name: string; passed: number; failed: number; seconds: number; report: string }

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
/** Who asks for larger sizes has time; what hangs ends even then. */
const patience = 20
const endMs = 10_000
const outputMs = 2_000
const workersMax = 2

/** In this order: what takes longest begins first. */
const kinds = [
  { kind: 'fault', limitMs: 300_000 },
  { kind: 'unit', limitMs: 60_000 },
  { kind: 'conformance', limitMs: 60_000 },
  { kind: 'property', limitMs: 180_000 },
  { kind: 'e2e', limitMs: 300_000 },
]

/** What has the machine to itself: there a late answer may look like a fault. */
const alone = ['test/fault/stores.test.ts', 'test/fault/worker.test.ts']

const running = new Set<ChildProcess>()
const ran: Ran[] = []

const bundles = makeFolder()
try {
  process.exitCode = await runAll(process.argv.slice(2))
} finally {
  rmSync(bundles, { recursive: true, force: true })
}

async function runAll(args: string[]): Promise<number> {
  const isStatic = args.includes('--static')
  const folderAt = args.indexOf('--in')
  const folder = folderAt < 0 ? undefined : args[folderAt + 1]
  const parts = args.filter((arg) => !arg.startsWith('--') && arg !== folder)
  process.env['SEED'] ||= String(randomInt(1_000_000_000))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => abandon(name))
  const sizes = process.env['SIZE'] || (process.env['LONG'] ? 'large' : 'normal')
  write(`seed ${process.env['SEED']}, size ${sizes}`)

  const jobs = discover(folder).filter(({ file }) =>
    parts.length === 0 ? true : parts.some((part) => file.includes(part)),
  )
  const works = jobs.map((job) => ({ parallel: job.parallel, work: () => supervise(job) }))
  if (isStatic) works.unshift(...[runTypes, runFormat].map((work) => ({ parallel: true, work })))
  const outcomes: Outcome[] = []
  const workers = Math.min(workersMax, availableParallelism())
  for (const [parallel, count] of [
    [true, workers],
    [false, 1],
  ] as const) {
    const queue = works.filter((each) => each.parallel === parallel)
    const drain = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) outcomes.push(await next.work())
    }
    await Promise.all(Array.from({ length: count }, drain))
  }
  const ranAll = parts.every((part) => 'test/conformance/'.includes(part)) && folder === undefined
  if (ranAll) {
    const faults = judgeCoverage(ran, args.includes('--write-coverage'))
    const report = faults.join('\n')
    outcomes.push(tell({ name: 'coverage', passed: 1, failed: faults.length, seconds: 0, report }))
  }
  return summarise(outcomes, jobs.length, parts)
}

function summarise(outcomes: Outcome[], files: number, parts: string[]): number {
  if (files === 0) write(`FAIL  no test file's path contains ${parts.join(' or ') || '.test.ts'}`)
  const failures = outcomes.filter((outcome) => outcome.failed > 0)
  if (failures.length > 0) write(`\nfailed: ${failures.map((outcome) => outcome.name).join(', ')}`)
  const sum = (key: 'passed' | 'failed'): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0)
  const failed = sum('failed') + (files === 0 ? 1 : 0)
  write(`${sum('passed')} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

type Job = { file: string; limitMs: number; parallel: boolean }

function discover(folder: string | undefined): Job[] {
  const times = process.env['LONG'] || process.env['SIZE'] ? patience : 1
  const own = Number(process.env['FILE_LIMIT_MS']) || undefined
  const wanted = folder
    ? [{ folder, limitMs: 60_000, pattern: /\.ts$/ }]
    : kinds.map((kind) => ({ ...kind, folder: `test/${kind.kind}`, pattern: /\.test\.ts$/ }))
  return wanted.flatMap(({ folder: at, limitMs, pattern }) => {
    const full = path.join(root, at)
    const names = existsSync(full) ? readdirSync(full, { recursive: true, encoding: 'utf8' }) : []
    return names
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => path.join(at, name))
      .map((file) => ({ file, limitMs: own ?? limitMs * times, parallel: !alone.includes(file) }))
  })
}

/** Runs one file in a child process and judges what it told, how it ended, and what its text leaves out. */
async function supervise({ file, limitMs }: Job): Promise<Outcome> {
  const faults = textFaults(readFileSync(path.join(root, file), 'utf8'))
  const name = file.replace(/^test\//, '').replace(/(\.test)?\.ts$/, '')
  const started = performance.now()
  const runner = await bundle(bundles, 'test/runner/child.ts')
  const script = await bundle(bundles, file).catch((error: Error) => error)
  if (script instanceof Error)
    return tell({ name, passed: 0, failed: 1, seconds: 0, report: script.message })
  const child = spawn(process.execPath, [runner, script], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', TEST_BUNDLES: bundles },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  running.add(child)
  let output = ''
  let current = ''
  let suites: SuiteResult[] | undefined
  child.stdout?.on('data', (part: Buffer) => (output += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (output += part.toString()))
  const stop = (why: string) => () => {
    faults.push(why)
    killGroup(child)
  }
  let timer = setTimeout(
    () => stop(`hangs in ${at(current)}: killed after ${limitMs / 1000} s`)(),
    limitMs,
  )
  child.on('message', (message: Message) => {
    if ('begins' in message) {
      current = message.begins
      ran.push({ file: name.replace('conformance/', ''), test: current })
      return
    }
    suites = message.suites
    clearTimeout(timer)
    timer = setTimeout(
      stop('does not end: something it opened is still open (a server, a pool, a timer)'),
      Math.min(endMs, limitMs),
    )
  })
  const exit = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(String(code ?? signal)))
    child.once('exit', (code, signal) => {
      // Whatever it has started must not outlive it, nor keep its output open.
      killGroup(child)
      setTimeout(() => resolve(String(code ?? signal)), outputMs).unref()
    })
  })
  clearTimeout(timer)
  running.delete(child)
  if (!suites && faults.length === 0) faults.push(`ended early (exit ${exit}) in ${at(current)}`)
  else if (exit !== '0' && faults.length === 0)
    faults.push(`crashed (exit ${exit}) after its last test`)
  const seconds = (performance.now() - started) / 1000
  const outcome = judge({ name, suites: suites ?? [], faults, output, seconds })
  for (const written of [script, `${script}.map`]) rmSync(written, { force: true })
  return outcome
}

function at(test: string): string {
  return test ? `test "${test}"` : 'its top level or a hook'
}

type Verdict = {
  name: string
  suites: SuiteResult[]
  faults: string[]
  output: string
  seconds: number
}

function judge({ name, suites, faults, output, seconds }: Verdict): Outcome {
  if (faults.length === 0 && suites.length === 0) faults.push('queued nothing: `.run()` is missing')
  let passed = 0
  let failed = 0
  for (const suite of suites) {
    passed += suite.passed
    failed += suite.total - suite.passed
    if (suite.total === 0) faults.push('holds an empty suite')
    if (suite.skipped > 0) faults.push(`skipped ${suite.skipped} tests (.skip or .only)`)
    if (suite.passed !== suite.total && suite.errors === '') {
      faults.push(
        `passed ${suite.passed} of ${suite.total} tests: a before or after hook threw (uvu hides its error)`,
      )
    }
  }
  if (faults.length > 0 && failed === 0) failed = 1
  const errors = suites.map((suite) => suite.errors).filter(Boolean)
  const report = [
    ...faults.map((fault) => `${name} ${fault}`),
    ...errors,
    failed > 0 ? output : notes(output),
  ].join('\n')
  return tell({
    name,
    passed,
    failed,
    seconds,
    report: failed > 0 ? withPlaces(report, { folder: bundles, root }) : report,
  })
}

function tell(outcome: Outcome): Outcome {
  const { name, passed, failed, seconds, report } = outcome
  const count = failed > 0 ? `${passed} passed, ${failed} failed` : `${passed}`
  write(
    `${failed > 0 ? 'FAIL' : 'ok  '}  ${name.padEnd(36)} ${seconds.toFixed(1).padStart(6)} s  ${count}`,
  )
  const shown = report.trim() === '' ? '' : report.replace(/^/gm, '      ').trimEnd()
  if (shown) write(shown)
  return outcome
}

/** What a test wants read when it is green too: figures that it measured, on lines that begin with `note: `. */
function notes(output: string): string {
  const lines = output.split('\n').filter((line) => line.startsWith('note: '))
  return lines.map((line) => line.slice('note: '.length)).join('\n')
}

async function runTypes(): Promise<Outcome> {
  return runTool({ name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['-p', '.'] })
}

async function runFormat(): Promise<Outcome> {
  const args = ['--check', '--log-level', 'warn', '.']
  return runTool({ name: 'format', script: 'node_modules/prettier/bin/prettier.cjs', args })
}

async function runTool(tool: { name: string; script: string; args: string[] }): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(process.execPath, [tool.script, ...tool.args], { cwd: root, detached: true })
  running.add(child)
  let report = ''
  child.stdout.on('data', (part: Buffer) => (report += part.toString()))
  child.stderr.on('data', (part: Buffer) => (report += part.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  running.delete(child)
  const failed = code === 0 ? 0 : 1
  const seconds = (performance.now() - started) / 1000
  return tell({
    name: tool.name,
    passed: 1 - failed,
    failed,
    seconds,
    report: failed > 0 ? report : '',
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}

function abandon(name: 'SIGINT' | 'SIGTERM'): void {
  for (const child of running) killGroup(child)
  rmSync(bundles, { recursive: true, force: true })
  process.exit(name === 'SIGINT' ? 130 : 143)
}

function write(text: string): void {
  process.stdout.write(`${text}\n`)
}
