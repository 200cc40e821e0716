// Runs one test file in a process of its own, with uvu's own start switched off, and tells the parent.
// Usage: node CHILD SCRIPT (of the test file), both written by test/runner/bundle.ts
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a test file tells its parent, in this order: each test that begins, then the sums. */
export type Message = { begins: string } | { suites: SuiteResult[] }
export type SuiteResult = { errors: string; passed: number; skipped: number; total: number }

const queue: (() => Promise<[string | true, number, number, number]>)[] = []
// Before uvu is there, which the script brings.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: [queue] })
announceTests()
await import(pathToFileURL(path.resolve(process.argv[2] ?? '')).href)
// One suite at a time.
const suites: SuiteResult[] = []
for (const run of queue) {
  const [errors, passed, skipped, total] = await run()
  suites.push({ errors: errors === true ? '' : errors, passed, skipped, total })
}
send({ suites })

/** uvu writes the name of each test into its context before running it; nothing else tells which one hangs. */
function announceTests(): void {
  const names = new WeakMap<object, string>()
  Object.defineProperty(Object.prototype, '__test__', {
    get(this: object) {
      return names.get(this)
    },
    set(this: object, name: string) {
      names.set(this, name)
      send({ begins: name })
    },
  })
}

function send(message: Message): void {
  process.send?.(message)
}
