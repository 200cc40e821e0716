// AGREEMENTS=required: who has no agreement with whom does not exist for them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub({ config: { agreements: 'required' } })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const stranger = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })

const test = suite('required agreements')
test.before(async () => {
  assert.is((await hub.admin('PUT', '/agreements/NL-TNM/DE-EMA', {})).status, 200)
})
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, emsp, stranger]) partner.forget()
})
test.after(() => hub.close())

const agree = (body: object) => hub.admin('PUT', '/agreements/NL-TNM/DE-EMA', body)

test('without an agreement a receiver is as unknown as one that does not exist: 4001', async () => {
  const to = (party: string) => put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })
  const [hidden, nobody] = [await to('FR-EMB'), await to('XX-XXX')]
  assert.equal([hidden.code, nobody.code], [4001, 4001])
  assert.is(hidden.message.replace('FR-EMB', 'XX-XXX'), nobody.message)
  assert.is((await to('DE-EMA')).code, 1000)
  assert.equal(stranger.got, [])
})

test('sessions and CDRs of a pair without an agreement are 4001', async () => {
  const charge = { owner: 'NL-TNM', payer: 'FR-EMB', id: 'X1' }
  assert.is((await put(cpo, 'sessions', sessionOf(charge))).code, 4001)
  const cdr = await cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge) })
  assert.is(cdr.code, 4001)
})

test('a broadcast reaches those who agreed', async () => {
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T2'))
  await hub.drain()
  assert.equal([emsp.got.length, stranger.got.length], [1, 0])
})

test('a list holds the objects of those who agreed', async () => {
  const list = async (partner: typeof emsp) =>
    partner.send('GET', 'sender/tariffs', { to: hub.party })
  const [own, none] = [await list(emsp), await list(stranger)]
  assert.ok(items(own.data).length > 0)
  assert.equal([none.data, none.headers['x-total-count']], [[], '0'])
})

test('HubClientInfo shows who agreed', async () => {
  const parties = async (partner: typeof emsp) =>
    items((await partner.send('GET', 'sender/hubclientinfo', { from: null })).data).map((each) =>
      at(each, 'party_id'),
    )
  assert.equal(await parties(emsp), ['TNM'])
  assert.equal(await parties(stranger), [])
  assert.equal(await parties(cpo), ['EMA'])
})

test('an authorisation asks only those who agreed', async () => {
  emsp.answer = () => ({ status: 404, code: 2004 })
  stranger.answer = () => ({ data: { allowed: 'ALLOWED', token: tokenOf('FR-EMB', 'U1') } })
  assert.is((await cpo.send('POST', 'sender/tokens/U1/authorize')).code, 2004)
  assert.equal(stranger.got, [])
  emsp.answer = () => undefined
})

test('modules that were not agreed on are 4001', async () => {
  await agree({ modules: ['sessions', 'cdrs', 'tokens'] })
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T3'), { to: 'DE-EMA' })
  assert.is(tariff.code, 4001)
  const session = sessionOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'S1' })
  assert.is((await put(cpo, 'sessions', session)).code, 1000)
})

test('who begins or ends an agreement is told of the other, and nobody else is', async () => {
  const listen = (party: string) =>
    hub.connect({
      parties: [{ party, role: 'EMSP' }],
      modules: ['receiver/tariffs', 'receiver/hubclientinfo'],
    })
  const [one, other] = [await listen('DE-LI1'), await listen('DE-LI2')]
  await hub.drain()
  assert.equal([...one.got, ...other.got], [])
  const told = async () => {
    await hub.drain()
    return one
      .received('receiver/hubclientinfo', 'PUT')
      .map(({ rest, json }) => `${rest} ${String(at(json, 'status'))}`)
  }
  const later = new Date(hub.context.clock().getTime() + 60_000).toISOString()
  await hub.admin('PUT', '/agreements/NL-TNM/DE-LI1', { valid_from: later })
  assert.equal(await told(), [])
  await hub.passTime(61_000)
  assert.equal(await told(), ['/NL/TNM CONNECTED'])
  await hub.admin('DELETE', '/agreements/NL-TNM/DE-LI1')
  assert.equal(await told(), ['/NL/TNM CONNECTED', '/NL/TNM PLANNED'])
  const gone = await hub.connect({ parties: [{ party: 'BE-GON', role: 'CPO' }] })
  await hub.admin('DELETE', `/platforms/${gone.id}`)
  assert.is((await told()).length, 2)
  assert.equal(other.got, [])
})

test('an agreement that ends by the clock is told, and the next one is news again', async () => {
  const partner = await hub.connect({
    parties: [
      { party: 'DE-CLK', role: 'EMSP' },
      { party: 'DE-CLK', role: 'NSP' },
    ],
    modules: ['receiver/tariffs', 'receiver/hubclientinfo'],
  })
  const inMs = (ms: number) => new Date(hub.context.clock().getTime() + ms).toISOString()
  const draft = { valid_to: inMs(120_000) }
  const agreed = await hub.admin('PUT', '/agreements/NL-TNM/DE-CLK', draft)
  assert.is(agreed.status, 200, agreed.text)
  const later = { valid_from: inMs(240_000) }
  assert.is((await hub.admin('PUT', '/agreements/NL-TNM/DE-CLK', later)).status, 200)
  const told = async () => {
    await hub.drain()
    return partner
      .received('receiver/hubclientinfo', 'PUT')
      .map(({ json }) => String(at(json, 'status')))
  }
  assert.equal(await told(), ['CONNECTED'])
  await hub.passTime(60_000)
  assert.equal(await told(), ['CONNECTED'], 'nothing has begun or ended')
  await hub.passTime(61_000)
  assert.equal(await told(), ['CONNECTED', 'PLANNED'])
  await hub.passTime(120_000)
  assert.equal(await told(), ['CONNECTED', 'PLANNED', 'CONNECTED'])
  await hub.drain()
  assert.is((await told()).length, 3, 'once')
  const infos = partner.received('receiver/hubclientinfo', 'PUT').map(({ json }) => json)
  const times = infos.map((info) => String(at(info, 'last_updated')))
  const [, ended = '', begun = ''] = times
  assert.ok(begun > ended, 'who compares times takes it')
  const since = { query: { date_from: later.valid_from }, from: null }
  const list = await partner.send('GET', 'sender/hubclientinfo', since)
  assert.equal(
    items(list.data).map((each) => at(each, 'party_id')),
    ['TNM'],
  )
})

test('2.3.0 credentials show who agreed', async () => {
  const partner = await hub.connect({
    parties: [{ party: 'DE-N23', role: 'EMSP' }],
    version: '2.3.0',
  })
  const roles = async () =>
    items(at((await partner.send('GET', 'credentials', { from: null })).data, 'roles')).map(
      (role) => `${String(at(role, 'role'))} ${String(at(role, 'party_id'))}`,
    )
  assert.equal(await roles(), ['OTHER XCH'], 'there is at least one')
  await hub.admin('PUT', '/agreements/NL-TNM/DE-N23', {})
  assert.equal(await roles(), ['CPO TNM'])
  await hub.passTime(2_000)
  await hub.drain()
  const [put] = partner.received('credentials', 'PUT')
  assert.is(at(put?.json, 'roles', 0, 'party_id'), 'TNM')
})

test('an agreement that was ended is none, for what is new', async () => {
  await agree({})
  assert.is((await hub.admin('DELETE', '/agreements/NL-TNM/DE-EMA')).status, 204)
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T4'), { to: 'DE-EMA' })
  assert.is(tariff.code, 4001)
  const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
  assert.is(list.headers['x-total-count'], '0')
})

test('an agreement of the future is not one yet', async () => {
  await agree({ valid_from: '2090-01-01T00:00:00Z' })
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T5'), { to: 'DE-EMA' })
  assert.is(tariff.code, 4001)
})

test.run()
