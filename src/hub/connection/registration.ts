import { isDeepStrictEqual } from 'node:util'
import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import { HubError } from '../../errors.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Identity } from '../../directory/directory.ts'
import type { Platform } from '../../directory/snapshot.ts'
import type { Method } from '../../ocpi/define.ts'
import type { Version } from '../../ocpi/version.ts'
import { announcePlatform } from './announce.ts'
import { peerTokenPurpose } from '../call-partner.ts'
import { exchangeAlone } from './credentials-lease.ts'
import { ourCredentials } from './our-credentials.ts'
import { fetchPartnerVersions } from './partner-versions.ts'
import type { PartnerVersions } from './partner-versions.ts'
import { schedulePulls } from '../copies/pull-schedule.ts'
import { success } from '../request.ts'
import type { LocalCall, OcpiAnswer } from '../request.ts'
import { endAlerts, noteHeard } from './sightings.ts'
import { hurryPlatform } from '../objects/sync-object.ts'
import { readCredentials, reportClaims, sideOfParties } from './their-credentials.ts'
import type { PartnerCredentials } from './their-credentials.ts'

/** GET credentials: our Credentials object for this client, with the token it uses (Credentials, GET Method). */
export async function showCredentials(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const { token, platform } = call.identity
  const snapshot = await context.directory.snapshot()
  const { version, partnerSide: side } = call
  return success(ourCredentials(context, { snapshot, platform, version, token, side }).text)
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
    // When it comes back the hub begins anew: what it billed meanwhile is settled elsewhere.
    await tx.rows(sql`delete from pulls where platform_id = ${id}`)
    await tx.rows(sql`
      update platforms set status = 'unregistered', peer_token_sealed = null, offline_since = null, shown_roles = null,
        revision = revision + 1, updated_at = clock_timestamp() where id = ${id}`)
    await endAlerts(tx, id)
    await announcePlatform(tx, id)
  })
  context.directory.invalidate()
  return success()
}

/**
 * POST and PUT credentials: a platform registers, or changes its token, URL, roles or version; its endpoints are read
 * again even when the version is the same. It gets a new token. The version of the URL it used is that of its
 * connection from now on (Credentials, PUT Method).
 */
export async function takeCredentials(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const take = () => takeNow(context, call)
  // Of several POSTs the registration token decides.
  if (call.identity.tokenKind === 'registration') return take()
  return exchangeAlone(context, call.identity.platform.id, take)
}

async function takeNow(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const { version, partnerSide: side } = call
  const { platform } = call.identity
  const { value } = present(call.body, 'credentials body')
  await reportClaims(context, { platform, value })
  const theirs = readCredentials(value, { platform, version, side })
  // The partner's own POST is still open: it must accept its token already (Registration, step 4).
  const versions = await fetchPartnerVersions(context, {
    versionsUrl: theirs.url,
    token: theirs.token,
    tokenEncoding: likelyEncoding(platform, version),
    correlationId: call.ids.correlationId,
    version,
    side: sideOfParties(theirs),
    quirks: platform.quirks,
  })
  const token = context.secrets.newToken()
  const snapshot = await context.directory.snapshot()
  const own = ourCredentials(context, { snapshot, platform, version, token, side })
  const taken = await context.db.transaction(async (tx) => {
    // A registration token works once: of two requests with it, one finds it gone.
    if (call.identity.tokenKind === 'registration') {
      const used = await tx.rows(sql`
        delete from credentials_tokens where token_hash = ${call.identity.tokenHash} returning platform_id`)
      if (used.length === 0) return false
    }
    await writeRegistration(tx, context, {
      platform,
      theirs,
      versions,
      versionsUrl: theirs.url,
      shownRoles: own.shownRoles,
    })
    await addAccessToken(tx, context, { platformId: platform.id, token })
    return true
  })
  if (!taken) throw new HubError('unauthorized', 'this registration token has been used')
  context.directory.invalidate()
  return success(own.text)
}

/** How a partner takes our token: what operators set, else what it showed us; 2.1.1 has no base64. */
export function likelyEncoding(platform: Platform, version: Version | null): 'base64' | 'raw' {
  const shown = platform.shownTokenEncoding ?? 'base64'
  return platform.quirks.token_encoding ?? (version === '2.1.1' ? 'raw' : shown)
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
    /** What of our roles it was shown in the same exchange; null but in 2.3.0. */
    shownRoles: string | null
  },
): Promise<void> {
  const { platform, theirs, versions } = input
  const sealed = context.secrets.seal(theirs.token, peerTokenPurpose(platform.id))
  // updated_at is when its status changed: that is what HubClientInfo tells and filters by.
  await tx.rows(sql`
    update platforms set status = case when status = 'suspended' then status else 'registered' end,
      updated_at = case when status in ('registered', 'suspended') and offline_since is null
        then updated_at else clock_timestamp() end,
      offline_since = null, ocpi_version = ${versions.version}, versions_url = ${input.versionsUrl},
      peer_token_sealed = ${sealed}, peer_token_encoding = ${versions.tokenEncoding},
      shown_roles = ${input.shownRoles}, revision = revision + 1
    where id = ${platform.id}`)
  await tx.rows(sql`delete from endpoints where platform_id = ${platform.id}`)
  await tx.rows(sql`
    insert into endpoints (platform_id, module, interface, url)
    select ${platform.id}, * from unnest(${versions.endpoints.map((e) => e.module)}::text[],
      ${versions.endpoints.map((e) => e.interface)}::text[], ${versions.endpoints.map((e) => e.url)}::text[])`)
  await tx.rows(sql`
    update platform_parties p set registered = t.party is not null,
      business_details = coalesce(t.details::jsonb, p.business_details),
      updated_at = case when p.registered = (t.party is not null) then p.updated_at else clock_timestamp() end
    from platform_parties q left join unnest(${theirs.parties.map((p) => p.party)}::text[],
      ${theirs.parties.map((p) => p.role)}::text[],
      ${theirs.parties.map((p) => JSON.stringify(p.businessDetails ?? {}))}::text[]) as t (party, role, details)
      on t.party = q.party and t.role = q.role
    where q.platform_id = ${platform.id} and p.party = q.party and p.role = q.role`)
  await noteHeard(tx, platform.id)
  await endAlerts(tx, platform.id)
  // What it could not be sent before may go now.
  await hurryPlatform(tx, platform.id)
  if (isNews(platform, theirs)) await announcePlatform(tx, platform.id)
  const endpoints = asMap(versions.endpoints)
  const isSame =
    platform.version === versions.version && isDeepStrictEqual(platform.endpoints, endpoints)
  if (!isSame || platform.status !== 'registered' || platform.offlineSince !== null)
    await schedulePulls(tx, { ...platform, endpoints })
}

/** Whether others would be told something new: a new token alone, or another version, is nobody else's business. */
function isNews(before: Platform, theirs: PartnerCredentials): boolean {
  if (before.status !== 'registered' || before.offlineSince !== null) return true
  return before.invited.some(({ party, role, registered, businessDetails }) => {
    const now = theirs.parties.find((each) => each.party === party && each.role === role)
    return now === undefined
      ? registered
      : !registered || !same(now.businessDetails, businessDetails)
  })
}

function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a ?? {}, b)
}

function asMap(endpoints: PartnerVersions['endpoints']): ReadonlyMap<string, string> {
  return new Map(endpoints.map((each) => [`${each.module}:${each.interface}`, each.url]))
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
