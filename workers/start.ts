import { limits } from '../config/limits.ts'
import type { Config } from '../config/env.ts'
import type { QueueName } from '../config/queues.ts'
import { present } from '../src/assert.ts'
import { createContext } from '../src/context.ts'
import type { Context } from '../src/context.ts'
import { sql } from '../src/db/sql.ts'
import { fillZones } from '../src/hub/copies/fill-zones.ts'
import { scheduleLints } from '../src/hub/objects/lint-tariffs.ts'
import { rekey } from '../src/hub/rekey.ts'
import { lookAround } from '../src/hub/records/upkeep.ts'
import { openQueues } from './queues.ts'
import { relayOnce } from './relay.ts'
import { reconcile, reopenMissing, sweepDue, underLease } from './sweep.ts'
import { JOBS } from './table.ts'

export type RunningWorker = { context: Context; stop(): Promise<void> }

const QUEUES: readonly QueueName[] = ['clear', 'deliver', 'settle', 'notify', 'study']

/** Starts the queues' workers and the timers of one worker process. Waits until the database can be asked. */
export async function startWorker(config: Config, holder: string): Promise<RunningWorker> {
  const context = createContext(config, 'worker')
  const installation = await readInstallation(context)
  const queueSet = openQueues({ redisUrl: config.redisUrl, installation, log: context.log })
  for (const name of QUEUES) queueSet.work(name, (rows) => JOBS[name](context, rows))
  const timers = [
    repeat(context, { everyMs: limits.relayIntervalMs, name: 'relay' }, async (stopped) => {
      while (!stopped() && (await relayOnce(context, queueSet)) > 0)
        await pause(limits.relayBusyIntervalMs)
    }),
    repeat(context, { everyMs: limits.sweepIntervalMs, name: 'sweep' }, () =>
      underLease(context, { name: 'sweep', holder }, () => sweepDue(context)),
    ),
    repeat(context, { everyMs: limits.reconcileIntervalMs, name: 'reconcile' }, () =>
      underLease(context, { name: 'reconcile', holder }, async () => {
        await reconcile(context)
        await reopenMissing(context, queueSet)
      }),
    ),
    repeat(context, { everyMs: limits.upkeepIntervalMs, name: 'upkeep' }, (stopped) =>
      underLease(context, { name: 'upkeep', holder }, async () => {
        while (!stopped() && (await fillZones(context)) > 0) continue
        await scheduleLints(context.db)
        await lookAround(context)
      }),
    ),
    repeat(context, { everyMs: limits.rekeyIntervalMs, name: 'rekey' }, () =>
      underLease(context, { name: 'rekey', holder }, async () => {
        const changed = await rekey(context)
        if (changed > 0)
          context.log.info({ changed }, 'tokens are stored under the new SECRETS_KEY')
      }),
    ),
  ]
  return {
    context,
    stop: async () => {
      await Promise.all(timers.map((timer) => timer.stop()))
      await queueSet.close()
      await context.close()
    },
  }
}

async function readInstallation(context: Context): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const [row] = await context.db.rows<{ id: string }>(sql`select id from installation`)
      return present(row, 'installation row').id
    } catch (error) {
      if (attempt >= limits.startAttemptsMax) throw error
      context.log.warn(
        { err: error instanceof Error ? error.message : '' },
        'the database is not there yet',
      )
      await pause(limits.startPauseMs)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Runs `work` again and again, `everyMs` after it ended; what it throws is logged and the next run is the retry. */
function repeat(
  context: Context,
  timer: { everyMs: number; name: string },
  work: (stopped: () => boolean) => Promise<void>,
): { stop(): Promise<void> } {
  let stopped = false
  let handle: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const run = () => {
    running = work(() => stopped)
      .catch((error: unknown) => {
        context.log.warn(
          { err: error instanceof Error ? error.message : '' },
          `${timer.name} will be tried again`,
        )
      })
      .then(() => {
        if (!stopped) handle = setTimeout(run, timer.everyMs)
      })
  }
  run()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(handle)
      await running
    },
  }
}
