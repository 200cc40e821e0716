import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BUILT_IN_POLICIES, readPolicy } from '../../src/pricing/policies.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'

const test = suite('pricing: policies')
const ROUNDING = { decimals: 2, mode: 'half_up', stage: 'total' }

/** What is wrong and where. */
const PROBLEMS: readonly (readonly [unknown, string])[] = [
  ...[null, undefined, 7, 'crosscharge', []].map((value) => [value, ''] as const),
  [{ base: 'nobody' }, '/base'],
  [{ base: 7 }, '/base'],
  [{ base: 'constructor' }, '/base'],
  [{ stepSize: 'none' }, '/stepSize'],
  [{ toString: 'none' }, '/toString'],
  [{ 'a/b~c': 1 }, '/a~1b~0c'],
  [{ step_size: 'never' }, '/step_size'],
  [{ step_size: null }, '/step_size'],
  [{ name: '', step_size: 'none' }, '/name'],
  [{ name: 7 }, '/name'],
  [{ name: 'x'.repeat(65) }, '/name'],
  [{ name: 'crosscharge', step_size: 'none' }, '/name'],
  [{ name: 'wwcp' }, '/name'],
  [{ version: 1, step_size: 'none' }, '/version'],
  [{ version: '' }, '/version'],
  [{ rounding: 2 }, '/rounding'],
  [{ rounding: [] }, '/rounding'],
  [{ rounding: { ...ROUNDING, digits: 2 } }, '/rounding/digits'],
  [{ rounding: { ...ROUNDING, decimals: -1 } }, '/rounding/decimals'],
  [{ rounding: { ...ROUNDING, decimals: 13 } }, '/rounding/decimals'],
  [{ rounding: { ...ROUNDING, decimals: 1.5 } }, '/rounding/decimals'],
  [{ rounding: { ...ROUNDING, decimals: '2' } }, '/rounding/decimals'],
  [{ rounding: { mode: 'half_up', stage: 'total' } }, '/rounding/decimals'],
  [{ rounding: { ...ROUNDING, mode: 'down' } }, '/rounding/mode'],
  [{ rounding: { decimals: 2, stage: 'total' } }, '/rounding/mode'],
  [{ rounding: { ...ROUNDING, stage: 'tax' } }, '/rounding/stage'],
]

for (const [value, pointer] of PROBLEMS) {
  test(`${JSON.stringify(value)?.slice(0, 60) ?? 'nothing'} is refused at '${pointer}'`, () => {
    const read = readPolicy(value)
    assert.ok('problem' in read)
    if (!('problem' in read)) return
    assert.is(read.problem.pointer, pointer)
    assert.ok(read.problem.message.length > 0)
  })
}

test('nothing said is our own policy', () => {
  assert.equal(readPolicy({}), DEFAULT_POLICY)
})

test('differences without a name are a custom policy', () => {
  const expected = { ...DEFAULT_POLICY, name: 'custom', step_size: 'none' }
  assert.equal(readPolicy({ step_size: 'none' }), expected)
})

test('differences may have a name and a version', () => {
  const terms = {
    name: 'ours',
    version: '2026-01',
    rounding: { ...ROUNDING, decimals: 'currency' },
  }
  assert.equal(readPolicy(terms), { ...DEFAULT_POLICY, ...terms })
})

test('a base is taken whole, or with differences over it', () => {
  assert.is(readPolicy({ base: 'wwcp' }), BUILT_IN_POLICIES['wwcp'])
  assert.equal(readPolicy({ base: 'wwcp', step_size: 'session', rounding: null }), {
    ...BUILT_IN_POLICIES['wwcp'],
    name: 'custom',
    step_size: 'session',
    rounding: null,
  })
})

test('a base may be given a name of its own', () => {
  const read = readPolicy({ base: 'wwcp', name: 'as before' })
  assert.equal(read, { ...BUILT_IN_POLICIES['wwcp'], name: 'as before', version: '1' })
})

test('every built-in policy is known by its name and can be read as JSON', () => {
  for (const [key, policy] of Object.entries(BUILT_IN_POLICIES)) {
    assert.is(policy.name, key)
    const { name, version, ...rest } = policy
    const read = readPolicy({ ...JSON.parse(JSON.stringify(rest)), name: `${name}'s`, version })
    assert.equal(read, { ...policy, name: `${name}'s` })
  }
})

test('a bill names the policy it was priced by', () => {
  const cdr = expandCdr({ periods: [{ at: '10:00', volumes: { ENERGY: 1 } }] })
  const tariffs = [expandTariff({ elements: [{ price: [['ENERGY', 1, null, 1]] }] })]
  const named = (name: string): unknown => {
    const priced = priceCdr(cdr, tariffs, { policy: BUILT_IN_POLICIES[name] })
    return priced.ok && priced.policy
  }
  assert.equal(named('wwcp'), { name: 'wwcp', version: '1' })
  const priced = priceCdr(cdr, tariffs)
  assert.equal(priced.ok && priced.policy, { name: 'crosscharge', version: '1' })
})

/** Sessions of the examples of OCPI on which known implementations came to other totals than we do. */
const PEERS: readonly (readonly [string, string, string])[] = [
  ['crosscharge', '0.75', 'parking that is free later: the priced 6 minutes to 15'],
  ['ocpi-tariffs-0.6', '0.9', 'all 18 minutes to 30, the surplus at the price of the first 6'],
  ['ocpi-kit-0.2', '0.75', 'as we do'],
  ['ocpi-tariffs-py-0.1', '0.75', 'as we do'],
  ['wwcp', '0.75', 'as we do, where there is one price'],
]

for (const [name, total, why] of PEERS) {
  test(`${name} prices parking that is free later: ${why}`, () => {
    const cdr = expandCdr({
      periods: [
        { at: '19:54', volumes: { PARKING_TIME: 0.1 } },
        { at: '20:00', volumes: { PARKING_TIME: 0.2 } },
      ],
      end: '20:12',
    })
    const elements = [
      { price: [['PARKING_TIME', 3, null, 900]] as const, when: { end_time: '20:00' } },
    ]
    const priced = priceCdr(cdr, [expandTariff({ elements })], {
      timeZone: 'UTC',
      policy: BUILT_IN_POLICIES[name],
    })
    assert.is(priced.ok && priced.total.excl, total)
  })
}

test.run()
