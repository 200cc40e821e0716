import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Database } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'
import { startBalancer } from './kill-balancer.ts'
import { freePort } from '../../config/setup/files.mjs'
import { startProcess, until } from './processes.ts'
import type { Running, Start } from './processes.ts'
import { ownStores } from './stores.ts'
import type { OwnStores } from './stores.ts'

/** A process that may be killed at any time and is started again at once, as a supervisor would. */
export type Slot = {
  readonly name: string
  /** The process once it is ready. */
  ready(): Promise<Running>
  /** SIGKILL; waits until it is gone, not until the next one is ready. */
  kill(): Promise<void>
}

/** A whole installation on stores of its own: processes behind a balancer, everything killable. */
export type KillHub = AsyncDisposable & {
  /** The balancer's address; no trailing slash. */
  url: string
  adminToken: string
  db: Database
  stores: OwnStores
  webs: readonly Slot[]
  workers: readonly Slot[]
  /** What no process may do: end by itself, or log an error. */
  complaints(): string[]
}

const SETTINGS = {
  HUB_COUNTRY_CODE: 'NL',
  HUB_PARTY_ID: 'XCH',
  HUB_NAME: 'Crosscharge',
  ALLOW_PRIVATE_PEERS: 'true',
  LOG_LEVEL: 'warn',
}

/** Starts stores, migrates, then the processes. Takes about five seconds. */
export async function startKillHub(count: { webs: number; workers: number }): Promise<KillHub> {
  const closers: (() => PromiseLike<void>)[] = []
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  try {
    const stores = await ownStores()
    closers.push(stores.close)
    const db = await openStore(stores)
    closers.push(db.close)
    const ports = await Promise.all(Array.from({ length: count.webs }, () => freePort()))
    const balancer = await startBalancer(ports)
    closers.push(() => balancer[Symbol.asyncDispose]())
    const url = `http://127.0.0.1:${balancer.port}`
    const adminToken = randomBytes(24).toString('hex')
    const env = {
      ...SETTINGS,
      DATABASE_URL: stores.databaseUrl('crosscharge'),
      REDIS_URL: stores.redisUrl,
      PUBLIC_URL: url,
      ADMIN_TOKEN: adminToken,
      SECRETS_KEY: randomBytes(32).toString('base64'),
    }
    const complaints: string[] = []
    const open = (start: Start, name: string): Slot => {
      const slot = openSlot(start, { name, complaints })
      closers.push(slot.end)
      return slot
    }
    const webs = ports.map((port, index) =>
      open(
        { file: 'src/main.ts', env: { ...env, PORT: String(port) }, ready: { line: /web ready/ } },
        `web ${index + 1}`,
      ),
    )
    const workers = Array.from({ length: count.workers }, (_none, index) =>
      open(
        { file: 'workers/main.ts', env, ready: { line: /worker ready/ } },
        `worker ${index + 1}`,
      ),
    )
    await Promise.all([...webs, ...workers].map((slot) => slot.ready()))
    return {
      url,
      adminToken,
      db,
      stores,
      webs,
      workers,
      complaints: () => complaints,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openStore(stores: OwnStores): Promise<Database> {
  const open = (name: string) =>
    openDatabase({
      url: stores.databaseUrl(name),
      poolMax: 4,
      applicationName: 'crosscharge-test',
      onError: () => undefined,
    })
  const maintenance = open('postgres')
  await maintenance.rows(sql`create database crosscharge`)
  await maintenance.close()
  const db = open('crosscharge')
  await migrate(db)
  return db
}

function openSlot(
  start: Start,
  { name, complaints }: { name: string; complaints: string[] },
): Slot & { end(): Promise<void> } {
  let wanted = true
  const launch = async (): Promise<Running> => {
    const running = await startProcess(start)
    void running.exited.then((exit) => {
      complaints.push(...errorLines(running.output()).map((line) => `${name}: ${line}`))
      if (exit.signal !== 'SIGKILL')
        complaints.push(`${name} ended by itself (${JSON.stringify(exit)}): ${running.output()}`)
    })
    return running
  }
  let current = launch()
  current.catch(() => undefined)
  const kill = async () => {
    await (await current).kill()
    if (!wanted) return
    current = launch()
    current.catch(() => undefined)
  }
  return {
    name,
    ready: () => current,
    kill,
    end: async () => {
      wanted = false
      await kill().catch(() => undefined)
    },
  }
}

/** Lines of level error or worse; what a lost store brings about is logged as a warning. */
function errorLines(output: string): string[] {
  return output.split('\n').filter((line) => /"level":(50|60|"error"|"fatal")/.test(line))
}

/** Repeats what fails while the hub is not there (no answer, 5xx); a refusal fails at once. */
export async function insist<T>(ask: () => Promise<T>, limitMs = 60_000): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > end || / answered 4\d\d/.test(String(error))) throw error
      await sleep(100)
    }
  }
}

/** Waits until nothing is left to do: no open work, no CDR that nobody has judged. */
export async function untilSettled(db: Database, limitMs: number): Promise<void> {
  const left = async () => {
    const [row] = await db.rows<{ work: bigint; undecided: bigint }>(sql`
      select (select count(*) from outbox where finished_at is null) as work,
        (select count(*) from cdr_states where state in ('received', 'unmatched')) as undecided`)
    return row?.work === 0n && row.undecided === 0n
  }
  await until(() => left().catch(() => false), { what: 'all work to be done', limitMs })
}
