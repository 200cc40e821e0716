import { Queue, Worker } from 'bullmq'
import type { Job } from 'bullmq'
import { Redis } from 'ioredis'
import { limits } from '../config/limits.ts'
import { queues } from '../config/queues.ts'
import type { QueueName } from '../config/queues.ts'
import type { Log } from '../src/telemetry/log.ts'

/** A reference to an outbox row and the attempt that this job is for. Job data hold nothing else. */
export type RowRef = { id: string; attempt: number }

/** What the relay needs of the queues. */
export type QueueSet = {
  /** False while Redis cannot take jobs; then nothing is claimed. */
  isReady(): boolean
  /** Adds jobs; rejects when Redis does not take them in time. */
  add(queue: QueueName, jobs: readonly (readonly RowRef[])[]): Promise<void>
  /** The rows of all jobs that Redis has, waiting or running; rejects when it does not say in time. */
  held(): Promise<readonly RowRef[]>
  /** Starts working on a queue. */
  work(queue: QueueName, run: (rows: readonly RowRef[]) => Promise<void>): void
  close(): Promise<void>
}

const NAMES: readonly QueueName[] = ['clear', 'deliver', 'settle', 'notify', 'study']
/** In the order in which a job goes through them, so that one that moves on meanwhile is seen. */
const OPEN_JOBS = ['delayed', 'prioritized', 'wait', 'active'] as const

/**
 * BullMQ queues under a prefix of this installation, so that two hubs on one Redis never take each other's jobs; the
 * braces keep one queue's keys in one slot of a Redis Cluster.
 */
export function openQueues(options: {
  redisUrl: string
  installation: string
  log: Log
}): QueueSet {
  const prefix = `{crosscharge-${options.installation}}`
  const report = (error: Error) =>
    options.log.debug({ err: error.message }, 'Redis connection trouble')
  const connect = (more: { maxRetriesPerRequest: number | null; enableOfflineQueue: boolean }) => {
    const redis = new Redis(options.redisUrl, {
      ...more,
      connectTimeout: limits.connectTimeoutMs,
      retryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
    })
    redis.on('error', report)
    return redis
  }
  const producer = connect({ maxRetriesPerRequest: 1, enableOfflineQueue: false })
  const adders = new Map(
    NAMES.map((name) => [name, new Queue(name, { connection: producer, prefix })]),
  )
  for (const queue of adders.values()) queue.on('error', report)
  const consumers: { worker: Worker; redis: Redis }[] = []
  return {
    isReady: () => producer.status === 'ready',
    add: async (name, jobs) => {
      const queue = adders.get(name)
      if (!queue) return
      await deadline(queue.addBulk(jobs.map((rows) => asJob(name, rows))), limits.queueAddMs)
    },
    held: async () => {
      const jobs = [...adders.values()].map((queue) => queue.getJobs([...OPEN_JOBS]))
      const found = await deadline(Promise.all(jobs), limits.queueAddMs)
      return found.flat().flatMap((job) => readRows(job.data))
    },
    work: (name, run) => {
      const redis = connect({ maxRetriesPerRequest: null, enableOfflineQueue: true })
      const worker = new Worker(
        name,
        async (job: Job<{ rows: RowRef[] }>) => run(readRows(job.data)),
        {
          connection: redis,
          prefix,
          concurrency: queues[name].concurrency,
          lockDuration: limits.jobLockMs,
          stalledInterval: limits.jobStalledCheckMs,
          // A job that stalls is run again as often as it takes: its rows count their attempts in PostgreSQL.
          maxStalledCount: limits.jobStallsMax,
          runRetryDelay: limits.jobRetryMs,
        },
      )
      worker.on('error', report)
      consumers.push({ worker, redis })
    },
    close: async () => {
      await deadline(
        Promise.allSettled(consumers.map(({ worker }) => worker.close())),
        limits.drainMs,
      ).catch(() => undefined)
      await deadline(
        Promise.allSettled([...adders.values()].map((queue) => queue.close())),
        limits.queueAddMs,
      ).catch(() => undefined)
      for (const { redis } of consumers) redis.disconnect()
      producer.disconnect()
    },
  }
}

function asJob(name: QueueName, rows: readonly RowRef[]) {
  const [first] = rows
  return {
    name,
    data: { rows: [...rows] },
    // The attempt is part of the id because BullMQ silently ignores an id that it still remembers.
    opts: {
      jobId: `outbox-${first?.id ?? 'none'}-${first?.attempt ?? 0}`,
      // A job fails only when PostgreSQL could not even be told so: its rows are still this attempt's.
      attempts: limits.jobTriesMax,
      backoff: { type: 'fixed', delay: limits.jobRetryMs },
      removeOnComplete: true,
      removeOnFail: true,
    },
  }
}

/** Whoever can write to Redis can write jobs: only ids and attempts are read, anything else is ignored. */
function readRows(data: unknown): RowRef[] {
  const rows =
    typeof data === 'object' && data !== null && 'rows' in data && Array.isArray(data.rows)
      ? data.rows
      : []
  return rows.slice(0, limits.clearBatchMax).flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null || !('id' in row) || !('attempt' in row)) return []
    const { id, attempt } = row
    return typeof id === 'string' &&
      /^\d{1,18}$/.test(id) &&
      Number.isSafeInteger(attempt) &&
      typeof attempt === 'number'
      ? [{ id, attempt }]
      : []
  })
}

async function deadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
