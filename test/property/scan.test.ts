import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decimalText } from '../../src/ocpi/number.ts'
import { scanBody } from '../../src/ocpi/scan.ts'
import { seed, size } from '../helpers/seed.ts'

const lenient = {
  depthMax: 64,
  keysMax: 1_000,
  numberCharsMax: 32,
  duplicateKeys: 'report',
} as const

const parse = (text: string): { value: unknown } | null => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

/** The messages of refusals that JSON.parse does not share. */
const stricter = /u0000|surrogate|outside the range|more than|deeper/

const options = (normal: number) => ({ seed: seed(), numRuns: size(normal) })

/** JSON text with the freedoms of the grammar: white space, escapes and number forms. */
const document = fc.letrec<{ value: string }>((tie) => {
  const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n')
  const text = fc
    .array(
      fc.constantFrom('a', 'b', '"', '\\', '/', 'é', '😀', '\\u0061', '\\ud83d\\ude00', '\\n', ' '),
    )
    .map((parts) =>
      parts.map((part) => (part === '"' || part === '\\' ? `\\${part}` : part)).join(''),
    )
    .map((body) => `"${body}"`)
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom('0', '-0', '1.10', '1E5', '1e-5', '12.500', '12345678901234567', '0e0'),
  )
  const many = (item: fc.Arbitrary<string>) => fc.array(item, { maxLength: 5 })
  const member = fc
    .tuple(text, space, tie('value'))
    .map(([name, gap, value]) => `${name}${gap}:${value}`)
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('true', 'false', 'null'),
      number,
      text,
      fc.tuple(many(tie('value')), space).map(([items, gap]) => `[${gap}${items.join(`,${gap}`)}]`),
      fc
        .tuple(many(member), space)
        .map(([members, gap]) => `{${gap}${members.join(`,${gap}`)}${gap}}`),
    ),
  }
}).value

test('valid documents read as JSON.parse reads them', () => {
  fc.assert(
    fc.property(document, (text) => {
      const result = scanBody(Buffer.from(text), lenient)
      assert.ok(result.ok, result.ok ? '' : result.message)
      assert.equal(result.ok && result.value, JSON.parse(text))
      assert.is(result.ok && result.text, text)
    }),
    options(2_000),
  )
})

test('a mutated document is refused exactly when JSON.parse refuses it or a stricter rule says so', () => {
  const junk = fc.constantFrom(
    ...'{}[]",:\\ue0123.-+ tfnx\u0001\u0000'.split(''),
    'null',
    '\\ud800',
  )
  fc.assert(
    fc.property(document, fc.nat(), fc.nat(3), junk, (text, place, cut, insert) => {
      const at = place % (text.length + 1)
      // Through bytes, so that a cut surrogate pair becomes a replacement character.
      const mutated = Buffer.from(text.slice(0, at) + insert + text.slice(at + cut)).toString()
      const expected = parse(mutated)
      const result = scanBody(Buffer.from(mutated), lenient)
      if (result.ok) assert.equal(result.value, expected?.value)
      else assert.ok(expected === null || stricter.test(result.message), result.message)
    }),
    options(5_000),
  )
})

test('no bytes make the scan throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const result = scanBody(bytes, lenient)
      if (!result.ok) assert.ok(result.offset >= 0 && result.offset <= bytes.length)
    }),
    options(2_000),
  )
})

test('a number is recorded as long exactly when a double does not give its decimal value back', () => {
  const digits = fc.stringMatching(/^-?[1-9][0-9]{0,18}(\.[0-9]{1,10})?$/)
  fc.assert(
    fc.property(digits, (text) => {
      const result = scanBody(Buffer.from(`{"n":${text}}`), lenient)
      assert.ok(result.ok)
      const isExact = trim(decimalText(Number(text))) === trim(text)
      const isRecorded = result.ok && result.longNumbers.get('/n') === text
      assert.ok(isExact || isRecorded)
      if (text.replace(/[-.]/g, '').length <= 15) assert.not(isRecorded)
    }),
    options(2_000),
  )
})

const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

test.run()
