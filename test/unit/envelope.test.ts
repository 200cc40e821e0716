import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeEnvelope } from '../../src/ocpi/envelope.ts'

const now = new Date('2026-06-24T22:39:09Z')

test('an envelope holds status code and timestamp, data only when there are some', () => {
  assert.equal(JSON.parse(writeEnvelope({ statusCode: 1000, at: now })), {
    status_code: 1000,
    timestamp: '2026-06-24T22:39:09.000Z',
  })
})

test('data go in byte for byte', () => {
  const dataText = '{"price":1.10,  "id":"\\u0041"}'
  const text = writeEnvelope({ statusCode: 1000, dataText, at: now })
  assert.ok(text.includes(`"data":${dataText}`))
  assert.equal(JSON.parse(text).data, { price: 1.1, id: 'A' })
})

test('a message is escaped', () => {
  const statusMessage = 'say "please"\n'
  const text = writeEnvelope({ statusCode: 2001, statusMessage, at: now })
  assert.is(JSON.parse(text).status_message, statusMessage)
})

test.run()
