import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Change } from '../../src/hub/objects/mutation.ts'
import { at } from '../helpers/ask.ts'
import { MID, NEW, OLD, changed, now, result, stored } from '../helpers/changes.ts'
import type { Wanted } from '../helpers/changes.ts'

const tariff = (text: string, method: Change['method'] = 'PUT'): Wanted => ({
  module: 'tariffs',
  method,
  params: { id: 'T1' },
  text,
})

const puts = suite('PUT')

puts('an object is stored as the text that came', () => {
  const text = `{ "id":"T1", "price": 1.10, "last_updated":"${MID}", "x": null }`
  const object = changed(tariff(text), null)
  assert.is(object.original, text)
  assert.equal(object.value, { id: 'T1', price: 1.1, last_updated: MID })
  assert.is(object.lastUpdated.toISOString(), '2026-06-24T10:00:00.000Z')
})

puts('a PUT replaces: what it leaves out is gone (126)', () => {
  const before = stored(`{"id":"T1","a":1,"last_updated":"${OLD}"}`)
  assert.equal(changed(tariff(`{"id":"T1","last_updated":"${MID}"}`), before).value, {
    id: 'T1',
    last_updated: MID,
  })
})

puts('an older last_updated is refused', () => {
  const before = stored(`{"id":"T1","last_updated":"${NEW}"}`)
  assert.is(result(tariff(`{"id":"T1","last_updated":"${MID}"}`), before), '/last_updated')
})

puts('the same last_updated with other content replaces', () => {
  const before = stored(`{"id":"T1","a":1,"last_updated":"${MID}"}`)
  assert.is(changed(tariff(`{"id":"T1","a":2,"last_updated":"${MID}"}`), before).value.a, 2)
})

puts('the same text changes nothing', () => {
  const text = `{"id":"T1","last_updated":"${MID}"}`
  assert.is(result(tariff(text), stored(text)), 'same')
})

puts('after a DELETE anything may be put, the same text too', () => {
  const text = `{"id":"T1","last_updated":"${MID}"}`
  assert.is(changed(tariff(text), stored(text, true)).deleted, false)
})

puts('another id than that of the URL is refused (123)', () => {
  assert.is(result(tariff(`{"id":"T2","last_updated":"${MID}"}`), null), '/id')
})

puts('the id in the URL may be written in another case (17)', () => {
  assert.is(changed(tariff(`{"id":"t1","last_updated":"${MID}"}`), null).value.id, 't1')
})

puts.run()

const deletes = suite('DELETE')

deletes('a DELETE leaves a tombstone', () => {
  const before = stored(`{"id":"T1","last_updated":"${MID}"}`)
  const object = changed({ module: 'tariffs', method: 'DELETE', params: { id: 'T1' } }, before)
  assert.is(object.deleted, true)
  assert.is(object.lastUpdated, now)
})

deletes('what is not there cannot be deleted', () => {
  const wanted: Wanted = { module: 'tariffs', method: 'DELETE', params: { id: 'T1' } }
  assert.is(result(wanted, null), 'notFound')
  assert.is(result(wanted, stored(`{"id":"T1","last_updated":"${MID}"}`, true)), 'notFound')
})

deletes.run()

const patches = suite('PATCH')

const SESSION = `{"id":"S1","kwh":1.10,"status":"ACTIVE","charging_periods":[{"n":1}],"last_updated":"${OLD}"}`
const session = (text: string): Wanted => ({
  module: 'sessions',
  method: 'PATCH',
  params: { id: 'S1' },
  text,
})

patches('members that are not named keep their exact text (127)', () => {
  const object = changed(session(`{"status":"COMPLETED","last_updated":"${MID}"}`), stored(SESSION))
  assert.ok(object.original.includes('"kwh":1.10'))
  assert.is(object.value.status, 'COMPLETED')
  assert.is(object.value.last_updated, MID)
})

patches('it needs last_updated, a readable one (125)', () => {
  assert.is(result(session('{"status":"COMPLETED"}'), stored(SESSION)), '/last_updated')
  assert.is(result(session('{"last_updated":"today"}'), stored(SESSION)), '/last_updated')
})

patches('an object that the hub does not have is unknown', () => {
  assert.is(result(session(`{"kwh":2,"last_updated":"${MID}"}`), null), 'notFound')
})

patches('an older one is refused', () => {
  const text = `{"kwh":2,"last_updated":"2026-06-24T08:00:00Z"}`
  assert.is(result(session(text), stored(SESSION)), '/last_updated')
})

patches('charging periods are appended (135)', () => {
  const text = `{"charging_periods":[{"n":2},{"n":3}],"last_updated":"${MID}"}`
  const object = changed(session(text), stored(SESSION))
  assert.equal(object.value.charging_periods, [{ n: 1 }, { n: 2 }, { n: 3 }])
})

patches('empty or absent charging periods change nothing (135)', () => {
  for (const member of ['"charging_periods":[],', '', '"charging_periods":null,']) {
    const object = changed(session(`{${member}"last_updated":"${MID}"}`), stored(SESSION))
    assert.equal(object.value.charging_periods, [{ n: 1 }], member)
  }
})

patches('sent twice, its charging periods are appended once', () => {
  const text = `{"charging_periods":[{"n":2}],"last_updated":"${MID}"}`
  const once = changed(session(text), stored(SESSION))
  assert.is(result(session(text), stored(once.original)), 'same')
})

patches('a repetition is known whatever the order of members it was stored in', () => {
  const text = `{"charging_periods":[{"b":0.30000000000000004,"a":[1]}],"last_updated":"${MID}"}`
  const once = changed(session(text), stored(SESSION))
  const value = JSON.parse(
    JSON.stringify(once.value).replace(/"b":([^,]*),"a":\[1\]/, '"a":[1],"b":$1'),
  )
  assert.is(result(session(text), { original: once.original, value, deleted: false }), 'same')
})

patches('equal periods of a later PATCH are appended again', () => {
  const first = changed(
    session(`{"charging_periods":[{"n":2}],"last_updated":"${MID}"}`),
    stored(SESSION),
  )
  const later = session(`{"charging_periods":[{"n":2}],"last_updated":"${NEW}"}`)
  const object = changed(later, stored(first.original))
  assert.equal(object.value.charging_periods, [{ n: 1 }, { n: 2 }, { n: 2 }])
})

patches('a PATCH may not change the id', () => {
  assert.is(result(session(`{"id":"S2","last_updated":"${MID}"}`), stored(SESSION)), '/id')
})

patches('a null member removes nothing', () => {
  const object = changed(session(`{"status":null,"last_updated":"${MID}"}`), stored(SESSION))
  assert.is(object.value.status, 'ACTIVE')
})

patches.run()

const children = suite('EVSEs and connectors')

const connector = (id: string, time: string) => `{"id":"${id}","n":1,"last_updated":"${time}"}`
const evse = (uid: string, time: string) =>
  `{"uid":"${uid}","status":"AVAILABLE","connectors":[${connector('1', time)}],"last_updated":"${time}"}`
const LOCATION = `{"id":"L1","evses":[${evse('E1', OLD)},${evse('E2', OLD)}],"last_updated":"${OLD}"}`

const child = (method: Change['method'], path: string, text: string): Wanted => {
  const [evse_uid = '', connector_id] = path.split('/')
  const params = { id: 'L1', evse_uid, ...(connector_id === undefined ? {} : { connector_id }) }
  return { module: 'locations', method, params, text }
}

children('a PATCH of an EVSE changes it and the last_updated of its location (128)', () => {
  const wanted = child('PATCH', 'E2', `{"status":"CHARGING","last_updated":"${MID}"}`)
  const { value } = changed(wanted, stored(LOCATION))
  assert.is(at(value, 'evses', 1, 'status'), 'CHARGING')
  assert.is(at(value, 'evses', 0, 'last_updated'), OLD)
  assert.is(at(value, 'last_updated'), MID)
})

children('a PUT of a connector changes the last_updated of its EVSE and location (128)', () => {
  const wanted = child('PUT', 'E1/1', `{"id":"1","n":2,"last_updated":"${MID}"}`)
  const { value } = changed(wanted, stored(LOCATION))
  assert.is(at(value, 'evses', 0, 'connectors', 0, 'n'), 2)
  assert.is(at(value, 'evses', 0, 'last_updated'), MID)
  assert.is(at(value, 'evses', 1, 'last_updated'), OLD)
  assert.is(at(value, 'last_updated'), MID)
})

children('a new EVSE or connector is added', () => {
  const more = changed(child('PUT', 'E3', evse('E3', MID)), stored(LOCATION))
  assert.is(at(more.value, 'evses', 2, 'uid'), 'E3')
  const second = changed(child('PUT', 'E1/2', connector('2', MID)), stored(LOCATION))
  assert.is(at(second.value, 'evses', 0, 'connectors', 1, 'id'), '2')
})

children('the first EVSE of a location without any is added', () => {
  const bare = stored(`{"id":"L1","last_updated":"${OLD}"}`)
  assert.is(at(changed(child('PUT', 'E1', evse('E1', MID)), bare).value, 'evses', 0, 'uid'), 'E1')
})

children('a newer parent keeps its last_updated', () => {
  const text = LOCATION.replace(/"last_updated":"[^"]*"}$/, `"last_updated":"${NEW}"}`)
  const wanted = child('PATCH', 'E1', `{"status":"CHARGING","last_updated":"${MID}"}`)
  assert.is(at(changed(wanted, stored(text)).value, 'last_updated'), NEW)
})

children('the window time is the newest of location, EVSEs and connectors (129)', () => {
  const text = LOCATION.replace(connector('1', OLD), connector('1', NEW))
  const wanted: Wanted = { module: 'locations', method: 'PUT', params: { id: 'L1' }, text }
  assert.is(changed(wanted, null).lastUpdated.toISOString(), '2026-06-24T11:00:00.000Z')
})

children('an older state of a child is refused, whatever its parent says', () => {
  const before = stored(LOCATION.replace(evse('E1', OLD), evse('E1', NEW)))
  const wanted = child('PATCH', 'E1', `{"status":"CHARGING","last_updated":"${MID}"}`)
  assert.is(result(wanted, before), '/last_updated')
})

children('a child of nothing is unknown', () => {
  const text = `{"status":"CHARGING","last_updated":"${MID}"}`
  assert.is(result(child('PATCH', 'E9', text), stored(LOCATION)), 'notFound')
  assert.is(result(child('PATCH', 'E1', text), null), 'notFound')
  assert.is(result(child('PUT', 'E9/1', connector('1', MID)), stored(LOCATION)), 'notFound')
})

children('a REMOVED EVSE stays in its location (131)', () => {
  const wanted = child('PATCH', 'E1', `{"status":"REMOVED","last_updated":"${MID}"}`)
  const { value } = changed(wanted, stored(LOCATION))
  assert.is(at(value, 'evses', 0, 'status'), 'REMOVED')
})

children('the uid in the body must be that in the URL', () => {
  assert.is(result(child('PUT', 'E1', evse('E2', MID)), stored(LOCATION)), '/uid')
  assert.is(result(child('PUT', 'E1/1', connector('2', MID)), stored(LOCATION)), '/id')
})

children.run()
