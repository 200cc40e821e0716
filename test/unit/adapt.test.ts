// Conversion of JSON text between versions, and the text that names what was lost.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convert, convertText, lossText } from '../../src/ocpi/adapt.ts'

test('the same version keeps the text, another one keeps every digit', () => {
  const text =
    '{ "id" : "LOC1", "x": 1234567890.12345678901234567890, "s": "1234567890123456789012" }'
  const way = { kind: 'location', facts: {}, from: '2.2.1' } as const
  assert.equal(convertText(text, { ...way, to: '2.2.1' }), { ok: true, value: text, losses: [] })
  assert.equal(convertText(text, { ...way, to: '2.3.0' }), {
    ok: true,
    value: text.replaceAll(/ (?=[:"}1])|(?<=\{) /g, ''),
    losses: [],
  })
  assert.is(convertText('[1]', { ...way, to: '2.1.1' }).ok, false)
})

test('the text of losses is one short line', () => {
  assert.is(lossText([]), '')
  const loss = { pointer: '/evses/0', reason: 'is gone' }
  assert.is(lossText([loss]), 'not the same in the other version: /evses/0 is gone')
  const many = lossText(Array.from({ length: 500 }, () => ({ ...loss, reason: 'x'.repeat(400) })))
  assert.is(many.length, 250)
  assert.match(many, /\(and 499 more\)$/)
})

test('text that only looks like a marked number stays text', () => {
  const text =
    '{"id":"1","name":"\\\\u0000123456789012345678901","remark":"x\\"12345678901234567890"}'
  const made = convertText(text, { kind: 'location', facts: {}, from: '2.2.1', to: '2.3.0' })
  assert.is(made.ok && made.value, text)
})

test('members that no version knows are kept, and null members are absent (T26)', () => {
  const value = { id: '1', currency: 'EUR', x_own: { a: 1 }, type: null, tariff_alt_url: null }
  const way = { kind: 'tariff', facts: {}, from: '2.2.1' } as const
  const kept = { id: '1', currency: 'EUR', x_own: { a: 1 } }
  assert.equal(convert(value, { ...way, to: '2.1.1' }), { ok: true, value: kept, losses: [] })
  const newer = convert(value, { ...way, to: '2.3.0' })
  assert.equal(newer.ok && newer.value, { ...kept, tax_included: 'NO' })
  assert.is(convert(value, { ...way, to: '2.2.1' }).ok && value.type, null)
})

test.run()
