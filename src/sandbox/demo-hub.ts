import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import path from 'node:path'
import { limits } from '../../config/limits.ts'
import { lastLines, startChild } from './child.ts'
import { pause } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Wire } from './wire.ts'

const PORT = 8700
const PORTS_TRIED = 100

export const HUB_PARTY = { countryCode: 'NL', partyId: 'XCH', name: 'Crosscharge' } as const

/** The hub under demonstration: a web and a worker process of its own. */
export type DemoHub = {
  url: string
  adminToken: string
  /** Rejects when one of the processes ends by itself, with its last log lines. */
  died: Promise<never>
}

/** Migrates the database, starts web and worker, waits until both dependencies answer. */
export async function startDemoHub(options: {
  root: string
  folder: string
  databaseUrl: string
  redisUrl: string
  port: number | undefined
  env: Record<string, string | undefined>
  wire: Wire
  clock: Clock
  say: (line: string) => void
  /** Told how to stop what runs as soon as it runs. */
  own: (stop: () => Promise<void>) => void
}): Promise<DemoHub> {
  const { root, folder } = options
  const port = options.port ?? (await freePort(options.say))
  const url = `http://127.0.0.1:${port}`
  const adminToken = randomBytes(24).toString('hex')
  const env = {
    ...options.env,
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    PORT: String(port),
    PUBLIC_URL: url,
    ADMIN_TOKEN: adminToken,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    HUB_COUNTRY_CODE: HUB_PARTY.countryCode,
    HUB_PARTY_ID: HUB_PARTY.partyId,
    HUB_NAME: HUB_PARTY.name,
    ALLOW_PRIVATE_PEERS: 'true',
    LOG_LEVEL: 'warn',
  }
  const start = (name: string, file: string) =>
    startChild({
      name,
      file,
      root,
      env,
      logFile: path.join(folder, `${name}.log`),
      isTalking: false,
    })
  const migration = start('migrate', 'src/db/migrate-main.ts')
  if ((await migration.exited) !== 0) {
    throw new Error(`the migration failed:\n${await lastLines(migration)}`)
  }
  const children = [start('web', 'src/main.ts'), start('worker', 'workers/main.ts')]
  let stopping = false
  const died = Promise.race(
    children.map(async (child) => {
      const code = await child.exited
      if (stopping) return new Promise<never>(() => {})
      throw new Error(`${child.name} ended with ${code}:\n${await lastLines(child)}`)
    }),
  )
  died.catch(() => {})
  const stop = async () => {
    stopping = true
    await Promise.all(children.map((child) => child.stop()))
  }
  options.own(stop)
  await Promise.race([died, untilReady(options.wire, url, options.clock)])
  return { url, adminToken, died }
}

async function untilReady(wire: Wire, url: string, clock: Clock): Promise<void> {
  const until = clock() + limits.sandboxStartMs
  let last = 'nothing'
  while (clock() < until) {
    const request = { method: 'GET', url: `${url}/health/ready`, headers: {} } as const
    const answer = await wire.exchange(request).catch(() => undefined)
    if (answer?.status === 200) return
    if (answer) last = `${answer.status} ${answer.text.slice(0, 200)}`
    await pause(limits.sandboxPollMs)
  }
  throw new Error(`the hub was not ready after ${limits.sandboxStartMs} ms; it answered ${last}`)
}

/** 8700 or the next free one, said aloud. */
async function freePort(say: (line: string) => void): Promise<number> {
  for (let port = PORT; port < PORT + PORTS_TRIED; port++) {
    if (!(await isFree(port))) continue
    if (port !== PORT) say(`Port ${PORT} is taken; using ${port}`)
    return port
  }
  throw new Error(`no free port from ${PORT} to ${PORT + PORTS_TRIED - 1}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
