// What 2.1.1 can no longer say of an object that a partner of 2.1.1 has: it is told that it is gone.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, put, tariffOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const old = await hub.connect({ parties: [{ party: 'FR-OLE', role: 'EMSP' }], version: '2.1.1' })

const test = suite('taking back')
test.before.each(async () => {
  await hub.drain()
  old.forget()
})
test.after(() => hub.close())

const everyone = { to: hub.party }
let passed = 0
/** Each change is newer than the one before. */
const later = (): Json => ({ last_updated: fromNow((passed += 1_000)) })
const told = (module: string) =>
  old
    .received(`receiver/${module}`)
    .map(({ method, json }) => [method, at(json, 'evses', 0, 'status') ?? null])
const send = async (module: string, object: Json) => {
  const reply = await put(cpo, module, object, everyone)
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
}

test('a location that is hidden becomes one without EVSEs, once, and comes back when shown', async () => {
  await send('locations', locationOf('NL-TNM', 'L1', later()))
  const hidden = { publish: false, address: 'Geheim 1' }
  await send('locations', locationOf('NL-TNM', 'L1', { ...hidden, ...later() }))
  await send('locations', locationOf('NL-TNM', 'L1', { ...hidden, ...later() }))
  assert.equal(told('locations'), [
    ['PUT', 'AVAILABLE'],
    ['PUT', 'REMOVED'],
  ])
  const gone = old.received('receiver/locations')[1]
  assert.is(at(gone?.json, 'address'), 'Stationsplein 1', 'nothing of what is hidden')
  const noted = await hub.admin('GET', `/conversions?platform=${old.id}&withheld=true`)
  assert.ok(typeof at(noted.json, 'items', 0, 'taken_back_at') === 'string', noted.text)
  await send('locations', locationOf('NL-TNM', 'L1', later()))
  await send('locations', locationOf('NL-TNM', 'L1', { ...hidden, ...later() }))
  assert.equal(told('locations').slice(2), [
    ['PUT', 'AVAILABLE'],
    ['PUT', 'REMOVED'],
  ])
})

test('a location that never was shown is not', async () => {
  await send('locations', locationOf('NL-TNM', 'L2', { publish: false, ...later() }))
  await send('locations', locationOf('NL-TNM', 'L2', { publish: false, ...later() }))
  assert.equal(told('locations'), [])
})

test('a tariff that is for some sessions only now, or not in force, is deleted', async () => {
  await send('tariffs', tariffOf('NL-TNM', 'T1', later()))
  await send('tariffs', tariffOf('NL-TNM', 'T1', { type: 'AD_HOC_PAYMENT', ...later() }))
  await send('tariffs', tariffOf('NL-TNM', 'T1', { type: 'AD_HOC_PAYMENT', ...later() }))
  assert.equal(
    told('tariffs').map(([method]) => method),
    ['PUT', 'DELETE'],
  )
  assert.match(old.received('receiver/tariffs')[1]?.rest ?? '', '/NL/TNM/T1')
})

test('a tariff of 2.1.1 is given when it begins to be in force and taken when it ends', async () => {
  const times = { start_date_time: fromNow(3_600_000), end_date_time: fromNow(7_200_000) }
  await send('tariffs', tariffOf('NL-TNM', 'T2', { ...times, ...later() }))
  assert.equal(told('tariffs'), [])
  const listed = await old.send('GET', 'sender/tariffs')
  assert.not(items(listed.data).some((each) => at(each, 'id') === 'T2'))
  await hub.passTime(3_700_000)
  await hub.drain()
  assert.equal(
    told('tariffs').map(([method]) => method),
    ['PUT'],
  )
  await hub.passTime(3_700_000)
  await hub.drain()
  assert.equal(
    told('tariffs').map(([method]) => method),
    ['PUT', 'DELETE'],
  )
})

test('a connector of several tariffs has the one that 2.1.1 is given', async () => {
  await send('tariffs', tariffOf('NL-TNM', 'HOC', { type: 'AD_HOC_PAYMENT', ...later() }))
  await send('tariffs', tariffOf('NL-TNM', 'REG', later()))
  const evses = items(locationOf('NL-TNM', 'L3')['evses']).map((evse) => ({
    ...Object(evse),
    connectors: items(at(evse, 'connectors')).map((connector) => ({
      ...Object(connector),
      tariff_ids: ['HOC', 'REG'],
    })),
  }))
  await send('locations', locationOf('NL-TNM', 'L3', { evses, ...later() }))
  const [got] = old.received('receiver/locations')
  assert.is(at(got?.json, 'evses', 0, 'connectors', 0, 'tariff_id'), 'REG')
})

test('a direct PATCH that hides a location, and parts of a hidden one', async () => {
  const direct = { to: 'FR-OLE' }
  const path = 'receiver/locations/NL/TNM/D1'
  assert.is((await put(cpo, 'locations', locationOf('NL-TNM', 'D1', later()), direct)).code, 1000)
  const patch = (more: Json, at_ = path) =>
    cpo.send('PATCH', at_, { body: { ...more, ...later() }, ...direct })
  assert.is((await patch({ publish: false })).code, 1000)
  const part = await patch({ status: 'CHARGING' }, `${path}/E1`)
  assert.is(part.code, 1000, part.text)
  assert.is((await patch({ publish: true })).code, 1000)
  assert.equal(told('locations'), [
    ['PUT', 'AVAILABLE'],
    ['PUT', 'REMOVED'],
    ['PUT', 'REMOVED'],
    ['PUT', 'CHARGING'],
  ])
  const never = locationOf('NL-TNM', 'D2', { publish: false, ...later() })
  const refused = await put(cpo, 'locations', never, direct)
  assert.is(refused.code, 4000, refused.text)
})

test.run()
