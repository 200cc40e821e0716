import { sql } from '../../src/db/sql.ts'
import type { Database, Tx } from '../../src/db/sql.ts'
import { postGroups } from '../../src/ledger/post-groups.ts'
import { holdCycles, openCycle } from '../../src/settlement/cycles.ts'
import { approvedGroup, legOf, pendingGroup } from './claim-groups.ts'
import type { CdrClaim } from './claim-groups.ts'

export type BookedState = 'approved' | 'provisional' | 'held'

/** The least that clearing a CDR does to the books: for tests of the ledger and of settlement that need no OCPI. */
export type TestClaim = {
  readonly id: string
  readonly debtor: string
  readonly creditor: string
  readonly net: bigint
  readonly tax?: bigint
  readonly taxKnown?: boolean
  readonly state: BookedState
  readonly currency?: string
}

/** Records and books one CDR in the open cycle. Returns its number and cycle. */
export async function bookClaim(
  db: Database,
  claim: TestClaim,
): Promise<{ cdrId: bigint; cycleId: string }> {
  return db.transaction(async (tx) => {
    const cycleId = await openCycle(tx, claim.currency ?? 'EUR')
    const cdrId = await recordClaim(tx, { claim, cycleId, isCredit: false })
    const money = moneyOf(claim)
    const group =
      claim.state === 'approved'
        ? approvedGroup({ claim: money, cycleId, epoch: 1, resolves: null })
        : pendingGroup({ claim: money, book: claim.state, epoch: 1, resolves: null })
    await expectCreated(tx, group)
    return { cdrId, cycleId }
  })
}

/** Approves a booked CDR as the hub does: cycles, then the CDR, then the accounts. False when it is approved already. */
export async function approveClaim(db: Database, claim: TestClaim): Promise<boolean> {
  return db.transaction(async (tx) => {
    await holdCycles(tx, claim.currency ?? 'EUR')
    const [row] = await tx.rows<{
      cdrId: bigint
      cycleId: string
      state: BookedState
      epoch: number
    }>(sql`
      select s.cdr_id as "cdrId", s.cycle_id as "cycleId", s.state, s.epoch from cdr_states s
      join cdrs c on c.id = s.cdr_id where c.owner = ${claim.creditor} and c.cdr_id = ${claim.id} for update of s`)
    if (!row || row.state === 'approved') return false
    const { cdrId, cycleId, state, epoch } = row
    const booked = JSON.stringify({ book: 'due', epoch: epoch + 1, cycleId, leg: null })
    await tx.rows(sql`
      update cdr_states set state = 'approved', epoch = ${epoch + 1}, booked = ${booked}::jsonb where cdr_id = ${cdrId}`)
    const resolves = { book: state, epoch }
    await expectCreated(
      tx,
      approvedGroup({ claim: moneyOf(claim), cycleId, epoch: epoch + 1, resolves }),
    )
    return true
  })
}

/** Credits an approved CDR: the original keeps its line, the credit gets one in the open cycle. */
export async function creditClaim(db: Database, claim: TestClaim): Promise<void> {
  await db.transaction(async (tx) => {
    const { open } = await holdCycles(tx, claim.currency ?? 'EUR')
    await tx.rows(sql`
      update cdr_states s set state = 'credited', epoch = epoch + 1 from cdrs c
      where c.id = s.cdr_id and c.owner = ${claim.creditor} and c.cdr_id = ${claim.id}`)
    const credit = { ...claim, id: `${claim.id}-C`, net: -claim.net, tax: -(claim.tax ?? 0n) }
    await recordClaim(tx, { claim: credit, cycleId: open, isCredit: true })
    await expectCreated(
      tx,
      approvedGroup({ claim: moneyOf(credit), cycleId: open, epoch: 1, resolves: null }),
    )
  })
}

function moneyOf(claim: TestClaim): CdrClaim {
  return {
    source: `cdr:${claim.creditor}/${claim.id}`,
    debtor: claim.debtor,
    creditor: claim.creditor,
    currency: claim.currency ?? 'EUR',
    netMicros: claim.net,
    taxMicros: claim.tax ?? 0n,
    taxKnown: claim.taxKnown ?? true,
  }
}

function bookedOf(claim: TestClaim, cycleId: string): object {
  return claim.state === 'approved'
    ? { book: 'due', epoch: 1, cycleId, leg: null }
    : { book: claim.state, epoch: 1, cycleId: null, leg: legOf(moneyOf(claim), 1) }
}

async function expectCreated(
  tx: Tx,
  group: Parameters<typeof postGroups>[1][number],
): Promise<void> {
  const status = (await postGroups(tx, [group])).get(group.id)
  if (status !== 'created') throw new Error(`group ${group.id}: ${status}`)
}

async function recordClaim(
  tx: Tx,
  { claim, cycleId, isCredit }: { claim: TestClaim; cycleId: string; isCredit: boolean },
): Promise<bigint> {
  const currency = claim.currency ?? 'EUR'
  const [row] = await tx.rows<{ id: bigint }>(sql`
    insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value,
      token_key, is_credit, currency, last_updated, correlation_id)
    values (${claim.creditor}, ${claim.id.toLowerCase()}, ${claim.id}, 'p', ${claim.debtor}, '2.2.1', '', '', '{}', 't',
      ${isCredit}, ${currency}, now(), 'c')
    returning id`)
  if (!row) throw new Error('no CDR recorded')
  await tx.rows(sql`
    insert into cdr_states (cdr_id, owner, receiver, is_credit, currency, state, epoch, cycle_id, net_micros, tax_micros,
      tax_known, booked)
    values (${row.id}, ${claim.creditor}, ${claim.debtor}, ${isCredit}, ${currency}, ${claim.state}, 1, ${cycleId},
      ${claim.net}, ${claim.tax ?? 0n}, ${claim.taxKnown ?? true}, ${JSON.stringify(bookedOf(claim, cycleId))}::jsonb)`)
  return row.id
}
