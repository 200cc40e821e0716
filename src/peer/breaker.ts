import { limits } from '../../config/limits.ts'

/** What one request says about its peer: it answered, it did not, or nothing was learnt. */
export type Outcome = 'reached' | 'failed' | 'unknown'

export type Admission =
  { admitted: true; isProbe: boolean } | { admitted: false; retryAfterMs: number }

/** The circuit breaker of one origin. Times are milliseconds of one clock. */
export type Breaker = {
  state: 'closed' | 'open' | 'halfOpen'
  /** How long the next opening lasts; doubles while the peer keeps failing. */
  openMs: number
  openUntilMs: number
  closedAtMs: number
  buckets: { slot: number; total: number; failed: number }[]
}

const bucketsPerWindow = 10
const bucketMs = limits.peerBreakerWindowMs / bucketsPerWindow
const failedShareMax = 0.5

export function newBreaker(): Breaker {
  return {
    state: 'closed',
    openMs: limits.peerBreakerOpenMs,
    openUntilMs: 0,
    closedAtMs: Number.NEGATIVE_INFINITY,
    buckets: [],
  }
}

/** Whether a request may go out now. After an opening exactly one probe goes first. */
export function admit(breaker: Breaker, nowMs: number): Admission {
  if (breaker.state === 'closed') return { admitted: true, isProbe: false }
  const retryAfterMs = Math.max(breaker.openUntilMs - nowMs, 0)
  if (breaker.state === 'halfOpen' || retryAfterMs > 0) return { admitted: false, retryAfterMs }
  breaker.state = 'halfOpen'
  return { admitted: true, isProbe: true }
}

/** Notes how an admitted request ended. Late ends of requests from before an opening change nothing. */
export function note(
  breaker: Breaker,
  end: { outcome: Outcome; isProbe: boolean; nowMs: number },
): void {
  const { outcome, isProbe, nowMs } = end
  if (isProbe) noteProbe(breaker, { outcome, nowMs })
  else if (breaker.state === 'closed' && outcome !== 'unknown') {
    count(breaker, { isFailed: outcome === 'failed', nowMs })
    if (isFailing(breaker)) open(breaker, nowMs)
  }
}

function noteProbe(breaker: Breaker, end: { outcome: Outcome; nowMs: number }): void {
  if (end.outcome === 'failed') open(breaker, end.nowMs)
  else if (end.outcome === 'unknown') breaker.state = 'open'
  else {
    breaker.state = 'closed'
    breaker.closedAtMs = end.nowMs
    breaker.buckets = []
  }
}

/**
 * Hysteresis: a peer that fails again soon after it came back is left alone for twice as long; only a closed time of
 * `peerBreakerOpenMsMax` starts from the short opening again.
 */
function open(breaker: Breaker, nowMs: number): void {
  const isRested = nowMs - breaker.closedAtMs >= limits.peerBreakerOpenMsMax
  const openMs = breaker.state === 'closed' && isRested ? limits.peerBreakerOpenMs : breaker.openMs
  breaker.state = 'open'
  breaker.openUntilMs = nowMs + openMs
  breaker.openMs = Math.min(openMs * 2, limits.peerBreakerOpenMsMax)
  breaker.buckets = []
}

function count(breaker: Breaker, request: { isFailed: boolean; nowMs: number }): void {
  const slot = Math.floor(request.nowMs / bucketMs)
  breaker.buckets = breaker.buckets.filter((bucket) => bucket.slot > slot - bucketsPerWindow)
  let bucket = breaker.buckets.at(-1)
  if (bucket?.slot !== slot) {
    bucket = { slot, total: 0, failed: 0 }
    breaker.buckets.push(bucket)
  }
  bucket.total += 1
  if (request.isFailed) bucket.failed += 1
}

function isFailing(breaker: Breaker): boolean {
  const total = breaker.buckets.reduce((sum, bucket) => sum + bucket.total, 0)
  const failed = breaker.buckets.reduce((sum, bucket) => sum + bucket.failed, 0)
  return total >= limits.peerBreakerRequestsMin && failed >= total * failedShareMax
}
