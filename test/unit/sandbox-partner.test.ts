import { suite } from 'uvu'
import * as check from 'uvu/assert'
import { present } from '../../src/assert.ts'
import { buildWorld } from '../../src/sandbox/build-world.ts'
import { createPartner } from '../../src/sandbox/partner.ts'
import type { Partner } from '../../src/sandbox/partner.ts'
import { approveAll, liveSessions } from '../../src/sandbox/partner-work.ts'
import { readPlan, writePlan } from '../../src/sandbox/plan-file.ts'
import { createWire } from '../../src/sandbox/wire.ts'
import type { PlatformPlan } from '../../src/sandbox/world.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const world = await buildWorld({
  locations: undefined,
  tariffs: undefined,
  sessions: undefined,
  cdrs: 24,
  faults: 0.2,
  seed: 1,
  nowMs: NOW,
})
const tokens = world.platforms.flatMap((one) => one.tokens)
const wire = createWire(4)

type Pair = { operator: Partner; provider: Partner }

/** An operator that takes its provider for the hub: a partner speaks both sides of the protocol. */
async function connected(more: Partial<PlatformPlan> = {}): Promise<Pair> {
  const operators = world.platforms.filter((one) => one.role === 'CPO')
  const plan = { ...present(operators[0], 'operators'), ...more }
  const providerPlan = { ...present(world.platforms[2], 'provider'), tokens }
  const start = (one: PlatformPlan) =>
    createPartner({ plan: one, clock: () => NOW, inFlightMax: 4 })
  const [operator, provider] = [await start(plan), await start(providerPlan)]
  const tokenA = provider.connection.issueTokenA()
  await operator.connection.register({ versionsUrl: provider.versionsUrl, tokenA })
  return { operator, provider }
}

async function close({ operator, provider }: Pair): Promise<void> {
  await operator.close()
  await provider.close()
}

function knownOf(plan: PlatformPlan) {
  return readPlan(writePlan(plan, world)).known
}

const partner = suite('sandbox partner')
partner.after(() => wire.close())

partner('registers by the real handshake, both sides with a new token', async () => {
  const pair = await connected()
  check.ok(pair.operator.connection.isRegistered())
  check.ok(pair.provider.connection.isRegistered())
  check.equal([...pair.operator.connection.endpoints().keys()].sort(), [
    'cdrs/receiver',
    'credentials',
    'locations/receiver',
    'sessions/receiver',
    'tariffs/receiver',
    'tokens/sender',
  ])
  await close(pair)
})

partner('lives its sessions, and both books agree', async () => {
  const pair = await connected()
  const { operator, provider } = pair
  await liveSessions(operator, knownOf(operator.plan), () => {})
  const { books } = operator
  check.equal(books.refusals, [])
  check.is(books.messages, books.answered1000)
  check.equal([...provider.books.receivedSessions].sort(), [...books.sentSessions].sort())
  const sent = [...books.sentCdrs].map(([key, cdr]) => `${key} ${cdr.digest}`)
  const got = [...provider.books.receivedCdrs].map(([key, cdr]) => `${key} ${cdr.digests.join()}`)
  check.equal(got.sort(), sent.sort())
  check.is(books.readBack.count > 0 && books.readBack.differing === 0, true)
  await close(pair)
})

partner('repeats what was not answered, and its receiver notices the same CDR twice', async () => {
  const pair = await connected({
    sessions: present(world.platforms[0], 'operator').sessions.slice(0, 2),
  })
  const { operator, provider } = pair
  provider.misbehaviour.set([
    { module: 'cdrs', misdeed: 'error', times: 2 },
    { module: 'sessions', misdeed: 'drop', times: 1 },
  ])
  await liveSessions(operator, knownOf(operator.plan), () => {})
  check.equal(operator.books.refusals, [])
  check.is(operator.books.retries, 3)
  const [cdr] = operator.books.sentCdrs.values()
  const text = JSON.stringify({ country_code: 'NL', party_id: 'HVL', id: cdr?.id })
  const post = () =>
    operator.connection.send({
      method: 'POST',
      module: 'cdrs',
      side: 'receiver',
      path: '',
      from: present(operator.plan.parties[0], 'party'),
      body: text,
    })
  check.equal([(await post()).code, (await post()).code], [1000, 1000])
  const noticed = [...provider.books.receivedCdrs.values()].filter((got) => got.times > 1)
  check.is(noticed.length, 1)
  await close(pair)
})

partner('books what was refused instead of repeating it', async () => {
  const pair = await connected({
    sessions: present(world.platforms[0], 'operator').sessions.slice(0, 1),
  })
  pair.provider.misbehaviour.set([{ module: 'cdrs', misdeed: 'refuse', times: 1 }])
  await liveSessions(pair.operator, knownOf(pair.operator.plan), () => {})
  check.equal(
    pair.operator.books.refusals.map((one) => one.code),
    [2001],
  )
  await close(pair)
})

partner('pages through its own list with Link, X-Total-Count and X-Limit', async () => {
  const pair = await connected()
  const { operator } = pair
  const headers = { Authorization: `Token ${pair.provider.connection.shownToken()}` }
  const base = operator.versionsUrl.replace('/versions', '/2.2.1/sender/locations')
  const ids: unknown[] = []
  let url: string | undefined = `${base}?limit=3`
  while (url !== undefined) {
    const answer = await wire.exchange({ method: 'GET', url, headers })
    check.is(answer.headers.get('x-total-count'), String(operator.plan.locations.length))
    ids.push(...JSON.parse(answer.text).data.map((one: { id: string }) => one.id))
    url = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  check.equal(
    ids,
    operator.plan.locations.map((location) => location['id']),
  )
  await close(pair)
})

partner('answers 401 to a token nobody gave out, 404 with 2004 to an unknown card', async () => {
  const pair = await connected()
  const stranger = { Authorization: `Token ${Buffer.from('stranger').toString('base64')}` }
  const url = pair.provider.versionsUrl
  check.is((await wire.exchange({ method: 'GET', url, headers: stranger })).status, 401)
  const answer = await pair.operator.connection.send({
    method: 'POST',
    module: 'tokens',
    side: 'sender',
    path: '/NOBODY/authorize',
    from: present(pair.operator.plan.parties[0], 'party'),
    body: '{}',
  })
  check.equal([answer.status, answer.code], [404, 2004])
  await close(pair)
})

partner('is not registered twice, and forgets when told to', async () => {
  const pair = await connected()
  const { provider, operator } = pair
  const headers = { Authorization: `Token ${operator.connection.shownToken()}` }
  const url = provider.versionsUrl.replace('/versions', '/2.2.1/credentials')
  check.is((await wire.exchange({ method: 'POST', url, headers, body: '{}' })).status, 405)
  check.is((await wire.exchange({ method: 'DELETE', url, headers })).status, 200)
  check.is((await wire.exchange({ method: 'GET', url, headers })).status, 401)
  await close(pair)
})

partner('counts approvals that were not accepted', async () => {
  const pair = await connected()
  check.is(await approveAll(pair.operator, [{ owner: 'NL-HVL', id: 'x' }]), 1)
  await close(pair)
})

partner.run()
