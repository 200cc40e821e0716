import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundle } from '../runner/bundle.ts'

const root = path.resolve(import.meta.dirname, '../..')
const readyMs = 30_000
const stopMs = 20_000
const stepMs = 25
const outputCharsMax = 1_000_000

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type Running = AsyncDisposable & {
  readonly pid: number
  /** What it has written so far, stdout and stderr together (the last million characters). */
  output(): string
  /** Sends a signal and returns at once; the process may be gone already. */
  signal(name: NodeJS.Signals): void
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<Exit>
  /** SIGTERM, and waits for the end; fails when it has not drained within 20 s (it is killed then). */
  stop(): Promise<Exit>
  readonly exited: Promise<Exit>
}

export type Start = {
  /** File below the project's root, for example `src/main.ts` or `config/setup.mjs`. */
  file: string
  args?: readonly string[]
  /** Added to an environment that has no settings of a hub but these. */
  env?: Readonly<Record<string, string>>
  /** Ready when a line matches, or when a GET of the URL answers 2xx. Without it: ready at once. */
  ready?: { line: RegExp } | { url: string }
  readyMs?: number
}

/** Starts a Node process of the project and waits until it is ready. */
export async function startProcess(start: Start): Promise<Running> {
  const child = spawn(
    process.execPath,
    [...(await nodeArguments(start.file)), ...(start.args ?? [])],
    {
      cwd: root,
      env: { ...plainEnvironment(), ...start.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  const collect = (part: Buffer): void => {
    output = (output + part.toString()).slice(-outputCharsMax)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    const end = (ended: Exit): void => {
      exit = ended
      resolve(ended)
    }
    child.once('error', () => end({ code: -1, signal: null }))
    child.once('exit', (code, signal) => end({ code, signal }))
  })
  const kill = (): Promise<Exit> => {
    child.kill('SIGKILL')
    return exited
  }
  const stop = async (): Promise<Exit> => {
    child.kill('SIGTERM')
    const late = sleep(stopMs, undefined, { ref: false })
    await Promise.race([exited, late])
    if (exit) return exit
    await kill()
    throw new Error(`${start.file} did not end within ${stopMs} ms of SIGTERM:\n${output}`)
  }
  const running: Running = {
    pid: child.pid ?? -1,
    output: () => output,
    signal: (name) => void child.kill(name),
    kill,
    stop,
    exited,
    [Symbol.asyncDispose]: async () => void (await kill()),
  }
  try {
    await until(() => isReady(start, { output, exit }), {
      what: `${start.file} to be ready`,
      limitMs: start.readyMs ?? readyMs,
    })
  } catch (error) {
    await kill()
    throw new Error(`${start.file} did not start (exit ${JSON.stringify(exit)}):\n${output}`, {
      cause: error,
    })
  }
  return running
}

/** Within tests TypeScript is one script; benches start it as the deployed hub does (package.json), through tsx. */
async function nodeArguments(file: string): Promise<readonly string[]> {
  if (!file.endsWith('.ts')) return [file]
  return process.env['TEST_BUNDLES'] === undefined
    ? ['--import', 'tsx', file]
    : [await scriptOf(file)]
}

/** A file of TypeScript below the project's root as a script for node, made once in a run. */
export async function scriptOf(file: string): Promise<string> {
  const folder = process.env['TEST_BUNDLES']
  if (!folder) throw new Error('TEST_BUNDLES is not set: run tests through test/run.ts')
  return bundle(folder, file)
}

async function isReady(
  start: Start,
  now: { output: string; exit: Exit | undefined },
): Promise<boolean> {
  if (start.ready === undefined) return true
  if ('line' in start.ready && start.ready.line.test(now.output)) return true
  if (now.exit !== undefined) throw new Error('it ended')
  return 'url' in start.ready && answers(start.ready.url)
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** What every process needs and no setting of a hub: tests must not depend on the shell they are started from. */
function plainEnvironment(): Record<string, string> {
  const names = [
    'PATH',
    'HOME',
    'USER',
    'LANG',
    'TMPDIR',
    'NODE_EXTRA_CA_CERTS',
    'SEED',
    'SIZE',
    'LONG',
  ]
  const found = names.map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(
    found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
  )
}

/** Waits until `check` is true; fails, saying `what` was waited for, after `limitMs`. */
export async function until(
  check: () => boolean | Promise<boolean>,
  { what, limitMs = readyMs }: { what: string; limitMs?: number },
): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`)
    await sleep(stepMs)
  }
}
