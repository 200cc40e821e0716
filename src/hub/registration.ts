import { limits } from '../../config/limits.ts'
import { present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Identity } from '../directory/directory.ts'
import type { Platform } from '../directory/snapshot.ts'
import type { Method } from '../ocpi/define.ts'
import { partyOf } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import { peerTokenPurpose } from './call-partner.ts'
import { fetchPartnerVersions } from './partner-versions.ts'
import type { PartnerVersions } from './partner-versions.ts'
import { success } from './request.ts'
import type { LocalCall, OcpiAnswer } from './request.ts'

/** What a partner's Credentials object says. */
export type PartnerCredentials = {
  token: string
  url: string
  parties: { party: string; role: string; businessDetails: unknown }[]
}

/** GET credentials: our Credentials object for this client, with the token it uses (2.2.1 Credentials, GET Method). */
export async function showCredentials(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  return success(ourCredentials(context, call.identity.token))
}

/**
 * A registration token registers (POST), an access token updates (PUT) and leaves (DELETE); 405 for the other way round
 * (2.2.1 Credentials), whatever the body holds.
 */
export function checkTokenKind(identity: Identity, method: Method): void {
  if (identity.tokenKind === 'access' && method === 'POST')
    throw notAllowed('this platform is registered; update with PUT', ['GET', 'PUT', 'DELETE'])
  if (identity.tokenKind === 'registration' && (method === 'PUT' || method === 'DELETE'))
    throw notAllowed('this platform is not registered; register with POST', ['GET', 'POST'])
}

function notAllowed(message: string, allow: string[]): HubError {
  return new HubError('methodNotAllowed', message, { allow })
}

/** DELETE credentials: the platform leaves; its tokens end, nobody sends to it any more. */
export async function takeUnregistration(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const { id } = call.identity.platform
  await context.db.transaction(async (tx) => {
    await tx.rows(sql`delete from credentials_tokens where platform_id = ${id}`)
    await tx.rows(sql`delete from endpoints where platform_id = ${id}`)
    await tx.rows(sql`
      update platforms set status = 'unregistered', peer_token_sealed = null, revision = revision + 1,
        updated_at = clock_timestamp() where id = ${id}`)
  })
  context.directory.invalidate()
  return success()
}

/**
 * POST and PUT credentials: a platform registers, or changes its token, URL or roles; its endpoints are read again even
 * when the version is the same. It gets a new token.
 */
export async function takeCredentials(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const { platform } = call.identity
  const theirs = readCredentials(present(call.body, 'credentials body').value, platform)
  // The partner's own POST is still open: it must accept its token already (2.2.1 Registration, step 4).
  const versions = await fetchPartnerVersions(context, {
    versionsUrl: theirs.url,
    token: theirs.token,
    tokenEncoding: platform.shownTokenEncoding ?? 'base64',
    correlationId: call.ids.correlationId,
    version: call.version,
  })
  const token = context.secrets.newToken()
  const taken = await context.db.transaction(async (tx) => {
    // A registration token works once: of two requests with it, one finds it gone.
    if (call.identity.tokenKind === 'registration') {
      const used = await tx.rows(sql`
        delete from credentials_tokens where token_hash = ${call.identity.tokenHash} returning platform_id`)
      if (used.length === 0) return false
    }
    await writeRegistration(tx, context, { platform, theirs, versions, versionsUrl: theirs.url })
    await addAccessToken(tx, context, { platformId: platform.id, token })
    return true
  })
  if (!taken) throw new HubError('unauthorized', 'this registration token has been used')
  context.directory.invalidate()
  return success(ourCredentials(context, token))
}

/** Checks a partner's Credentials: exactly the roles it was invited with, nobody else's. */
export function readCredentials(
  value: Record<string, unknown>,
  platform: Platform,
): PartnerCredentials {
  const faults: Fault[] = []
  const listed = Array.isArray(value.roles) ? value.roles : []
  const parties = listed.flatMap((role: unknown, index) => {
    if (!isRecord(role)) return []
    const party = partyOf(role.country_code, role.party_id)
    const invited = platform.parties.some((own) => own.party === party && own.role === role.role)
    if (party === null || !invited) {
      faults.push({
        pointer: `/roles/${index}`,
        message: 'is not one of the roles this platform was invited with',
      })
      return []
    }
    return [{ party, role: String(role.role), businessDetails: role.business_details }]
  })
  for (const own of platform.parties) {
    const found = parties.filter(({ party, role }) => party === own.party && role === own.role)
    if (found.length !== 1) {
      faults.push({
        pointer: '/roles',
        message: `must list ${own.role} ${own.party} exactly once, as invited`,
      })
    }
  }
  const token = typeof value.token === 'string' ? value.token : ''
  if (!/^[\x21-\x7e]{1,64}$/.test(token)) {
    faults.push({ pointer: '/token', message: 'must be 1 to 64 printable ASCII characters' })
  }
  if (faults.length > 0)
    throw new HubError('invalid', 'these credentials cannot be taken', { faults })
  return { token, url: typeof value.url === 'string' ? value.url : '', parties }
}

/** Writes what a finished handshake says about a platform. */
export async function writeRegistration(
  tx: Tx,
  context: Pick<Context, 'secrets'>,
  input: {
    platform: Platform
    theirs: PartnerCredentials
    versions: PartnerVersions
    versionsUrl: string
  },
): Promise<void> {
  const { platform, theirs, versions } = input
  const sealed = context.secrets.seal(theirs.token, peerTokenPurpose(platform.id))
  await tx.rows(sql`
    update platforms set status = case when status = 'suspended' then status else 'registered' end,
      ocpi_version = ${versions.version}, versions_url = ${input.versionsUrl}, peer_token_sealed = ${sealed},
      peer_token_encoding = ${versions.tokenEncoding}, revision = revision + 1, updated_at = clock_timestamp()
    where id = ${platform.id}`)
  await tx.rows(sql`delete from endpoints where platform_id = ${platform.id}`)
  await tx.rows(sql`
    insert into endpoints (platform_id, module, interface, url)
    select ${platform.id}, * from unnest(${versions.endpoints.map((e) => e.module)}::text[],
      ${versions.endpoints.map((e) => e.interface)}::text[], ${versions.endpoints.map((e) => e.url)}::text[])`)
  await tx.rows(sql`
    update platform_parties p set registered = true, business_details = t.details::jsonb, updated_at = clock_timestamp()
    from unnest(${theirs.parties.map((p) => p.party)}::text[], ${theirs.parties.map((p) => p.role)}::text[],
      ${theirs.parties.map((p) => JSON.stringify(p.businessDetails ?? {}))}::text[]) as t (party, role, details)
    where p.platform_id = ${platform.id} and p.party = t.party and p.role = t.role`)
}

/**
 * Issues a token for a platform. The one in use ends with the first use of the new one and not before: an answer that
 * was lost on its way must not lock the partner out. Earlier ones that nobody used end after the overlap.
 */
export async function addAccessToken(
  tx: Tx,
  context: Pick<Context, 'secrets'>,
  input: { platformId: string; token: string },
): Promise<void> {
  const { platformId, token } = input
  await tx.rows(sql`
    update credentials_tokens set expires_at = least(coalesce(expires_at, 'infinity'),
      clock_timestamp() + ${limits.tokenOverlapMs}::float8 * interval '1 millisecond')
    where platform_id = ${platformId} and kind = 'access' and first_used_at is null`)
  await tx.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed)
    values (${context.secrets.hash(token)}, ${platformId}, 'access',
      ${context.secrets.seal(token, `platform:${platformId}:access`)})`)
}

/** Our Credentials object as JSON: the hub shows itself in the role HUB only (2.2.1 Credentials, Hub). */
export function ourCredentials(context: Context, token: string): string {
  const { countryCode, partyId, name } = context.config.hub
  return JSON.stringify({
    token,
    url: `${context.publicUrl}/ocpi/versions`,
    roles: [
      { role: 'HUB', country_code: countryCode, party_id: partyId, business_details: { name } },
    ],
  })
}
