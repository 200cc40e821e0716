import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import http from 'node:http'
import { getRequestListener } from '@hono/node-server'
import * as assert from 'uvu/assert'
import { buildApp } from '../../src/app.ts'
import { createContext } from '../../src/context.ts'
import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { checkAnswer } from '../../src/http/openapi.ts'
import { postGroups } from '../../src/ledger/post-groups.ts'
import { approvedGroup, legOf, pendingGroup } from '../helpers/claim-groups.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'

export const ROOT_TOKEN = 'root-operator-token-for-tests'

export type Answer = {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  json: unknown
}

export type Asked = {
  body?: unknown
  raw?: string | Buffer
  headers?: Record<string, string | string[]>
  token?: string | null
}

/** A hub of its own over a real port and database, without workers: what they would do is written by the tests. */
export type AdminHub = {
  url: string
  context: Context
  database: TestDatabase
  /** Asks and holds the answer against the OpenAPI document. */
  ask(method: string, path: string, asked?: Asked): Promise<Answer>
  close(): Promise<void>
}

const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: object, message: string) =>
    void process.stderr.write(`${message} ${'err' in fields ? String(fields.err) : ''}\n`),
}

/** Starts one. The Redis it is given does not exist: nothing here may need it. */
export async function startAdminHub(): Promise<AdminHub> {
  const database = await testDatabase()
  const context = createContext(
    {
      port: 0,
      databaseUrl: database.url,
      redisUrl: 'redis://127.0.0.1:1',
      adminToken: ROOT_TOKEN,
      secretsKeys: [Buffer.alloc(32, 7)],
      hub: { countryCode: 'NL', partyId: 'XCH', name: 'Crosscharge' },
      agreements: 'open',
      allowPrivatePeers: true,
      logLevel: 'silent',
    },
    'web',
    { log: QUIET },
  )
  const server = createServer(getRequestListener(buildApp(context).fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${portOf(server.address())}`
  return {
    url,
    context,
    database,
    ask: (method, path, asked = {}) => ask({ url, method, path, asked }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await context.close()
      await database.drop()
    },
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return address.port
}

async function ask(call: {
  url: string
  method: string
  path: string
  asked: Asked
}): Promise<Answer> {
  const { method, path, asked } = call
  const token = asked.token === undefined ? `Bearer ${ROOT_TOKEN}` : asked.token
  const body = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body))
  const answer = await send(`${call.url}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: token }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
    },
    body,
  })
  const isJson = /json/.test(answer.headers['content-type'] ?? '')
  const shown = isJson ? answer.json : answer.text
  assert.equal(
    checkAnswer(method, path, answer.status, shown),
    [],
    `${method} ${path} ${answer.text.slice(0, 300)}`,
  )
  assert.is(answer.headers['cache-control'], 'no-store')
  return answer
}

function send(
  url: string,
  options: {
    method: string
    headers: Record<string, string | string[]>
    body: string | Buffer | undefined
  },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { method: options.method, headers: options.headers },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          const isJson = /json/.test(response.headers['content-type'] ?? '')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson && text !== '' ? JSON.parse(text) : undefined,
          })
        })
      },
    )
    request.on('error', reject)
    request.end(options.body)
  })
}

/** A member of a JSON answer, by path. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null
        ? Object.getOwnPropertyDescriptor(inner, name)?.value
        : undefined,
    value,
  )
}

/** A platform that has finished its registration, with the access token it shows. */
export async function registeredPlatform(
  hub: AdminHub,
  order: { role: 'CPO' | 'EMSP'; party: string },
): Promise<{ id: string; authorization: string }> {
  const { role, party } = order
  const [country_code, party_id] = party.split('-')
  const invited = await hub.ask('POST', '/admin/v1/platforms', {
    body: { name: `platform of ${party}`, roles: [{ role, country_code, party_id }] },
  })
  assert.is(invited.status, 201)
  const id = String(at(invited.json, 'id'))
  const { db, secrets, directory } = hub.context
  const token = secrets.newToken()
  await db.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed)
    values (${secrets.hash(token)}, ${id}, 'access', ${secrets.seal(token, `platform:${id}:access`)})`)
  const sealed = secrets.seal('theirs', `platform:${id}:peer`)
  await db.rows(sql`
    update platforms set status = 'registered', ocpi_version = '2.2.1', peer_token_sealed = ${sealed} where id = ${id}`)
  await db.rows(sql`update platform_parties set registered = true where platform_id = ${id}`)
  directory.invalidate()
  return { id, authorization: `Token ${Buffer.from(token).toString('base64')}` }
}

export type SeededCdr = {
  owner: string
  receiver: string
  cdrId: string
  state: string
  original?: string
  net?: bigint
  tax?: bigint
  cycle?: string
  delivery?: string
}

const BOOKS: Readonly<Record<string, 'provisional' | 'held' | 'due'>> = {
  provisional: 'provisional',
  held: 'held',
  approved: 'due',
}

/** Books a CDR that has a cycle as a whole; what its row says of it as JSON text. */
async function book(hub: AdminHub, cdr: SeededCdr): Promise<string | null> {
  const stands = BOOKS[cdr.state]
  const { cycle: cycleId, net: netMicros } = cdr
  if (stands === undefined || cycleId === undefined || netMicros === undefined) return null
  const claim = {
    source: `cdr:${cdr.owner}/${cdr.cdrId.toLowerCase()}`,
    debtor: cdr.receiver,
    creditor: cdr.owner,
    currency: 'EUR',
    netMicros,
    taxMicros: cdr.tax ?? 0n,
    taxKnown: cdr.tax !== undefined,
  }
  const to = { claim, epoch: 1, resolves: null }
  const group =
    stands === 'due' ? approvedGroup({ ...to, cycleId }) : pendingGroup({ ...to, book: stands })
  await hub.context.db.transaction((tx) => postGroups(tx, [group]))
  const isDue = stands === 'due'
  const leg = isDue ? null : legOf(claim, 1)
  return JSON.stringify({ book: stands, epoch: 1, cycleId: isDue ? cycleId : null, leg })
}

/** A CDR as the hub keeps it after a worker has judged it. Returns its row id. */
export async function seedCdr(hub: AdminHub, cdr: SeededCdr): Promise<bigint> {
  const { db } = hub.context
  const original = cdr.original ?? JSON.stringify({ id: cdr.cdrId, session_id: `S-${cdr.cdrId}` })
  const [row] = await db.rows<{ id: bigint }>(sql`
    insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value,
      session_key, token_key, is_credit, currency, last_updated, correlation_id)
    values (${cdr.owner}, ${cdr.cdrId.toLowerCase()}, ${cdr.cdrId}, 'pf_test', ${cdr.receiver}, '2.2.1',
      ${Buffer.from(original)}, ${Buffer.alloc(32)}, ${original}::jsonb, ${`s-${cdr.cdrId.toLowerCase()}`}, 'token', false,
      'EUR', '2026-01-01T00:00:00Z', ${`corr-${cdr.cdrId}`})
    returning id`)
  const id = row?.id ?? 0n
  await db.rows(sql`
    insert into cdr_states (cdr_id, owner, receiver, session_key, is_credit, currency, state, net_micros, tax_micros,
      tax_known, cycle_id, delivery, booked)
    values (${id}, ${cdr.owner}, ${cdr.receiver}, ${`s-${cdr.cdrId.toLowerCase()}`}, false, 'EUR', ${cdr.state}, ${cdr.net ?? null},
      ${cdr.tax ?? null}, ${cdr.tax !== undefined}, ${cdr.cycle ?? null}, ${cdr.delivery ?? 'due'},
      ${await book(hub, cdr)}::jsonb)`)
  await db.rows(sql`
    insert into cdr_events (cdr_id, epoch, state, actor, reason_code) values (${id}, 0, 'received', 'hub', 'received'),
      (${id}, 1, ${cdr.state}, 'operator:root', 'judged')`)
  return id
}
