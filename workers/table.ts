import type { QueueName } from '../config/queues.ts'
import type { Context } from '../src/context.ts'
import { runClear } from './clear.ts'
import { runDeliver } from './deliver.ts'
import { runNotify } from './notify.ts'
import { runSettle } from './settle.ts'
import { runStudy } from './study.ts'
import type { RowRef } from './queues.ts'

/** One function per queue. Every job may run twice; each reads what is still to be done from PostgreSQL. */
export const JOBS: Readonly<
  Record<QueueName, (context: Context, rows: readonly RowRef[]) => Promise<void>>
> = {
  clear: runClear,
  deliver: runDeliver,
  notify: runNotify,
  settle: runSettle,
  study: runStudy,
}
