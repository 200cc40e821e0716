import type { Context } from '../../src/context.ts'
import type { QueueSet, RowRef } from '../../workers/queues.ts'
import { relayOnce } from '../../workers/relay.ts'
import { JOBS } from '../../workers/table.ts'

/** Hands out what is due, as the relay does, and returns it as jobs to run here: no Redis, no worker. */
export async function relayedJobs(context: Context): Promise<(() => Promise<void>)[]> {
  const jobs: (() => Promise<void>)[] = []
  const queues: QueueSet = {
    isReady: () => true,
    add: async (queue, added) =>
      void jobs.push(...added.map((rows: readonly RowRef[]) => () => JOBS[queue](context, rows))),
    held: async () => [],
    work: () => undefined,
    close: async () => undefined,
  }
  await relayOnce(context, queues)
  return jobs
}
