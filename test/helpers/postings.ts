import * as assert from 'uvu/assert'
import { approvedGroup, pendingGroup } from './claim-groups.ts'
import type { Group, GroupStatus, Transfer } from '../../src/ledger/groups.ts'
import { postGroups } from '../../src/ledger/post-groups.ts'
import { listAccounts } from '../../src/ledger/read.ts'
import type { TestDatabase } from './database.ts'

export const claim = {
  source: 'cdr:NL-TNM/a',
  debtor: 'DE-EMA',
  creditor: 'NL-TNM',
  currency: 'EUR',
  netMicros: 20_170_000n,
  taxMicros: 3_830_000n,
  taxKnown: true,
}
export const provisional = pendingGroup({ claim, book: 'provisional', epoch: 1, resolves: null })
export const approved = approvedGroup({
  claim,
  cycleId: 'EUR-000001',
  epoch: 2,
  resolves: { book: 'provisional', epoch: 1 },
})

export function group(id: string, transfers: readonly Partial<Transfer>[]): Group {
  const plain = {
    kind: 'posted',
    code: 'net',
    debit: 'a',
    credit: 'b',
    amountMicros: 5n,
    pendingId: null,
  } as const
  return {
    id,
    source: 'test',
    currency: 'EUR',
    cycleId: null,
    transfers: transfers.map((part) => ({ ...plain, ...part })),
  }
}

export async function post({ db }: TestDatabase, ...groups: Group[]): Promise<GroupStatus[]> {
  const statuses = await db.transaction((tx) => postGroups(tx, groups))
  return groups.map(
    ({ id }) => statuses.get(id) ?? assert.unreachable(`no status of ${id}`) ?? 'exists',
  )
}

export async function totals({ db }: TestDatabase): Promise<Record<string, string[]>> {
  const { items } = await listAccounts(db, { limit: 100 })
  return Object.fromEntries(
    items.map((account) => [
      account.code,
      [
        account.debits_pending,
        account.debits_posted,
        account.credits_pending,
        account.credits_posted,
      ],
    ]),
  )
}
