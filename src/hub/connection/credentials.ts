import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import { HubError } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { lockDirectory } from '../../directory/lock.ts'
import { onlySideOf } from '../../directory/parties.ts'
import type { Platform } from '../../directory/snapshot.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { credentialsObject } from '../../ocpi/modules/credentials.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { callOcpi } from '../../peer/ocpi-client.ts'
import type { OcpiAnswer } from '../../peer/ocpi-client.ts'
import { peerTokenPurpose } from '../call-partner.ts'
import { exchangeAlone } from './credentials-lease.ts'
import { ourCredentials } from './our-credentials.ts'
import { fetchPartnerVersions } from './partner-versions.ts'
import type { PartnerVersions } from './partner-versions.ts'
import { addAccessToken, likelyEncoding, writeRegistration } from './registration.ts'
import { readCredentials } from './their-credentials.ts'
import type { PartnerCredentials } from './their-credentials.ts'

/**
 * The hub starts the handshake with a partner's token A: versions, details, POST credentials with a token of ours,
 * which must work before the POST is sent because the partner calls back during it. Throws HubError.
 */
export async function registerWithPartner(context: Context, input: Invited): Promise<void> {
  await exchangeAlone(context, input.platformId, () => registerNow(context, input))
}

type Invited = { platformId: string; versionsUrl: string; tokenA: string }

async function registerNow(context: Context, input: Invited): Promise<void> {
  const platform = await findPlatform(context, input.platformId)
  const correlationId = context.ids.uuid()
  const versions = await fetchPartnerVersions(context, {
    versionsUrl: input.versionsUrl,
    token: input.tokenA,
    tokenEncoding: likelyEncoding(platform, null),
    correlationId,
    version: null,
    side: onlySideOf(platform),
    quirks: platform.quirks,
  })
  await exchange(context, {
    platform,
    versions,
    versionsUrl: input.versionsUrl,
    method: 'POST',
    token: input.tokenA,
    correlationId,
  })
}

/**
 * PUT credentials with a new token for the partner; its answer holds a new one for us. In the version the connection
 * has: another one is for the partner to choose. One at a time with each partner. Throws HubError.
 */
export async function rotateCredentials(
  context: Context,
  input: { platformId: string },
): Promise<void> {
  await exchangeAlone(context, input.platformId, () => rotateNow(context, input.platformId))
}

async function rotateNow(context: Context, platformId: string): Promise<void> {
  const platform = await findPlatform(context, platformId)
  const { versionsUrl } = platform
  if (platform.status !== 'registered' || !platform.peerTokenSealed || versionsUrl === null) {
    throw new HubError('invalid', 'this platform is not registered; there is nothing to rotate')
  }
  const token = context.secrets.open(platform.peerTokenSealed, peerTokenPurpose(platform.id))
  const correlationId = context.ids.uuid()
  const versions = await fetchPartnerVersions(context, {
    versionsUrl,
    token,
    tokenEncoding: platform.quirks.token_encoding ?? platform.peerTokenEncoding,
    correlationId,
    version: platform.version,
    side: sideNow(platform),
    quirks: platform.quirks,
  })
  await exchange(context, {
    platform,
    versions,
    versionsUrl,
    method: 'PUT',
    token,
    correlationId,
  })
}

type Exchange = {
  platform: Platform
  versions: PartnerVersions
  versionsUrl: string
  method: 'POST' | 'PUT'
  token: string
  correlationId: string
}

async function exchange(context: Context, input: Exchange): Promise<void> {
  const { platform, versions } = input
  const { version } = versions
  const side = sideNow(platform)
  if (version === '2.1.1' && side === null) {
    throw new HubError(
      'invalid',
      'in OCPI 2.1.1 a connection is one side: invite a platform for its CPO and one for its eMSP, and register each',
    )
  }
  const token = context.secrets.newToken()
  const snapshot = await context.directory.snapshot()
  const own = ourCredentials(context, { snapshot, platform, version, token, side })
  await offerToken(context, { platformId: platform.id, token })
  const answer = await callOcpi(context.peer, {
    url: versions.credentialsUrl,
    method: input.method,
    credentialsToken: input.token,
    tokenEncoding: versions.tokenEncoding,
    requestId: context.ids.uuid(),
    correlationId: input.correlationId,
    bodyText: own.text,
    deadlineMs: limits.peerRequestMs,
  })
  const theirs = await takeAnswer(answer, { platform, version, side }).catch(
    async (error: unknown) => {
      if (isSettled(answer)) await withdraw(context, token)
      throw error
    },
  )
  await context.db.transaction(async (tx) => {
    if (input.method === 'PUT') await requireStay(tx, platform.id)
    await tx.rows(sql`
      delete from credentials_tokens where platform_id = ${platform.id}
        and (kind = 'registration' or token_hash = ${context.secrets.hash(token)})`)
    await addAccessToken(tx, context, { platformId: platform.id, token })
    await writeRegistration(tx, context, {
      platform,
      theirs,
      versions,
      versionsUrl: theirs.url || input.versionsUrl,
      shownRoles: own.shownRoles,
    })
  })
  context.directory.invalidate()
}

/** A platform that has left or was removed meanwhile must not be registered by the end of an exchange. */
async function requireStay(tx: Tx, platformId: string): Promise<void> {
  // Whoever leaves now does so after the exchange.
  await lockDirectory(tx)
  const [row] = await tx.rows<{ status: string }>(sql`
    select status from platforms where id = ${platformId}`)
  if (row?.status === 'registered' || row?.status === 'suspended') return
  throw new HubError('invalid', 'this platform has left meanwhile; invite it again')
}

/** The side of what it registered, or of all it is invited with. */
function sideNow(platform: Platform): 'cpo' | 'emsp' | null {
  return onlySideOf({ invited: platform.parties })
}

/** The partner's Credentials out of its answer; throws when it did not take ours or claims roles that are not its own. */
async function takeAnswer(
  answer: OcpiAnswer,
  of: { platform: Platform; version: Version; side: 'cpo' | 'emsp' | null },
): Promise<PartnerCredentials> {
  const schema = present(schemaFor(credentialsObject, of.version), 'schema of Credentials')
  const value = answer.kind === 'ocpi' && answer.ocpiStatus < 2000 ? dropNulls(answer.data) : null
  if (!isRecord(value) || validate(schema, value).hard.length > 0) {
    const said = answer.kind === 'ocpi' ? `status ${answer.ocpiStatus}` : answer.kind
    throw new HubError('clientUnusable', `the partner did not take our credentials (${said})`)
  }
  return readCredentials(value, of)
}

/**
 * A token that may be used from now on, but leaves those before it as they are: a partner whose answer is lost may use
 * either. Used it becomes the partner's token, unused it ends after the overlap.
 */
async function offerToken(
  context: Context,
  input: { platformId: string; token: string },
): Promise<void> {
  const { db, directory, secrets } = context
  const { platformId, token } = input
  await db.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed, expires_at)
    values (${secrets.hash(token)}, ${platformId}, 'access', ${secrets.seal(token, `platform:${platformId}:access`)},
      clock_timestamp() + ${limits.tokenOverlapMs}::float8 * interval '1 millisecond')`)
  directory.invalidate()
}

/** Whether it is known what became of our request: it was answered by the partner, or never left. */
function isSettled(answer: OcpiAnswer): boolean {
  switch (answer.kind) {
    case 'ocpi':
      return true
    case 'timeout':
      return false
    case 'unreachable':
      return !answer.sent
    case 'notOcpi':
      return answer.httpStatus !== null && answer.httpStatus >= 400 && answer.httpStatus < 500
    default:
      return answer satisfies never
  }
}

/** A token that the partner did not take must not stay valid. */
async function withdraw(context: Context, token: string): Promise<void> {
  await context.db.rows(
    sql`delete from credentials_tokens where token_hash = ${context.secrets.hash(token)}`,
  )
  context.directory.invalidate()
}

/** Never the copy of a moment ago: what is exchanged here must follow from what was exchanged before. */
async function findPlatform(context: Context, id: string): Promise<Platform> {
  context.directory.invalidate()
  const snapshot = await context.directory.snapshot()
  return present(snapshot.platforms.get(id), `platform ${id}`)
}
