import { assert } from '../assert.ts'
import { multilateral, bilateral } from './netting.ts'
import type { Obligation, Position } from './netting.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { obligationAccount, positionAccount } from '../ledger/cdr-groups.ts'
import type { Group } from '../ledger/groups.ts'
import { postGroups } from '../ledger/post-groups.ts'
import { lockCycle, openCycle } from './cycles.ts'
import type { CycleRow } from './cycles.ts'
import { carryLines, markNetted, writeLines, writeStatements } from './write.ts'

/** What became of a finalization. */
const FINALIZE_STATUSES = ['finalized', 'already_final', 'not_found', 'not_closed'] as const

export type Finalization = {
  readonly status: (typeof FINALIZE_STATUSES)[number]
  /** Net positions of the cycle's parties in micro-units, positive gets; empty unless the cycle is final. */
  readonly positions: readonly Position[]
}

/**
 * contest → final: carries provisional and held lines to the open cycle, freezes the approved ones, marks their CDRs as
 * netted, turns obligations into positions in the ledger and writes the final statements; all of it or nothing. The second to do it,
 * also at the same time, changes nothing and gets the same positions. Takes the cycle for update, the open cycle, the
 * CDRs, then the accounts: the order of holdCycles.
 */
export async function finalizeCycle(
  tx: Tx,
  { cycleId }: { cycleId: string },
): Promise<Finalization> {
  const cycle = await lockCycle(tx, cycleId)
  if (!cycle) return { status: 'not_found', positions: [] }
  if (cycle.state === 'final') {
    return { status: 'already_final', positions: multilateral(await readObligations(tx, cycle.id)) }
  }
  if (cycle.state !== 'contest') return { status: 'not_closed', positions: [] }
  await carryLines(tx, { from: cycle.id, to: await openCycle(tx, cycle.currency) })
  await writeLines(tx, { cycleId: cycle.id, kind: 'final' })
  await writeStatements(tx, { cycleId: cycle.id, kind: 'final' })
  // Rows of CDRs are locked before accounts are.
  await tx.rows(
    sql`update cycles set state = 'final', final_at = clock_timestamp() where id = ${cycle.id}`,
  )
  await markNetted(tx, { cycleId: cycle.id })
  const positions = await net(tx, cycle)
  return { status: 'finalized', positions }
}

/** Nets the final obligations and books them; asserts that lines, ledger, bilateral and multilateral nets agree. */
async function net(tx: Tx, cycle: CycleRow): Promise<Position[]> {
  const obligations = await readObligations(tx, cycle.id)
  const positions = multilateral(obligations)
  assertNetted({ obligations, positions })
  assertEqual({
    cycle,
    booked: await readPositions(tx, cycle),
    expected: toGains(obligations),
    when: 'before netting',
  })
  if (obligations.length > 0) {
    const group = nettingGroup({ cycle, obligations })
    const statuses = await postGroups(tx, [group])
    assert(
      statuses.get(group.id) === 'created',
      `netting of ${cycle.id}: ${statuses.get(group.id)}`,
    )
  }
  const expected = new Map(positions.map(({ party, micros }) => [party, micros]))
  assertEqual({ cycle, booked: await readPositions(tx, cycle), expected, when: 'after netting' })
  return positions
}

function assertNetted({
  obligations,
  positions,
}: {
  obligations: readonly Obligation[]
  positions: readonly Position[]
}): void {
  const sum = positions.reduce((total, { micros }) => total + micros, 0n)
  assert(sum === 0n, `net positions add up to ${sum}, not to zero`)
  const pairwise = new Map(
    multilateral(bilateral(obligations)).map(({ party, micros }) => [party, micros]),
  )
  for (const { party, micros } of positions) {
    assert(
      (pairwise.get(party) ?? 0n) === micros,
      `bilateral nets of ${party} differ from its multilateral net`,
    )
  }
}

/** What approved lines must have credited to each creditor's position: each party's claims, gross. */
function toGains(obligations: readonly Obligation[]): Map<string, bigint> {
  const gains = new Map<string, bigint>()
  for (const { creditor, micros } of obligations)
    gains.set(creditor, (gains.get(creditor) ?? 0n) + micros)
  return gains
}

function assertEqual(check: {
  cycle: CycleRow
  booked: ReadonlyMap<string, bigint>
  expected: ReadonlyMap<string, bigint>
  when: string
}): void {
  const { cycle, booked, expected, when } = check
  for (const party of new Set([...booked.keys(), ...expected.keys()])) {
    const [ledger, lines] = [booked.get(party) ?? 0n, expected.get(party) ?? 0n]
    assert(
      ledger === lines,
      `${cycle.id} ${when}: the ledger gives ${party} ${ledger}, its lines ${lines}`,
    )
  }
}

/** One transfer per pair: the debtor's position takes over what it owes; where credits outweigh, the other way round. */
function nettingGroup({
  cycle,
  obligations,
}: {
  cycle: CycleRow
  obligations: readonly Obligation[]
}): Group {
  const id = `cycle:${cycle.id}:netting`
  const transfers = obligations.map(({ debtor, creditor, micros }) => {
    const position = positionAccount({ party: debtor, cycleId: cycle.id })
    const due = obligationAccount({ debtor, creditor, book: 'due' })
    const [debit, credit] = micros < 0n ? [due, position] : [position, due]
    const amountMicros = micros < 0n ? -micros : micros
    return {
      kind: 'posted' as const,
      code: 'netting',
      debit,
      credit,
      amountMicros,
      pendingId: null,
    }
  })
  return { id, source: `cycle:${cycle.id}`, currency: cycle.currency, cycleId: cycle.id, transfers }
}

/** Gross obligations of the final statements. */
async function readObligations(tx: Tx, cycleId: string): Promise<Obligation[]> {
  return tx.rows(sql`
    select debtor, creditor, approved_net + approved_tax as micros from cycle_statements
    where cycle_id = ${cycleId} and kind = 'final' order by debtor, creditor`)
}

/** Posted balance of every position account of the cycle, by party. */
async function readPositions(tx: Tx, cycle: CycleRow): Promise<Map<string, bigint>> {
  const rows = await tx.rows<{ code: string; micros: bigint }>(sql`
    select code, credits_posted - debits_posted as micros from ledger_accounts
    where currency = ${cycle.currency} and code like 'pos:%' and code like ${`%:${cycle.id}`}`)
  return new Map(rows.map(({ code, micros }) => [code.split(':')[1] ?? '', micros]))
}
