import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CdrRow } from '../../src/hub/cdrs/clear-facts.ts'
import { planTransition } from '../../src/hub/cdrs/clear-plan.ts'
import { canHold, nextPart, planParts, stateAfter } from '../../src/hub/cdrs/parts.ts'
import type { PartChange } from '../../src/hub/cdrs/parts.ts'
import type { Transition } from '../../src/hub/cdrs/transition.ts'
import { after, approved, at, judged, provisional, received } from '../helpers/cdr-rows.ts'

const parts = suite('parts of a CDR')

const hold = (part: number, net: bigint, tax = 0n): PartChange => ({
  kind: 'hold',
  dispute: 7n,
  part,
  netMicros: net,
  taxMicros: tax,
})
const end = (part: number, net: bigint, restTo: 'due' | 'part0' = 'due'): PartChange => ({
  kind: 'end',
  part,
  upheldNet: net,
  upheldTax: 0n,
  restTo,
})
const plan = (row: CdrRow, changes: PartChange[], approve = false): Transition =>
  planParts(row, { changes, approve, state: 'contested', reasonCode: 'test' })
const moved = (transition: Transition): unknown[] =>
  transition.group?.transfers.map(({ kind, debit, amountMicros }) => [kind, debit, amountMicros]) ??
  []

const PROV = 'obl:DE-EMA>NL-TNM:prov'
const DISP = 'obl:DE-EMA>NL-TNM:disp'
const DUE = 'obl:DE-EMA>NL-TNM:due'

parts('a dispute takes its amount out of the provisional part 0, whose clock goes on', () => {
  const one = plan(provisional, [hold(1, 1_000_000n, 200_000n)])
  assert.equal([one.partNet, one.partTax, one.booked?.book], [2_000_000n, 400_000n, 'provisional'])
  assert.equal(one.contestUntil, provisional.contest_until)
  assert.equal(one.parts[0]?.cycle_id, 'EUR-1')
})

parts('a dispute of what is due turns the posting back in its cycle, until that is final', () => {
  const one = plan(approved, [hold(1, 1_000_000n)])
  assert.equal(moved(one), [
    ['pending', DISP, 1_000_000n],
    ['pending', DISP, 0n],
    ['posted', 'pos:NL-TNM:EUR-1', 1_000_000n],
    ['posted', DUE, 0n],
  ])
  const final = { ...approved, cycle_final: true }
  assert.not(canHold(final))
  assert.throws(() => plan(final, [hold(1, 1n)]), /nothing is held of what is netted/)
})

parts('what was netted is taken off in the open cycle', () => {
  const final = { ...approved, state: 'netted' as const, cycle_final: true }
  const taken = planParts(final, {
    changes: [
      {
        kind: 'adjust',
        dispute: 7n,
        part: 1,
        netMicros: 1_000_000n,
        taxMicros: 200_000n,
        cycleId: 'EUR-9',
      },
    ],
    state: 'approved',
    reasonCode: 'test',
  })
  assert.equal(moved(taken), [
    ['posted', 'pos:NL-TNM:EUR-9', 1_000_000n],
    ['posted', 'pos:NL-TNM:EUR-9', 200_000n],
  ])
  assert.equal([taken.partNet, taken.parts[0]?.net_micros], [3_000_000n, -1_000_000n])
  assert.is(taken.cycleId, 'EUR-1')
})

parts('an end in part: the rest is due, and part 0 with it once nothing else is disputed', () => {
  const row = after(plan(provisional, [hold(1, 1_000_000n)]))
  const one = plan(row, [end(1, 400_000n)], true)
  assert.equal([one.booked?.book, one.contestUntil], ['due', null])
  assert.equal([one.parts[0]?.book, one.parts[0]?.net_micros], ['due', 600_000n])
  assert.equal(moved(one), [
    ['posted', DUE, 2_000_000n],
    ['posted', DUE, 600_000n],
    ['posted', DUE, 600_000n],
    ['posted', DUE, 0n],
    ['void', PROV, 2_000_000n],
    ['void', PROV, 600_000n],
    ['void', DISP, 1_000_000n],
    ['void', DISP, 0n],
  ])
})

parts('all of it upheld leaves nothing of the part, all of the claim nothing of the CDR', () => {
  const row = after(plan(provisional, [hold(1, 3_000_000n, 600_000n)]))
  const changes: PartChange[] = [
    { kind: 'end', part: 1, upheldNet: 3_000_000n, upheldTax: 600_000n, restTo: 'due' },
  ]
  const one = plan(row, changes, true)
  assert.equal([one.parts[0]?.book, one.partNet], ['ended', 0n])
  assert.is(stateAfter(row, { changes, approve: true, drafts: 0, undecided: 0 }), 'withdrawn')
  assert.is(stateAfter(row, { changes, approve: true, drafts: 0, undecided: 1 }), 'contested')
})

parts(
  'a withdrawn dispute gives back to part 0 while that is provisional, else its part is due',
  () => {
    const open = after(plan(provisional, [hold(1, 1_000_000n)]))
    const back = plan(open, [end(1, 0n, 'part0')])
    assert.equal([back.partNet, back.parts[0]?.book], [3_000_000n, 'ended'])
    const due = after(plan(approved, [hold(1, 1_000_000n)]))
    const kept = plan(due, [end(1, 0n, 'part0')])
    assert.equal([kept.partNet, kept.parts[0]?.book], [2_000_000n, 'due'])
  },
)

parts('the state follows the disputes, then the money', () => {
  const state = (row: CdrRow, drafts: number, undecided: number): string =>
    stateAfter(row, { changes: [], drafts, undecided })
  assert.is(state(provisional, 1, 1), 'held')
  assert.is(state(provisional, 0, 1), 'contested')
  assert.is(state(provisional, 0, 0), 'provisional')
  assert.is(state(approved, 0, 0), 'approved')
  assert.is(state({ ...approved, cycle_final: true }, 0, 0), 'netted')
  const free = { ...provisional, net_micros: 0n, tax_micros: 0n }
  assert.is(state(free, 0, 0), 'provisional')
})

parts('more than there is breaks an assertion', () => {
  assert.throws(() => plan(provisional, [hold(1, 3_000_001n)]), /more would be held/)
  const row = after(plan(provisional, [hold(1, 1_000_000n)]))
  assert.throws(() => plan(row, [end(1, 1_000_001n)]), /more would be upheld/)
  assert.throws(() => plan(row, [end(2, 0n)]), /part 2/)
  assert.throws(() => plan(row, [hold(1, 1n)]), /a part is new/)
})

/** A random life of disputes of one CDR. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('hold' as const), share: fc.nat(100) }),
    fc.record({ kind: fc.constant('approve' as const) }),
    fc.record({
      kind: fc.constant('end' as const),
      pick: fc.nat(10),
      share: fc.nat(100),
      restTo: fc.constantFrom('due' as const, 'part0' as const),
    }),
  ),
  { maxLength: 12 },
)

const all = (row: CdrRow): { net: bigint; tax: bigint } =>
  row.parts
    .filter(({ book }) => book !== 'ended')
    .reduce((sum, part) => ({ net: sum.net + part.net_micros, tax: sum.tax + part.tax_micros }), {
      net: row.part_net ?? row.net_micros ?? 0n,
      tax: row.part_tax ?? row.tax_micros ?? 0n,
    })

parts('whatever happens, the parts and what was upheld are the claim, and so is the ledger', () => {
  fc.assert(
    fc.property(steps, fc.bigInt(0n, 10_000_000n), fc.bigInt(0n, 2_000_000n), (life, net, tax) => {
      let row: CdrRow = { ...provisional, net_micros: net, tax_micros: tax }
      const upheld = { net: 0n, tax: 0n }
      const books = new Map<string, bigint>([
        [PROV, net + tax],
        [DISP, 0n],
        [DUE, 0n],
      ])
      for (const step of life) {
        const held = row.parts.filter(({ book }) => book === 'held')
        let changes: PartChange[] = []
        if (step.kind === 'hold') {
          const share = (of: bigint): bigint => (of * BigInt(step.share)) / 100n
          const free = { net: row.part_net ?? net, tax: row.part_tax ?? tax }
          changes = [hold(nextPart(row), share(free.net), share(free.tax))]
        } else if (step.kind === 'end') {
          const part = held[step.pick % Math.max(held.length, 1)]
          if (!part) continue
          const share = (of: bigint): bigint => (of * BigInt(step.share)) / 100n
          const [upheldNet, upheldTax] = [share(part.net_micros), share(part.tax_micros)]
          upheld.net += upheldNet
          upheld.tax += upheldTax
          changes = [{ kind: 'end', part: part.part, upheldNet, upheldTax, restTo: step.restTo }]
        }
        const transition = plan(row, changes, step.kind === 'approve')
        for (const { kind, debit, credit, amountMicros } of transition.group?.transfers ?? []) {
          const isOwed = debit.startsWith('obl:')
          const account = isOwed ? debit : credit
          const sign = (kind === 'void' ? -1n : 1n) * (isOwed ? 1n : -1n)
          books.set(account, (books.get(account) ?? 0n) + sign * amountMicros)
        }
        row = after(transition)
        const sum = all(row)
        assert.equal([sum.net + upheld.net, sum.tax + upheld.tax], [net, tax])
        const held2 = row.parts.filter(({ book }) => book === 'held')
        const pending = held2.reduce((total, part) => total + part.net_micros + part.tax_micros, 0n)
        const own = (row.part_net ?? net) + (row.part_tax ?? tax)
        assert.is(books.get(DISP), pending)
        assert.is(books.get(PROV), row.booked?.book === 'provisional' ? own : 0n)
        assert.is((books.get(DUE) ?? 0n) + (books.get(PROV) ?? 0n) + pending, sum.net + sum.tax)
      }
    }),
    { numRuns: 300 },
  )
})

parts('what was decided meanwhile is not held again: all means what is left', () => {
  const atRisk = { net: '1', tax: '0.2' }
  const hold1 = { verdict: 'hold', code: 'P1' } as const
  const input = { now: at, openCycle: 'EUR-2' }
  const held = planTransition(judged(received, { ...hold1, atRisk }), input)
  assert.ok(held)
  if (held === null) return
  // The other 2.00 were disputed too, and upheld.
  const row = { ...after(held), part_net: 0n, part_tax: 0n }
  for (const more of ['all', { net: '3', tax: '0.6' }] as const)
    assert.is(planTransition(judged(row, { ...hold1, atRisk: more }), input), null)
  const other = planTransition(judged(row, { ...hold1, code: 'Q1', atRisk: 'all' }), input)
  assert.equal([other?.partNet, other?.partTax], [0n, 0n])
  assert.equal([other?.parts[1]?.net_micros, other?.parts[1]?.tax_micros], [1_000_000n, 200_000n])
})

parts.run()
