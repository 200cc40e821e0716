import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { patternTable } from '../../src/clearing/pack/pattern.ts'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { json } from '../helpers/evidence-pack.ts'
import type { Files } from '../helpers/evidence-pack.ts'
import { patternFiles, patternParts } from '../helpers/evidence-pattern.ts'
import type { PatternParts } from '../helpers/evidence-pattern.ts'

/** What does not hold, in words. */
function faults(files: Files): string {
  return verifyPack(files, { expectedHash: null })
    .filter(({ isRight }) => isRight === false)
    .map(({ subject, sentence }) => `${subject}: ${sentence}`)
    .join('\n')
}

/** The pack of a hub that lies: changed before everything was hashed. */
function falsified(change: (parts: PatternParts) => void): string {
  const parts = patternParts()
  change(parts)
  return faults(patternFiles(parts))
}

const energy = { billed: '10.02', other: '10.00', cost: '5.01' }

/** The same found by energies. */
function byEnergy(parts: PatternParts): PatternParts {
  if (parts.pattern.test !== null) parts.pattern.test.by = 'energy'
  for (const line of parts.lines) line.energy = energy
  return parts
}

test('what was measured by energies holds too', () => {
  assert.is(faults(patternFiles(byEnergy(patternParts()))), '')
})

test('the evidence of a pattern holds, and says what it comes to', () => {
  const checks = verifyPack(patternFiles(patternParts()), { expectedHash: null })
  assert.equal(
    checks.map(({ subject, isRight }) => [subject, isRight]),
    [
      ['files', true],
      ['frozen evidence', true],
      ['events of the dispute', true],
      ['dispute', true],
      ['pattern', true],
    ],
  )
  assert.match(
    checks[4]?.sentence ?? '',
    /60 CDRs add up to what is disputed: 0.60 EUR before tax, 0.12 EUR tax. The figures of the test agree/,
  )
})

test('a list of CDRs that was falsified is refused, though every hash is right', () => {
  const cases: [string, (parts: PatternParts) => void, RegExp][] = [
    [
      'more disputed',
      ({ lines }) => Object.assign(lines[3] ?? {}, { net: '0.02' }),
      /CDR C3 has 0.02 disputed, more than/,
    ],
    [
      'another price',
      ({ lines }) => Object.assign(lines[3] ?? {}, { price: '2.99' }),
      /CDR C3 claims 3.01 instead of 2.99, which is not/,
    ],
    [
      'another currency',
      ({ lines }) => Object.assign(lines[3] ?? {}, { currency: 'SEK' }),
      /CDR C3 is in SEK, not EUR/,
    ],
    [
      'less than nothing',
      ({ lines }) => Object.assign(lines[3] ?? {}, { tax: '-1' }),
      /CDR C3 has less than nothing/,
    ],
    [
      'no difference',
      ({ lines }) => Object.assign(lines[3] ?? {}, { price: null }),
      /CDR C3 was measured and has no difference/,
    ],
    [
      'energy that nobody says',
      (parts) =>
        Object.assign(byEnergy(parts).lines[3] ?? {}, { energy: { ...energy, other: '9' } }),
      /CDR C3 bills 10.02 kWh for 5.01 instead of 9 kWh, which is not a difference of 0.01/,
    ],
    [
      'no energy',
      (parts) => Object.assign(byEnergy(parts).lines[3] ?? {}, { energy: null }),
      /CDR C3 was measured and has no difference/,
    ],
    ['one left out', ({ lines }) => void lines.pop(), /it has 59 CDRs, not 60/],
    [
      'one twice',
      ({ lines }) => Object.assign(lines[3] ?? {}, { cdr: 'C4' }),
      /a CDR is listed twice/,
    ],
    [
      'a smaller sum',
      ({ lines }) => Object.assign(lines[3] ?? {}, { net: '0.00' }),
      /do not add up to the net of 0.60/,
    ],
    [
      'another dispute',
      ({ lines, pattern }) => {
        for (const line of lines) line.tax = '0.00'
        pattern.tax = '0.00'
      },
      /the dispute is over a tax of 0.12, not of 0.00/,
    ],
    [
      'another time',
      ({ lines }) => Object.assign(lines[3] ?? {}, { start: '2026-07-01T00:00:00Z' }),
      /began at another time/,
    ],
    [
      'no number',
      ({ lines }) => Object.assign(lines[3] ?? {}, { net: '1e9' }),
      /cdrs.json is missing or cannot be read/,
    ],
    [
      'another tariff',
      ({ tariffs }) => Object.assign(tariffs[0]?.tariff ?? {}, { id: 'T2' }),
      /a tariff is not the one/,
    ],
  ]
  for (const [name, change, why] of cases) assert.match(falsified(change), why, name)
  const table = patternTable(patternParts().lines.slice(1))
  assert.match(faults(patternFiles(patternParts(), { table })), /cdrs.csv says something else/)
})

test('figures of the test that do not follow from each other are refused', () => {
  const figure = (change: object) =>
    falsified(({ pattern }) => Object.assign(pattern.test ?? {}, change))
  assert.match(figure({ rise: '0.50' }), /the rise of the test is not its sum less its slack/)
  assert.match(figure({ mean: '0.02' }), /the mean of the test/)
  assert.match(figure({ squares: '0.600', others: 1 }), /it may be chance/)
  const low = falsified(({ lines }) =>
    Object.assign(lines[3] ?? {}, { claim: '11.00', price: '10.99' }),
  )
  assert.match(low, /not all of them are above their slack/)
  assert.match(figure({ threshold: '5.00' }), /below the threshold/)
  assert.match(figure({ cdrs: 59, mean: '0.010169' }), /more is disputed than was measured/)
  assert.match(figure({ squares: '0.001' }), /not those that were measured/)
  assert.match(figure({ by: 'record' }), /was measured and has no difference/)
  assert.match(figure({ name: 'guess' }), /pattern.json is missing or cannot be read/)
})

test('the sum is compared with the event that opened the dispute', () => {
  const files = patternFiles(patternParts())
  const manifest = JSON.parse(String(files.get('manifest.json')))
  manifest.events[0].said[7] = '700000'
  files.set('manifest.json', json(manifest))
  assert.match(faults(files), /the dispute was opened over another net/)
})

test('what nobody measured is a list that adds up', () => {
  const parts = patternParts()
  parts.pattern.test = null
  for (const line of parts.lines) Object.assign(line, { price: null, difference: null })
  assert.is(faults(patternFiles(parts)), '')
})

test('what a spreadsheet would run is disarmed, amounts are not', () => {
  const { lines } = patternParts()
  const [first] = lines
  const table = String(patternTable(first ? [{ ...first, difference: '-0.01' }] : []))
  assert.match(
    table,
    /^cdr_id,start,currency,claim,price_by_tariff,record_of_emsp,kwh,compared_with_kwh,cost_of_kwh,difference,/,
  )
  assert.match(
    table,
    /\r\n'=cmd\(\),2026-06-01T10:00:00.000Z,EUR,3.01,3.00,,,,,-0.01,0.01,0.002,T1,/,
  )
})

test.run()
