import { createInterface } from 'node:readline'
import { present } from '../assert.ts'
import type { Child } from './child.ts'
import { startChild } from './child.ts'
import { isJson, numberOf, objectIn, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PlatformPlan } from './world.ts'

/** A partner running in a process of its own, as the demo commands it (see partner-main.ts). */
export type RemotePartner = {
  plan: PlatformPlan
  child: Child
  /** Does one command; throws what the partner says went wrong, or that it ended. */
  command(name: string, more?: Json): Promise<Json>
}

type Waiting = { resolve: (result: Json) => void; reject: (error: Error) => void }

export function startRemotePartner(options: {
  plan: PlatformPlan
  root: string
  env: Record<string, string | undefined>
  logFile: string
  onProgress: (what: string, done: number, of: number) => void
}): RemotePartner {
  const { plan } = options
  const child = startChild({
    name: plan.name,
    file: 'src/sandbox/partner-main.ts',
    root: options.root,
    env: options.env,
    logFile: options.logFile,
    isTalking: true,
  })
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  const output = present(child.process.stdout, 'output of the partner')
  const input = present(child.process.stdin, 'input of the partner')
  input.on('error', () => {})
  createInterface({ input: output }).on('line', (line) => {
    const said = objectIn(parseJson(line))
    const progress = said['progress']
    if (isJson(progress)) {
      const what = `${plan.name}: ${textOf(progress, 'what') ?? ''}`
      options.onProgress(what, numberOf(progress, 'done') ?? 0, numberOf(progress, 'of') ?? 0)
      return
    }
    const id = numberOf(said, 'id') ?? 0
    const asked = waiting.get(id)
    waiting.delete(id)
    if (said['ok'] === true) asked?.resolve(objectIn(said['result']))
    else asked?.reject(new Error(`${plan.name}: ${textOf(said, 'error') ?? 'failed'}`))
  })
  void child.exited.then((code) => {
    for (const asked of waiting.values()) {
      asked.reject(new Error(`${plan.name} ended with ${code}; see ${child.logFile}`))
    }
    waiting.clear()
  })
  return {
    plan,
    child,
    command: (name, more = {}) =>
      new Promise<Json>((resolve, reject) => {
        if (!child.isRunning()) {
          reject(new Error(`${plan.name} is not running; see ${child.logFile}`))
          return
        }
        const id = nextId++
        waiting.set(id, { resolve, reject })
        input.write(`${JSON.stringify({ ...more, id, command: name })}\n`)
      }),
  }
}
