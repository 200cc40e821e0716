import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isSameKey } from '../../src/clearing/signed/public-key.ts'
import { readSigned } from '../../src/clearing/signed/read.ts'
import { cdrWith, CURVES, derHex, keysOf, ocmf, reading, readOne, WHOLE } from '../helpers/ocmf.ts'
import { seed, size } from '../helpers/seed.ts'

const keys = keysOf()
const record = ocmf({ keys, readings: WHOLE })

for (const curve of Object.keys(CURVES) as (keyof typeof CURVES)[]) {
  test(`a record signed on ${curve} is valid, and invalid with one digit changed`, () => {
    const own = keysOf(curve)
    const text = ocmf({ keys: own, readings: WHOLE, algorithm: `ECDSA-${curve}-SHA256` })
    const read = readOne(text, own.hex)
    assert.is(read?.verdict, 'valid', read.reason)
    assert.is(read?.differenceKwh, '11')
    assert.is(readOne(text.replace('111.000', '112.000'), own.hex).verdict, 'invalid')
    assert.is(readOne(text, keysOf(curve).hex).verdict, 'invalid')
  })
}

test('an RSA signature is checked too', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const own = { ...pair, hex: derHex(pair.publicKey) }
  const text = ocmf({ keys: own, readings: WHOLE, algorithm: 'RSASSA-PKCS1-v1_5-SHA256' })
  assert.is(readOne(text, own.hex).verdict, 'valid')
  assert.is(readOne(text.replace('111.000', '119.000'), own.hex).verdict, 'invalid')
})

test('what is read: registers as decimal text, times, meter, resolution', () => {
  const read = readOne(record, keys.hex)
  assert.equal(read.start, { kwh: '100', at: new Date('2026-06-01T10:00:00Z'), obis: '1-b:1.8.0' })
  assert.is(read?.stop?.kwh, '111')
  assert.is(read?.resolutionKwh, '0.001')
  assert.is(read?.meterId, 'M1')
  assert.is(read?.gatewayId, 'G1')
  assert.is(read?.publicKey, keys.hex.toUpperCase())
  assert.is(read?.pointer, '/signed_data/signed_values/0/signed_data')
  assert.match(read.hash, /^[0-9a-f]{64}$/)
  const big = [reading('B', '90071992547409930.0001'), reading('E', '90071992547409931.0004')]
  assert.is(readOne(ocmf({ keys, readings: big }), keys.hex).differenceKwh, '1.0003')
})

test('a record is read plain, in base64, in hex and in the XML of the transparency software', () => {
  const xml = `<?xml version="1.0"?><values><value context="Transaction.End"><signedData format="OCMF">${record.replaceAll('"', '&quot;')}</signedData><publicKey encoding="hex">${keys.hex}</publicKey></value></values>`
  for (const text of [
    `\n ${record}\n`,
    Buffer.from(record).toString('base64'),
    Buffer.from(record).toString('hex').toUpperCase(),
    xml,
    Buffer.from(xml).toString('base64'),
  ]) {
    const read = readOne(text, text === xml ? null : keys.hex)
    assert.is(read?.verdict, 'valid', text.slice(0, 40))
    assert.is(read?.format, 'OCMF')
  }
  const plain = cdrWith(
    [{ nature: 'End', signed_data: 'bm90aGluZyB0byBzZWU=', plain_data: record }],
    {
      public_key: keys.hex,
    },
  )
  const [read] = readSigned(plain, { registeredKey: null })
  assert.is(read?.pointer, '/signed_data/signed_values/0/plain_data')
  assert.is(read?.verdict, 'valid')
})

test('signatures in base64, side by side, without algorithm, and with a missing zero', () => {
  assert.is(readOne(ocmf({ keys, readings: WHOLE, encoding: 'base64' }), keys.hex).verdict, 'valid')
  const side = ocmf({ keys, readings: WHOLE, dsaEncoding: 'ieee-p1363' })
  assert.is(readOne(side, keys.hex).verdict, 'valid')
  assert.is(readOne(ocmf({ keys, readings: WHOLE, algorithm: null }), keys.hex).verdict, 'valid')
  let tries = 0
  for (; tries < 200; tries++) {
    const text = ocmf({ keys, readings: WHOLE })
    const [, signature = ''] = /"SD":"([0-9a-f]+)"/.exec(text) ?? []
    const found = /^30450221(00)([0-9a-f]{64})(0220[0-9a-f]{64})$/.exec(signature)
    if (found === null) continue
    const bare = `30440220${found[2]}${found[3]}`
    assert.is(readOne(text.replace(signature, bare), keys.hex).verdict, 'valid')
    break
  }
  assert.ok(tries < 200)
})

test('keys in hex with spaces, base64, PEM, and as a bare point', () => {
  const der = keys.publicKey.export({ format: 'der', type: 'spki' })
  const point = der.subarray(-64).toString('hex')
  const spaced = keys.hex.replace(/(....)/g, '$1 ').trim()
  const pem = String(keys.publicKey.export({ format: 'pem', type: 'spki' }))
  for (const key of [spaced, der.toString('base64'), pem, point, `04${point}`]) {
    assert.is(readOne(record, key).verdict, 'valid', key)
    assert.ok(isSameKey(key, keys.hex), key)
    assert.not.ok(isSameKey(key, keysOf().hex))
  }
  assert.is(readOne(record, 'no key!').verdict, 'unverified')
  assert.match(readOne(record, 'no key!').reason, /neither hex nor base64/)
  assert.match(readOne(record, '00'.repeat(50)).reason, /cannot be read/)
})

test('without a key of its own the registered one decides, and without any nothing does', () => {
  const cdr = cdrWith([{ nature: 'End', signed_data: record }])
  assert.is(readSigned(cdr, { registeredKey: keys.hex })[0]?.verdict, 'valid')
  assert.is(readSigned(cdr, { registeredKey: keysOf().hex })[0]?.verdict, 'invalid')
  const [none] = readSigned(cdr, { registeredKey: null })
  assert.is(none?.verdict, 'unverified')
  assert.match(none?.reason ?? '', /no public key/)
  assert.is(none?.differenceKwh, '11')
})

test('begin and end in two records become one reading, of one meter only', () => {
  const begin = ocmf({ keys, readings: [reading('B', '5.10')] })
  const end = ocmf({ keys, readings: [reading('E', '9.25')] })
  const both = (start: string, stop: string) =>
    readSigned(
      cdrWith(
        [
          { nature: 'Start', signed_data: start },
          { nature: 'End', signed_data: stop },
        ],
        { public_key: keys.hex },
      ),
      { registeredKey: null },
    )
  const [one, ...rest] = both(begin, end)
  assert.equal(rest, [])
  assert.is(one?.differenceKwh, '4.15')
  assert.is(one?.verdict, 'valid')
  const [bad] = both(begin.replace('5.10', '6.10'), end)
  assert.is(bad?.verdict, 'invalid')
  assert.match(bad?.reason ?? '', /record of the begin/)
  const other = ocmf({ keys, readings: [reading('E', '9.25')], meter: 'M2' })
  assert.equal(
    both(begin, other).map(({ differenceKwh }) => differenceKwh),
    [null, null],
  )
  // The same record for begin and end is one record.
  assert.is(both(record, record).length, 1)
  // Readings that do not say why they were made are what the value is said to be.
  const [unsaid] = both(
    ocmf({ keys, readings: [reading(null, '1.0')] }),
    ocmf({ keys, readings: [reading(null, '3.5')] }),
  )
  assert.is(unsaid?.differenceKwh, '2.5')
})

test('only energy to the vehicle counts, in whatever unit and spelling', () => {
  const span = (readings: readonly string[]): string | null =>
    readOne(ocmf({ keys, readings }), keys.hex).differenceKwh
  const wh = { RU: 'Wh', RI: '01-00:01.08.00.FF' }
  assert.is(span([reading('B', '"  1500"', wh), reading('E', '2750', wh)]), '1.25')
  const exported = { RI: '1-0:2.8.0' }
  assert.is(span([reading('B', '1.0', exported), reading('E', '3.0', exported)]), null)
  assert.is(
    span([
      reading('B', '1.0'),
      reading('B', '7.0', exported),
      reading('E', '3.0'),
      reading('E', '9.5', exported),
      reading('E', '30', { RU: 'sec', RI: '1-0:0.8.6' }),
    ]),
    '2',
  )
  // The second reading says only what is new.
  assert.is(span([reading('B', '1.0'), '{"RV":4.5,"TX":"E"}']), '3.5')
  // What the vehicle got, beside what the meter gave.
  const [mains, vehicle] = [{ RI: '1-0:B0.08.00*FF' }, { RI: '1-0:B1.08.00*FF' }]
  assert.is(
    span([
      reading('B', '1.0', mains),
      reading('B', '1.0', vehicle),
      reading('E', '3.0', mains),
      reading('E', '2.9', vehicle),
    ]),
    '1.9',
  )
})

test('a reading that the meter itself doubts decides nothing', () => {
  const doubted = [reading('B', '1.0'), reading('E', '3.0', { ST: 'M' })]
  const read = readOne(ocmf({ keys, readings: doubted }), keys.hex)
  assert.is(read?.verdict, 'valid')
  assert.is(read?.differenceKwh, null)
  assert.match(read?.reason ?? '', /manipulated, so its readings decide nothing/)
  const unset = [reading('B', '1.0', { TM: '1970-01-01T00:00:09,000+0000 U' }), reading('E', '3.0')]
  const timeless = readOne(ocmf({ keys, readings: unset }), keys.hex)
  assert.is(timeless.start?.at, null)
  assert.is(timeless.differenceKwh, '2')
})

test('other formats are named, carried and not judged', () => {
  const sml = '1b1b1b1b01010101760500000143'
  for (const [text, method, format] of [
    [sml, '', 'EDL40'],
    [Buffer.from(sml, 'hex').toString('base64'), 'EDL40 E-Mobility Extension', 'EDL40'],
    [`${sml}0901495341`, 'ISA_EDL_40_P', 'ISA_EDL40_P'],
    ['AAAA', 'SML_EDL40_P', 'EDL40_P'],
    ['AP;0;3;AJ2IIN7XJBPMZDKMIHPPIHSEW7UZPXUY;BIHEIWSHAAA2WZUZOYYDCNQA', '', 'ALFEN'],
    ['<ChargingProcess><ServerId>0901</ServerId></ChargingProcess>', '', 'MENNEKES'],
    ['<signedMeterValue><encodingMethod>EDL</encodingMethod></signedMeterValue>', '', 'EDL40'],
    ['something else', '', 'unknown'],
  ] as const) {
    const cdr = cdrWith([{ nature: 'End', signed_data: text }], { encoding_method: method })
    const [read] = readSigned(cdr, { registeredKey: keys.hex })
    assert.is(read?.format, format, text)
    assert.is(read?.verdict, 'unverified')
    assert.is(read?.differenceKwh, null)
  }
})

test('nothing that can be sent makes it throw', () => {
  const runs = { seed: seed(), numRuns: size(500) }
  const spoilt = fc
    .tuple(fc.nat(record.length), fc.nat(12), fc.string())
    .map(([at, length, text]) => record.slice(0, at) + text + record.slice(at + length))
  const sent = fc.oneof(spoilt, fc.string(), fc.constant('['.repeat(50_000)), fc.jsonValue())
  fc.assert(
    fc.property(sent, sent, fc.string(), (signed, plain, key) => {
      const cdr = {
        signed_data: {
          encoding_method: plain,
          public_key: key,
          signed_values: [{ nature: signed, signed_data: signed, plain_data: plain }, signed],
        },
      }
      for (const read of readSigned(cdr, { registeredKey: key })) {
        if (read.verdict === 'valid') assert.is(read?.publicKey, keys.hex.toUpperCase())
      }
    }),
    runs,
  )
  for (const cdr of [null, 1, {}, { signed_data: [] }, { signed_data: { signed_values: 7 } }])
    assert.equal(readSigned(cdr, { registeredKey: null }), [])
  assert.is(readOne(`OCMF|${'['.repeat(50_000)}|{}`).verdict, 'invalid')
  assert.is(readOne('OCMF|{}').verdict, 'invalid')
})

test.run()
