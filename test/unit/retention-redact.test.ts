// What of a CDR goes after its retention, and what stays.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createSecrets } from '../../src/directory/secrets.ts'
import {
  hasherOf,
  redactDocument,
  redactText,
  redactValue,
  redactWords,
  replacementsOf,
} from '../../src/hub/retention/redact.ts'
import { at } from '../helpers/ask.ts'
import { cdrOf } from '../helpers/objects.ts'

const hash = hasherOf(createSecrets([Buffer.alloc(32, 1)]))
const party = 'DE-EMA'
const test = suite('redaction')

const cdr = cdrOf({ owner: 'NL-TNM', payer: party, id: 'C1', uid: 'Card-77' })
const replacements = replacementsOf(cdr, { party, hash })
const [uid, contract] = [hash('uid', party, 'card-77'), hash('contract', party, 'DE-EMA-CCard-77')]

test('a card has one name for each provider and key, whatever its case', () => {
  assert.match(uid, /^redacted-[0-9a-f]{24}$/)
  assert.is(hash('uid', party, 'CARD-77'), uid)
  assert.is.not(hash('uid', 'FR-EMB', 'card-77'), uid)
  assert.is.not(hash('contract', party, 'card-77'), uid)
  assert.is.not(hasherOf(createSecrets([Buffer.alloc(32, 2)]))('uid', party, 'card-77'), uid)
  assert.is(hash('uid', party, uid), uid)
})

test('in the value card and contract are hashed, the rest is as it was', () => {
  const after = redactValue(cdr, replacements)
  assert.equal(at(after, 'cdr_token'), {
    ...Object(cdr['cdr_token']),
    uid,
    contract_id: contract,
  })
  assert.equal({ ...Object(after), cdr_token: null }, { ...cdr, cdr_token: null })
})

test('in the text every other byte stays', () => {
  const text = JSON.stringify(cdr, null, 1).replace('"total_time": 1', '"total_time" : 1.000')
  const after = redactText(text, replacements)
  const expected = text
    .replace('"Card-77"', `"${uid}"`)
    .replace('"DE-EMA-CCard-77"', `"${contract}"`)
  assert.is(after, expected)
})

test('the contract of a CDR of 2.1.1', () => {
  const text = '{"id":"C1","auth_id":"DE-EMA-CCard-77","total_cost":3.10}'
  assert.is(redactText(text, replacements), text.replace('DE-EMA-CCard-77', contract))
  const lifted = { ...cdr, auth_id: 'DE-EMA-CCard-77' }
  assert.is(at(redactValue(lifted, replacements), 'auth_id'), contract)
})

test('signed records that name the card give way to their hash, others stay', () => {
  const named = `OCMF|{"ID":"CARD-77"}|{}`
  const signed_data = {
    encoding_method: 'OCMF',
    signed_values: [
      { nature: 'Start', plain_data: 'OCMF|{"ID":"OTHER"}|{}', signed_data: 'x' },
      { nature: 'End', plain_data: '', signed_data: Buffer.from(named).toString('base64') },
    ],
  }
  const whole = { ...cdr, signed_data }
  for (const after of [
    redactValue(whole, replacements),
    JSON.parse(redactText(JSON.stringify(whole), replacements)),
  ]) {
    const values = at(after, 'signed_data', 'signed_values')
    assert.equal(at(values, 0), signed_data.signed_values[0])
    assert.match(String(at(values, 1, 'signed_data')), /^redacted, sha256 [0-9a-f]{64}$/)
    assert.is(at(after, 'signed_data', 'encoding_method'), 'OCMF')
  }
})

test('ids go out of sentences as words only, and short ones never', () => {
  const text = 'The card CARD-77 (Card-771, xCard-77) of DE-EMA-CCard-77 paid 7.00 EUR'
  assert.is(
    redactWords(text, replacements),
    `The card ${uid} (Card-771, xCard-77) of ${contract} paid 7.00 EUR`,
  )
  assert.is(redactWords('7 of 7.00', [{ id: '7', by: uid }]), '7 of 7.00')
  assert.is(redactDocument('no JSON, Card-77', replacements), `no JSON, ${uid}`)
})

test('what was redacted is redacted once', () => {
  const after = redactValue(cdr, replacements)
  assert.equal(replacementsOf(after, { party, hash }), [])
})

test.run()
