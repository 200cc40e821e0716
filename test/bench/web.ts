import { randomBytes } from 'node:crypto'
import { sql } from '../../src/db/sql.ts'
import { ask, at } from '../helpers/ask.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { asRole, FakePartner } from '../helpers/fake-partner.ts'
import type { PartnerOptions } from '../helpers/fake-partner.ts'
import { freePort } from '../../config/setup/files.mjs'
import { startProcess } from '../helpers/processes.ts'
import type { Running } from '../helpers/processes.ts'
import type { Shot } from './bench.ts'

/** One web process on a database of its own. Without a worker, what is measured is what the process itself does. */
export type Web = AsyncDisposable & {
  url: string
  adminToken: string
  process: Running
  database: TestDatabase
  /** A partner that has registered by the real handshake. */
  connect(options: PartnerOptions): Promise<FakePartner>
  /** A worker process beside it, ended with it. */
  addWorker(): Promise<Running>
}

export async function startWeb(): Promise<Web> {
  const database = await testDatabase()
  await database.db.rows(sql`update installation set id = gen_random_uuid()::text`)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const adminToken = randomBytes(24).toString('hex')
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
    PORT: String(port),
    PUBLIC_URL: url,
    ADMIN_TOKEN: adminToken,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    ALLOW_PRIVATE_PEERS: 'true',
    LOG_LEVEL: 'error',
  }
  const web = await startProcess({
    file: 'src/main.ts',
    env,
    ready: { url: `${url}/health/live` },
  })
  const workers: Running[] = []
  const addWorker = async (): Promise<Running> => {
    const worker = await startProcess({
      file: 'workers/main.ts',
      env,
      ready: { line: /worker ready/ },
    })
    workers.push(worker)
    return worker
  }
  const partners: FakePartner[] = []
  const connect: Web['connect'] = async (options) => {
    const invited = await ask({
      url: `${url}/admin/v1/platforms`,
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'bench', roles: options.parties.map(asRole) }),
    })
    const [id, tokenA, versionsUrl] = ['id', 'token_a', 'versions_url'].map((name) =>
      String(at(invited.json, name)),
    )
    const invitation = { id: id ?? '', tokenA: tokenA ?? '', versionsUrl: versionsUrl ?? '' }
    const partner = new FakePartner(invitation, options)
    await partner.start()
    partners.push(partner)
    const joined = await partner.join()
    if (joined.code !== 1000) throw new Error(`the handshake failed: ${joined.text}`)
    return partner
  }
  const close = async (): Promise<void> => {
    await Promise.all([web, ...workers].map((each) => each.stop()))
    await Promise.all(partners.map((partner) => partner.close()))
    await database.drop()
  }
  return {
    url,
    adminToken,
    process: web,
    database,
    connect,
    addWorker,
    [Symbol.asyncDispose]: close,
  }
}

/** A request of a partner to an interface of the hub, such as `receiver/cdrs`; made once, shot often. */
export function shotAt(
  web: Web,
  request: { partner: FakePartner; method: string; target: string; to?: string; body?: unknown },
): Shot {
  const { partner, method, target, to, body } = request
  return {
    url: `${web.url}/ocpi/2.2.1/${target}`,
    method,
    headers: {
      authorization: tokenHeader(partner.token),
      'content-type': 'application/json',
      ...addressed('from', partner.party),
      ...(to === undefined ? {} : addressed('to', to)),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}

export function tokenHeader(token: string): string {
  return `Token ${Buffer.from(token).toString('base64')}`
}

function addressed(side: 'from' | 'to', party: string): Record<string, string> {
  return {
    [`OCPI-${side}-country-code`]: party.slice(0, 2),
    [`OCPI-${side}-party-id`]: party.slice(3),
  }
}
