import { createClient } from 'redis'
import { limits } from '../../config/limits.ts'
import type { Log } from '../telemetry/log.ts'

/** How much there may be of something in a window of time, by key. */
type Budget = {
  /** Counts one. Never waits for Redis. */
  take(key: string, max: number): { ok: true } | { ok: false; retryAfterS: number }
  /** Whether `take` would succeed now, without counting. */
  hasRoom(key: string, max: number): boolean
}

/** Requests per minute per key, shared by all processes through Redis; per process while Redis is away. */
export type RateLimiter = Budget & {
  /** The same by the hour. */
  hourly: Budget
  /** False while limits are counted per process. */
  isShared(): boolean
  close(): Promise<void>
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const SYNC_MS = 250
type Count = { window: number; shared: number; unsent: number }
/** `name`: what tells its keys in Redis from those of other lengths. */
type Window = { name: string; lengthMs: number; counts: Map<string, Count> }

/**
 * A local count answers at once; what was counted is added to Redis in the background, and the sum of all processes
 * comes back. So a limit may be overrun by what the others count within one interval, and a Redis outage costs only
 * the sharing.
 */
export function createRateLimiter(options: {
  redisUrl: string
  /** Whose counts these are: the same for all processes of a hub. */
  scope: string
  log: Log
}): RateLimiter {
  const minutes: Window = { name: '', lengthMs: MINUTE_MS, counts: new Map() }
  const hours: Window = { name: 'hour:', lengthMs: HOUR_MS, counts: new Map() }
  const client = createClient({
    url: options.redisUrl,
    RESP: 3,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (retries: number) => Math.min(retries * 200, 5_000),
    },
  })
  client.on('error', (error: Error) =>
    options.log.debug({ err: error.message }, 'rate limits are per process: no Redis'),
  )
  void client.connect().catch(() => undefined)
  const prefix = `crosscharge:${options.scope}:rate:`
  const shared: SharedCounts = {
    isReady: () => client.isReady,
    add: async (name, by) => Number(await client.incrBy(`${prefix}${name}`, by)),
    expire: async (name, seconds) => void (await client.expire(`${prefix}${name}`, seconds)),
  }
  let isSharing = false
  const timer = setInterval(() => {
    // A second run would send again what the first one is sending.
    if (isSharing) return
    isSharing = true
    void shareAll(shared, [minutes, hours]).finally(() => {
      isSharing = false
    })
  }, SYNC_MS)
  timer.unref()
  return {
    ...budgetOf(minutes),
    hourly: budgetOf(hours),
    isShared: () => client.isReady,
    close: async () => {
      clearInterval(timer)
      if (client.isOpen) client.destroy()
    },
  }
}

function budgetOf({ lengthMs, counts }: Window): Budget {
  return {
    take: (key, max) => {
      const now = wallClock()
      const window = Math.floor(now / lengthMs)
      let count = counts.get(key)
      if (count?.window !== window) {
        count = { window, shared: 0, unsent: 0 }
        counts.set(key, count)
      }
      if (count.shared + count.unsent >= max) {
        const leftMs = lengthMs - (now % lengthMs)
        return { ok: false, retryAfterS: Math.max(1, Math.ceil(leftMs / 1_000)) }
      }
      count.unsent += 1
      return { ok: true }
    },
    hasRoom: (key, max) => {
      const count = counts.get(key)
      const window = Math.floor(wallClock() / lengthMs)
      return count?.window !== window || count.shared + count.unsent < max
    },
  }
}

function wallClock(): number {
  return performance.timeOrigin + performance.now()
}

type SharedCounts = {
  isReady(): boolean
  add(name: string, by: number): Promise<number>
  expire(name: string, seconds: number): Promise<void>
}

async function shareAll(client: SharedCounts, windows: readonly Window[]): Promise<void> {
  for (const window of windows) if (!(await share(client, window))) return
}

/** False when Redis does not answer. */
async function share(client: SharedCounts, { name, lengthMs, counts }: Window): Promise<boolean> {
  const now = Math.floor(wallClock() / lengthMs)
  for (const [key, count] of counts) if (count.window < now) counts.delete(key)
  for (const [key, count] of counts) {
    if (count.unsent === 0 || !client.isReady()) continue
    const sent = count.unsent
    try {
      const place = `${name}${key}:${count.window}`
      const total = await inTime(client.add(place, sent))
      count.unsent -= sent
      // Sent for good or not: sending it again could count it twice. It stays counted here.
      count.shared = total ?? count.shared + sent
      if (total === null) return false
      if (total === sent) await inTime(client.expire(place, (2 * lengthMs) / 1_000))
    } catch {
      // What Redis refused stays unsent and is tried again; meanwhile it limits this process.
      return false
    }
  }
  return true
}

/** What Redis says, or null when it does not say so in time. */
async function inTime<T>(answer: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limits.limiterRedisMs)
    timer.unref()
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
