import type { Context } from '../../context.ts'
import { addEvidence } from '../disputes/evidence.ts'
import { evidencePack } from '../disputes/evidence-pack.ts'
import { readView } from '../disputes/read.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

/** Adds a file to the evidence of a dispute, numbered; the same file again answers the same number. */
export async function addDisputeEvidence(
  context: Context,
  order: { scope: Scope; id: string; name: string; media: string; bytes: Uint8Array },
) {
  const { scope, id, name, media, bytes } = order
  const disputeId = BigInt(order.id)
  const added = await context.db.transaction(async (tx) => {
    const view = await readView(tx, scope, disputeId)
    const addedBy = addedByOf(scope, view)
    const done = await addEvidence(tx, {
      disputeId,
      addedBy,
      name,
      media,
      bytes: Buffer.from(bytes),
    })
    if (!done.ok) return done
    const { number, sha256 } = done
    const details = { number, name, sha256 }
    await appendAudit(tx, { actor: scope.actor, action: 'dispute.evidence', subject: id, details })
    return done
  })
  if (!added.ok) {
    const { reason, message } = added
    if (reason === 'conflict') throw new Refusal('conflict', message)
    const pointer = message.startsWith('A file is named') ? 'query:name' : 'query:media'
    throw new Refusal('invalidBody', message, { faults: [{ pointer, message }] })
  }
  const { number, sha256 } = added
  return { number, name: added.name, media: added.media, sha256 }
}

/** The evidence of a dispute as a ZIP. */
export function disputePack(
  context: Context,
  { scope, id }: { scope: Scope; id: string },
): Promise<{ name: string; bytes: Uint8Array }> {
  return evidencePack(context, scope, BigInt(id))
}

function addedByOf(scope: Scope, { cpo, emsp }: { cpo: string; emsp: string }): string {
  if (scope.kind === 'operator') return scope.actor
  return scope.cpos.includes(cpo) ? cpo : emsp
}
