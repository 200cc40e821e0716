import { closeCycle } from '../../src/settlement/close.ts'
import { finalizeCycle } from '../../src/settlement/finalize.ts'
import { statement } from '../../src/settlement/statements.ts'
import type { Statement } from '../../src/settlement/statements.ts'
import { bookClaim } from './claims.ts'
import type { TestDatabase } from './database.ts'

export const close = ({ db }: TestDatabase, cycleId: string) =>
  db.transaction((tx) => closeCycle(tx, { cycleId }))
export const finalize = ({ db }: TestDatabase, cycleId: string) =>
  db.transaction((tx) => finalizeCycle(tx, { cycleId }))

export async function read(
  { db }: TestDatabase,
  cycleId: string,
  party: string,
): Promise<Statement> {
  const found = await statement(db, { cycleId, party })
  if (!found) throw new Error(`no cycle ${cycleId}`)
  return found
}

export const approvedA = {
  id: 'A',
  debtor: 'DE-EMA',
  creditor: 'NL-TNM',
  net: 20_170_000n,
  tax: 3_830_000n,
  state: 'approved',
} as const
export const approvedB = {
  id: 'B',
  debtor: 'NL-TNM',
  creditor: 'DE-EMA',
  net: 5_000_000n,
  tax: 1n,
  state: 'approved',
} as const
export const provisionalC = {
  id: 'C',
  debtor: 'DE-EMA',
  creditor: 'NL-TNM',
  net: 1_000_000n,
  tax: 190_000n,
  state: 'provisional',
} as const
export const heldD = {
  id: 'D',
  debtor: 'FR-XYZ',
  creditor: 'NL-TNM',
  net: 2_000_000n,
  taxKnown: false,
  state: 'held',
} as const

export async function bookAll({ db }: TestDatabase): Promise<void> {
  for (const claim of [approvedA, approvedB, provisionalC, heldD]) await bookClaim(db, claim)
}
