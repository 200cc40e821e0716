import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columnsOf } from '../../src/clearing/records/column-names.ts'
import {
  decimalMark,
  readMillionths,
  readMoment,
  slashOrder,
} from '../../src/cli/compare/values.ts'
import { zoneNamed } from '../../src/pricing/time-zone.ts'

test('numbers and times as spreadsheets write them', () => {
  const style = { decimal: '.', slashes: null, zone: null } as const
  const comma = { ...style, decimal: ',' } as const
  assert.is(readMillionths('1,234.5 kWh', style), 1_234_500_000n)
  assert.is(readMillionths('€ 12.50', style), 12_500_000n)
  assert.is(readMillionths('-3', style), -3_000_000n)
  assert.is(readMillionths('1.234,50 EUR', comma), 1_234_500_000n)
  assert.is(readMillionths('12.5', comma), 12_500_000n)
  for (const [text, millions] of [
    ["1'234.5", 1_234_500_000n],
    ['1’234’567.25', 1_234_567_250_000n],
    ['(5.25)', -5_250_000n],
    ['5.25-', -5_250_000n],
    ['EUR (1,005.25)', -1_005_250_000n],
  ] as const)
    assert.is(readMillionths(text, style), millions, text)
  assert.is(readMillionths('1.005,25-', comma), -1_005_250_000n)
  for (const text of ["1'23", '(5.25', '-5-', '5.25)', '', 'x', '1,2,3', '--1', '1.2.3'])
    assert.is(readMillionths(text, style), null, text)
  assert.is(decimalMark(['12', '1,234', '12,5']), ',')
  assert.is(decimalMark(['12.5', '1,234']), '.')
  assert.is(slashOrder(['01/02/2026', '13/02/2026']), 'dmy')
  assert.is(slashOrder(['01/02/2026', '02/13/2026 10:00']), 'mdy')
  const noon = Date.UTC(2026, 5, 1, 12)
  assert.is(readMoment('2026-06-01 12:00', style), noon)
  assert.is(readMoment('2026-06-01T14:00:00+02:00', style), noon)
  assert.is(readMoment('01.06.2026 12:00:00', style), noon)
  assert.is(readMoment('06/01/2026, 12:00', { ...style, slashes: 'mdy' }), noon)
  const american = { ...style, slashes: 'mdy' } as const
  assert.is(readMoment('06/01/2026 12:00:00 PM', american), noon)
  assert.is(readMoment('6/1/2026 2:30 am', american), Date.UTC(2026, 5, 1, 2, 30))
  assert.is(readMoment('06/01/2026 12:05 AM', american), Date.UTC(2026, 5, 1, 0, 5))
  const berlin = zoneNamed('Europe/Berlin')
  assert.is(readMoment('2026-06-01 14:00', { ...style, zone: berlin }), noon)
  assert.is(readMoment('2026-06-01T12:00:00Z', { ...style, zone: berlin }), noon)
  for (const text of [
    '01/02/2026',
    '1.6.26',
    '2026-13-01',
    'soon',
    '31.02.2026',
    '1/2/2026 14:00 PM',
  ])
    assert.type(readMoment(text, style), 'string', text)
})

test('columns are found by many names, each once', () => {
  const columns = columnsOf(
    ['CDR ID', 'Charging Session ID', 'Energy (kWh)', 'Total Cost excl. VAT', 'Start-Time'],
    new Map(),
  )
  assert.equal(columns, {
    cdrId: 'CDR ID',
    sessionId: 'Charging Session ID',
    energyKwh: 'Energy (kWh)',
    net: 'Total Cost excl. VAT',
    start: 'Start-Time',
  })
  assert.type(columnsOf(['a'], new Map([['nothing', 'a']])), 'string')
})

test.run()
