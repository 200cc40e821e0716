import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import type { Member } from '../directory/parties.ts'
import { foldKey, partyOf, readTime } from '../ocpi/primitives.ts'
import { dropNulls, isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer } from '../peer/ocpi-client.ts'
import { appendVersions, lockSubjects, objectSubject } from '../store/objects.ts'
import { judgeAgain } from './objects-batch.ts'
import type { Call } from './request.ts'

/**
 * Keeps the Token of a real-time authorisation answer as a version of its own: tokens that are never pushed (app users,
 * EMAIDs) become known this way, and CDRs that waited for them are judged.
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
  await context.db.transaction(async (tx) => {
    await lockSubjects(tx, [{ subject: objectSubject(place), exclusive: true }])
    await appendVersions(tx, [
      {
        ...place,
        platformId: member.platform.id,
        ocpiVersion: call.version,
        original: JSON.stringify(token),
        value: token,
        lastUpdated: readTime(token.last_updated) ?? context.clock(),
        deleted: false,
        source: 'authorize',
      },
    ])
    await judgeAgain(tx, [objectSubject(place)])
  })
}
