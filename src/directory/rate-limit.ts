import { createClient } from 'redis'
import { limits } from '../../config/limits.ts'
import type { Log } from '../telemetry/log.ts'

/** Requests per minute per key, shared by all processes through Redis; per process while Redis is away. */
export type RateLimiter = {
  /** Counts one request. Never waits for Redis. */
  take(key: string, perMinuteMax: number): { ok: true } | { ok: false; retryAfterS: number }
  /** Whether `take` would succeed now, without counting. */
  hasRoom(key: string, perMinuteMax: number): boolean
  /** False while limits are counted per process. */
  isShared(): boolean
  close(): Promise<void>
}

const MINUTE_MS = 60_000
const SYNC_MS = 250
type Count = { window: number; shared: number; unsent: number }

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
  const counts = new Map<string, Count>()
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
    void share(shared, counts).finally(() => {
      isSharing = false
    })
  }, SYNC_MS)
  timer.unref()
  return {
    take: (key, perMinuteMax) => {
      const window = Math.floor((performance.timeOrigin + performance.now()) / MINUTE_MS)
      let count = counts.get(key)
      if (count?.window !== window) {
        count = { window, shared: 0, unsent: 0 }
        counts.set(key, count)
      }
      if (count.shared + count.unsent >= perMinuteMax) {
        const elapsed = (performance.timeOrigin + performance.now()) % MINUTE_MS
        return { ok: false, retryAfterS: Math.max(1, Math.ceil((MINUTE_MS - elapsed) / 1_000)) }
      }
      count.unsent += 1
      return { ok: true }
    },
    hasRoom: (key, perMinuteMax) => {
      const count = counts.get(key)
      const window = Math.floor((performance.timeOrigin + performance.now()) / MINUTE_MS)
      return count?.window !== window || count.shared + count.unsent < perMinuteMax
    },
    isShared: () => client.isReady,
    close: async () => {
      clearInterval(timer)
      if (client.isOpen) client.destroy()
    },
  }
}

type SharedCounts = {
  isReady(): boolean
  add(name: string, by: number): Promise<number>
  expire(name: string, seconds: number): Promise<void>
}

async function share(client: SharedCounts, counts: Map<string, Count>): Promise<void> {
  const now = Math.floor((performance.timeOrigin + performance.now()) / MINUTE_MS)
  for (const [key, count] of counts) if (count.window < now) counts.delete(key)
  for (const [key, count] of counts) {
    if (count.unsent === 0 || !client.isReady()) continue
    const sent = count.unsent
    try {
      const name = `${key}:${count.window}`
      const total = await inTime(client.add(name, sent))
      count.unsent -= sent
      // Sent for good or not: sending it again could count it twice. It stays counted here.
      count.shared = total ?? count.shared + sent
      if (total === null) return
      if (total === sent) await inTime(client.expire(name, 120))
    } catch {
      // What Redis refused stays unsent and is tried again; meanwhile it limits this process.
      return
    }
  }
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
