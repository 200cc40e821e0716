import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contractKey, evseKey, idKey } from '../../src/clearing/matching/keys.ts'
import { matchRecords } from '../../src/clearing/matching/match.ts'
import type { Matching, MatchRecord } from '../../src/clearing/matching/types.ts'
import { KWH, MINUTE, NOON, recordOf } from '../helpers/match-records.ts'

/** The matching as lines: `kind left + right tier state`. */
function lines({ matches, ambiguous, leftOnly, rightOnly }: Matching): string[] {
  return [
    ...matches.map(
      ({ kind, left, right, tier, state, shiftMinutes }) =>
        `${kind} ${left.join('+')} = ${right.join('+')} tier ${tier} ${state}${shiftMinutes === 0 ? '' : ` shift ${shiftMinutes}`}`,
    ),
    ...ambiguous.map(
      ({ left, right, tier }) => `ambiguous ${left.join('+')} = ${right.join('+')} tier ${tier}`,
    ),
    ...leftOnly.map((id) => `left ${id}`),
    ...rightOnly.map((id) => `right ${id}`),
  ]
}

function matched(left: readonly MatchRecord[], right: readonly MatchRecord[]): string[] {
  return lines(matchRecords(left, right))
}

const at = (minutes: number, changes: Partial<MatchRecord> = {}): Partial<MatchRecord> => ({
  start: NOON + minutes * MINUTE,
  end: NOON + (minutes + 60) * MINUTE,
  ...changes,
})

test('an id in common is enough, whatever else differs, the strongest id first', () => {
  for (const [tier, key] of [
    [0, { cdrId: 'C1' }],
    [1, { sessionId: 'S1' }],
    [2, { reference: 'R1' }],
    [3, { meter: { id: 'M1', startMwh: 5n, stopMwh: 9n } }],
  ] as const) {
    const left = [recordOf('a', key)]
    const other = recordOf('x', {
      ...at(600),
      ...key,
      tokenUid: 'OTHER',
      energyMwh: 1n,
      evse: null,
    })
    assert.equal(matched(left, [other]), [`one a = x tier ${tier} confirmed`])
  }
  assert.equal(
    matched(
      [recordOf('a', { cdrId: 'C1', sessionId: 'S2' })],
      [recordOf('x', { sessionId: 'S2' }), recordOf('y', { cdrId: 'C1', ...at(500) })],
    ),
    ['one a = y tier 0 confirmed', 'right x'],
  )
})

test('ids of other operators, and credits, are other ids', () => {
  const left = [recordOf('a', { sessionId: 'S1' })]
  assert.equal(matched(left, [recordOf('x', { sessionId: 'S1', cpo: 'BE-AAA' })]), [
    'left a',
    'right x',
  ])
  assert.equal(matched(left, [recordOf('x', { sessionId: 'S1', isCredit: true })]), [
    'left a',
    'right x',
  ])
  assert.equal(matched(left, [recordOf('x', { sessionId: 'S1', cpo: null })]), [
    'one a = x tier 1 confirmed',
  ])
})

test('without ids token, EVSE and start decide; with the location alone the overlap', () => {
  assert.equal(matched([recordOf('a')], [recordOf('x', at(2))]), ['one a = x tier 4 confirmed'])
  assert.equal(matched([recordOf('a')], [recordOf('x', { evse: null })]), [
    'one a = x tier 5 confirmed',
  ])
  assert.equal(matched([recordOf('a')], [recordOf('x', at(30, { evse: null, energyMwh: 1n }))]), [
    'left a',
    'right x',
  ])
  assert.equal(matched([recordOf('a')], [recordOf('x', { evse: 'NLTNME2' })]), [
    'left a',
    'right x',
  ])
  assert.equal(matched([recordOf('a')], [recordOf('x', at(12, { energyMwh: 3n * KWH }))]), [
    'one a = x tier 4 suggested',
  ])
})

test('a wrong amount does not hide a session', () => {
  const wrong = { energyMwh: 17n * KWH, moneyMicros: 9_000_000n }
  assert.equal(matched([recordOf('a')], [recordOf('x', wrong)]), ['one a = x tier 4 confirmed'])
})

test('without a token there is a suggestion at most', () => {
  assert.equal(matched([recordOf('a')], [recordOf('x', { tokenUid: null })]), [
    'one a = x tier 6 suggested',
  ])
})

test('two that fit equally well are ambiguous, also by id, and never confirmed', () => {
  assert.equal(matched([recordOf('a')], [recordOf('x'), recordOf('y')]), [
    'ambiguous a = x+y tier 4',
  ])
  assert.equal(
    matched(
      [recordOf('a', { sessionId: 'S1' })],
      [recordOf('x', { sessionId: 'S1' }), recordOf('y', { sessionId: 'S1' })],
    ),
    ['ambiguous a = x+y tier 1'],
  )
  // A better key behind a doubtful one settles it.
  assert.equal(
    matched(
      [recordOf('a', { sessionId: 'S1', reference: 'R1' })],
      [recordOf('x', { sessionId: 'S1' }), recordOf('y', { sessionId: 'S1', reference: 'R1' })],
    ),
    ['one a = y tier 2 confirmed', 'right x'],
  )
})

test('the pairs that are best together win, not the best single pair', () => {
  const left = [recordOf('a', at(0)), recordOf('b', at(10))]
  const right = [recordOf('x', at(1)), recordOf('y', at(11))]
  assert.equal(matched(left, right), ['one a = x tier 4 confirmed', 'one b = y tier 4 confirmed'])
})

test('a key that everybody has is none', () => {
  const many = Array.from({ length: 60 }, (_, index) =>
    recordOf(`a${index}`, { sessionId: '0', tokenUid: `T${index}` }),
  )
  const others = many.map((each) => ({ ...each, id: each.id.replace('a', 'x') }))
  const { matches } = matchRecords(many, others)
  assert.is(matches.filter(({ tier, state }) => tier === 4 && state === 'confirmed').length, 60)
})

test('one session in several records is recognised when the energies add up', () => {
  const part = (id: string, from: number, minutes: number, kwh: bigint): MatchRecord =>
    recordOf(id, {
      start: NOON + from * MINUTE,
      end: NOON + (from + minutes) * MINUTE,
      energyMwh: kwh * KWH,
      moneyMicros: (kwh * 5_500_000n) / 11n,
    })
  const parts = [part('x', 0, 25, 5n), part('y', 30, 30, 6n)]
  assert.equal(matched([recordOf('a')], parts), ['split a = x+y tier 4 confirmed'])
  assert.equal(matched(parts, [recordOf('a')]), ['merged x+y = a tier 4 confirmed'])
  const [first, second] = parts.map((each) => ({ ...each, sessionId: 'S1' }))
  assert.ok(first && second)
  assert.equal(matched([recordOf('a', { sessionId: 'S1' })], [first, second]), [
    'split a = x+y tier 1 confirmed',
  ])
  const short = [part('x', 0, 25, 5n), part('y', 30, 30, 3n)]
  assert.not.ok(matched([recordOf('a')], short).some((line) => line.startsWith('split')))
})

test('local time written as UTC is found, with by how much', () => {
  assert.equal(matched([recordOf('a')], [recordOf('x', at(120))]), [
    'one a = x tier 4 confirmed shift 120',
  ])
  assert.equal(
    matched([recordOf('a', { sessionId: 'S' })], [recordOf('x', at(-330, { sessionId: 'S' }))]),
    ['one a = x tier 1 confirmed shift -330'],
  )
  assert.equal(matched([recordOf('a')], [recordOf('x', at(120, { energyMwh: 12n * KWH }))]), [
    'left a',
    'right x',
  ])
})

test('more competitors than the exact method takes are still decided, or said to be unclear', () => {
  const left = Array.from({ length: 120 }, (_, index) => recordOf(`a${index}`, at(index / 10)))
  const { matches, ambiguous, leftOnly } = matchRecords(left, [recordOf('x')])
  assert.is(matches.length + leftOnly.length, 0)
  assert.is(ambiguous[0]?.left.length, 120)
})

test('keys are folded', () => {
  assert.is(idKey(' abc '), 'ABC')
  assert.is(idKey(' '), null)
  assert.is(evseKey('nl*tnm*e1'), 'NLTNME1')
  assert.is(contractKey('DE-8AA-CA2B3C4D5-N'), contractKey('de8aaca2b3c4d5'))
  assert.is(contractKey(undefined), null)
})

test.run()
