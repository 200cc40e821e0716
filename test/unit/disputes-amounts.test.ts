import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { partOf, proportionalTax, remainderOf } from '../../src/clearing/disputes/amounts.ts'
import { readEnergyVerdict, withSignedEnergy } from '../../src/clearing/disputes/energy.ts'
import { deadlineText, eventText } from '../../src/clearing/disputes/sentences.ts'
import { raisingWindow } from '../../src/clearing/disputes/terms.ts'
import type { SignedReading } from '../../src/clearing/signed/types.ts'
import { moment } from '../../src/hub/disputes/words.ts'
import { show, terms, units } from '../helpers/dispute-machine.ts'

const amounts = suite('amounts of disputes')
const of = { net: 3n, tax: 1n }

amounts('the tax of a part: half away from zero, never above the whole', () => {
  assert.is(proportionalTax({ net: 0n, of }), 0n)
  assert.is(proportionalTax({ net: 1n, of }), 0n)
  assert.is(proportionalTax({ net: 2n, of }), 1n)
  assert.is(proportionalTax({ net: 3n, of }), 1n)
  assert.is(proportionalTax({ net: 1n, of: { net: 2n, tax: 1n } }), 1n)
  assert.is(proportionalTax({ net: 0n, of: { net: 0n, tax: 5n } }), 5n)
  assert.is(proportionalTax({ net: 6_000_000n, of: units(24, 4.56) }), 1_140_000n)
})

amounts('nothing named is all of it', () => {
  const whole = { of: units(6), words: 'what is left', show }
  assert.equal(partOf(null, whole), { ok: true, amount: units(6) })
  assert.equal(partOf({ net: units(6).net, tax: null }, whole), { ok: true, amount: units(6) })
  assert.equal(partOf({ net: units(6).net, tax: 0n }, whole), { ok: true, amount: units(6, 0) })
})

amounts('what is left is never below zero', () => {
  assert.equal(remainderOf(units(6), [units(2), units(1)]), units(3))
  assert.equal(remainderOf(units(6), [units(7)]), units(0))
})

amounts('a CDR may be contested 30 days, is flagged until 120, then refused', () => {
  const receivedAt = new Date(0)
  const after = (days: number) =>
    raisingWindow({ receivedAt, now: new Date(days * 86_400_000), terms }).status
  assert.equal([0, 30, 31, 120, 121].map(after), ['in_time', 'in_time', 'late', 'late', 'over'])
})

const energy = suite('energy decided by signed registers')

const reading = (differenceKwh: string, more: Partial<SignedReading> = {}): SignedReading => ({
  format: 'OCMF',
  verdict: 'valid',
  reason: 'the signature fits',
  pointer: '/signed_data/signed_values/0/signed_data',
  start: null,
  stop: null,
  differenceKwh,
  resolutionKwh: '0.01',
  publicKey: null,
  meterId: null,
  gatewayId: null,
  hash: 'a'.repeat(64),
  ...more,
})
const period = (volume: number, type = 'ENERGY') => ({
  start_date_time: '2026-01-01T10:00:00Z',
  dimensions: [
    { type, volume },
    { type: 'TIME', volume: 0.5 },
  ],
})
const cdr = {
  total_energy: 10,
  charging_periods: [period(4), period(0, 'PARKING_TIME'), period(6)],
}

energy('within the resolution, less, or more', () => {
  const says = (kwh: string) => readEnergyVerdict(cdr, [reading(kwh)])?.says
  assert.equal(['10.01', '9.99', '9.98', '10.02'].map(says), [
    'as_billed',
    'as_billed',
    'less',
    'more',
  ])
  const verdict = readEnergyVerdict(cdr, [reading('8.5')])
  assert.match(verdict?.sentence ?? '', /show 8\.5 kWh.*bills 10 kWh, which is 1\.5 kWh too much/)
})

energy('only what is valid, whole and not contradicted decides', () => {
  assert.is(readEnergyVerdict(cdr, []), null)
  assert.is(readEnergyVerdict(cdr, [reading('8', { verdict: 'invalid' })]), null)
  assert.is(readEnergyVerdict(cdr, [reading('8', { differenceKwh: null })]), null)
  assert.is(readEnergyVerdict(cdr, [reading('8'), reading('9')]), null)
  assert.is(readEnergyVerdict({}, [reading('8')]), null)
})

energy('periods are scaled and add up to what was signed', () => {
  const scaled = withSignedEnergy(cdr, '7.777777')
  assert.equal(scaled, {
    total_energy: 7.777777,
    charging_periods: [period(3.111111), period(0, 'PARKING_TIME'), period(4.666666)],
  })
  assert.is(withSignedEnergy({ total_energy: 0 }, '1'), null)
  assert.is(withSignedEnergy({ total_energy: 5, charging_periods: [] }, '1'), null)
})

const words = suite('sentences of disputes')
const base = {
  state: 'open',
  via: [],
  amount: '2.40 EUR',
  disputed: '7.20 EUR',
  cpo: 'NL-TNM',
  emsp: 'DE-EMA',
} as const

words('events name who did what and how much', () => {
  const text = (more: object) => eventText({ ...base, verb: 'contest', side: 'emsp', ...more })
  assert.is(text({}), 'DE-EMA disputes 2.40 EUR.')
  assert.is(text({ amount: null }), 'DE-EMA adds a reason to the dispute about 7.20 EUR.')
  assert.is(
    text({ verb: 'accept', side: 'cpo', state: 'accepted_partial' }),
    'NL-TNM accepts 2.40 EUR of the disputed 7.20 EUR.',
  )
  assert.match(text({ verb: 'uphold', side: 'hub' }), /NL-TNM did not answer in time/)
  assert.match(text({ verb: 'close', side: 'hub', amount: null }), /sent no documents in time/)
})

words('moments are local, with their zone', () => {
  const at = new Date('2026-12-06T13:00:00Z')
  assert.match(moment(at, 'Europe/Amsterdam'), /^6 December 2026, 14:00 (CET|GMT\+1)$/)
  assert.is(moment(at), '6 December 2026, 13:00 UTC')
})

words('a deadline says what happens by itself', () => {
  const text = deadlineText({
    verb: 'uphold',
    state: 'open',
    cpo: 'NL-TNM',
    emsp: 'DE-EMA',
    when: '6 December 2026, 14:00 CET',
    upheld: '0.00 EUR',
    disputed: '7.20 EUR',
    offered: null,
    isDuplicate: false,
  })
  assert.is(
    text,
    'Without an answer from NL-TNM by 6 December 2026, 14:00 CET all of 7.20 EUR counts as accepted.',
  )
})

amounts.run()
energy.run()
words.run()
