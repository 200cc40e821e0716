import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exactly } from '../../src/clearing/decimal.ts'
import { billText } from '../../src/cli/bill-text.ts'
import {
  clockOf,
  durationText,
  moneyText,
  periodTimes,
  spanText,
} from '../../src/cli/bill-words.ts'
import { policyOf } from '../../src/cli/policy-of.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { grossOf } from '../../src/cli/dispute-words.ts'

const bill = suite('bill for people')

bill('durations are hours, minutes and seconds', () => {
  const texts = {
    '0': '0 min',
    '0.5': '30 min',
    '1': '1 h',
    '1.25': '1 h 15 min',
    '0.1333': '7 min 59.88 s',
    '2.0001': '2 h 0 min 0.36 s',
    '-0.25': '-15 min',
    '-0.0000001': '0 min',
  }
  for (const [hours, text] of Object.entries(texts)) assert.is(durationText(exactly(hours)), text)
})

bill('amounts have the digits of their currency, more where they matter', () => {
  assert.is(moneyText('2', 'EUR'), '2.00')
  assert.is(moneyText('500', 'JPY'), '500')
  assert.is(moneyText('1.2345678', 'EUR'), '1.234568')
  assert.is(moneyText(null, 'EUR'), '-')
  const yen = { net: '100.00', tax: '20.00', currency: 'JPY' }
  assert.is(grossOf(yen, 'net', 'tax'), '120')
  assert.is(grossOf({ ...yen, currency: 'EUR' }, 'net', 'tax'), '120.00')
})

bill('times are local, with the second day only where it is another', () => {
  const clock = clockOf('Europe/Amsterdam')
  const at = (text: string): number => Date.parse(text)
  const span = (start: string, end: string | null): string =>
    spanText({ start: at(start), end: end === null ? null : at(end) }, clock)
  assert.is(span('2026-03-02T09:00:00Z', '2026-03-02T09:30:15Z'), 'Mon 02 Mar 10:00 to 10:30:15')
  assert.is(
    span('2026-07-01T21:30:00Z', '2026-07-01T22:30:00Z'),
    'Wed 01 Jul 23:30 to Thu 02 Jul 00:30',
  )
  assert.is(span('2026-03-02T09:00:00Z', null), 'from Mon 02 Mar 10:00')
  assert.is(clockOf('Nowhere/At_All').name, 'UTC')
  assert.equal(periodTimes({ charging_periods: [{ start_date_time: 'never' }] }), [
    { start: null, end: null },
  ])
})

const cdr = {
  currency: 'EUR',
  start_date_time: '2026-03-02T09:00:00Z',
  end_date_time: '2026-03-02T09:37:00Z',
  charging_periods: [
    {
      start_date_time: '2026-03-02T09:00:00Z',
      dimensions: [
        { type: 'TIME', volume: 0.2 },
        { type: 'ENERGY', volume: 1.2345 },
      ],
    },
    { start_date_time: '2026-03-02T09:12:00Z', dimensions: [{ type: 'TIME', volume: 0.4 }] },
  ],
}
const tariff = {
  id: 'T',
  currency: 'EUR',
  max_price: { excl_vat: 1 },
  elements: [
    {
      price_components: [
        { type: 'TIME', price: 3, step_size: 600, vat: 20 },
        { type: 'ENERGY', price: 0.1, step_size: 100, vat: 20 },
      ],
    },
  ],
}

bill('rounding, limits and taxes are said in words', () => {
  const policy = policyOf({ rounding: { decimals: 2, mode: 'half_up', stage: 'segment' } })
  if (typeof policy === 'string') throw new Error(policy)
  const options = { timeZone: 'Europe/Amsterdam', policy }
  const priced = priceCdr(cdr, [tariff], options)
  if (!priced.ok) throw new Error(priced.message)
  const text = billText(priced, { cdr, tariffs: [tariff], options })
  for (const part of [
    /^Times are Europe\/Amsterdam \(as given\); priced by policy custom version 1\.$/m,
    /^charging time +Mon 02 Mar 10:12 to 10:37 +T 0\/0 +24 min +28 min +3\.00 \/h +20 %/m,
    /^energy .* 1\.2345 kWh +1\.3 kWh +0\.10 \/kWh/m,
    /^36 min of charging time are billed as 40 min, rounded up to full steps of 10 min \(step_size 600\); the 4 min more are in the line of period 1\.$/m,
    /^1\.2345 kWh of energy are billed as 1\.3 kWh, rounded up to full steps of 0\.1 kWh \(step_size 100\)\.$/m,
    /^down to maximum price +-1\.13 +-1\.3/m,
    /^total EUR +1\.00 +1\.20$/m,
    /^VAT 20 % on 1\.00: 0\.20$/m,
  ])
    assert.match(text, part)
})

bill('a policy is a file, a built-in name, or nothing', () => {
  const nameOf = (value: unknown): string => {
    const policy = policyOf(value)
    return typeof policy === 'string' ? policy : policy.name
  }
  assert.is(nameOf(undefined), 'crosscharge')
  assert.is(nameOf('wwcp'), 'wwcp')
  assert.is(nameOf({ base: 'wwcp' }), 'wwcp')
  assert.is(nameOf('step_size disabled (OCPI 3.0 style)'), 'no-step-size')
  assert.match(nameOf('toString'), /^there is no policy toString; known: crosscharge, /)
  assert.match(nameOf({ step_size: 'often' }), /^policy\/step_size is none of session, /)
})

bill.run()
