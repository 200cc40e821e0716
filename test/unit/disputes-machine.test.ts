import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NOTHING } from '../../src/clearing/disputes/amounts.ts'
import type {
  DisputeState,
  DisputeVerb,
  OpenState,
  Side,
} from '../../src/clearing/disputes/machine.ts'
import { MACHINE, verbsOf } from '../../src/clearing/disputes/machine.ts'
import { done, refused, standAt, step, terms, units } from '../helpers/dispute-machine.ts'

const machine = suite('the machine of disputes')
const given = (net: number, tax: bigint | null = null) => ({ net: units(net).net, tax })
const offer = (net: number, by: Side) => ({ proposed: { amount: units(net), by } })

/** Every row that leads somewhere without amounts: state, side, verb → where to, days, what happens then. */
const rows: [OpenState, Side, DisputeVerb, string, number | 'keep' | null, DisputeVerb | null][] = [
  ['draft', 'emsp', 'contest', 'open', 14, 'uphold'],
  ['draft', 'hub', 'open', 'open', 14, 'uphold'],
  ['draft', 'operator', 'open', 'open', 14, 'uphold'],
  ['draft', 'hub', 'prove', 'draft', 10, 'resolve'],
  ['draft', 'hub', 'clear', 'withdrawn', null, null],
  ['draft', 'emsp', 'withdraw', 'withdrawn', null, null],
  ['draft', 'cpo', 'answer', 'denied', 10, 'close'],
  ['draft', 'cpo', 'accept', 'await_credit', 30, 'close'],
  ['draft', 'hub', 'credit', 'closed', null, null],
  ['open', 'emsp', 'contest', 'open', 'keep', null],
  ['open', 'cpo', 'review', 'in_review', 21, 'uphold'],
  ['open', 'cpo', 'answer', 'denied', 10, 'close'],
  ['open', 'cpo', 'accept', 'await_credit', 30, 'close'],
  ['open', 'hub', 'uphold', 'await_credit', 30, 'close'],
  ['open', 'hub', 'tolerate', 'auto_resolved', null, null],
  ['open', 'emsp', 'withdraw', 'withdrawn', null, null],
  ['open', 'operator', 'expire', 'expired', null, null],
  ['in_review', 'cpo', 'answer', 'denied', 10, 'close'],
  ['in_review', 'hub', 'uphold', 'await_credit', 30, 'close'],
  ['in_review', 'emsp', 'contest', 'in_review', 'keep', null],
  ['denied', 'emsp', 'accept', 'closed', null, null],
  ['denied', 'emsp', 'rebut', 'second_review', 14, 'uphold'],
  ['denied', 'hub', 'close', 'closed', null, null],
  ['denied', 'cpo', 'accept', 'await_credit', 30, 'close'],
  ['accepted_partial', 'emsp', 'rebut', 'second_review', 14, 'uphold'],
  ['second_review', 'cpo', 'answer', 'denied', 10, 'close'],
  ['second_review', 'hub', 'uphold', 'await_credit', 30, 'close'],
  ['proposed', 'operator', 'rule', 'await_credit', 30, 'close'],
  ['proposed', 'hub', 'accept', 'await_credit', 30, 'close'],
  ['proposed', 'emsp', 'reject', 'arbitration', 30, 'rule'],
  ['arbitration', 'hub', 'rule', 'await_credit', 30, 'close'],
  ['arbitration', 'cpo', 'accept', 'await_credit', 30, 'close'],
  ['await_credit', 'hub', 'credit', 'await_replacement', 30, 'close'],
  ['await_credit', 'hub', 'consume', 'closed', null, null],
  ['await_credit', 'hub', 'close', 'closed', null, null],
  ['await_replacement', 'hub', 'consume', 'closed', null, null],
]

machine('every row leads where the table says, with its clock', () => {
  for (const [state, side, verb, to, days, then] of rows) {
    const upheld = state.startsWith('await') ? units(6) : NOTHING
    const next = done(standAt(state, { ...offer(2, 'cpo'), upheld }), { verb, side })
    assert.is(next.state, to, `${state} ${side} ${verb}`)
    const clock = next.clock === 'keep' ? 'keep' : (next.clock?.days ?? null)
    assert.is(clock, days, `days of ${state} ${side} ${verb}`)
    if (next.clock !== 'keep') assert.is(next.clock?.verb ?? null, then)
  }
})

machine('each state has a clock, and its verb is possible for the hub', () => {
  for (const [state, { clock, steps }] of Object.entries(MACHINE)) {
    assert.ok(terms[clock.term] > 0)
    assert.ok(
      steps.some(({ verb, by }) => verb === clock.verb && by.includes('hub')),
      `${state}: ${clock.verb}`,
    )
  }
})

machine('silence of the CPO is an acceptance', () => {
  const next = done(standAt('open'), { verb: 'uphold', side: 'hub' })
  assert.equal(next.via, ['no_response', 'accepted_full'])
  assert.equal(next.decided, { upheld: units(6), rest: units(0) })
})

machine('a review has until 21 days after the opening', () => {
  const next = done(standAt('open'), { verb: 'review', side: 'cpo' })
  assert.equal(next.clock, { days: 21, from: 'opened', verb: 'uphold' })
})

machine('partial acceptance: the eMSP takes it, keeps silent, or says why not', () => {
  const part = done(standAt('open'), { verb: 'accept', side: 'cpo', amount: given(2) })
  assert.is(part.state, 'accepted_partial')
  assert.is(part.decided, null, 'nothing is decided yet')
  assert.equal(part.upheld, units(2))
  const stand = standAt('accepted_partial', { upheld: units(2) })
  for (const [verb, side] of [
    ['accept', 'emsp'],
    ['close', 'hub'],
  ] as const) {
    const next = done(stand, { verb, side })
    assert.is(next.state, 'await_credit')
    assert.equal(next.decided, { upheld: units(2), rest: units(4) })
  }
  const again = done(stand, { verb: 'rebut', side: 'emsp' })
  assert.is(again.round, 2)
  assert.equal(again.upheld, units(2), 'what is accepted stays accepted')
  const denied = done(standAt('denied', { upheld: units(2) }), { verb: 'close', side: 'hub' })
  assert.equal(denied.decided?.upheld, units(2))
})

machine('the CPO gives in later, never less than before', () => {
  const stand = standAt('accepted_partial', { upheld: units(2) })
  assert.is(
    done(stand, { verb: 'accept', side: 'cpo', amount: given(3) }).state,
    'accepted_partial',
  )
  assert.is(done(stand, { verb: 'accept', side: 'cpo' }).state, 'await_credit')
  assert.match(refused(stand, { verb: 'accept', side: 'cpo', amount: given(1) }), /2\.00 EUR/)
  assert.match(refused(stand, { verb: 'propose', side: 'emsp', amount: given(1) }), /at least/)
})

machine('after three rounds the hub offers what it found, else what the CPO offered last', () => {
  const stand = standAt('denied', { round: 3 })
  const own = done(stand, { verb: 'rebut', side: 'emsp', verdict: units(4) })
  assert.is(own.state, 'proposed')
  assert.equal(own.via, ['rebutted'])
  assert.equal(own.proposed, { amount: units(4), by: 'hub' })
  const offered = done({ ...stand, ...offer(1, 'cpo') }, { verb: 'rebut', side: 'emsp' })
  assert.equal(offered.proposed, { amount: units(1), by: 'hub' })
  const nothing = done(stand, { verb: 'rebut', side: 'emsp' })
  assert.equal(nothing.proposed, { amount: NOTHING, by: 'hub' })
  const end = done(standAt('proposed', { proposed: nothing.proposed }), {
    verb: 'accept',
    side: 'hub',
  })
  assert.is(end.state, 'closed')
  assert.is(end.outcome, 'denied')
})

machine('an offer of the hub needs both sides, or the clock', () => {
  const stand = standAt('proposed', offer(3, 'hub'))
  const half = done(stand, { verb: 'accept', side: 'cpo' })
  assert.is(half.state, 'proposed')
  assert.is(half.clock, 'keep')
  assert.is(half.acceptedBy, 'cpo')
  const both = done({ ...stand, acceptedBy: 'cpo' }, { verb: 'accept', side: 'emsp' })
  assert.equal(both.via, ['accepted'])
  assert.equal(both.decided, { upheld: units(3), rest: units(3) })
  assert.is(done(stand, { verb: 'accept', side: 'hub' }).state, 'await_credit')
})

machine('nobody accepts or rejects its own offer, nor offers for ever', () => {
  const stand = standAt('proposed', offer(3, 'cpo'))
  for (const verb of ['accept', 'reject'] as const)
    assert.match(refused(stand, { verb, side: 'cpo' }), /your own offer/)
  const counter = { verb: 'propose', side: 'emsp', amount: given(5) } as const
  assert.is(done(stand, counter).round, 2)
  assert.match(refused({ ...stand, round: 3 }, counter), /no further offers/)
})

machine('an own offer is replaced without a new round, also in the last one', () => {
  const again = { verb: 'propose', side: 'cpo', amount: given(4) } as const
  for (const round of [1, 3]) {
    const next = done(standAt('proposed', { ...offer(3, 'cpo'), round }), again)
    assert.equal([next.round, next.proposed], [round, offer(4, 'cpo').proposed])
    assert.equal(next.clock, { days: 10, from: 'now', verb: 'accept' })
  }
  assert.is(done(standAt('proposed', offer(3, 'operator')), again).round, 2)
})

machine('an amount that is named must be the one that will be booked', () => {
  const rows = [
    ['proposed', 'emsp', offer(3, 'cpo'), 3, /The offer on the table is 3\.00 EUR net and 0\.60/],
    ['proposed', 'cpo', offer(3, 'hub'), 3, /The offer on the table is 3\.00 EUR/],
    ['arbitration', 'cpo', offer(3, 'hub'), 6, /All that is disputed is 6\.00 EUR/],
    ['accepted_partial', 'emsp', { upheld: units(2) }, 2, /What was accepted is 2\.00 EUR/],
  ] as const
  for (const [state, side, more, net, words] of rows) {
    const accept = (amount: { net: bigint; tax: bigint | null }) =>
      step(standAt(state, more), { verb: 'accept', side, amount })
    for (const fits of [given(net), units(net)]) assert.ok(accept(fits).ok, state)
    for (const [wrong, pointer] of [
      [given(net - 1), '/amount/net'],
      [given(net, 1n), '/amount/tax'],
    ] as const) {
      const result = accept(wrong)
      assert.match(result.ok ? '' : result.message, words)
      assert.is(result.ok ? '' : result.pointer, pointer)
    }
  }
  const review = { verb: 'review', side: 'cpo', amount: given(1) } as const
  assert.match(refused(standAt('open'), review), /Leave the amount out/)
})

machine('all or nothing is no offer', () => {
  const offered = (side: Side, net: number): string =>
    refused(standAt('open'), { verb: 'propose', side, amount: given(net) })
  assert.match(offered('cpo', 6), /'accept'/)
  assert.match(offered('cpo', 0), /'answer'/)
  assert.match(offered('emsp', 6), /names less/)
  assert.match(offered('emsp', 0), /'withdraw'/)
  const hub = done(standAt('open'), { verb: 'propose', side: 'operator', amount: given(0) })
  assert.is(hub.state, 'proposed')
})

machine('a rejected offer goes to arbitration with what the hub finds right', () => {
  const stand = standAt('proposed', offer(3, 'cpo'))
  const next = done(stand, { verb: 'reject', side: 'emsp', verdict: units(5) })
  assert.equal(next.proposed, { amount: units(5), by: 'hub' })
  const kept = done(stand, { verb: 'reject', side: 'emsp' })
  assert.equal(kept.proposed, { amount: units(3), by: 'hub' }, 'no less than was offered')
  const ruled = done(standAt('arbitration', { proposed: next.proposed }), {
    verb: 'rule',
    side: 'hub',
  })
  assert.equal(ruled.via, ['ruled'])
  assert.equal(ruled.decided?.upheld, units(5))
  const byHand = done(standAt('arbitration', { proposed: next.proposed }), {
    verb: 'rule',
    side: 'operator',
    amount: given(0),
  })
  assert.is(byHand.outcome, 'denied')
})

machine('what opens a draft is told, and only that freezes evidence', () => {
  const opens = (verb: DisputeVerb, side: Side): boolean =>
    done(standAt('draft'), { verb, side }).isOpening
  assert.ok(opens('contest', 'emsp') && opens('open', 'hub') && opens('answer', 'cpo'))
  assert.ok(opens('resolve', 'hub') && opens('accept', 'cpo'))
  for (const verb of ['clear', 'tolerate', 'credit', 'prove'] as const)
    assert.not(opens(verb, 'hub'), verb)
  assert.equal(done(standAt('draft'), { verb: 'answer', side: 'cpo' }).via, ['open'])
  assert.not(done(standAt('open'), { verb: 'review', side: 'cpo' }).isOpening)
  assert.equal(done(standAt('draft'), { verb: 'contest', side: 'emsp' }).said, units(6))
  assert.is(done(standAt('open'), { verb: 'contest', side: 'emsp' }).said, null)
})

machine('a proof against the eMSP ends it as resolved, one for it waits for the credit', () => {
  const none = done(standAt('open'), { verb: 'resolve', side: 'hub', amount: given(0) })
  assert.is(none.state, 'auto_resolved')
  assert.is(none.outcome, 'denied')
  const part = done(standAt('draft'), { verb: 'resolve', side: 'hub', amount: given(2) })
  assert.is(part.state, 'await_credit')
  assert.equal(part.via, ['open', 'auto_resolved'])
  assert.equal(part.decided, { upheld: units(2), rest: units(4) })
})

machine('nothing can be done with what is closed', () => {
  const closed: DisputeState[] = ['closed', 'withdrawn', 'auto_resolved', 'expired']
  for (const state of closed) {
    assert.equal(verbsOf(state, 'emsp'), [])
    assert.match(refused(standAt(state), { verb: 'contest', side: 'emsp' }), /nothing can be done/)
  }
})

machine('a refusal says what is possible now and for whom', () => {
  const text = refused(standAt('open'), { verb: 'rebut', side: 'emsp' })
  assert.match(text, /open and waits for the CPO/)
  assert.match(text, /the eMSP can now contest, propose an amount or withdraw/)
  assert.match(text, /the CPO can review, accept, answer/)
  assert.not.match(text, /undefined|null/)
})

machine('a denial and a rebuttal need words', () => {
  for (const [state, verb, side] of [
    ['open', 'answer', 'cpo'],
    ['denied', 'rebut', 'emsp'],
  ] as const)
    assert.match(refused(standAt(state), { verb, side, text: '  ' }), /in words/)
})

machine('after the deadline nobody but the hub acts', () => {
  const late = standAt('open', { isOverdue: true })
  assert.match(refused(late, { verb: 'answer', side: 'cpo' }), /time for this is over/)
  assert.ok(step(late, { verb: 'uphold', side: 'hub' }).ok)
})

machine('amounts that do not fit are refused in words', () => {
  const accept = (amount: { net: bigint; tax: bigint | null }) =>
    refused(standAt('open'), { verb: 'accept', side: 'cpo', amount })
  assert.match(accept(given(7)), /7\.00 EUR net is more than the disputed amount of 6\.00 EUR/)
  assert.match(accept(given(3, 1_300_000n)), /1\.30 EUR of tax/)
  assert.match(accept(given(-1)), /never negative/)
  assert.match(accept(given(0)), /deny with 'answer'/)
  assert.match(refused(standAt('open'), { verb: 'propose', side: 'cpo' }), /names its amount/)
})

machine.run()
