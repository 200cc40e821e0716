import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { evseSubject } from '../cdrs/clear-known-rivals.ts'
import { judgeAgain } from '../objects/objects-batch.ts'
import { lockSubjects } from '../../store/objects.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'

type Meter = { owner: string; evseUid: string }
type Row = { public_key: string; source: string; at: Date }

/** The public key that the meter of an EVSE signs with, as far as anybody has said or seen. */
export async function showMeterKey(context: Context, { owner, evseUid }: Meter) {
  const [row] = await context.db.rows<Row>(sql`
    select public_key, source, at from meter_keys where owner = ${owner} and evse_key = ${foldKey(evseUid)}`)
  if (!row) throw new Refusal('notFound', 'No key is known of this EVSE.')
  return shown(evseUid, row)
}

/** Registers the key of an EVSE in the place of what is known; CDRs that wait or are held there are judged again. */
export async function registerMeterKey(
  context: Context,
  deed: Meter & { publicKey: string; actor: string; reason?: string | undefined },
) {
  const { owner, evseUid, publicKey, actor, reason } = deed
  const evse = foldKey(evseUid)
  const subject = evseSubject(owner, evse)
  return context.db.transaction(async (tx) => {
    await lockSubjects(tx, [{ subject, exclusive: true }])
    const [row] = await tx.rows<Row>(sql`
      insert into meter_keys (owner, evse_key, public_key, source)
      values (${owner}, ${evse}, ${publicKey}, 'registered')
      on conflict (owner, evse_key) do update set
        public_key = excluded.public_key, source = excluded.source, at = clock_timestamp()
      returning public_key, source, at`)
    await judgeAgain(tx, [subject])
    const entry = { action: 'meter_key.register', subject: `${owner}/${evseUid}` }
    await appendAudit(tx, { ...entry, actor, reason, details: { public_key: publicKey } })
    if (!row) throw new Error('a key that was just written is not there')
    return shown(evseUid, row)
  })
}

function shown(evseUid: string, row: Row) {
  const { public_key, source, at } = row
  return { evse_uid: evseUid, public_key, source, at: at.toISOString() }
}
