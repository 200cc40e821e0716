import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { decimalText } from '../../src/ocpi/number.ts'
import { scanBody } from '../../src/ocpi/scan.ts'

const strict = {
  depthMax: limits.jsonDepthMax,
  keysMax: limits.jsonKeysMax,
  numberCharsMax: limits.jsonNumberCharsMax,
  duplicateKeys: 'refuse',
} as const

const scan = (text: string | Buffer) => scanBody(Buffer.from(text), strict)

/** Asserts a refusal; an empty pointer is the whole document. */
const refuses = (text: string | Buffer, expected: { pointer?: string | null; message: RegExp }) => {
  const result = scan(text)
  if (result.ok) throw new Error(`accepted ${String(text).slice(0, 80)}`)
  assert.match(result.message, expected.message)
  if (expected.pointer !== undefined) assert.is(result.pointer, expected.pointer)
}

const accepts = (text: string | Buffer) => {
  const result = scan(text)
  if (!result.ok) throw new Error(`refused ${String(text).slice(0, 80)}: ${result.message}`)
  return result
}

test('every kind of value is read like JSON.parse reads it', () => {
  const text = ' {"a":[1,-2.5e3,true,false,null,"\\u00e9\\ud83d\\ude00\\n",{}],"b":{"":[]}}\n'
  assert.equal(accepts(text).value, JSON.parse(text))
  for (const scalar of ['1', '"x"', 'null', 'true', '[]', '{}']) {
    assert.equal(accepts(scalar).value, JSON.parse(scalar))
  }
})

test('grammar errors are refused with their position', () => {
  const wrong = [
    ['', /ends/],
    ['{"a":1,}', /offset 7/],
    ["{'a':1}", /double quotes/],
    ['{"a":1 /* no */}', /offset 7/],
    ['NaN', /offset 0/],
    ['Infinity', /offset 0/],
    ['-Infinity', /a digit at offset 1/],
    ['01', /leading zero/],
    ['-012', /leading zero/],
    ['+1', /offset 0/],
    ['.5', /offset 0/],
    ['5.', /a digit at offset 2/],
    ['1e', /a digit/],
    ['0x10', /end after one JSON document/],
    ['{} {}', /end after one JSON document at offset 3/],
    ['[1 2]', /',' or '\]'/],
    ['{"a" 1}', /':'/],
    ['[1', /ends/],
    ['"abc', /closing quote/],
    ['"\\x"', /known escape/],
    ['"\\u12g4"', /hexadecimal/],
    ['tru', /a value/],
    ['\u00a01', /offset 0/],
  ] as const
  for (const [text, message] of wrong) refuses(text, { message })
})

test('raw control characters in a text are refused', () => {
  refuses('{"a":"x\ty"}', { pointer: '/a', message: /raw control character at offset 7/ })
  refuses('"\u0000"', { message: /raw control/ })
})

test('one byte order mark is stripped, a second one is refused', () => {
  const mark = Buffer.from([0xef, 0xbb, 0xbf])
  const result = accepts(Buffer.concat([mark, Buffer.from('{"a":1}')]))
  assert.is(result.text, '{"a":1}')
  refuses(Buffer.concat([mark, mark, Buffer.from('{}')]), { message: /offset 3/ })
})

test('bytes that are not UTF-8 are refused with their position', () => {
  for (const bytes of [
    [0xff],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
  ]) {
    const text = Buffer.concat([Buffer.from('["é'), Buffer.from(bytes), Buffer.from('"]')])
    refuses(text, { pointer: null, message: /not UTF-8: invalid byte at offset 4/ })
  }
  refuses(Buffer.from('{"a":1}', 'utf16le'), { message: /not JSON/ })
})

test('characters that PostgreSQL cannot hold are refused with their pointer', () => {
  refuses('{"a":{"b/c":["x","\\u0000"]}}', { pointer: '/a/b~1c/1', message: /u0000/ })
  for (const lone of [
    '\\ud800',
    '\\udc00',
    '\\ud800x',
    '\\ud800\\n',
    '\\ud800\\ud800',
    '\\udc00\\ud800',
  ]) {
    refuses(`{"a":"${lone}"}`, { pointer: '/a', message: /lone surrogate/ })
    refuses(`{"${lone}":1}`, { message: /lone surrogate/ })
  }
  assert.is(accepts('"\\uD83D\\uDE00"').value, '😀')
})

test('depth 64 is read, depth 65 is refused', () => {
  accepts('['.repeat(64) + ']'.repeat(64))
  refuses('['.repeat(65) + ']'.repeat(65), { message: /deeper than 64/ })
  refuses('{"a":'.repeat(65) + '1' + '}'.repeat(65), { message: /deeper than 64/ })
  refuses('['.repeat(1_000_000), { message: /deeper than 64/ })
})

test('1000 members are read, 1001 are refused', () => {
  const object = (count: number) =>
    `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`
  accepts(object(1000))
  refuses(object(1001), { pointer: '/k1000', message: /more than 1000 members/ })
})

test('duplicate names are found, also through escapes and in large objects', () => {
  refuses('{"id":1,"id":2}', { pointer: '/id', message: /"id" occurs twice/ })
  refuses('{"id":1,"\\u0069d":2}', { pointer: '/id', message: /occurs twice/ })
  refuses('{"\\u0069\\u0064":1,"x":{"id":3},"id":2}', { pointer: '/id', message: /occurs twice/ })
  refuses('{"x":[{"é":1,"\\u00e9":2}]}', { pointer: '/x/0/é', message: /occurs twice/ })
  const many = Array.from({ length: 100 }, (_, index) => `"k${index}":1`).join(',')
  refuses(`{${many},"k7":2}`, { pointer: '/k7', message: /occurs twice/ })
  refuses(`{${many},"\\u006b99":2}`, { pointer: '/k99', message: /occurs twice/ })
  accepts('{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}')
})

test('reported duplicates keep the last value and its numbers', () => {
  const text = '{"a":0.12345678901234567,"b":{"c":1},"a":2,"b":{"c":0.3000000000000000444}}'
  const result = scanBody(Buffer.from(text), { ...strict, duplicateKeys: 'report' })
  if (!result.ok) throw new Error(result.message)
  assert.equal(result.duplicates, ['/a', '/b'])
  assert.equal(result.value, { a: 2, b: { c: 0.30000000000000004 } })
  assert.equal([...result.longNumbers], [['/b/c', '0.3000000000000000444']])
})

test('numbers outside the range of a double are refused with their pointer', () => {
  for (const number of [
    '1e400',
    '-1e400',
    '1e131071',
    '1e-400',
    '-5.0e-324000',
    '1E999999999999',
  ]) {
    refuses(`{"a":[${number}]}`, { pointer: '/a/0', message: /outside the range/ })
  }
  for (const number of ['0e400', '0.000e-400', '1e308', '5e-324', '-0', '0.0']) accepts(number)
})

test('numbers of more than 32 characters are refused', () => {
  accepts('1'.repeat(32))
  refuses('1'.repeat(33), { pointer: '', message: /more than 32 characters/ })
  refuses(`[0.${'0'.repeat(10_000)}1]`, { pointer: '/0', message: /more than 32 characters/ })
})

test('numbers of more than 15 significant digits keep their exact text', () => {
  const text =
    '{"a":9007199254740993,"b":[1.10,0.1234567890123456,12300000000000000000,0.000000000000000001],"c/d":1.0000000000000000}'
  assert.equal(
    [...accepts(text).longNumbers],
    [
      ['/a', '9007199254740993'],
      ['/b/1', '0.1234567890123456'],
    ],
  )
  assert.is(accepts('12345678901234567').longNumbers.get(''), '12345678901234567')
  assert.is(accepts('[4.94065645841e-324]').longNumbers.size, 1)
})

test('long names around many long numbers are refused instead of multiplied', () => {
  const numbers = Array(30_000).fill('1234567890123456').join(',')
  refuses(`{"${'k'.repeat(500_000)}":[${numbers}]}`, { message: /shorten either/ })
})

test('names that exist on every object are plain members', () => {
  const text = '{"__proto__":{"x":1},"constructor":{"prototype":2},"toString":3,"hasOwnProperty":4}'
  const result = accepts(text)
  assert.is(JSON.stringify(result.value), text)
  assert.is(Object.prototype.hasOwnProperty.call({}, 'x'), false)
})

test('numbers are written as plain decimal text', () => {
  const cases: [number | string, string][] = [
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [1.5e-10, '0.00000000015'],
    [-2.5, '-2.5'],
    [-0, '0'],
    ['-0.0', '0.0'],
    [123456789012345, '123456789012345'],
    [1.2345e22, '12345000000000000000000'],
    ['1.10', '1.10'],
    ['12.5E+1', '125'],
    ['0.00123e2', '0.123'],
    ['9007199254740993', '9007199254740993'],
    [0.1, '0.1'],
  ]
  for (const [value, text] of cases) assert.is(decimalText(value), text)
  for (const value of [NaN, Infinity, 'abc', '']) assert.throws(() => decimalText(value))
})

test.run()
