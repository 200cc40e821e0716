import { queues } from '../../config/queues.ts'
import type { QueueName } from '../../config/queues.ts'

/** The pause before the next attempt: doubled each time up to the queue's maximum, with jitter so that herds spread. */
export function backoffMs(queue: QueueName, attempts: number): number {
  const { backoffMs: first, backoffMsMax } = queues[queue]
  const full = Math.min(first * 2 ** Math.min(Math.max(attempts - 1, 0), 30), backoffMsMax)
  return jitteredMs(full)
}

/** Between half of a pause and all of it. */
export function jitteredMs(fullMs: number): number {
  return Math.round(fullMs * (0.5 + Math.random() / 2))
}
