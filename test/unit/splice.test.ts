import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { itemTexts, valueText } from '../../src/ocpi/json-text.ts'
import {
  childPath,
  mergePatch,
  patchChild,
  putChild,
  replaceMember,
  setMember,
} from '../../src/ocpi/splice.ts'

const evse = (id: string) => ({ array: 'evses', key: 'uid', id })
const connector = (id: string) => ({ array: 'connectors', key: 'id', id })

const location = `{ "id": "L1", "power": 1.10,
  "evses": [ {"uid":"A1", "x": 2.50, "connectors":[{"id":"1","max":1e3},{"id":"2"}]} , {"uid":"B"} ],
  "last_updated":"2024-01-01T00:00:00Z" }`

test('a replaced member leaves every other byte', () => {
  const text = '{ "a" : 1.10 ,"response_url":"https://a/\\u0062", "z":[ 1e2 ] }'
  assert.is(
    replaceMember(text, ['response_url'], '"https://hub/1"'),
    '{ "a" : 1.10 ,"response_url":"https://hub/1", "z":[ 1e2 ] }',
  )
  assert.is(replaceMember(text, ['z', 0], '3'), text.replace('1e2', '3'))
  assert.is(replaceMember(text, ['nothing'], '3'), text)
})

test('setMember replaces or appends', () => {
  assert.is(setMember('{"a":1}', ['a'], '2'), '{"a":2}')
  assert.is(setMember('{"a":1 }', ['b"'], '2'), '{"a":1,"b\\"":2 }')
  assert.is(setMember(' { } ', ['b'], '2'), ' { "b":2} ')
  assert.is(setMember('{"a":{}}', ['a', 'b'], '2'), '{"a":{"b":2}}')
  assert.is(setMember('{"a":1}', ['c', 'b'], '2'), '{"a":1}')
})

test('of two equal names the last one is replaced, as JSON.parse reads it', () => {
  assert.is(replaceMember('{"a":1,"\\u0061":2}', ['a'], '3'), '{"a":1,"\\u0061":3}')
})

test('a patch replaces what it names and keeps the text of the rest', () => {
  const merged = mergePatch({
    text: '{"kwh":1.10,"status":"ACTIVE" , "note":null,"big":12345678901234567890}',
    patch: ' {"status" : "COMPLETED","note":"x","new":{"a":1.0},"kwh":null}',
  })
  assert.is(
    merged,
    '{"kwh":1.10,"status":"COMPLETED" , "note":"x","big":12345678901234567890,"new":{"a":1.0}}',
  )
})

test('charging periods are appended, an empty or absent list changes nothing', () => {
  const append = (text: string, patch: string) =>
    mergePatch({ text, patch, appendArrays: ['charging_periods'] })
  const text = '{"charging_periods":[ {"v":1.10} ],"kwh":1}'
  assert.is(
    append(text, '{"charging_periods":[ {"v":2.20}, {"v":3} ],"kwh":2}'),
    '{"charging_periods":[ {"v":1.10},{"v":2.20}, {"v":3} ],"kwh":2}',
  )
  assert.is(append(text, '{"charging_periods":[]}'), text)
  assert.is(append(text, '{"charging_periods":null}'), text)
  assert.is(append(text, '{}'), text)
  assert.is(
    append('{"charging_periods":[]}', '{"charging_periods":[1]}'),
    '{"charging_periods":[1]}',
  )
  assert.is(
    append('{"charging_periods":null}', '{"charging_periods":[1]}'),
    '{"charging_periods":[1]}',
  )
  assert.is(append('{"a":1}', '{"charging_periods":[1]}'), '{"a":1,"charging_periods":[1]}')
})

test('an EVSE is replaced by its uid without regard to ASCII case', () => {
  assert.is(
    putChild(location, [evse('a1')], '{"uid":"A1"}'),
    location.replace(/\{"uid":"A1".*\]\}/, '{"uid":"A1"}'),
  )
  assert.is(
    putChild(location, [evse('ſ')], '{"uid":"ſ"}'),
    location.replace('{"uid":"B"}', '{"uid":"B"},{"uid":"ſ"}'),
  )
})

test('a child of an object without the array makes the array', () => {
  assert.is(putChild('{"id":"L"}', [evse('A')], '{"uid":"A"}'), '{"id":"L","evses":[{"uid":"A"}]}')
  assert.is(putChild('{"evses":null}', [evse('A')], '{"uid":"A"}'), '{"evses":[{"uid":"A"}]}')
  assert.is(putChild('{"evses":[ ]}', [evse('A')], '{"uid":"A"}'), '{"evses":[ {"uid":"A"}]}')
})

test('a connector is put and patched inside its EVSE', () => {
  assert.is(
    patchChild(location, [evse('A1'), connector('1')], '{"max":2e3,"n":1}'),
    location.replace('"max":1e3', '"max":2e3,"n":1'),
  )
  assert.is(
    putChild(location, [evse('B'), connector('9')], '{"id":"9"}'),
    location.replace('{"uid":"B"}', '{"uid":"B","connectors":[{"id":"9"}]}'),
  )
})

test('an unknown parent or child is told apart', () => {
  assert.is(putChild(location, [evse('C'), connector('1')], '{}'), null)
  assert.is(patchChild(location, [evse('C')], '{}'), null)
  assert.is(childPath(location, [evse('A1'), connector('3')]), null)
})

test('the path of a child bumps last_updated of its parents', () => {
  const path = childPath(location, [evse('b')])
  assert.equal(path, ['evses', 1])
  const bumped = setMember(location, [...(path ?? []), 'last_updated'], '"T"')
  assert.is(bumped, location.replace('{"uid":"B"}', '{"uid":"B","last_updated":"T"}'))
})

test('texts inside an envelope are found byte for byte', () => {
  const body = '{"data":[ {"a":1.10} ,{"b":"]"}, 3 ],"status_code":1000}'
  assert.equal(itemTexts(body, ['data']), ['{"a":1.10}', '{"b":"]"}', '3'])
  assert.is(valueText(body, ['data', 0, 'a']), '1.10')
  assert.is(itemTexts(body, ['status_code']), null)
  for (const broken of [
    '{"data":[',
    '{"data":[1',
    '{"data":["a]}',
    '',
    '{"data" 1}',
    '{"data":[1,]}',
  ]) {
    assert.is(itemTexts(broken, ['data']), null)
  }
})

test.run()
