import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAuthorization } from '../../src/directory/authorization.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const meant = (header: string | undefined) =>
  parseAuthorization(header).map(({ token, encoding }) => `${encoding}:${token}`)

test('base64 comes first, raw is the other reading', () => {
  assert.equal(meant(`Token ${base64('abc-123')}`), ['base64:abc-123', `raw:${base64('abc-123')}`])
})

test('a token that is not base64 is raw', () => {
  assert.equal(meant('Token 8a5f-44e1_b2c!'), ['raw:8a5f-44e1_b2c!'])
})

test('the line feed of the specification’s examples is dropped (27)', () => {
  assert.is(meant('Token ZXhhbXBsZS10b2tlbgo=')[0], 'base64:example-token')
})

test('the scheme is compared without case, one space follows', () => {
  assert.is(meant(`token ${base64('abc')}`)[0], 'base64:abc')
  assert.equal(meant(`Token  ${base64('abc')}`), [])
})

test('other schemes, nothing and too much are no token', () => {
  for (const header of [undefined, '', 'Token', 'Token ', 'Bearer abc', 'Token a b', 'Token ä'])
    assert.equal(meant(header), [], header)
  assert.equal(meant(`Token ${'x'.repeat(513)}`), [])
})

test('base64 of bytes that no token may hold is only raw', () => {
  const header = `Token ${Buffer.from([0, 1, 2]).toString('base64')}`
  assert.equal(
    parseAuthorization(header).map(({ encoding }) => encoding),
    ['raw'],
  )
})

test('loose base64 (no padding, other alphabet) is not decoded', () => {
  assert.equal(meant('Token YWI'), ['raw:YWI'])
})

test.run()
