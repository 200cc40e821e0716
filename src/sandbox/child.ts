import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { limits } from '../../config/limits.ts'

const LAST_LINES = 15

/** A process that the demo started, logging to a file. */
export type Child = {
  name: string
  process: ChildProcess
  logFile: string
  exited: Promise<number>
  isRunning(): boolean
  /** Asks it to end, and kills it when it does not; by its own pid only. */
  stop(): Promise<void>
}

/** Starts `node --import tsx FILE` in the project's folder. What it writes goes to `logFile`. */
export function startChild(options: {
  name: string
  file: string
  root: string
  env: Record<string, string | undefined>
  logFile: string
  /** With a pipe, standard input and output stay with the caller. */
  isTalking: boolean
}): Child {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  const child = spawn(process.execPath, ['--import', 'tsx', options.file], {
    cwd: options.root,
    env: options.env,
    stdio: [options.isTalking ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
  if (!options.isTalking) child.stdout?.pipe(log, { end: false })
  child.stderr?.pipe(log, { end: false })
  let running = true
  const exited = new Promise<number>((resolve) => {
    child.on('error', () => resolve(127))
    child.on('exit', (code) => resolve(code ?? 1))
  }).then((code) => {
    running = false
    log.end()
    return code
  })
  return {
    name: options.name,
    process: child,
    logFile: options.logFile,
    exited,
    isRunning: () => running,
    stop: async () => {
      if (!running) return
      if (options.isTalking) child.stdin?.end()
      else child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), limits.sandboxStopMs)
      await exited
      clearTimeout(timer)
    },
  }
}

/** The last lines of a child's log, for a person who wonders why it ended. */
export async function lastLines(child: Child): Promise<string> {
  const text = await readFile(child.logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}
