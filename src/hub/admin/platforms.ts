import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { lockDirectory } from '../../directory/lock.ts'
import { readQuirks } from '../../directory/quirks.ts'
import type { QuirksDraft } from '../../directory/quirks.ts'
import { announcePlatform } from '../connection/announce.ts'
import { registerWithPartner, rotateCredentials } from '../connection/credentials.ts'
import { schedulePulls } from '../copies/pull-schedule.ts'
import { catchUp, endAlerts } from '../connection/sightings.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'

type PlatformStatus = 'invited' | 'registered' | 'suspended' | 'unregistered'

type PlatformRow = {
  id: string
  name: string
  status: PlatformStatus
  ocpi_version: string | null
  versions_url: string | null
  created_at: Date
  last_seen_at: Date | null
  offline_since: Date | null
  quirks: unknown
  roles: { party: string; role: string; business_details: object; registered: boolean }[]
  endpoints: { module: string; interface: 'sender' | 'receiver'; url: string }[]
}

type Deed = { actor: string; id: string; reason?: string | undefined }

/** A page of platforms by id. Never tokens. */
export async function listPlatforms(db: Sql, request: PageRequest) {
  const limit = pageLimit(request)
  const [after] = cursorParts(request, 1)
  const rows = await readPlatforms(db, { after: after ?? null, only: null, limit: limit + 1 })
  return pageOf(rows, { limit, cursor: (row) => [row.id], item: asAnswer })
}

/** One platform with its roles and endpoints. Never tokens. */
export async function getPlatform(db: Sql, id: string) {
  const [row] = await readPlatforms(db, { after: null, only: id, limit: 1 })
  if (!row) throw unknownPlatform(id)
  return asAnswer(row)
}

/** Removes a platform with its parties, endpoints and tokens. CDRs, statements and messages stay. */
export async function removePlatform(context: Context, deed: Deed): Promise<void> {
  await context.db.transaction(async (tx) => {
    await lockDirectory(tx)
    await announcePlatform(tx, deed.id)
    await endAlerts(tx, deed.id)
    const [row] = await tx.rows<{ name: string; invited_roles: unknown }>(
      sql`delete from platforms where id = ${deed.id} returning name, invited_roles`,
    )
    if (!row) throw unknownPlatform(deed.id)
    const details = { name: row.name, roles: row.invited_roles }
    await appendAudit(tx, { ...asEntry(deed, 'platform.remove'), details })
  })
  context.directory.invalidate()
}

/** Cuts a platform off: its requests are refused and nothing is sent to it until it is resumed. */
export async function suspendPlatform(context: Context, deed: Deed) {
  await changeStatus(context, { deed, action: 'platform.suspend', from: ['invited', 'registered'] })
  return getPlatform(context.db, deed.id)
}

/** Lets a suspended platform back in, as registered when it had finished its registration, else as invited. */
export async function resumePlatform(context: Context, deed: Deed) {
  await changeStatus(context, { deed, action: 'platform.resume', from: ['suspended'] })
  return getPlatform(context.db, deed.id)
}

/** Writes down how a partner differs from the specification. */
export async function changeQuirks(context: Context, deed: Deed & { quirks: QuirksDraft }) {
  const platform = (await context.directory.snapshot()).platforms.get(deed.id)
  await context.db.transaction(async (tx) => {
    const status = await lockStatus(tx, deed.id)
    const draft = JSON.stringify(deed.quirks)
    const [row] = await tx.rows<{ quirks: unknown }>(sql`
      update platforms set quirks = jsonb_strip_nulls(quirks || ${draft}::jsonb), revision = revision + 1
      where id = ${deed.id} returning quirks`)
    // What is to be fetched from now on has no interval yet.
    if (deed.quirks.pull !== undefined && status === 'registered' && platform)
      await schedulePulls(tx, { ...platform, quirks: readQuirks(row?.quirks) })
    const details = { quirks: deed.quirks }
    await appendAudit(tx, { ...asEntry(deed, 'platform.quirks'), details })
  })
  context.directory.invalidate()
  return getPlatform(context.db, deed.id)
}

/** Gives a registered partner new credentials by the OCPI PUT of its credentials module. */
export async function rotatePlatform(context: Context, deed: Deed) {
  const { status } = await getPlatform(context.db, deed.id)
  if (status !== 'registered') {
    throw new Refusal(
      'conflict',
      `The platform is ${status}; only a registered one has credentials to rotate.`,
    )
  }
  await recordDeed(context, asEntry(deed, 'platform.rotate'))
  await rotateCredentials(context, { platformId: deed.id })
  context.directory.invalidate()
  return getPlatform(context.db, deed.id)
}

/** Starts the handshake towards a partner that gave us its token A. The token is neither answered nor logged. */
export async function registerPlatform(
  context: Context,
  deed: Deed & { versionsUrl: string; tokenA: string },
) {
  const { status } = await getPlatform(context.db, deed.id)
  if (status === 'suspended')
    throw new Refusal('conflict', 'The platform is suspended; resume it, then register it.')
  const details = { versions_url: deed.versionsUrl }
  await recordDeed(context, { ...asEntry(deed, 'platform.register'), details })
  await registerWithPartner(context, {
    platformId: deed.id,
    versionsUrl: deed.versionsUrl,
    tokenA: deed.tokenA,
  })
  context.directory.invalidate()
  return getPlatform(context.db, deed.id)
}

/** The refusal for a platform id that nobody has. */
function unknownPlatform(id: string): Refusal {
  return new Refusal(
    'notFound',
    `No platform has the id ${id}; GET /admin/v1/platforms lists them.`,
  )
}

/** A deed whose work speaks to a partner is audited before it starts: no network call is made inside a transaction. */
async function recordDeed(
  context: Context,
  entry: Parameters<typeof appendAudit>[1],
): Promise<void> {
  await context.db.transaction((tx) => appendAudit(tx, entry))
}

async function changeStatus(
  context: Context,
  change: { deed: Deed; action: 'platform.suspend' | 'platform.resume'; from: PlatformStatus[] },
): Promise<void> {
  const { deed, action, from } = change
  const platform = (await context.directory.snapshot()).platforms.get(deed.id)
  await context.db.transaction(async (tx) => {
    const status = await lockStatus(tx, deed.id)
    if (!from.includes(status)) {
      throw new Refusal(
        'conflict',
        `The platform is ${status}; this needs it to be ${from.join(' or ')}.`,
      )
    }
    const [row] = await tx.rows<{ status: PlatformStatus; since: Date }>(sql`
      update platforms p set
        status = case when ${action} = 'platform.suspend' then 'suspended'
                      when p.peer_token_sealed is not null then 'registered' else 'invited' end,
        revision = p.revision + 1, updated_at = clock_timestamp()
      from (select id, updated_at from platforms where id = ${deed.id}) before
      where p.id = before.id returning p.status, before.updated_at as since`)
    await announcePlatform(tx, deed.id)
    if (action === 'platform.suspend') await endAlerts(tx, deed.id)
    if (row?.status === 'registered' && platform) await catchUp(tx, { platform, since: row.since })
    await appendAudit(tx, asEntry(deed, action))
  })
  context.directory.invalidate()
}

async function lockStatus(tx: Tx, id: string): Promise<PlatformStatus> {
  // A registration that finishes meanwhile must not undo a suspension.
  await lockDirectory(tx)
  const [row] = await tx.rows<{ status: PlatformStatus }>(
    sql`select status from platforms where id = ${id}`,
  )
  if (!row) throw unknownPlatform(id)
  return row.status
}

function asEntry(deed: Deed, action: string) {
  return { actor: deed.actor, action, subject: deed.id, reason: deed.reason }
}

async function readPlatforms(
  db: Sql,
  page: { after: string | null; only: string | null; limit: number },
): Promise<PlatformRow[]> {
  return db.rows<PlatformRow>(sql`
    select p.id, p.name, p.status, p.ocpi_version, p.versions_url, p.created_at, s.last_seen_at,
      p.offline_since, p.quirks,
      coalesce((select jsonb_agg(jsonb_build_object('party', r.party, 'role', r.role,
          'business_details', r.business_details, 'registered', r.registered) order by r.party, r.role)
        from platform_parties r where r.platform_id = p.id), '[]') as roles,
      coalesce((select jsonb_agg(jsonb_build_object('module', e.module, 'interface', e.interface, 'url', e.url)
          order by e.module, e.interface)
        from endpoints e where e.platform_id = p.id), '[]') as endpoints
    from platforms p left join platform_sightings s on s.platform_id = p.id
    where (${page.after}::text is null or p.id > ${page.after}) and (${page.only}::text is null or p.id = ${page.only})
    order by p.id limit ${page.limit}`)
}

function asAnswer(row: PlatformRow) {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    roles: row.roles.map(({ party, role, business_details, registered }) => ({
      role,
      country_code: party.slice(0, 2),
      party_id: party.slice(3),
      business_details,
      registered,
    })),
    version: row.ocpi_version,
    versions_url: row.versions_url,
    endpoints: row.endpoints,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
    offline_since: row.offline_since?.toISOString() ?? null,
    quirks: readQuirks(row.quirks),
  }
}
