import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import type { Endpoint, Module } from '../../src/ocpi/define.ts'
import { MODULES } from '../../src/ocpi/registry.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { ask } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import {
  cdrOf,
  locationOf,
  ownerOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { seed, size } from '../helpers/seed.ts'

const hub = await startDoorHub()
const hubParty = 'NL-XCH'
const { db } = hub.database

const tenants = suite('tenants')
tenants.after.each(() => hub.assertSound())
tenants.after(async () => hub[Symbol.asyncDispose]())

const secret = 'SECRET-OF-A'
const marked = { x_secret: secret }

/** Everything A's two parties have that is not for everyone; its marker must reach nobody else. */
async function plant(cpo: FakePartner, emsp: FakePartner): Promise<void> {
  const charge = { owner: cpo.party, payer: emsp.party, id: 'OBJ', uid: 'OBJ' }
  const direct = { to: emsp.party }
  const replies = [
    await put(cpo, 'locations', locationOf(cpo.party, 'OBJ', marked), direct),
    await put(cpo, 'tariffs', tariffOf(cpo.party, 'OBJ', marked), direct),
    await put(emsp, 'tokens', tokenOf(emsp.party, 'OBJ', marked), { to: cpo.party }),
    await put(cpo, 'sessions', sessionOf(charge, marked)),
    await cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge, marked) }),
  ]
  assert.equal(
    replies.map(({ code }) => code),
    replies.map(() => 1000),
  )
  // As a worker does when it has judged it: from now on its receiver may see it.
  await db.rows(sql`update cdr_states set state = 'held', delivery = 'delivered'`)
}

/** What A has, as one text: nobody else may change it. */
async function estate(parties: readonly string[]): Promise<string> {
  const [row] = await db.rows<{ digest: string }>(sql`
    select md5(string_agg(line, ' ' order by line)) as digest from (
      select concat_ws('|', module, owner, object_key, audience, revision, deleted_at, original) as line
      from objects where owner = any(${parties}::text[])
      union all
      select concat_ws('|', c.owner, c.cdr_key, s.state, s.epoch, s.delivery, encode(c.original, 'hex'))
      from cdrs c join cdr_states s on s.cdr_id = c.id where c.owner = any(${parties}::text[])
      union all
      select concat_ws('|', platform_id, kind, encode(token_hash, 'hex'), expires_at) from credentials_tokens
      where platform_id in (select platform_id from platform_parties where party = any(${parties}::text[]))
    ) lines`)
  return row?.digest ?? ''
}

type Cell = {
  module: Module
  method: string
  url: string
  from: string | null
  to: string | null
  body: string | undefined
}

const METHODS = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE']

/** Every endpoint of the table and every method, about A's object, from own and from borrowed names, to everybody. */
function cellsFor(own: string, a: { cpo: string; emsp: string }): Cell[] {
  return VERSIONS.flatMap((version) =>
    MODULES.flatMap((module) => {
      const endpoints = Object.values(module.endpoints)
      const owner = module.ownerRoles.includes('EMSP') ? a.emsp : a.cpo
      const paths = new Set(endpoints.flatMap((each) => pathsOf(module, each)))
      const query = module.id === 'sessions' ? '?date_from=2020-01-01T00:00:00Z' : ''
      const isRouted = module.id !== 'credentials'
      const speakers = isRouted ? [own, a.cpo, a.emsp] : [null]
      const receivers = isRouted ? [null, hubParty, a.cpo, a.emsp] : [null]
      return [...paths].flatMap((path) =>
        METHODS.flatMap((method) => {
          const body = bodyFor({ module, method, own, a })
          const url = `/ocpi/${version}/${fill(path, owner)}${query}`
          return speakers.flatMap((from) =>
            receivers.map((to) => ({ module, method, url, from, to, body })),
          )
        }),
      )
    }),
  )
}

function pathsOf(module: Module, endpoint: Endpoint): string[] {
  if (module.id === 'credentials') return ['credentials']
  const all = `${endpoint.interface}/${module.id}${endpoint.path}`.replace(/\/$/, '')
  // Optional parts: without and with them.
  const optional = all.indexOf('/:evse_uid?')
  return optional < 0 ? [all] : [all.slice(0, optional), all]
}

function fill(path: string, owner: string): string {
  const { country_code, party_id } = ownerOf(owner)
  return path
    .replace(':country_code', country_code)
    .replace(':party_id', party_id)
    .replace(/:evse_uid\?/, 'E1')
    .replace(/:connector_id\?/, '1')
    .replace(/:(id|uid)/, 'OBJ')
}

function bodyFor(of: {
  module: Module
  method: string
  own: string
  a: { cpo: string; emsp: string }
}): string | undefined {
  const { module, method, own, a } = of
  if (method === 'GET' || method === 'DELETE') return undefined
  const charge = { owner: a.cpo, payer: a.emsp, id: 'OBJ', uid: 'OBJ' }
  const bodies: Record<string, Json> = {
    locations: locationOf(a.cpo, 'OBJ', { name: 'taken over' }),
    tariffs: tariffOf(a.cpo, 'OBJ', { price: 9 }),
    tokens: tokenOf(a.emsp, 'OBJ', { valid: false }),
    sessions: sessionOf({ ...charge, kwh: 99 }),
    cdrs: cdrOf({ ...charge, kwh: 99 }),
    credentials: {
      token: 'x'.repeat(20),
      url: 'http://127.0.0.1:1/',
      roles: [{ ...ownerOf(own), role: 'CPO', business_details: { name: 'B' } }],
    },
  }
  return JSON.stringify(bodies[module.id] ?? {})
}

async function play(partner: FakePartner, cell: Cell): Promise<Reply> {
  const headers: Record<string, string> = {
    authorization: `Token ${Buffer.from(partner.token).toString('base64')}`,
  }
  for (const [side, party] of [
    ['from', cell.from],
    ['to', cell.to],
  ] as const) {
    if (!party) continue
    headers[`OCPI-${side}-country-code`] = party.slice(0, 2)
    headers[`OCPI-${side}-party-id`] = party.slice(3)
  }
  if (cell.body !== undefined) headers['content-type'] = 'application/json'
  const { method, body } = cell
  return ask({ url: `${hub.web.url}${cell.url}`, method, headers, body })
}

tenants('T87: nobody sees or changes what is not meant for him', async () => {
  const cpo = await hub.connect({ parties: [{ party: 'NL-ACP', role: 'CPO' }] })
  const emsp = await hub.connect({ parties: [{ party: 'NL-AEM', role: 'EMSP' }] })
  const strangers = [
    await hub.connect({ parties: [{ party: 'DE-BCP', role: 'CPO' }] }),
    await hub.connect({ parties: [{ party: 'DE-BEM', role: 'EMSP' }] }),
    await hub.connect({ parties: [{ party: 'DE-BNS', role: 'NSP' }] }),
    await hub.connect({ parties: [{ party: 'DE-BSC', role: 'SCSP' }] }),
  ]
  await plant(cpo, emsp)
  const a = { cpo: cpo.party, emsp: emsp.party }
  const before = await estate([a.cpo, a.emsp])
  const leaks: string[] = []
  let cells = 0
  for (const stranger of strangers) {
    // DELETE credentials would end the stranger's own registration, which is its right.
    const queue = cellsFor(stranger.party, a).filter(
      ({ module, method }) => module.id !== 'credentials' || method !== 'DELETE',
    )
    cells += queue.length
    const work = async (): Promise<void> => {
      for (let cell = queue.shift(); cell; cell = queue.shift()) {
        const reply = await play(stranger, cell)
        const name = `${stranger.party} ${cell.method} ${cell.url} from ${cell.from} to ${cell.to}`
        const shown = reply.text + JSON.stringify(reply.headers)
        const tokens = [cpo.token, emsp.token, cpo.expects, emsp.expects]
        if ([secret, ...tokens].some((text) => shown.includes(text))) leaks.push(name)
        if (reply.status >= 500) leaks.push(`${name}: ${reply.status}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
  }
  assert.equal(leaks, [])
  assert.is(await estate([a.cpo, a.emsp]), before)
  // The marker is there for those it is meant for, or the matrix would prove nothing.
  for (const [partner, place] of [
    [cpo, `receiver/cdrs/${pathOf(a.cpo, 'OBJ')}`],
    [emsp, `receiver/cdrs/${pathOf(a.cpo, 'OBJ')}`],
    [emsp, 'sender/sessions?date_from=2020-01-01T00:00:00Z'],
    [emsp, 'sender/tariffs'],
  ] as const)
    assert.match((await partner.send('GET', place, { to: hubParty })).text, secret, place)
  process.stdout.write(`tenant matrix: ${cells} cells, 0 leaks\n`)
  assert.ok(cells > 1_000)
})

tenants('T88: answers of clients that ask at once are never mixed up', async () => {
  const names = Array.from({ length: 4 }, (_, index) => [`NL-C0${index}`, `NL-E0${index}`] as const)
  const pairs = await Promise.all(
    names.map(async ([cpoName, emspName]) => ({
      cpo: await hub.connect({ parties: [{ party: cpoName, role: 'CPO' }] }),
      emsp: await hub.connect({ parties: [{ party: emspName, role: 'EMSP' }] }),
    })),
  )
  const foreign: string[] = []
  const look = (own: string, reply: Reply): void => {
    const shown = reply.text + JSON.stringify(reply.headers)
    for (const [marker] of shown.matchAll(/MARK-\d|\b(NL[-/])?[CE]0\d\b/g))
      if (!marker.endsWith(own))
        foreign.push(`pair ${own} was shown ${marker}: ${shown.slice(0, 300)}`)
    if (reply.status >= 500) foreign.push(`pair ${own}: ${reply.status}`)
  }
  const rounds = size(2)
  const client = async (index: number): Promise<void> => {
    const pair = pairs[index % pairs.length]
    assert.ok(pair)
    const own = String(index % pairs.length)
    for (let round = 0; round < rounds; round += 1) {
      const replies = await storm(pair, { own, id: `MARK-${own}-${index}-${round}` })
      for (const reply of replies) look(own, reply)
      assert.equal(
        replies.slice(0, 6).map(({ code }) => code),
        [1000, 1000, 1000, 1000, 2001, 2001],
      )
    }
  }
  await Promise.all(Array.from({ length: 64 }, (_, index) => client(index)))
  assert.equal(foreign, [], `seed ${seed()}`)
})

/** What one client does at once: good and bad pushes, reads of its own, lists that hold only its own. */
function storm(
  { cpo, emsp }: { cpo: FakePartner; emsp: FakePartner },
  { own, id }: { own: string; id: string },
): Promise<Reply[]> {
  const charge = { owner: cpo.party, payer: emsp.party, id }
  const mark = { x_mark: id }
  const hubbed = { to: hubParty }
  const since = { ...hubbed, query: { date_from: '2020-01-01T00:00:00Z' } }
  return Promise.all([
    put(cpo, 'tariffs', tariffOf(cpo.party, id, { ...mark, currency: `MARK-${own}` })),
    put(cpo, 'sessions', sessionOf(charge, mark)),
    cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge, mark) }),
    put(emsp, 'tokens', tokenOf(emsp.party, id, { ...mark, whitelist: `MARK-${own}` })),
    put(cpo, 'tariffs', tariffOf(cpo.party, `${id}-bad`, { ...mark, elements: id })),
    cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...charge, id: `${id}-bad` }, { id: 7 }) }),
    cpo.send('GET', `receiver/tariffs/${pathOf(cpo.party, id)}`, hubbed),
    cpo.send('GET', `receiver/cdrs/${pathOf(cpo.party, id)}`),
    emsp.send('GET', `receiver/tokens/${pathOf(emsp.party, id)}`, hubbed),
    emsp.send('GET', 'sender/sessions', since),
    emsp.send('GET', 'sender/cdrs', hubbed),
  ])
}

tenants.run()
