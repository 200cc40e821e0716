import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  peerReadings,
  policyReadings,
  roundingReadings,
} from '../../src/pricing/attribution-policies.ts'
import { tariffReadings } from '../../src/pricing/attribution-tariffs.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import {
  applied,
  codeOf,
  PRICES,
  situationOf,
  TARIFF_READINGS,
  tariffsOf,
} from '../fixtures/compare/situation.ts'

const test = suite('attribution: what a reading of the terms changes')
const POLICY = policyReadings(DEFAULT_POLICY)

test('prices are rounded, cut off, exchanged or left out', () => {
  for (const [code, changes] of [
    ['unit_price:rounded_1', { ENERGY: '0.3', TIME: '2.6', PARKING_TIME: '3.1' }],
    ['unit_price:cut_1', { ENERGY: '0.2', TIME: '2.5', PARKING_TIME: '3.1' }],
    ['unit_price:rounded_2', { ENERGY: '0.26', PARKING_TIME: '3.15' }],
    ['unit_price:cut_2', { ENERGY: '0.25', PARKING_TIME: '3.14' }],
    ['unit_price:rounded_3', { ENERGY: '0.257' }],
    ['unit_price:cut_3', { ENERGY: '0.256' }],
    ['time_prices:exchanged', { TIME: PRICES.PARKING_TIME, PARKING_TIME: PRICES.TIME }],
  ] as const)
    assert.equal(applied(code, situationOf({})).tariffs, tariffsOf({ ...PRICES, ...changes }), code)
  const phrases = TARIFF_READINGS.filter(({ key }) => key === 'unit_price').map(
    (each) => each.phrase,
  )
  assert.equal(
    phrases.map((phrase) => phrase.split(' ').slice(-2).join(' ')),
    ['1 decimal', '1 decimal', '2 decimals', '2 decimals', '3 decimals', '3 decimals'],
  )
  for (const type of ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT']) {
    const rest = Object.fromEntries(Object.entries(PRICES).filter(([key]) => key !== type))
    assert.equal(applied(`left_out:${type}`, situationOf({})).tariffs, tariffsOf(rest))
  }
  for (const one of [{ TIME: '1' }, { PARKING_TIME: '1' }])
    assert.equal(
      applied('time_prices:exchanged', situationOf({ tariffs: tariffsOf(one) })).tariffs,
      tariffsOf(one),
    )
})

test('VAT is left out, doubled, part of the price or on top of it', () => {
  const taxed = (price: string, vat?: string): unknown[] => [
    {
      id: 'T',
      elements: [
        { price_components: [{ type: 'ENERGY', price, ...(vat === undefined ? {} : { vat }) }] },
      ],
    },
  ]
  const after = (code: string, tariffs: readonly unknown[]): unknown =>
    applied(code, situationOf({ tariffs })).tariffs
  assert.equal(after('vat:twice', taxed('2', '20')), taxed('2', '44'))
  assert.equal(after('vat:in_net', taxed('2', '20')), taxed('2.4', '20'))
  for (const code of ['vat:twice', 'vat:in_net']) assert.equal(after(code, taxed('2')), taxed('2'))
  assert.equal(after('vat:none', [{ id: 'T' }]), [{ id: 'T', tax_included: 'N/A' }])
  assert.equal(after('vat:prices_include_it', [{ id: 'T' }]), [{ id: 'T', tax_included: 'YES' }])
})

test('another version of a tariff is used without its dates', () => {
  const dates = { start_date_time: '2024-01-01T00:00:00Z', end_date_time: '2024-02-01T00:00:00Z' }
  const [one, other, ...none] = tariffReadings({
    previous: [{ id: 'P', ...dates }],
    next: [{ id: 'N', ...dates }],
  }).filter(({ key }) => key === 'tariff_version')
  const undated = { start_date_time: undefined, end_date_time: undefined }
  assert.equal(one?.apply(situationOf({})).tariffs, [{ id: 'P', ...undated }])
  assert.equal(other?.apply(situationOf({})).tariffs, [{ id: 'N', ...undated }])
  assert.equal([one?.value, one?.instead, other?.value, none], ['previous', 'current', 'next', []])
  assert.match(`${one?.phrase} ${other?.phrase}`, /previous version .* next version/)
  const empty = tariffReadings({ previous: [], next: [] })
  assert.is(empty.length, TARIFF_READINGS.length)
})

test('every reading of the policy, but the one in force, is tried, the likeliest first', () => {
  for (const { key, value, apply, instead, phrase } of POLICY) {
    const { options } = apply(situationOf({}))
    assert.equal(options.policy, { ...DEFAULT_POLICY, name: 'custom', [key]: value })
    assert.is(instead, new Map<string, unknown>(Object.entries(DEFAULT_POLICY)).get(key))
    assert.is.not(value, instead)
    assert.match(phrase, /.{10}/)
  }
  const keys = [...new Set(POLICY.map(({ key }) => key))]
  assert.equal(keys.slice(0, 4), ['step_size', 'stepped_time', 'price_limits', 'parking_time'])
  assert.is(new Set(POLICY.map(codeOf)).size, POLICY.length)
  const without = applied('step_size:none', { ...situationOf({}), options: {} })
  assert.equal(without.options.policy, { ...DEFAULT_POLICY, name: 'custom', step_size: 'none' })
  const peers = peerReadings(DEFAULT_POLICY)
  for (const peer of peers) {
    assert.is(peer.apply(situationOf({})).options.policy?.name, peer.value)
    assert.equal([peer.key, peer.instead], ['policy', 'crosscharge'])
    assert.match(peer.phrase, `as ${peer.value} does`)
  }
  assert.ok(peers.length >= 5 && peers.every(({ value }) => value !== 'crosscharge'))
})

test('rounding is tried at each place, in each way, and to several decimals', () => {
  const codes = roundingReadings(DEFAULT_POLICY, 2).map(codeOf)
  assert.is(codes.length, 27)
  assert.equal(
    codes.slice(0, 4),
    ['segment-2-half_up', 'segment-2-half_even', 'segment-2-up', 'dimension-2-half_up'].map(
      (code) => `rounding:${code}`,
    ),
  )
  assert.is(roundingReadings(DEFAULT_POLICY, 0).length, 36)
  assert.is(roundingReadings(DEFAULT_POLICY, 0)[0]?.value, 'segment-0-half_up')
  const rounding = { decimals: 2, mode: 'half_up', stage: 'segment' } as const
  const others = roundingReadings({ ...DEFAULT_POLICY, rounding }, 2)
  assert.equal(
    [others[0]?.value, others[0]?.instead, others.length],
    ['none', 'segment-2-half_up', 27],
  )
  assert.is(others[0]?.phrase, 'nothing is rounded')
  const { options } = others[1]?.apply(situationOf({})) ?? {}
  assert.equal(options?.policy, {
    ...DEFAULT_POLICY,
    name: 'custom',
    rounding: { ...rounding, mode: 'half_even' },
  })
  assert.is(others[1]?.phrase, 'every line of the bill is rounded to 2 decimals, halves to even')
})

test.run()
