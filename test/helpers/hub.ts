import type { Server } from 'node:http'
import * as assert from 'uvu/assert'
import type { Config } from '../../config/env.ts'
import { buildApp } from '../../src/app.ts'
import { createContext } from '../../src/context.ts'
import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { checkAnswer } from '../../src/http/openapi.ts'
import { createHubServer } from '../../src/http/server.ts'
import { createPeerClient } from '../../src/peer/client.ts'
import type { PeerClient } from '../../src/peer/client.ts'
import { reconcile, sweepDue } from '../../workers/sweep.ts'
import { ask, at } from './ask.ts'
import type { Reply } from './ask.ts'
import { testDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'
import { asRole, FakePartner } from './fake-partner.ts'
import type { Invitation, PartnerOptions } from './fake-partner.ts'
import { versionsUrlOf } from './fake-partner-wire.ts'
import { relayedJobs } from './relayed.ts'

const ROOT_TOKEN = 'root-operator-token-for-tests'
const roundsMax = 100

export type HubOptions = {
  config?: Partial<Config>
  clock?: () => Date
  /** Cuts every deadline towards partners, so that a test of a silent one is quick. */
  peerDeadlineMs?: number
}

/** A hub in this process, on a database of its own and a real port, whose work is done when a test says so. */
export type TestHub = AsyncDisposable & {
  readonly url: string
  /** The hub's own party. */
  readonly party: string
  readonly context: Context
  readonly database: TestDatabase
  /**
   * Makes a partner and registers it by the real handshake. Partners of 2.3.0 are shown at once who is new, not
   * `credentialsBatchMs` later, which would be in the midst of whatever test runs by then; unless `isShownLater`.
   */
  connect(options: PartnerOptions & { isShownLater?: boolean }): Promise<FakePartner>
  /** Makes a partner that is invited and has not registered. */
  invite(options: PartnerOptions): Promise<FakePartner>
  /** The admin API under the root operator; a path below /admin/v1. */
  admin(method: string, path: string, body?: unknown): Promise<Reply>
  /** The party API as a partner sees it; a path below /party/v1. */
  asParty(partner: FakePartner, method: string, path: string, body?: unknown): Promise<Reply>
  /** Does all work that is due, also what that work leads to. Retries stay for their time. */
  drain(): Promise<void>
  /**
   * Does what is due and then lets time pass: the clock of the process goes on, and due dates in PostgreSQL come nearer
   * by as much. What arrives afterwards is stamped by PostgreSQL's own clock: it looks that much older to the process.
   */
  passTime(ms: number): Promise<void>
  /** As if nobody had said anything for so long: the next sweep asks who is still there. */
  fallSilent(ms: number): Promise<void>
  close(): Promise<void>
}

/** Starts one. It has no Redis: nothing here may need it. */
export async function startHub(options: HubOptions = {}): Promise<TestHub> {
  const database = await testDatabase()
  const time = { passedMs: 0, base: options.clock ?? (() => new Date(wallClock())) }
  const peer = options.peerDeadlineMs === undefined ? {} : { peer: hasty(options.peerDeadlineMs) }
  const context = createContext(
    { ...CONFIG, databaseUrl: database.url, ...options.config },
    'web',
    {
      log: QUIET,
      clock: () => new Date(time.base().getTime() + time.passedMs),
      ...peer,
    },
  )
  const server = createHubServer(context, buildApp(context))
  const url = `http://127.0.0.1:${await listen(server)}`
  context.publicUrl = url
  const partners: FakePartner[] = []
  const close = async (): Promise<void> => {
    await Promise.all(partners.map((partner) => partner.close()))
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await context.close()
    await database.drop()
  }
  const admin: TestHub['admin'] = (method, path, body) =>
    askJson({
      url,
      path: `/admin/v1${path}`,
      method,
      authorization: `Bearer ${ROOT_TOKEN}`,
      body,
    })
  const invite = async (wanted: PartnerOptions): Promise<FakePartner> => {
    const partner = new FakePartner(await inviteBy(admin, wanted), wanted)
    await partner.start()
    partners.push(partner)
    if (wanted.pulled !== true) await leaveUnpulled(context, partner.id)
    return partner
  }
  return {
    url,
    party: `${CONFIG.hub.countryCode}-${CONFIG.hub.partyId}`,
    context,
    database,
    invite,
    admin,
    connect: async (wanted) => {
      const partner = await invite(wanted)
      const joined = await partner.join()
      assert.is(joined.code, 1000, joined.text)
      if (wanted.isShownLater !== true) await showCredentials(context)
      partner.forget()
      return partner
    },
    asParty: (partner, method, path, body) => {
      const authorization = `Token ${Buffer.from(partner.token).toString('base64')}`
      return askJson({ url, path: `/party/v1${path}`, method, authorization, body })
    },
    drain: () => drain(context),
    passTime: async (ms) => {
      await drain(context)
      time.passedMs += ms
      await bringNearer(context, ms)
    },
    fallSilent: async (ms) => {
      await context.db.rows(sql`
        update platform_sightings set last_seen_at = last_seen_at - ${ms} * interval '1 millisecond'`)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const CONFIG: Config = {
  port: 0,
  databaseUrl: '',
  redisUrl: 'redis://127.0.0.1:1',
  adminToken: ROOT_TOKEN,
  secretsKeys: [Buffer.alloc(32, 7)],
  hub: { countryCode: 'NL', partyId: 'XCH', name: 'Crosscharge' },
  agreements: 'open',
  allowPrivatePeers: true,
  logLevel: 'silent',
}

/** Errors of the log are bugs of the hub: they are shown with a failing test. */
const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: object, message: string) => {
    const error = 'err' in fields && fields.err instanceof Error ? fields.err.stack : ''
    process.stderr.write(`${message} ${error ?? ''}\n`)
  },
}

function wallClock(): number {
  return performance.timeOrigin + performance.now()
}

function hasty(deadlineMs: number): PeerClient {
  const client = createPeerClient({ allowPrivatePeers: true, clock: () => performance.now() })
  return {
    request: (request) =>
      client.request({ ...request, deadlineMs: Math.min(request.deadlineMs, deadlineMs) }),
    close: () => client.close(),
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the hub does not listen')
  return address.port
}

/** Asks the admin or party API and holds the answer against its OpenAPI document. */
async function askJson(call: {
  url: string
  path: string
  method: string
  authorization: string
  body: unknown
}): Promise<Reply> {
  const { path, method, authorization } = call
  const url = `${call.url}${path}`
  const json = { authorization, 'content-type': 'application/json' }
  const reply =
    call.body === undefined
      ? await ask({ url, method, headers: { authorization } })
      : await ask({ url, method, headers: json, body: JSON.stringify(call.body) })
  assert.equal(checkAnswer(method, path, reply.status, reply.json ?? reply.text), [], reply.text)
  return reply
}

async function inviteBy(admin: TestHub['admin'], wanted: PartnerOptions): Promise<Invitation> {
  const invited = await admin('POST', '/platforms', {
    name: `platform of ${wanted.parties.map(({ party }) => party).join(' and ')}`,
    roles: wanted.parties.map(asRole),
  })
  assert.is(invited.status, 201, invited.text)
  return {
    id: String(at(invited.json, 'id')),
    tokenA: String(at(invited.json, 'token_a')),
    versionsUrl: String(at(invited.json, versionsUrlOf(wanted))),
  }
}

async function leaveUnpulled(context: Context, platformId: string): Promise<void> {
  await context.db.rows(sql`
    update platforms set quirks = quirks || '{"pull": false}' where id = ${platformId}`)
  context.directory.invalidate()
}

/** Partners of 2.3.0 get their new credentials now. */
async function showCredentials(context: Context): Promise<void> {
  const waiting = await context.db.rows(sql`
    update outbox set due_at = clock_timestamp()
    where kind = 'credentials' and finished_at is null returning id`)
  if (waiting.length > 0) await drain(context)
}

/** What the workers do, without their queues: sweeps, relays, and runs each job at once. */
async function drain(context: Context): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    await sweepDue(context)
    await reconcile(context)
    const jobs = await relayedJobs(context)
    if (jobs.length === 0) return
    for (const job of jobs) await job()
  }
  throw new Error(`work leads to work, ${roundsMax} times over`)
}

async function bringNearer(context: Context, ms: number): Promise<void> {
  const { db } = context
  await db.rows(sql`
    update outbox set due_at = due_at - ${ms} * interval '1 millisecond',
      expires_at = expires_at - ${ms} * interval '1 millisecond'
    where finished_at is null`)
  await db.rows(sql`
    update cdr_states set wait_until = wait_until - ${ms} * interval '1 millisecond',
      contest_until = contest_until - ${ms} * interval '1 millisecond',
      drop_at = drop_at - ${ms} * interval '1 millisecond'`)
  await db.rows(sql`
    update disputes set deadline_at = deadline_at - ${ms} * interval '1 millisecond',
      opened_at = opened_at - ${ms} * interval '1 millisecond'`)
  await db.rows(sql`
    update adjustments set due_at = due_at - ${ms} * interval '1 millisecond' where state <> 'consumed'`)
  await db.rows(sql`
    update party_events set due_at = due_at - ${ms} * interval '1 millisecond', at = at - ${ms} * interval '1 millisecond'
    where finished_at is null`)
  await db.rows(sql`
    update party_webhooks set next_at = next_at - ${ms} * interval '1 millisecond',
      previous_until = previous_until - ${ms} * interval '1 millisecond'`)
  context.directory.invalidate()
}
