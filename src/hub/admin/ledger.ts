import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { verifyLedger } from '../../ledger/verify.ts'
import { verifyParts } from '../cdrs/verify-parts.ts'
import { appendAudit } from './audit.ts'

/**
 * Recomputes the ledger from its transfers, and asks what must hold of parts, disputes and adjustments; the result is audited, so that it is known when the books were last checked.
 */
export async function verifyBy(
  context: Context,
  deed: { actor: string; reason?: string | undefined },
) {
  const books = await verifyLedger(context.db)
  const parts = await context.db.transaction(verifyParts, { deadlineMs: limits.settlementMs })
  const found = {
    ...books,
    ok: books.ok && parts.length === 0,
    breaches: [...books.breaches, ...parts],
  }
  const details = {
    ok: found.ok,
    differences: found.differences.length,
    breaches: found.breaches.length,
  }
  const entry = {
    actor: deed.actor,
    action: 'ledger.verify',
    subject: 'ledger',
    reason: deed.reason,
    details,
  }
  await context.db.transaction((tx) => appendAudit(tx, entry))
  return {
    ok: found.ok,
    differences: found.differences.map((difference) => ({ ...difference })),
    breaches: found.breaches.map((breach) => ({ ...breach })),
  }
}
