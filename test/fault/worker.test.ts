import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Database } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { lockSubjects, objectSubject } from '../../src/store/objects.ts'
import { ask, at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { connectFake } from '../helpers/kill-fakes.ts'
import { startKillHub, untilSettled } from '../helpers/kill-hub.ts'
import type { KillHub } from '../helpers/kill-hub.ts'
import { note } from '../helpers/note.ts'
import { cdrOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { until } from '../helpers/processes.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-MSP'
const settleMs = 60_000

type World = { hub: KillHub; cpo: FakePartner; emsp: FakePartner }

const worker = suite<Partial<World>>('worker')

worker.before(async (context) => {
  context.hub = await startKillHub({ webs: 1, workers: 2 })
  context.cpo = await connectFake(context.hub, { parties: [{ party: CPO, role: 'CPO' }] })
  context.emsp = await connectFake(context.hub, { parties: [{ party: EMSP, role: 'EMSP' }] })
})

worker.after(async (context) => {
  await context.cpo?.close()
  await context.emsp?.close()
  await context.hub?.[Symbol.asyncDispose]()
})

function worldOf({ hub, cpo, emsp }: Partial<World>): World {
  if (!hub || !cpo || !emsp) throw new Error('the hub did not start')
  return { hub, cpo, emsp }
}

worker('one that is frozen at work and continued does nothing twice', async (context) => {
  const { hub, cpo, emsp } = worldOf(context)
  const [first, second] = hub.workers
  assert.ok(first && second)
  const [frozen, other] = [await first.ready(), await second.ready()]
  const cdrs = [await announce({ cpo, emsp, hub }, 'Z1'), await announce({ cpo, emsp, hub }, 'Z2')]
  other.signal('SIGSTOP')
  // Z1: its delivery is never answered. Z2: stands in the middle of its clearing, which waits for a lock of ours.
  emsp.answer = ({ place }) => (place === 'receiver/cdrs' ? 'silence' : undefined)
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body: cdrs[0] })).code, 1000)
  await until(() => emsp.received('receiver/cdrs').length === 1, { what: 'the first delivery' })
  const token = objectSubject({ module: 'tokens', owner: EMSP, key: 'card-z2|RFID' })
  await hub.db.transaction(async (tx) => {
    await lockSubjects(tx, [{ subject: token, exclusive: true }])
    assert.is((await cpo.send('POST', 'receiver/cdrs', { body: cdrs[1] })).code, 1000)
    await until(() => isWaiting(hub.db), { what: 'the clearing to wait' })
    frozen.signal('SIGSTOP')
  })
  emsp.answer = () => undefined
  other.signal('SIGCONT')
  const started = performance.now()
  await untilSettled(hub.db, settleMs)
  const seconds = (performance.now() - started) / 1000
  const before = await readEffects(hub.db, ['Z1', 'Z2'])
  frozen.signal('SIGCONT')
  await until(() => /clearing failed/.test(frozen.output()), { what: 'the frozen one to fail' })
  await untilSettled(hub.db, settleMs)
  assert.equal(await readEffects(hub.db, ['Z1', 'Z2']), before)
  assert.equal(
    before.map(({ id, state, groups, delivery }) => ({ id, state, groups, delivery })),
    ['Z1', 'Z2'].map((id) => ({ id, state: 'provisional', groups: 1n, delivery: 'delivered' })),
  )
  const arrived = emsp.received('receiver/cdrs').map(({ json }) => at(json, 'id'))
  assert.equal(arrived.sort(), ['Z1', 'Z1', 'Z2'], 'the unanswered delivery was repeated')
  assert.ok((await verifyLedger(hub.db)).ok)
  note(`worker: the work of a frozen worker was done by the other after ${seconds.toFixed(1)} s`)
})

worker(
  'without Redis OCPI requests are answered, and work resumes when it is back',
  async (context) => {
    const world = worldOf(context)
    const { hub, cpo } = world
    await hub.stores.kill('redis')
    const ids = ['R1', 'R2', 'R3']
    for (const id of ids) {
      const reply = await cpo.send('POST', 'receiver/cdrs', { body: await announce(world, id) })
      assert.is(reply.code, 1000, reply.text)
    }
    await until(async () => (await readiness(hub)).redis === 'down', { what: 'health to tell' })
    assert.is((await readiness(hub)).status, 200)
    await hub.stores.restart('redis')
    const started = performance.now()
    await untilSettled(hub.db, settleMs)
    const seconds = (performance.now() - started) / 1000
    for (const { state, groups, delivery } of await readEffects(hub.db, ids))
      assert.equal([state, groups, delivery], ['provisional', 1n, 'delivered'])
    note(`worker: work was done ${seconds.toFixed(1)} s after Redis was back`)
  },
)

worker(
  'without PostgreSQL the answer is 503 and 3000, and nothing is half done',
  async (context) => {
    const world = worldOf(context)
    const { hub, cpo } = world
    const body = await announce(world, 'P1')
    await hub.stores.kill('postgres')
    const refused = await Promise.all([
      cpo.send('POST', 'receiver/cdrs', { body }),
      put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S-P2' })),
      cpo.send('GET', `receiver/cdrs/NL/TNM/Z1`),
    ])
    for (const reply of refused) {
      assert.equal([reply.status, reply.code], [503, 3000], reply.text)
      assert.match(reply.headers['retry-after'] ?? '', /^\d+$/)
    }
    const { status, postgresql } = await readiness(hub)
    assert.equal([status, postgresql], [503, 'down'])
    await hub.stores.restart('postgres')
    const started = performance.now()
    assert.equal(await readEffects(hub.db, ['P1']), [])
    assert.equal(await hub.db.rows(sql`select from objects where object_key = 's-p2'`), [])
    await until(async () => (await readiness(hub)).status === 200, { what: 'the hub to be back' })
    assert.is((await cpo.send('POST', 'receiver/cdrs', { body })).code, 1000)
    await untilSettled(hub.db, settleMs)
    const seconds = (performance.now() - started) / 1000
    const [{ state, groups, delivery } = { state: '', groups: 0n, delivery: '' }] =
      await readEffects(hub.db, ['P1'])
    assert.equal([state, groups, delivery], ['provisional', 1n, 'delivered'])
    note(`worker: cleared and delivered ${seconds.toFixed(1)} s after PostgreSQL was back`)
  },
)

worker('no process ended by itself or logged an error', async (context) => {
  const { hub } = worldOf(context)
  for (const slot of [...hub.webs, ...hub.workers]) await slot.kill()
  assert.equal(hub.complaints(), [])
})

/** Pushes the card and the completed session of a CDR, and returns the CDR, not sent yet. */
async function announce({ cpo, emsp }: World, id: string): Promise<Json> {
  const charge = { owner: CPO, payer: EMSP, uid: `CARD-${id}` }
  assert.is((await put(emsp, 'tokens', tokenOf(EMSP, charge.uid))).code, 1000)
  assert.is((await put(cpo, 'sessions', sessionOf({ ...charge, id: `S-${id}` }))).code, 1000)
  return cdrOf({ ...charge, id, session: `S-${id}` })
}

async function isWaiting(db: Database): Promise<boolean> {
  const rows = await db.rows(sql`
    select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`)
  return rows.length > 0
}

type Effect = {
  id: string
  state: string
  epoch: number
  delivery: string
  events: bigint
  groups: bigint
  transfers: bigint
}

/** Everything that clearing and delivery leave behind of these CDRs. */
async function readEffects(db: Database, ids: readonly string[]): Promise<Effect[]> {
  return db.rows(sql`
    select c.cdr_id as id, s.state, s.epoch, s.delivery,
      (select count(*) from cdr_events e where e.cdr_id = c.id) as events,
      (select count(distinct group_id) from ledger_transfers t where t.source = 'cdr:' || c.owner || '/' || c.cdr_key)
        as groups,
      (select count(*) from ledger_transfers t where t.source = 'cdr:' || c.owner || '/' || c.cdr_key) as transfers
    from cdrs c join cdr_states s on s.cdr_id = c.id where c.cdr_id = any(${ids}::text[]) order by c.cdr_id`)
}

async function readiness(
  hub: KillHub,
): Promise<{ status: number; postgresql: unknown; redis: unknown }> {
  const { status, json } = await ask({ url: `${hub.url}/health/ready`, method: 'GET' })
  return {
    status,
    postgresql: at(json, 'dependencies', 'postgresql'),
    redis: at(json, 'dependencies', 'redis'),
  }
}

worker.run()
