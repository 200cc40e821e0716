import type { Context } from '../../context.ts'
import { addEvidence } from '../disputes/evidence.ts'
import { evidencePack } from '../disputes/evidence-pack.ts'
import { readView } from '../disputes/read.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

/**
 * Adds a file to the evidence of a dispute, as the party that the scope is in it, or as the operator. Refused with what
 * is possible where the dispute is closed or the file is not of a kind that is taken.
 */
export async function addDisputeEvidence(
  context: Context,
  order: { scope: Scope; id: string; name: string; media?: string; bytes: Uint8Array },
): Promise<{ number: number; name: string; media: string; sha256: string }> {
  const { scope, name } = order
  const disputeId = BigInt(order.id)
  return context.db.transaction(async (tx) => {
    const { cpo, emsp } = await readView(tx, scope, disputeId)
    const added = await addEvidence(tx, {
      disputeId,
      name,
      media: order.media ?? 'application/octet-stream',
      bytes: Buffer.from(order.bytes),
      addedBy: adderOf(scope, { cpo, emsp }),
    })
    if (!added.ok)
      throw new Refusal(added.reason === 'invalid' ? 'invalidBody' : 'conflict', added.message)
    const { ok, ...shown } = added
    await appendAudit(tx, {
      actor: scope.actor,
      action: 'dispute.evidence',
      subject: `dispute:${disputeId}`,
      details: shown,
    })
    return shown
  })
}

/** The evidence pack of a dispute; see evidencePack. */
export async function disputePack(
  context: Context,
  { scope, id }: { scope: Scope; id: string },
): Promise<{ name: string; bytes: Uint8Array }> {
  return evidencePack(context, scope, BigInt(id))
}

function adderOf(scope: Scope, { cpo, emsp }: { cpo: string; emsp: string }): string {
  if (scope.kind === 'operator') return scope.actor
  return scope.emsps.includes(emsp) ? emsp : cpo
}
