import { assert, present } from '../../assert.ts'
import { nextState } from '../../clearing/states.ts'
import type { CdrState } from '../../clearing/states.ts'
import { approvedGroup, pendingGroup, reversalGroup, voidGroup } from '../../ledger/cdr-groups.ts'
import type { CdrClaim, OpenBooking } from '../../ledger/cdr-groups.ts'
import type { Group } from '../../ledger/groups.ts'
import { toMicros } from '../../ledger/money.ts'
import type { Judged } from './clear-decide.ts'
import type { Booked, CdrRow } from './clear-facts.ts'

/** What becomes of one CDR: its new state row and the ledger group that goes with it, in one transaction. */
export type Transition = {
  row: CdrRow
  state: CdrState
  epoch: number
  reasonCode: string
  cycleId: string | null
  netMicros: bigint | null
  taxMicros: bigint | null
  taxKnown: boolean
  residue: string | null
  booked: Booked | null
  contestUntil: Date | null
  group: Group | null
}

const DAY_MS = 86_400_000

/** The transition a judgement leads to; null when the CDR stays where it is. `openCycle` of its currency, if it has one. */
export function planTransition(
  judged: Judged,
  input: { now: Date; openCycle: string | null },
): Transition | null {
  const { row, judgement, agreed } = judged
  const next = nextState(row.state, judgement.verdict)
  if (!next.ok || next.state === row.state) return null
  const epoch = row.epoch + 1
  const base = unbooked(row, {
    state: next.state,
    epoch,
    reasonCode: judgement.code ?? judgement.verdict,
  })
  if (judgement.verdict === 'wait' || judgement.verdict === 'quarantine') return leave(row, base)
  const amounts = present(judgement.amounts, 'amounts of a CDR that is booked')
  const claim = claimOf(row, { net: amounts.net, tax: amounts.tax })
  const booked = {
    ...base,
    netMicros: claim.netMicros,
    taxMicros: claim.taxMicros,
    taxKnown: claim.taxKnown,
    residue: claim.residue,
  }
  const cycleId = row.cycle_id ?? present(input.openCycle, 'open cycle')
  if (judgement.verdict === 'hold') return open(booked, { claim, book: 'held', cycleId })
  if (agreed.terms.contest_days === 0) {
    return {
      ...approve({ ...booked, cycleId }, { claim, cycleId }),
      reasonCode: 'no contest period',
    }
  }
  const contestUntil = new Date(input.now.getTime() + agreed.terms.contest_days * DAY_MS)
  return { ...open(booked, { claim, book: 'provisional', cycleId }), contestUntil }
}

/** Both sides of a credit that holds: what the original's booking becomes, and the credit itself. */
export function planCredit(judged: Judged, input: { openCycle: string }): [Transition, Transition] {
  const credit = judged.row
  const original = present(judged.original, 'original of a credit that holds')
  const allowed = nextState(original.state, 'credit')
  assert(allowed.ok, 'an original that cannot be credited passed the check')
  const ending = unbooked(original, {
    state: 'credited',
    epoch: original.epoch + 1,
    reasonCode: `credited by ${credit.cdr_id}`,
  })
  const own = unbooked(credit, {
    state: 'credited',
    epoch: credit.epoch + 1,
    reasonCode: `credits ${original.cdr_id}`,
  })
  const amounts = present(judged.judgement.amounts, 'amounts of a credit')
  const claimed = claimOf(credit, { net: amounts.net, tax: amounts.tax })
  const counted = {
    ...own,
    netMicros: claimed.netMicros,
    taxMicros: claimed.taxMicros,
    taxKnown: claimed.taxKnown,
    residue: claimed.residue,
  }
  const { booked } = original
  if (booked?.book !== 'due') {
    // Nothing was final yet: what is pending of both is given back, and neither has a line on a statement.
    return [leave(original, ending), leave(credit, counted)]
  }
  // An approved original keeps its line and booking; the credit gets the opposite one, in the open cycle.
  const kept = { ...ending, cycleId: original.cycle_id, booked }
  const reversed = storedClaim(original)
  const reversal = reversalGroup({
    claim: reversed,
    source: sourceOf(credit),
    cycleId: input.openCycle,
    epoch: counted.epoch,
  })
  // A credit that was held until its original was judged gives its own pending booking back.
  const given = leave(credit, counted).group?.transfers ?? []
  return [
    kept,
    {
      ...counted,
      // The amounts of its line are those that are booked.
      netMicros: -reversed.netMicros,
      taxMicros: -reversed.taxMicros,
      taxKnown: reversed.taxKnown,
      cycleId: input.openCycle,
      booked: { book: 'due', epoch: counted.epoch, cycleId: input.openCycle },
      group: { ...reversal, transfers: [...reversal.transfers, ...given] },
    },
  ]
}

/** A person's or the clock's decision about a CDR that is booked. */
export function planVerb(
  row: CdrRow,
  input: {
    verb: 'approve' | 'release' | 'return'
    state: CdrState
    reasonCode: string
    contestUntil: Date | null
  },
): Transition {
  const base = unbooked(row, {
    state: input.state,
    epoch: row.epoch + 1,
    reasonCode: input.reasonCode,
  })
  if (input.verb === 'return') return leave(row, base)
  const cycleId = present(row.cycle_id, 'cycle of a booked CDR')
  const claim = storedClaim(row)
  if (input.verb === 'approve') return approve({ ...base, cycleId }, { claim, cycleId })
  return {
    ...open(base, { claim, book: 'provisional', cycleId }),
    contestUntil: input.contestUntil,
  }
}

function unbooked(
  row: CdrRow,
  step: { state: CdrState; epoch: number; reasonCode: string },
): Transition {
  return {
    row,
    ...step,
    ...amountsOf(row),
    cycleId: null,
    booked: null,
    contestUntil: null,
    group: null,
  }
}

/** A CDR that loses its booking: what was pending is given back. */
function leave(row: CdrRow, base: Transition): Transition {
  const resolves = pendingOf(row)
  if (!resolves) return base
  return { ...base, group: voidGroup({ claim: storedClaim(row), epoch: base.epoch, resolves }) }
}

function open(
  base: Transition,
  input: { claim: CdrClaim; book: 'provisional' | 'held'; cycleId: string },
): Transition {
  const { claim, book, cycleId } = input
  return {
    ...base,
    cycleId,
    booked: { book, epoch: base.epoch, cycleId: null },
    group: pendingGroup({ claim, book, epoch: base.epoch, resolves: pendingOf(base.row) }),
  }
}

function approve(base: Transition, input: { claim: CdrClaim; cycleId: string }): Transition {
  const { claim, cycleId } = input
  return {
    ...base,
    state: 'approved',
    booked: { book: 'due', epoch: base.epoch, cycleId },
    group: approvedGroup({ claim, cycleId, epoch: base.epoch, resolves: pendingOf(base.row) }),
  }
}

function pendingOf(row: CdrRow): OpenBooking | null {
  return row.booked && row.booked.book !== 'due'
    ? { book: row.booked.book, epoch: row.booked.epoch }
    : null
}

function sourceOf(row: CdrRow): string {
  return `cdr:${row.owner}/${row.cdr_key}`
}

function claimOf(
  row: CdrRow,
  amounts: { net: string; tax: string | null },
): CdrClaim & { residue: string | null } {
  const net = micros(amounts.net)
  const tax = amounts.tax === null ? null : micros(amounts.tax)
  const residues = [net.residue, tax?.residue ?? '0'].filter((residue) => residue !== '0')
  return {
    source: sourceOf(row),
    debtor: row.receiver,
    creditor: row.owner,
    currency: row.currency,
    netMicros: net.micros,
    taxMicros: tax?.micros ?? 0n,
    taxKnown: tax !== null,
    residue: residues.length === 0 ? null : residues.join(' + '),
  }
}

function micros(text: string): { micros: bigint; residue: string } {
  const amount = toMicros(text)
  assert(amount.status === 'ok', `the amount ${text} passed the checks but is ${amount.status}`)
  return amount
}

/** The claim as it was booked: read back, never computed again. */
function storedClaim(row: CdrRow): CdrClaim {
  return {
    source: sourceOf(row),
    debtor: row.receiver,
    creditor: row.owner,
    currency: row.currency,
    netMicros: present(row.net_micros, 'booked net amount'),
    taxMicros: present(row.tax_micros, 'booked tax amount'),
    taxKnown: row.tax_known,
  }
}

type BookedAmounts = Pick<Transition, 'netMicros' | 'taxMicros' | 'taxKnown' | 'residue'>

function amountsOf(row: CdrRow): BookedAmounts {
  return {
    netMicros: row.net_micros,
    taxMicros: row.tax_micros,
    taxKnown: row.tax_known,
    residue: row.residue,
  }
}
