import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contentHash, withExactNumbers } from '../../src/ocpi/canonical.ts'

const none = new Map<string, string>()
const hash = (text: string, long: ReadonlyMap<string, string> = none): string =>
  contentHash(JSON.parse(text), long).toString('hex')

const SAME: readonly (readonly [string, string, string])[] = [
  ['the order of keys', '{"a":1,"b":2}', '{"b":2,"a":1}'],
  ['null and absent', '{"a":1,"b":null}', '{"a":1}'],
  ['spaces', '{ "a" : [ 1 ] }', '{"a":[1]}'],
  ['the writing of a number', '{"a":[1.10,100,0,0.5]}', '{"a":[1.1,1e2,-0,5e-1]}'],
  ['the writing of a text', '{"a":"\\u0041"}', '{"a":"A"}'],
]

for (const [what, a, b] of SAME)
  test(`${what} makes no difference`, () => assert.is(hash(a), hash(b)))

const DIFFERENT: readonly (readonly [string, string, string])[] = [
  ['a value', '{"a":1}', '{"a":2}'],
  ['a type', '{"a":1}', '{"a":"1"}'],
  ['the order of a list', '{"a":[1,2]}', '{"a":[2,1]}'],
  ['a null in a list', '{"a":[null]}', '{"a":[]}'],
  ['a member more', '{"a":1}', '{"a":1,"b":false}'],
  ['the case of a text', '{"a":"x"}', '{"a":"X"}'],
  ['where a value stands', '{"a":{"b":1}}', '{"a":{},"b":1}'],
]

for (const [what, a, b] of DIFFERENT)
  test(`${what} makes a difference`, () => assert.is.not(hash(a), hash(b)))

test('numbers that a double cannot hold count by their exact text', () => {
  const long = (text: string) => new Map([['/a', text]])
  const text = '{"a":0.1}'
  assert.is.not(
    hash(text, long('0.1000000000000000000001')),
    hash(text, long('0.1000000000000000000002')),
  )
  assert.is(hash(text, long('1.50e1')), hash(text, long('15')))
  assert.is(hash(text, long('-0.0')), hash(text, long('0')))
})

test('a pointer of a long number is escaped as RFC 6901 says', () => {
  const value = { 'a/b': { '~': [0, 1] } }
  assert.equal(withExactNumbers(value, new Map([['/a~1b/~0/1', '1.000000000000000000001']])), {
    'a/b': { '~': [0, '1.000000000000000000001'] },
  })
})

test('without long numbers the value itself is given back', () => {
  const value = { a: 1 }
  assert.is(withExactNumbers(value, none), value)
})

test.run()
