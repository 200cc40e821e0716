import { randomUUID } from 'node:crypto'
import { environment, exitCodeConfig, readConfig } from '../config/env.ts'
import type { Config } from '../config/env.ts'
import { startWorker } from './start.ts'

/** The worker process: config → context → queues and timers → drain on SIGTERM. */
async function main(): Promise<void> {
  let config: Config
  try {
    config = readConfig(environment())
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(exitCodeConfig)
  }
  const worker = await startWorker(config, randomUUID())
  process.stdout.write('crosscharge worker ready\n')
  const stop = () => {
    worker.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

await main()
