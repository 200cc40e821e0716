import { randomUUID } from 'node:crypto'
import { configOrExit } from '../config/env.ts'
import { startWorker } from './start.ts'

/** The worker process: config → context → queues and timers → drain on SIGTERM. */
async function main(): Promise<void> {
  const worker = await startWorker(configOrExit(), randomUUID())
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
