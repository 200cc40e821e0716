import { randomBytes, randomUUID } from 'node:crypto'
import type { Config } from '../config/env.ts'
import { limits } from '../config/limits.ts'
import { openDatabase } from './db/database.ts'
import type { Database } from './db/sql.ts'
import { createDirectory } from './directory/directory.ts'
import type { Directory } from './directory/directory.ts'
import { createRateLimiter } from './directory/rate-limit.ts'
import type { RateLimiter } from './directory/rate-limit.ts'
import { createSecrets } from './directory/secrets.ts'
import type { Secrets } from './directory/secrets.ts'
import { createPeerClient } from './peer/client.ts'
import type { PeerClient } from './peer/client.ts'
import { createLog } from './telemetry/log.ts'
import type { Log } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import type { Metrics } from './telemetry/metrics.ts'

/** What a process owns. Stops, as a type, at hub/ and workers/: below it, functions get just what they use. */
export type Context = {
  config: Config
  db: Database
  directory: Directory
  secrets: Secrets
  peer: PeerClient
  /** For ALERT_WEBHOOK_URL alone: the operator's own URL may be plain http or private. */
  alertPeer: PeerClient
  limiter: RateLimiter
  metrics: Metrics
  log: Log
  clock: () => Date
  ids: { uuid: () => string; id: (prefix: string) => string }
  /** The base of every URL of ours: PUBLIC_URL, else the address we listen on. No trailing slash. */
  publicUrl: string
  close(): Promise<void>
}

export type ContextOverrides = Partial<Pick<Context, 'clock' | 'log' | 'peer'>>

/** The only constructor of resources. `name` is 'web' or 'worker'. */
export function createContext(
  config: Config,
  name: string,
  overrides: ContextOverrides = {},
): Context {
  const log = overrides.log ?? createLog(config.logLevel, name)
  const clock = overrides.clock ?? (() => new Date(performance.timeOrigin + performance.now()))
  const db = openDatabase({
    url: config.databaseUrl,
    applicationName: `crosscharge-${name}`,
    onError: (error) => log.warn({ err: error.message }, 'an idle database connection failed'),
  })
  const secrets = createSecrets(config.secretsKeys)
  const directory = createDirectory({ db, secrets, clock })
  // All processes of one hub have its key and no other hub does, so two hubs on one Redis do not count together.
  const scope = secrets.hash('rate limits').toString('hex').slice(0, 16)
  const limiter = createRateLimiter({ redisUrl: config.redisUrl, scope, log })
  const peer =
    overrides.peer ??
    createPeerClient({
      allowPrivatePeers: config.allowPrivatePeers,
      clock: () => performance.now(),
    })
  const alertPeer = createPeerClient({ allowPrivatePeers: true, clock: () => performance.now() })
  return {
    config,
    db,
    directory,
    secrets,
    peer,
    alertPeer,
    limiter,
    log,
    clock,
    metrics: createMetrics(),
    ids: {
      uuid: () => randomUUID(),
      id: (prefix) => `${prefix}_${randomBytes(limits.platformIdBytes).toString('base64url')}`,
    },
    publicUrl: (config.publicUrl ?? `http://127.0.0.1:${config.port}`).replace(/\/+$/, ''),
    close: async () => {
      await Promise.allSettled([peer.close(), alertPeer.close(), limiter.close()])
      await db.close()
    },
  }
}
