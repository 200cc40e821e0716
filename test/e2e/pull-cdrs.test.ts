// CDRs and sessions of CPOs that push none: fetched, recorded once, and brought to whom they concern.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { at } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { knownOf } from '../helpers/known.ts'
import { fromNow, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { cdr211, secondsFromNow, session211 } from '../helpers/objects-211.ts'
import { alertsOf, freshness, intervalPasses, offer, pullNow } from '../helpers/offers.ts'

const test = suite<{ hub: TestHub }>('fetching CDRs')
test.before.each(async (context) => {
  context.hub = await startHub()
})
test.after.each(({ hub }) => hub.close())

const CPO = { parties: [{ party: 'NL-TNM', role: 'CPO' as const }], pulled: true }
const EMSP = { parties: [{ party: 'DE-EMA', role: 'EMSP' as const }] }
const now = () => ({ last_updated: fromNow(1_000) })
const countOf = async (hub: TestHub) => (await hub.database.db.rows(sql`select 1 from cdrs`)).length

test('a CPO that only offers CDRs: recorded, cleared and delivered once, however often', async ({
  hub,
}) => {
  const emsp = await hub.connect(EMSP)
  const cpo = await hub.connect(CPO)
  const story = storyOf(hub, cpo)
  const charge = story.charge('C1', emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', charge.uid))
  offer(cpo, {
    sessions: [sessionOf({ ...charge, id: 'S-C1' }, now())],
    cdrs: [story.cdr(charge, now())],
  })
  await pullNow(hub, cpo)
  assert.is(await story.stand('C1'), 'provisional')
  assert.equal(story.delivered(emsp), ['C1'])
  assert.match(cpo.received('sender/cdrs')[0]?.rest ?? '', /date_from=/)
  await pullNow(hub, cpo)
  await intervalPasses(hub)
  assert.is(await countOf(hub), 1)
  assert.equal(story.delivered(emsp), ['C1'])
  assert.is(at(await freshness(hub, cpo, 'cdrs'), 'refused'), 0)
})

test('what was pushed and is fetched too is one CDR; other content under its id is a finding', async ({
  hub,
}) => {
  const emsp = await hub.connect(EMSP)
  const cpo = await hub.connect(CPO)
  const story = storyOf(hub, cpo)
  const charge = story.charge('C1', emsp)
  await story.prepare(charge, emsp)
  const cdr = story.cdr(charge, now())
  await story.post(cdr)
  offer(cpo, { cdrs: [cdr] })
  await pullNow(hub, cpo)
  assert.is(await story.stand('C1'), 'provisional')
  offer(cpo, { cdrs: [{ ...cdr, total_cost: { excl_vat: 99 } }] })
  await pullNow(hub, cpo)
  assert.equal([await countOf(hub), (await story.shown('C1')).codes.includes('D3')], [1, true])
  assert.is((await story.shown('C1')).net, '3.00')
})

test('a bad one, a foreign one and one in doubt cost no other; one from before is not the hub’s', async ({
  hub,
}) => {
  const emsp = await hub.connect(EMSP)
  const cpo = await hub.connect(CPO)
  const story = storyOf(hub, cpo)
  const made = (id: string, more = {}) => story.cdr(story.charge(id, emsp), { ...now(), ...more })
  const { total_cost: _, ...bare } = made('BARE')
  await story.prepare(story.charge('GOOD', emsp), emsp)
  cpo.answer = (got) =>
    got.place === 'sender/cdrs'
      ? {
          data: [
            bare,
            made('FOREIGN', { party_id: 'OTH' }),
            made('TEXT', { total_energy: '10' }),
            made('OLD', { last_updated: fromNow(-86_400_000) }),
            made('GOOD'),
          ],
        }
      : undefined
  await pullNow(hub, cpo)
  assert.is(await story.stand('GOOD'), 'provisional')
  assert.is(await story.stand('TEXT'), 'quarantined T1')
  assert.is(await countOf(hub), 2)
  const told = (await alertsOf(hub, 'pulled_object_refused')).map((one) => at(one, 'subject'))
  assert.equal(told.sort(), [`${cpo.id}/cdrs/party_id`, `${cpo.id}/cdrs/total_cost`])
})

test('a CPO of 2.1.1: sessions and CDRs by contract, and the same CDR after it has moved on', async ({
  hub,
}) => {
  const emsp = await hub.connect(EMSP)
  const cpo = await hub.connect({ ...CPO, version: '2.1.1' })
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'K1'))
  const contract = 'DE-EMA-CK1'
  const cdr = cdr211({ id: 'C1', contract }, { last_updated: secondsFromNow(2_000) })
  const sessions = [
    session211({ id: 'S1', contract }),
    session211({ id: 'S2', contract: 'DE-EMA-CNEW' }),
  ]
  cpo.answer = (got) =>
    got.method !== 'GET'
      ? undefined
      : /cdrs/.test(got.place)
        ? { data: [cdr] }
        : /sessions/.test(got.place)
          ? { data: sessions }
          : undefined
  // Sessions first, as a CPO would push them.
  await hub.admin('PATCH', `/platforms/${cpo.id}`, {
    quirks: { pull: { modules: ['sessions'] } },
    reason: 'in turn',
  })
  await pullNow(hub, cpo)
  await hub.admin('PATCH', `/platforms/${cpo.id}`, { quirks: { pull: true }, reason: 'in turn' })
  await pullNow(hub, cpo)
  assert.equal(
    emsp
      .received('receiver/sessions', 'PUT')
      .map(({ json, headers }) => [at(json, 'id'), headers['ocpi-from-party-id']]),
    [
      ['S1', 'TNM'],
      ['S2', 'TNM'],
    ],
  )
  const [row] = await hub.database.db.rows<{ session_key: string | null; state: string }>(sql`
    select c.session_key, s.state from cdrs c join cdr_states s on s.cdr_id = c.id`)
  assert.equal([row?.session_key, row?.state], ['s1', 'provisional'])
  const { sessionSteps = [] } = await knownOf(hub, 'C1')
  assert.equal(
    sessionSteps.map(({ method, status, kwh }) => [method, status, kwh]),
    [['pull', 'COMPLETED', '10']],
  )
  const channels = await hub.database.db.rows(sql`select channel from cdrs`)
  assert.equal(channels, [{ channel: 'pull' }])

  cpo.answer = () => undefined
  cpo.speak('2.2.1')
  assert.is((await cpo.join('PUT')).code, 1000)
  const story = storyOf(hub, cpo)
  const again = story.cdr(
    { owner: 'NL-TNM', payer: 'DE-EMA', id: 'C1', uid: 'K1' },
    { start_date_time: cdr['start_date_time'], session_id: 'S1' },
  )
  assert.is((await story.post(again)).code, 1000, 'the same claim')
  const other = await story.post({ ...again, total_cost: { excl_vat: 4 } })
  assert.is(other.code, 2001, other.text)
  assert.is(await countOf(hub), 1)
})

test('a new whole list after the first one tells what changed', async ({ hub }) => {
  const emsp = await hub.connect(EMSP)
  const cpo = await hub.connect(CPO)
  const session = sessionOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'S1' }, now())
  offer(cpo, { sessions: [session] })
  await hub.passTime(limits.pullFirstDelayMs)
  await hub.drain()
  offer(cpo, { sessions: [{ ...session, kwh: 11, last_updated: fromNow(60_000) }] })
  await pullNow(hub, cpo)
  assert.equal(
    emsp.received('receiver/sessions', 'PUT').map(({ json }) => at(json, 'kwh')),
    [10, 11],
  )
})

test.run()
