import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createSecrets } from '../../src/directory/secrets.ts'

const OLD = Buffer.alloc(32, 1)
const NEW = Buffer.alloc(32, 2)
const old = createSecrets([OLD])
const rotating = createSecrets([NEW, OLD])

test('what was sealed is opened for the same purpose', () => {
  assert.is(old.open(old.seal('secret', 'platform:1'), 'platform:1'), 'secret')
})

test('the same text is never sealed to the same bytes', () => {
  assert.not.equal(old.seal('secret', 'a'), old.seal('secret', 'a'))
})

test('a sealed value cannot be moved to another place', () => {
  const sealed = old.seal('secret', 'platform:1')
  assert.throws(() => old.open(sealed, 'platform:2'))
})

test('a changed byte is found', () => {
  const sealed = old.seal('secret', 'a')
  for (const at of [0, 5, 20, sealed.length - 1]) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => old.open(changed, 'a'), undefined, `byte ${at}`)
  }
})

test('while keys rotate, the new one seals and both open', () => {
  assert.is(rotating.open(old.seal('secret', 'a'), 'a'), 'secret')
  assert.throws(() => old.open(rotating.seal('secret', 'a'), 'a'))
})

test('while keys rotate, a token is looked up under both and stored under the new one', () => {
  const hashes = rotating.hashes('token').map((hash) => hash.toString('hex'))
  assert.equal(hashes, [
    createSecrets([NEW]).hash('token').toString('hex'),
    old.hash('token').toString('hex'),
  ])
  assert.is(rotating.hash('token').toString('hex'), hashes[0])
})

test('a new token fits OCPI: 1 to 64 printable characters, never twice (28)', () => {
  const tokens = Array.from({ length: 100 }, () => old.newToken())
  for (const token of tokens) assert.match(token, /^[\x21-\x7e]{32,64}$/)
  assert.is(new Set(tokens).size, tokens.length)
})

test('while keys rotate, webhooks are signed under both', () => {
  const secrets = [createSecrets([NEW]).webhookSecret(), old.webhookSecret()]
  assert.equal(rotating.webhookSecrets(), secrets)
})

test('every process has the same webhook secret, which is not the key', () => {
  assert.match(old.webhookSecret(), /^whsec_/)
  assert.is(old.webhookSecret(), createSecrets([OLD]).webhookSecret())
  assert.not.ok(old.webhookSecret().includes(OLD.toString('base64')))
})

test.run()
