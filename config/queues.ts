/**
 * The queues of the workers: `concurrency` jobs at once per worker process; `attempts` of one outbox row before it
 * counts as failed and an operator is alerted; the first retry after `backoffMs`, doubled each time up to
 * `backoffMsMax`. The outbox row counts the attempts, because Redis may be lost. Deliveries end by age
 * (`limits.deliveryAgeMsMax`) long before their attempts do.
 */
export const queues = {
  clear: { concurrency: 4, attempts: 20, backoffMs: 500, backoffMsMax: 300_000 },
  deliver: { concurrency: 32, attempts: 2_000, backoffMs: 1_000, backoffMsMax: 3_600_000 },
  settle: { concurrency: 1, attempts: 20, backoffMs: 1_000, backoffMsMax: 300_000 },
  notify: { concurrency: 8, attempts: 2_000, backoffMs: 5_000, backoffMsMax: 21_600_000 },
  study: { concurrency: 1, attempts: 5, backoffMs: 1_000, backoffMsMax: 300_000 },
} as const

export type QueueName = keyof typeof queues
