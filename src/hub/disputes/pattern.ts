import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { firstClock } from '../../clearing/disputes/machine.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { termsOf } from '../filled-terms.ts'
import { freezeEvidence } from './evidence.ts'
import { gatherPattern } from './evidence-pattern.ts'
import type { Measured, PatternItem } from './evidence-pattern.ts'
import { disputeTermsOf } from './locks.ts'
import { grossText, tellDispute, titleOf } from './tell.ts'
import { insertDispute } from './write.ts'

/** Many small differences of one sign between two parties: what each CDR is too high by. */
export type Pattern = {
  owner: string
  receiver: string
  currency: string
  /** S4. */
  code: string
  /** Every CDR once, of this pair and currency; amounts in micro-units. */
  items: readonly PatternItem[]
  statement: string
  terms: AgreementTerms
  /** The figures by which it was found; none where it is only said. */
  measured?: Measured
}

/**
 * Opens one dispute over a pattern, in the caller's transaction, and freezes what it is judged by: the figures and the
 * list of its CDRs. It holds nothing; where it is upheld each CDR is adjusted on its own. CDRs that another pattern of
 * this code was about already are left out. While one of the same pair, currency and code is open, or nothing is left,
 * nothing is opened: null.
 */
export async function openPattern(tx: Tx, pattern: Pattern): Promise<bigint | null> {
  const { owner, receiver, currency, code, statement } = pattern
  // Two that find the same pattern at once: the second one sees the first's dispute.
  await tx.rows(sql`
    select pg_advisory_xact_lock(hashtextextended(${`pattern|${owner}|${receiver}|${currency}|${code}`}, 0))`)
  const [open] = await tx.rows(sql`
    select 1 from disputes where cdr_id is null and closed_at is null and owner = ${owner} and receiver = ${receiver}
      and currency = ${currency} and code = ${code}`)
  if (open) return null
  const items = await freshItems(tx, pattern)
  if (items.length === 0) return null
  const amount = items.reduce<DisputeAmount>(
    (sum, { net, tax }) => ({ net: sum.net + net, tax: sum.tax + tax }),
    { net: 0n, tax: 0n },
  )
  const doer = { side: 'hub' as const, actor: 'hub', text: statement }
  const clock = firstClock('open', disputeTermsOf(termsOf(pattern.terms)))
  const id = await insertDispute(
    tx,
    {
      cdrId: null,
      part: null,
      owner,
      receiver,
      currency,
      code,
      openedBy: 'hub',
      amount,
      taxKnown: true,
      isOutOfTime: false,
      statement,
      clock,
    },
    doer,
  )
  await insertItems(tx, { id, items })
  const { terms, measured = null } = pattern
  const subject = { disputeId: id, owner, receiver, currency, code, statement, terms }
  const files = await gatherPattern(tx, { ...subject, items, amount, measured })
  await freezeEvidence(tx, { disputeId: id, cdr: null, files })
  await tellOpened(tx, { id, pattern: { ...pattern, items }, amount })
  return id
}

async function tellOpened(
  tx: Tx,
  { id, pattern, amount }: { id: bigint; pattern: Pattern; amount: DisputeAmount },
): Promise<void> {
  const { owner, receiver, currency, code, items, statement } = pattern
  const { net, tax } = amount
  await tellDispute(tx, {
    type: 'dispute.opened',
    dispute: { id, owner, receiver, currency, code, net_micros: net, tax_micros: tax },
    body: {
      state: 'open',
      verb: 'contest',
      by: 'hub',
      message: `The hub found a pattern over ${items.length} CDRs: ${titleOf(code)}, ${grossText(amount, currency)} in all.`,
      text: statement,
      item_count: items.length,
    },
  })
}

/** Without those that were part of an earlier pattern of the same code, and without what claims nothing more. */
async function freshItems(tx: Tx, { items, code }: Pattern): Promise<Pattern['items']> {
  assert(
    items.every(({ net, tax }) => net >= 0n && tax >= 0n),
    'what a CDR is too high by is never negative',
  )
  const seen = await tx.rows<{ cdr_id: bigint }>(sql`
    select distinct i.cdr_id from dispute_items i join disputes d on d.id = i.dispute_id
    where i.cdr_id = any(${items.map(({ cdrId }) => cdrId.toString())}::bigint[]) and d.code = ${code}`)
  const known = new Set(seen.map((row) => row.cdr_id))
  return items
    .filter(({ cdrId, net, tax }) => !known.has(cdrId) && net + tax > 0n)
    .slice(0, limits.patternItemsMax)
}

async function insertItems(
  tx: Tx,
  { id, items }: { id: bigint; items: Pattern['items'] },
): Promise<void> {
  await tx.rows(sql`
    insert into dispute_items (dispute_id, cdr_id, net_micros, tax_micros)
    select ${id.toString()}::bigint, * from unnest(${items.map(({ cdrId }) => cdrId.toString())}::bigint[],
      ${items.map(({ net }) => net.toString())}::bigint[], ${items.map(({ tax }) => tax.toString())}::bigint[])`)
}
