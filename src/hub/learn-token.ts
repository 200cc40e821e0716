import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import type { Member } from '../directory/parties.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { foldKey, partyOf, readTime } from '../ocpi/primitives.ts'
import { dropNulls, isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer } from '../peer/ocpi-client.ts'
import { appendVersions, lockSubjects, objectSubject } from '../store/objects.ts'
import type { ObjectPlace } from '../store/objects.ts'
import { contractSubjects } from './bridge/contract-cards.ts'
import { judgeAgain } from './objects/objects-batch.ts'
import type { Call } from './request.ts'

/**
 * Keeps the Token of a real-time authorisation answer as a version of its own: tokens that are never pushed (app users,
 * EMAIDs) become known this way, and CDRs that waited for them are judged. The same content again is no new version.
 */
export async function learnToken(
  context: Context,
  input: { call: Call; member: Member; answer: OcpiAnswer },
): Promise<void> {
  const { call, member, answer } = input
  if (answer.kind !== 'ocpi' || answer.ocpiStatus >= 2000) return
  const info = dropNulls(answer.data)
  const token = isRecord(info) ? info.token : undefined
  if (!isRecord(token) || partyOf(token.country_code, token.party_id) !== member.party) return
  if (typeof token.uid !== 'string' || typeof token.type !== 'string') return
  if (token.uid.length > limits.idCharsMax || token.type.length > limits.idCharsMax) return
  const place = {
    module: 'tokens',
    owner: member.party,
    key: `${foldKey(token.uid)}|${token.type}`,
    audience: '*',
  }
  const lastUpdated = readTime(token.last_updated) ?? context.clock()
  const subjects = [objectSubject(place), ...contractSubjects([{ ...place, value: token }])]
  await context.db.transaction(async (tx) => {
    await lockSubjects(
      tx,
      subjects.map((subject) => ({ subject, exclusive: true })),
    )
    if (await isKnown(tx, { place, token, lastUpdated })) return
    await appendVersions(tx, [
      {
        ...place,
        platformId: member.platform.id,
        ocpiVersion: member.platform.version ?? call.version,
        original: JSON.stringify(token),
        value: token,
        lastUpdated,
        deleted: false,
        source: 'authorize',
      },
    ])
    await judgeAgain(tx, subjects)
  })
}

/** Whether the newest version says the same; providers often stamp each answer with its own time, which says nothing. */
async function isKnown(
  tx: Tx,
  input: { place: ObjectPlace; token: Record<string, unknown>; lastUpdated: Date },
): Promise<boolean> {
  const { place, token, lastUpdated } = input
  const [newest] = await tx.rows<{ same: boolean }>(sql`
    select not deleted and value - 'last_updated' = ${JSON.stringify(token)}::jsonb - 'last_updated' as same
    from object_versions
    where module = ${place.module} and owner = ${place.owner} and object_key = ${place.key}
      and audience = ${place.audience} and in_force_from <= greatest(${lastUpdated}::timestamptz, clock_timestamp())
    order by in_force_from desc, id desc limit 1`)
  return newest?.same === true
}
