import type { DisputeState, DisputeVerb } from '../../clearing/disputes/machine.ts'
import { eventText } from '../../clearing/disputes/sentences.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { tellParties } from './events.ts'
import type { DisputeRow } from './rows.ts'
import { grossText, tellDispute, titleOf } from './tell.ts'

/** A dispute that documents of its CPO have just moved on. */
export type DocumentedDispute = Pick<
  DisputeRow,
  | 'id'
  | 'owner'
  | 'receiver'
  | 'currency'
  | 'code'
  | 'net_micros'
  | 'tax_micros'
  | 'upheld_net'
  | 'upheld_tax'
> & { state: DisputeState; verb: DisputeVerb; outcome: string | null }

/** Tells both parties of disputes that a credit, or what replaces the CDR, has moved on. */
export async function tellDocumented(
  tx: Tx,
  disputes: readonly DocumentedDispute[],
): Promise<void> {
  for (const dispute of disputes) {
    const { state, verb, outcome, currency } = dispute
    const message = eventText({
      verb,
      side: 'hub',
      state,
      via: [],
      amount: grossText({ net: dispute.upheld_net, tax: dispute.upheld_tax }, currency),
      disputed: grossText({ net: dispute.net_micros, tax: dispute.tax_micros }, currency),
      cpo: dispute.owner,
      emsp: dispute.receiver,
    })
    const body = {
      state,
      verb,
      by: 'hub',
      message,
      upheld_net: fromMicros(dispute.upheld_net),
      upheld_tax: fromMicros(dispute.upheld_tax),
      outcome,
    }
    const type = outcome === null ? 'dispute.changed' : 'dispute.closed'
    await tellDispute(tx, { type, dispute, body })
  }
}

type Consumed = {
  id: bigint
  dispute_id: bigint
  code: string
  owner: string
  receiver: string
  currency: string
  net: bigint
  tax: bigint
  difference_net: bigint | null
  difference_tax: bigint | null
  cdr: string
  credit: string | null
  replacement: string | null
}

/** Tells both parties of adjustments that were consumed in this transaction: by a credit alone, or by what came for it. */
export async function tellConsumed(tx: Tx, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await tx.rows<Consumed>(sql`
    select a.id, a.dispute_id, d.code, a.owner, a.receiver, a.currency, a.net_micros as net, a.tax_micros as tax,
      a.difference_net, a.difference_tax, c.cdr_id as cdr, k.cdr_id as credit, r.cdr_id as replacement
    from adjustments a join disputes d on d.id = a.dispute_id join cdrs c on c.id = a.cdr_id
    left join cdrs k on k.id = a.credit_id left join cdrs r on r.id = a.replacement_id
    where a.id = any(${ids.map(String)}::bigint[]) and a.state = 'consumed' order by a.id`)
  await tellParties(
    tx,
    rows.map((row) => ({
      type: 'adjustment.consumed' as const,
      owner: row.owner,
      receiver: row.receiver,
      subject: `adjustment:${row.id}` as const,
      body: {
        adjustment_id: row.id.toString(),
        dispute_id: row.dispute_id.toString(),
        code: row.code,
        title: titleOf(row.code),
        currency: row.currency,
        net: fromMicros(row.net),
        tax: fromMicros(row.tax),
        credit: row.credit,
        replacement: row.replacement,
        difference_net: row.difference_net === null ? null : fromMicros(row.difference_net),
        difference_tax: row.difference_tax === null ? null : fromMicros(row.difference_tax),
        message: consumedText(row),
      },
    })),
  )
}

function consumedText({ net, tax, currency, cdr, credit, replacement }: Consumed): string {
  const amount = grossText({ net, tax }, currency)
  return replacement === null
    ? `The credit CDR ${credit ?? ''} documents that ${amount} of the CDR ${cdr} need not be paid; nothing is left to claim.`
    : `The CDR ${replacement} replaces the CDR ${cdr}, which documents that ${amount} of it need not be paid.`
}
