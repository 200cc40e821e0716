import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { present } from '../../src/assert.ts'
import { moduleById } from '../../src/ocpi/registry.ts'
import { dropNulls, escapePointer, schemaFor, validate } from '../../src/ocpi/validate.ts'
import { cdrOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

/** The schema that the body of an endpoint must meet. */
function schemaOf(id: string, endpoint: string) {
  const body = moduleById(id)?.endpoints[endpoint]?.body
  return present(schemaFor(present(body, 'body').schema, '2.2.1'), 'schema')
}

const cdr = schemaOf('cdrs', 'post')
const tariff = schemaOf('tariffs', 'put')
const token = schemaOf('tokens', 'put')

const pointers = (faults: readonly { pointer: string }[]): string[] =>
  faults.map(({ pointer }) => pointer).sort()

const plainToken = (more: Json = {}) => tokenOf('DE-EMA', 'CARD1', more)
const plainCdr = (more: Json = {}) => cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'C1' }, more)

test('an object in order has no faults', () => {
  assert.equal(validate(token, plainToken()), { hard: [], soft: [] })
  assert.equal(validate(cdr, plainCdr()), { hard: [], soft: [] })
  assert.equal(validate(tariff, tariffOf('NL-TNM', 'T1')), { hard: [], soft: [] })
})

test('a missing member is hard and named', () => {
  const { uid: _uid, issuer: _issuer, ...rest } = plainToken()
  assert.equal(pointers(validate(token, rest).hard), ['/issuer', '/uid'])
})

test('every missing member is named, however many there are', () => {
  const { hard } = validate(token, {})
  assert.is(hard.length, 9)
})

test('a wrong JSON type is hard, at any depth', () => {
  const { hard } = validate(cdr, plainCdr({ total_cost: { excl_vat: '3.00' }, total_energy: '10' }))
  assert.equal(pointers(hard), ['/total_cost/excl_vat', '/total_energy'])
})

test('enum, length, pattern and format are soft: accepted and reported', () => {
  const { hard, soft } = validate(
    token,
    plainToken({
      whitelist: 'SOMETIMES',
      language: 'deutsch',
      contract_id: 'Käse',
      last_updated: '2026-06-24T22:39:09+02:00',
    }),
  )
  assert.equal(hard, [])
  assert.equal(pointers(soft), ['/contract_id', '/language', '/last_updated', '/whitelist'])
})

test('a value outside the enum says which there are', () => {
  const { soft } = validate(token, plainToken({ whitelist: 'SOMETIMES' }))
  assert.is(soft[0]?.message, 'must be one of ALWAYS, ALLOWED, ALLOWED_OFFLINE, NEVER')
})

test('an empty list where one element is needed is soft (15)', () => {
  const { hard, soft } = validate(tariff, tariffOf('NL-TNM', 'T1', { elements: [] }))
  assert.equal(hard, [])
  assert.equal(pointers(soft), ['/elements'])
})

test('members that no schema names are kept and no fault (9)', () => {
  assert.equal(validate(token, plainToken({ colour: 'green' })), { hard: [], soft: [] })
})

test('a patch needs no member at the top, but whole ones below it', () => {
  const patch = { tariffs: [{ id: 'T1' }], last_updated: '2026-06-24T22:39:09Z' }
  const { hard } = validate(cdr, patch, true)
  assert.ok(hard.length > 0)
  assert.ok(hard.every(({ pointer }) => pointer.startsWith('/tariffs/0/')))
})

test('null members are absent, arrays keep their places (14)', () => {
  assert.equal(dropNulls({ a: null, b: { c: null, d: 1 }, e: [null, { f: null }] }), {
    b: { d: 1 },
    e: [null, {}],
  })
})

test('a value without nulls is given back as it is', () => {
  const value = { a: [1, { b: 'x' }] }
  assert.is(dropNulls(value), value)
})

test('a member called __proto__ is a member', () => {
  const value = dropNulls(JSON.parse('{"__proto__":{"admin":true},"a":null}'))
  assert.is(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(Object.keys(Object(value)), ['__proto__'])
})

test('pointers are escaped as RFC 6901 says', () => {
  assert.is(escapePointer('a/b~c'), 'a~1b~0c')
})

test.run()
