import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CdrRow } from '../../src/hub/cdrs/clear-facts.ts'
import { planCredit, planDeemed, planTransition, planVerb } from '../../src/hub/cdrs/clear-plan.ts'
import type { Transition } from '../../src/hub/cdrs/transition.ts'
import { after, approved, at, judged, provisional, received } from '../helpers/cdr-rows.ts'

const plan = suite('clearing plan')

const open = { now: at, openCycle: 'EUR-2' }

/** Of a transition that must be there. */
function planned(transition: Transition | null): Transition {
  if (!transition) throw new Error('no transition')
  return transition
}

const held = (net: string): Transition =>
  planned(
    planTransition(
      judged(received, { verdict: 'hold', code: 'P1', atRisk: { net, tax: '0.2' } }),
      open,
    ),
  )

plan('a sound CDR is one part, whatever it passes on its way is said', () => {
  const clear = planned(planTransition(judged(received, {}), open))
  assert.equal([clear.state, clear.via], ['provisional', ['valid', 'matched', 'priced']])
  assert.equal([clear.partNet, clear.partTax, clear.parts, clear.drafts], [null, null, [], []])
  assert.equal(clear.contestUntil, new Date('2026-04-01T12:06:00Z'))
})

plan(
  'only what is at risk is held, by a draft, and the rest runs through its contest period',
  () => {
    const one = held('1')
    assert.is(one.state, 'held')
    assert.equal([one.netMicros, one.partNet, one.partTax], [3_000_000n, 2_000_000n, 400_000n])
    assert.is(one.booked?.book, 'provisional')
    assert.equal(one.contestUntil, new Date('2026-04-01T12:06:00Z'))
    const [part] = one.parts
    assert.equal(
      [part?.part, part?.book, part?.net_micros, part?.leg],
      [1, 'held', 1_000_000n, 'cdr:NL-TNM/a:epoch:1#3'],
    )
    const [draft] = one.drafts
    assert.equal(
      [draft?.code, draft?.netMicros, draft?.taxMicros, draft?.days, draft?.isProven],
      ['P1', 1_000_000n, 200_000n, 3, false],
    )
    assert.equal(
      one.group?.transfers.map(({ kind, debit, amountMicros }) => [kind, debit, amountMicros]),
      [
        ['pending', 'obl:DE-EMA>NL-TNM:prov', 2_000_000n],
        ['pending', 'obl:DE-EMA>NL-TNM:prov', 400_000n],
        ['pending', 'obl:DE-EMA>NL-TNM:disp', 1_000_000n],
        ['pending', 'obl:DE-EMA>NL-TNM:disp', 200_000n],
      ],
    )
  },
)

plan('everything at risk leaves nothing in part 0, and more than the claim is never held', () => {
  for (const atRisk of ['all', { net: '99', tax: null }] as const) {
    const one = planTransition(judged(received, { verdict: 'hold', code: 'D2', atRisk }), open)
    assert.equal([one?.partNet, one?.partTax], [0n, 0n])
    assert.equal([one?.parts[0]?.net_micros, one?.parts[0]?.tax_micros], [3_000_000n, 600_000n])
    assert.equal([one?.drafts[0]?.isProven, one?.drafts[0]?.days], [true, 10])
  }
})

plan('without a contest period the sound part is due at once and the rest is held', () => {
  const one = planned(
    planTransition(
      judged(received, {
        verdict: 'hold',
        code: 'P1',
        atRisk: { net: '1', tax: '0.2' },
        contestDays: 0,
      }),
      open,
    ),
  )
  assert.equal([one.state, one.booked?.book, one.booked?.cycleId], ['held', 'due', 'EUR-2'])
  const clear = planTransition(judged(received, { contestDays: 0 }), open)
  assert.equal([clear?.state, clear?.reasonCode], ['approved', 'no contest period'])
  assert.equal(clear?.via, ['valid', 'matched', 'priced', 'provisional'])
})

plan(
  'the same finding changes nothing, another amount moves the part and keeps the dispute',
  () => {
    const row = after(held('1'))
    const again = { verdict: 'hold', code: 'P1' } as const
    assert.is(
      planTransition(judged(row, { ...again, atRisk: { net: '1', tax: '0.2' } }), open),
      null,
    )
    const more = planned(
      planTransition(judged(row, { ...again, atRisk: { net: '2', tax: '0.4' } }), open),
    )
    assert.equal([more.state, more.partNet, more.drafts.length], ['held', 1_000_000n, 0])
    assert.equal([more.parts[0]?.part, more.parts[0]?.net_micros], [1, 2_000_000n])
    assert.equal(
      more.ends.map(({ kind, disputes, netMicros }) => [kind, disputes, netMicros]),
      [['adjusted', [7n], 2_000_000n]],
    )
    assert.equal(more.contestUntil, row.contest_until)
  },
)

plan('another finding ends the draft and opens a new one as a new part', () => {
  const row = after(held('1'))
  const other = planned(
    planTransition(
      judged(row, { verdict: 'hold', code: 'Q1', atRisk: { net: '2', tax: '0' } }),
      open,
    ),
  )
  assert.equal(
    other.parts.map(({ part, book, net_micros: net }) => [part, book, net]),
    [
      [1, 'ended', 1_000_000n],
      [2, 'held', 2_000_000n],
    ],
  )
  assert.equal(other.partNet, 1_000_000n)
  assert.equal(
    other.ends.map(({ kind }) => kind),
    ['cleared'],
  )
})

plan('a finding that is gone gives its amount back to part 0', () => {
  const row = after(held('1'))
  const clear = planned(planTransition(judged(row, {}), open))
  assert.equal([clear.state, clear.partNet, clear.partTax], ['provisional', 3_000_000n, 600_000n])
  assert.equal([clear.parts[0]?.book, clear.ends[0]?.kind], ['ended', 'cleared'])
  assert.equal(clear.contestUntil, row.contest_until)
})

plan(
  'once the clock approved the sound part, a finding can only go away, and its part is due',
  () => {
    const row = after(planDeemed(after(held('1'))))
    assert.equal([row.state, row.booked?.book], ['held', 'due'])
    const more = { verdict: 'hold', code: 'P1', atRisk: 'all' } as const
    assert.is(planTransition(judged(row, more), open), null)
    assert.is(planTransition(judged(row, { verdict: 'quarantine', code: 'V3' }), open), null)
    const clear = planned(planTransition(judged(row, {}), open))
    assert.equal([clear.state, clear.partNet], ['approved', 2_000_000n])
    assert.equal([clear.parts[0]?.book, clear.parts[0]?.cycle_id], ['due', 'EUR-2'])
  },
)

plan('a quarantine gives everything back and clears the drafts', () => {
  const row = after(held('1'))
  const out = planned(planTransition(judged(row, { verdict: 'quarantine', code: 'V3' }), open))
  assert.equal([out.state, out.booked, out.cycleId], ['quarantined', null, null])
  assert.equal([out.parts[0]?.book, out.ends[0]?.kind], ['ended', 'cleared'])
  assert.ok(out.group?.transfers.every(({ kind }) => kind === 'void'))
  assert.is(out.group?.transfers.length, 4)
})

plan('a CDR that was held as a whole, as it was once, is split by the next judgement', () => {
  const whole: CdrRow = {
    ...provisional,
    state: 'held',
    booked: { book: 'held', epoch: 1, cycleId: null, leg: 'cdr:NL-TNM/a:held:1#1' },
    contest_until: null,
  }
  const atRisk = { net: '1', tax: '0.2' }
  const split = planned(
    planTransition(judged(whole, { verdict: 'hold', code: 'P1', atRisk }), open),
  )
  assert.equal(
    [split.state, split.booked?.book, split.partNet],
    ['held', 'provisional', 2_000_000n],
  )
  assert.equal(split.group?.transfers.map(({ kind, pendingId }) => [kind, pendingId]).slice(4), [
    ['void', 'cdr:NL-TNM/a:held:1#1'],
    ['void', 'cdr:NL-TNM/a:held:1#2'],
  ])
})

plan('what parties dispute is not judged again', () => {
  const row = after(held('1'))
  const disputed: CdrRow = {
    ...row,
    parts: row.parts.map((part) => ({ ...part, dispute_state: 'open' })),
  }
  assert.is(planTransition(judged(disputed, {}), open), null)
})

plan(
  'a release lets all of it run, an approval makes all of it due, a return gives it back',
  () => {
    const row = after(held('1'))
    const verb = (one: 'approve' | 'release' | 'return'): Transition =>
      planVerb(row, { verb: one, reasonCode: one, contestUntil: null })
    const [release, approve, given] = [verb('release'), verb('approve'), verb('return')]
    assert.equal([release.state, release.partNet], ['provisional', 3_000_000n])
    assert.equal(
      [approve.state, approve.partNet, approve.booked?.book],
      ['approved', 3_000_000n, 'due'],
    )
    assert.equal([given.state, given.booked], ['withdrawn', null])
    assert.equal(
      [release, approve, given].map(({ ends }) => ends.map(({ kind }) => kind)),
      [['withdrawn'], ['withdrawn'], ['returned']],
    )
  },
)

const credit: CdrRow = {
  ...received,
  id: 2n,
  cdr_key: 'c',
  cdr_id: 'C',
  is_credit: true,
  original_key: 'a',
}
/** The same credit held before, with its claim pending. */
const heldCredit: CdrRow = {
  ...credit,
  state: 'held',
  epoch: 1,
  cycle_id: 'EUR-2',
  net_micros: -3_000_000n,
  tax_micros: -600_000n,
  tax_known: true,
  booked: { book: 'held', epoch: 1, cycleId: null, leg: 'cdr:NL-TNM/c:epoch:1#1' },
}

plan('the line of a credit is what was booked: the exact opposite of its approved original', () => {
  const [, own] = planCredit(judged(credit, { net: '-1', of: approved }), { openCycle: 'EUR-2' })
  assert.equal([own.netMicros, own.taxMicros, own.taxKnown], [-3_000_000n, -600_000n, true])
  assert.equal(
    own.group?.transfers.map(({ amountMicros }) => amountMicros),
    [3_000_000n, 600_000n],
  )
})

plan('a credit reverses what is due of all parts and gives back what is held', () => {
  const row = after(planDeemed(after(held('1'))))
  const [ended, own] = planCredit(judged(credit, { net: '-3', of: row }), { openCycle: 'EUR-2' })
  assert.equal([ended.state, ended.parts[0]?.book], ['credited', 'ended'])
  assert.equal(ended.creditedBy, { creditId: 2n, dueDays: 30 })
  assert.equal([own.netMicros, own.partNet, own.partTax], [-3_000_000n, -2_000_000n, -400_000n])
  assert.equal(
    own.group?.transfers.map(({ kind, amountMicros }) => [kind, amountMicros]),
    [
      ['posted', 2_000_000n],
      ['posted', 400_000n],
    ],
  )
})

plan('a credit of what is only pending has no line, and neither has its original', () => {
  const [ended, own] = planCredit(judged(credit, { net: '-3', of: provisional }), {
    openCycle: 'EUR-2',
  })
  assert.equal([ended.booked, own.booked, own.group], [null, null, null])
})

plan('a credit that waits for too long is held with its negative claim pending, as a whole', () => {
  const one = judged(credit, { verdict: 'hold', net: '-3', atRisk: 'all' })
  const waiting = planTransition(one, open)
  assert.equal(
    [waiting?.state, waiting?.booked?.book, waiting?.netMicros, waiting?.drafts],
    ['held', 'held', -3_000_000n, []],
  )
  const [net] = waiting?.group?.transfers ?? []
  assert.equal(
    [net?.debit, net?.credit, net?.amountMicros],
    ['pos:NL-TNM', 'obl:DE-EMA>NL-TNM:disp', 3_000_000n],
  )
})

plan('a credit without its original is an orphan until that comes', () => {
  const waiting = planTransition(judged(credit, { verdict: 'wait', net: '-3' }), open)
  assert.equal([waiting?.state, waiting?.via], ['orphan_credit', ['valid']])
})

for (const state of ['approved', 'withdrawn'] as const) {
  plan(`a held credit of an original that is ${state} gives its own pending claim back`, () => {
    const of = state === 'approved' ? approved : { ...approved, state, booked: null }
    const [, own] = planCredit(judged(heldCredit, { net: '-3', of }), { openCycle: 'EUR-2' })
    const voids = own.group?.transfers.filter(({ kind }) => kind === 'void') ?? []
    assert.equal(
      voids.map(({ pendingId }) => pendingId),
      ['cdr:NL-TNM/c:epoch:1#1', 'cdr:NL-TNM/c:epoch:1#2'],
    )
  })
}

plan.run()
