import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { ask, at } from './ask.ts'
import type { Reply } from './ask.ts'
import { testDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'
import { asRole, FakePartner } from './fake-partner.ts'
import type { PartnerOptions } from './fake-partner.ts'
import { versionsUrlOf } from './fake-partner-wire.ts'
import { freePort } from '../../config/setup/files.mjs'
import { startProcess } from './processes.ts'
import type { Running } from './processes.ts'

/** A real web process. */
export type Web = { readonly port: number; readonly url: string; readonly process: Running }

/** A hub of real web processes on a database of its own, without workers: the door and what stands at it. */
export type DoorHub = AsyncDisposable & {
  readonly web: Web
  readonly database: TestDatabase
  /** A partner that is invited and has not registered. */
  invite(options: PartnerOptions): Promise<FakePartner>
  /** A partner registered by the real handshake. */
  connect(options: PartnerOptions): Promise<FakePartner>
  /** The admin API; a path below /admin/v1. */
  admin(method: string, path: string, body?: unknown): Promise<Reply>
  /** One more web process on the same stores. */
  addWeb(env: Readonly<Record<string, string>>): Promise<Web>
  /** What a refused request must not change; what an operator is told of it does not count. */
  written(): Promise<string>
  /** Fails when a process has ended or has logged an error. */
  assertSound(): void
}

/** Starts one; takes about three seconds. */
export async function startDoorHub(): Promise<DoorHub> {
  const database = await testDatabase()
  const adminToken = randomBytes(24).toString('hex')
  const shared = {
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl(),
    ADMIN_TOKEN: adminToken,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    HUB_COUNTRY_CODE: 'NL',
    HUB_PARTY_ID: 'XCH',
    HUB_NAME: 'Crosscharge',
    ALLOW_PRIVATE_PEERS: 'true',
    LOG_LEVEL: 'warn',
  }
  const webs: Web[] = []
  const partners: FakePartner[] = []
  const addWeb = async (env: Readonly<Record<string, string>>): Promise<Web> => {
    const web = await startWeb({ ...shared, ...env })
    webs.push(web)
    return web
  }
  const dispose = async (): Promise<void> => {
    await Promise.all(webs.map(({ process }) => process.kill()))
    await Promise.all(partners.map((partner) => partner.close()))
    await database.drop()
  }
  const web = await addWeb({})
  const admin: DoorHub['admin'] = (method, path, body) =>
    ask({
      url: `${web.url}/admin/v1${path}`,
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  const invite = async (wanted: PartnerOptions): Promise<FakePartner> => {
    const { parties } = wanted
    const name = `platform of ${parties.map(({ party }) => party).join(' and ')}`
    const invited = await admin('POST', '/platforms', { name, roles: parties.map(asRole) })
    assert.is(invited.status, 201, invited.text)
    const text = (member: string): string => String(at(invited.json, member))
    const partner = new FakePartner(
      { id: text('id'), tokenA: text('token_a'), versionsUrl: text(versionsUrlOf(wanted)) },
      wanted,
    )
    await partner.start()
    partners.push(partner)
    return partner
  }
  return {
    web,
    database,
    invite,
    connect: async (wanted) => {
      const partner = await invite(wanted)
      const joined = await partner.join()
      assert.is(joined.code, 1000, joined.text)
      partner.forget()
      return partner
    },
    admin,
    addWeb,
    written: () => written(database),
    assertSound: () => webs.forEach(assertSound),
    [Symbol.asyncDispose]: dispose,
  }
}

async function startWeb(env: Readonly<Record<string, string>>): Promise<Web> {
  const port = await freePort()
  const process = await startProcess({
    file: 'src/main.ts',
    env: { ...env, PORT: String(port) },
    ready: { line: /web ready/ },
  })
  return { port, url: `http://127.0.0.1:${port}`, process }
}

function redisUrl(): string {
  const url = process.env['TEST_REDIS_URL']
  if (!url) throw new Error('TEST_REDIS_URL is not set: run tests through test/run.ts')
  return url
}

async function written({ db }: TestDatabase): Promise<string> {
  const [row] = await db.rows(sql`
    select (select count(*) from objects) as objects, (select coalesce(sum(revision), 0) from objects) as revisions,
      (select count(*) from object_versions) as versions, (select count(*) from cdrs) as cdrs,
      (select count(*) from outbox where kind <> 'alert') as outbox, (select count(*) from credentials_tokens) as tokens,
      (select count(*) from endpoints) as endpoints`)
  return Object.entries(row ?? {})
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ')
}

function assertSound({ process, url }: Web): void {
  const errors = process
    .output()
    .split('\n')
    .filter((line) => /"level":(50|60)/.test(line) || /^\s+at /.test(line))
  assert.equal(errors, [], `the log of ${url}`)
  assert.not.throws(() => globalThis.process.kill(process.pid, 0), 'the process has ended')
}
