import { assert, present } from '../../assert.ts'
import { restingState } from '../../clearing/states.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { CdrRow } from './clear-facts.ts'
import { standing0, transit } from './transition.ts'
import type { Part0, PartWrite, Transition } from './transition.ts'

/**
 * What a dispute does to the parts of a CDR. Amounts in micro-units, never negative.
 *
 * hold: the amount leaves part 0 and is held as part `part` (nextPart) by the dispute. Part 0 may be provisional, or due
 * in a cycle that is not final (canHold): then it goes back from what is due, in the same cycle.
 * end: the held part `part` is over. What was upheld of it is gone; the rest becomes due in the part's own cycle
 * (restTo 'due'), or joins part 0 again (restTo 'part0', when that is still provisional; else it becomes due as well).
 * adjust: nothing could be held any more; the upheld amount is taken off in the open cycle `cycleId`, as part `part`.
 */
export type PartChange =
  | { kind: 'hold'; dispute: bigint; part: number; netMicros: bigint; taxMicros: bigint }
  | {
      kind: 'end'
      part: number
      upheldNet: bigint
      upheldTax: bigint
      restTo: 'due' | 'part0'
    }
  | {
      kind: 'adjust'
      dispute: bigint
      part: number
      netMicros: bigint
      taxMicros: bigint
      cycleId: string
    }

/**
 * Plans what disputes do to the parts of one CDR, in the order of the changes. `state`: the CDR's state afterwards, see
 * stateAfter. `approve`: part 0, if provisional, becomes due with it (its dispute is decided, so the rest stands).
 * `via`: CDR states passed in the same moment. Without changes only the state, and approval, move.
 *
 * The row is one of readCdrRows under lock, after holdCycles of its currency. The disputes' rows are the caller's to
 * write, before writeTransitions. Pure; an amount that is not there, or a part that is not held, breaks an assertion.
 */
export function planParts(
  row: CdrRow,
  input: {
    changes: readonly PartChange[]
    state: CdrState
    reasonCode: string
    approve?: boolean
    via?: readonly string[]
  },
): Transition {
  const { part0, parts } = applyChanges(row, input)
  return transit(row, {
    state: input.state,
    reasonCode: input.reasonCode,
    via: input.via ?? [],
    part0,
    parts,
    contestUntil: part0?.book === 'provisional' ? row.contest_until : null,
  })
}

/**
 * The state of a CDR after these changes, when `drafts` disputes of it will be drafts and `undecided` others will be
 * undecided (isUndecided, without drafts; those that only await documents do not count).
 */
export function stateAfter(
  row: CdrRow,
  input: {
    changes: readonly PartChange[]
    approve?: boolean
    drafts: number
    undecided: number
  },
): CdrState {
  const { part0, parts } = applyChanges(row, input)
  const changed = new Map(parts.map((part) => [part.part, part]))
  const all = [
    ...row.parts.filter(({ part }) => !changed.has(part)),
    ...parts.map((part) => ({ ...part, cycle_final: isFinalStill(row, part) })),
  ].filter(({ book }) => book !== 'ended')
  const left = all.reduce(
    (sum, part) => sum + part.net_micros + part.tax_micros,
    (part0?.netMicros ?? 0n) + (part0?.taxMicros ?? 0n),
  )
  return restingState({
    drafts: input.drafts,
    undecided: input.undecided,
    book: part0?.book ?? null,
    isGone: left === 0n && claimed(row) !== 0n,
    isNetted: row.cycle_final && all.every(({ cycle_final: isFinal }) => isFinal),
  })
}

/** True when an amount of part 0 can still be held: it is booked, and not in a cycle that is final. */
export function canHold(row: CdrRow): boolean {
  return row.booked !== null && !(row.booked.book === 'due' && row.cycle_final)
}

/** The number of the next part of a CDR. */
export function nextPart(row: CdrRow): number {
  return 1 + row.parts.reduce((most, { part }) => Math.max(most, part), 0)
}

type Parted = { part0: Part0; parts: PartWrite[] }

function applyChanges(
  row: CdrRow,
  input: { changes: readonly PartChange[]; approve?: boolean },
): Parted {
  let parted: Parted = { part0: standing0(row), parts: [] }
  for (const change of input.changes) parted = applyChange(row, { parted, change })
  const { part0 } = parted
  return input.approve === true && part0?.book === 'provisional'
    ? { ...parted, part0: { ...part0, book: 'due' } }
    : parted
}

function applyChange(row: CdrRow, step: { parted: Parted; change: PartChange }): Parted {
  const { parted, change } = step
  switch (change.kind) {
    case 'hold':
      return hold(row, { parted, change })
    case 'end':
      return end(row, { parted, change })
    case 'adjust':
      return adjust(row, { parted, change })
    default:
      return change satisfies never
  }
}

function hold(
  row: CdrRow,
  { parted, change }: { parted: Parted; change: PartChange & { kind: 'hold' } },
): Parted {
  const part0 = present(parted.part0, 'part 0 of a CDR that is disputed')
  const rest = {
    netMicros: part0.netMicros - change.netMicros,
    taxMicros: part0.taxMicros - change.taxMicros,
  }
  assert(canHold(row), 'nothing is held of what is netted')
  assert(change.netMicros >= 0n && change.taxMicros >= 0n, 'what is held is never negative')
  assert(rest.netMicros >= 0n && rest.taxMicros >= 0n, 'more would be held than is undisputed')
  assert(!parted.parts.concat(row.parts).some(({ part }) => part === change.part), 'a part is new')
  return {
    part0: { ...part0, ...rest },
    parts: [
      ...parted.parts,
      {
        ...blank(row, { ...change, cycleId: part0.cycleId }),
        kind: 'disputed',
        book: 'held',
      },
    ],
  }
}

function end(
  row: CdrRow,
  { parted, change }: { parted: Parted; change: PartChange & { kind: 'end' } },
): Parted {
  const held = present(
    [...parted.parts, ...row.parts].find(({ part }) => part === change.part),
    `part ${change.part}`,
  )
  assert(held.book === 'held', 'only a part that is held can end')
  const net = held.net_micros - change.upheldNet
  const tax = held.tax_micros - change.upheldTax
  assert(change.upheldNet >= 0n && change.upheldTax >= 0n, 'what is upheld is never negative')
  assert(net >= 0n && tax >= 0n, 'more would be upheld than is disputed')
  const { part0 } = parted
  const others = parted.parts.filter(({ part }) => part !== change.part)
  const joins = change.restTo === 'part0' && part0?.book === 'provisional'
  if (joins || (net === 0n && tax === 0n)) {
    const ended = { ...held, book: 'ended' as const, leg: null }
    return {
      part0: joins
        ? { ...part0, netMicros: part0.netMicros + net, taxMicros: part0.taxMicros + tax }
        : part0,
      parts: [...others, ended],
    }
  }
  const due = { ...held, book: 'due' as const, net_micros: net, tax_micros: tax, leg: null }
  return { part0, parts: [...others, due] }
}

function adjust(
  row: CdrRow,
  { parted, change }: { parted: Parted; change: PartChange & { kind: 'adjust' } },
): Parted {
  assert(change.netMicros >= 0n && change.taxMicros >= 0n, 'what is upheld is never negative')
  const taken = { ...change, netMicros: -change.netMicros, taxMicros: -change.taxMicros }
  return {
    ...parted,
    parts: [...parted.parts, { ...blank(row, taken), kind: 'adjustment', book: 'due' }],
  }
}

function blank(
  row: CdrRow,
  part: {
    part: number
    dispute: bigint
    netMicros: bigint
    taxMicros: bigint
    cycleId: string
  },
): Omit<PartWrite, 'kind' | 'book'> {
  return {
    part: part.part,
    dispute_id: part.dispute,
    net_micros: part.netMicros,
    tax_micros: part.taxMicros,
    tax_known: row.tax_known,
    epoch: row.epoch + 1,
    cycle_id: part.cycleId,
    leg: null,
  }
}

function isFinalStill(row: CdrRow, part: PartWrite): boolean {
  return row.parts.some((one) => one.part === part.part && one.cycle_final)
}

function claimed(row: CdrRow): bigint {
  return (row.net_micros ?? 0n) + (row.tax_micros ?? 0n)
}
