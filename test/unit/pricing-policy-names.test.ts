import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BUILT_IN_POLICIES, readPolicy } from '../../src/pricing/policies.ts'
import { READINGS, ROUNDING_DECIMALS_MAX } from '../../src/pricing/policy.ts'

/** A name says what a policy reads: nobody can give the name of a built-in one to another. */
const test = suite('pricing: names of policies')

const kit = BUILT_IN_POLICIES['ocpi-kit-0.2']
const told = (value: unknown): string => {
  const read = readPolicy(value)
  return 'problem' in read ? `refused at ${read.problem.pointer}` : `${read.name} ${read.version}`
}

test('a built-in policy written out in full is that policy', () => {
  for (const [name, policy] of Object.entries(BUILT_IN_POLICIES)) {
    assert.is(readPolicy({ ...policy }), policy, name)
    assert.is(readPolicy({ base: name }), policy, name)
    assert.is(readPolicy({ base: name, name, version: policy.version }), policy, name)
  }
})

test('a built-in name with another reading, rounding or version is refused', () => {
  assert.is(told({ ...kit, wrapping_window: 'never' }), 'refused at /name')
  assert.is(told({ ...kit, version: '2' }), 'refused at /name')
  assert.is(told({ ...kit, rounding: null }), 'refused at /name')
  const rounding = { stage: 'total', mode: 'half_up', decimals: 'currency' }
  assert.is(told({ ...kit, rounding }), 'ocpi-kit-0.2 1')
  assert.is(told({ ...kit, rounding: { ...rounding, decimals: 2 } }), 'refused at /name')
  assert.is(told({ ...kit, rounding: { ...rounding, mode: 'up' } }), 'refused at /name')
  assert.is(told({ ...kit, rounding: { ...rounding, stage: 'segment' } }), 'refused at /name')
  assert.is(told({ name: 'crosscharge', rounding }), 'refused at /name')
})

test('what differs from its base is custom, what does not keeps its name', () => {
  const rounding = kit?.rounding ?? null
  assert.is(told({ base: 'ocpi-kit-0.2', rounding: { ...rounding } }), 'ocpi-kit-0.2 1')
  assert.is(told({ base: 'ocpi-kit-0.2', rounding: { ...rounding, mode: 'up' } }), 'custom 1')
  assert.is(told({ base: 'ocpi-kit-0.2', rounding: { ...rounding, decimals: 2 } }), 'custom 1')
  assert.is(told({ base: 'ocpi-kit-0.2', rounding: { ...rounding, stage: 'segment' } }), 'custom 1')
  assert.is(told({ base: 'ocpi-kit-0.2', rounding: null }), 'custom 1')
  assert.is(told({ rounding: null }), 'crosscharge 1')
  assert.is(told({ rounding }), 'custom 1')
  assert.is(told({ step_size: 'session' }), 'crosscharge 1')
  assert.is(told({ step_size: 'period' }), 'custom 1')
  assert.is(told({ version: '7', step_size: 'period' }), 'custom 7')
})

test('names and versions are texts of 1 to 64 characters', () => {
  const long = 'n'.repeat(64)
  assert.is(told({ name: long, version: long }), `${long} ${long}`)
  for (const bad of [`${long}n`, '', 7, null, {}, [long]]) {
    assert.is(told({ name: bad }), bad === null ? 'crosscharge 1' : 'refused at /name')
    const version = bad === null ? 'crosscharge 1' : 'refused at /version'
    assert.is(told({ version: bad }), version)
  }
})

test('no name of the language is a policy', () => {
  for (const base of ['toString', '__proto__', 'constructor', '', 7, null, ['crosscharge']])
    assert.is(told({ base }), 'refused at /base')
})

test('amounts are rounded to 12 decimals at most', () => {
  const to = (decimals: unknown) => told({ rounding: { decimals, mode: 'up', stage: 'total' } })
  for (const decimals of [0, 2, ROUNDING_DECIMALS_MAX, 'currency'])
    assert.is(to(decimals), 'custom 1', String(decimals))
  for (const decimals of [ROUNDING_DECIMALS_MAX + 1, -1, 1.5, '2', null, undefined])
    assert.is(to(decimals), 'refused at /rounding/decimals', String(decimals))
})

test('a refusal says what there is', () => {
  const words = (value: unknown): string => {
    const read = readPolicy(value)
    return 'problem' in read ? read.problem.message : ''
  }
  const names = ['base', 'name', 'version', 'rounding', ...Object.keys(READINGS)].join(', ')
  assert.ok(words({ colour: 'red' }).endsWith(names))
  assert.ok(words({ base: 'x' }).endsWith(Object.keys(BUILT_IN_POLICIES).join(', ')))
  assert.ok(words({ step_size: 'x' }).endsWith('session, period, price, none'))
  assert.ok(words({ rounding: { digits: 2 } }).endsWith('decimals, mode, stage'))
})

test.run()
