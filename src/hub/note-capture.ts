import { textOf } from '../clearing/decimal.ts'
import { readPrice } from '../clearing/read.ts'
import type { Context } from '../context.ts'
import type { Member } from '../directory/parties.ts'
import { sql } from '../db/sql.ts'
import { foldKey } from '../ocpi/primitives.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import type { Call } from './request.ts'
import { judgeAgain } from './objects/objects-batch.ts'
import { captureSubject } from './records/review.ts'
import { lockSubjects } from '../store/objects.ts'

/**
 * Keeps what a payment terminal captured, as it passes by on its way to the CPO: what the gross amount of its CDR is held
 * against (OCPI 2.3.0 mod_payments, FinancialAdviceConfirmation). The newest word about a confirmation counts. CDRs that
 * came before it are judged again.
 */
export async function noteCapture(
  context: Context,
  { call, member, answer }: { call: Call; member: Member; answer: PartnerAnswer },
): Promise<void> {
  const { module, name } = call.route
  if (module.id !== 'payments' || name !== 'postConfirmation' || !call.body) return
  if (answer.kind !== 'ocpi' || answer.ocpiStatus >= 2000) return
  const { id, authorization_reference: reference, currency, total_costs: total } = call.body.value
  const { capture_status_code: status } = call.body.value
  if (typeof id !== 'string' || typeof reference !== 'string') return
  const subject = captureSubject(member.party, foldKey(reference))
  await context.db.transaction(async (tx) => {
    await lockSubjects(tx, [{ subject, exclusive: true }])
    await tx.rows(sql`
    insert into captures (cpo, confirmation_key, confirmation_id, reference, total, currency, status)
    values (${member.party}, ${foldKey(id)}, ${id}, ${foldKey(reference)}, ${grossOf(total)}, ${String(currency)},
      ${String(status)})
    on conflict on constraint captures_natural_key do update set
      reference = excluded.reference, total = excluded.total, currency = excluded.currency,
      status = excluded.status, received_at = clock_timestamp()`)
    await judgeAgain(tx, [subject])
  })
}

/** What was taken from the card, with taxes: a Price of 2.3.0, or of 2.2.1 as the examples have it. */
function grossOf(price: unknown): string | null {
  const incl = readPrice(price)?.incl ?? null
  return incl === null ? null : textOf(incl)
}
