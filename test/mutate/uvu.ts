/**
 * Stands in for uvu while mutants are tested: the tests run in the order of their files and the first failure ends the
 * process, without a report, because all that counts is whether something fails.
 */
type Handler = () => unknown
type Suite = ((name: string, handler: Handler) => void) & { run: () => void }

const tests: { name: string; handler: Handler }[] = []

export function suite(title: string): Suite {
  const add = (name: string, handler: Handler): void => {
    tests.push({ name: `${title} ${name}`.trim(), handler })
  }
  return Object.assign(add, { run: () => undefined })
}

export const test: Suite = suite('')

/** Runs everything that was defined; ends the process with 1 at the first failure. */
export async function runAll(): Promise<void> {
  const isTold = process.env['MUTATE'] === 'times'
  for (const { name, handler } of tests) {
    const started = performance.now()
    try {
      await handler()
    } catch (error) {
      process.stdout.write(`failed: ${name}\n${error instanceof Error ? error.message : ''}\n`)
      process.exit(1)
    }
    const ms = performance.now() - started
    if (isTold && ms > 1) process.stdout.write(`${ms.toFixed(1).padStart(8)} ms  ${name}\n`)
  }
  process.stdout.write(`${tests.length} tests passed\n`)
}
