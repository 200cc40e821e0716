import type { Database, Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { limits } from '../../config/limits.ts'
import type { Interface } from '../ocpi/define.ts'
import { parseAuthorization } from './authorization.ts'
import type { Secrets } from './secrets.ts'
import { loadSnapshot } from './snapshot.ts'
import type { Platform, Snapshot } from './snapshot.ts'

/** Who presented a token: the platform and which kind of token it was. */
export type Identity = {
  kind: 'platform'
  platform: Platform
  tokenKind: 'registration' | 'access'
  token: string
  tokenHash: Buffer
}

/** The directory as the processes see it: a copy of PostgreSQL's truth at most `directoryCacheMs` old. */
export type Directory = {
  snapshot(): Promise<Snapshot>
  /**
   * The platform of an Authorization header, or null when it names none. With `mayAsk` false only the copy is looked at:
   * whoever guesses tokens must not make every guess a query. With `isLook` the token is shown to read versions only,
   * as partners do in the middle of an exchange that may still fail: that does not end the token before it.
   */
  authenticate(
    header: string | undefined,
    how?: { mayAsk?: boolean; isLook?: boolean },
  ): Promise<Identity | null>
  /** Forgets the copy after a write of this process. */
  invalidate(): void
}

/** One copy per process, re-read when the revision in PostgreSQL differs. */
export function createDirectory(options: {
  db: Database
  secrets: Secrets
  clock: () => Date
}): Directory {
  let copy: Snapshot | null = null
  let checkedAt = 0
  let generation = 0
  let loading: { generation: number; result: Promise<Snapshot> } | null = null
  const load = async (began: number): Promise<Snapshot> => {
    try {
      const next = await reload(options.db, copy)
      const isCurrent = began === generation
      // Also when forgotten meanwhile: whoever asks next need not read again what has not changed since.
      if (isCurrent || !copy || next.revision > copy.revision) copy = next
      // What was forgotten meanwhile must not come back as fresh.
      if (isCurrent) checkedAt = performance.now()
      return next
    } finally {
      if (loading?.generation === began) loading = null
    }
  }
  const refresh = (): Promise<Snapshot> => {
    if (loading?.generation !== generation) loading = { generation, result: load(generation) }
    return loading.result
  }
  const invalidate = () => {
    generation += 1
    checkedAt = Number.NEGATIVE_INFINITY
  }
  const snapshot = async () =>
    copy && performance.now() - checkedAt < limits.directoryCacheMs ? copy : refresh()
  return {
    snapshot,
    invalidate,
    authenticate: async (header, { mayAsk = true, isLook = false } = {}) => {
      const candidates = parseAuthorization(header)
      if (candidates.length === 0) return null
      const held = await snapshot()
      const known = identify(held, candidates, options)
      // Another process may have issued it a moment ago, so an unknown token is worth one look at the truth.
      const identity = known ?? (mayAsk ? identify(await refresh(), candidates, options) : null)
      if (!identity) return null
      const { token: row } = identity
      const isKnown = identity.platform.shownTokenEncoding !== null
      if (isKnown && (row.firstUsed || isLook)) return identity.identity
      await noteFirstUse(options.db, identity, isLook)
      // What it ended must not live on in this copy.
      invalidate()
      return identity.identity
    },
  }
}

type Candidate = { token: string; encoding: 'base64' | 'raw' }
type Found = {
  identity: Identity
  platform: Platform
  token: { hash: Buffer; kind: string; firstUsed: boolean; encoding: 'base64' | 'raw' }
}

function identify(
  snapshot: Snapshot,
  candidates: readonly Candidate[],
  options: { secrets: Secrets; clock: () => Date },
): Found | null {
  for (const candidate of candidates) {
    for (const hash of options.secrets.hashes(candidate.token)) {
      const row = snapshot.tokens.get(hash.toString('hex'))
      const platform = row && snapshot.platforms.get(row.platformId)
      if (!row || !platform || platform.status === 'suspended') continue
      if (row.expiresAt && row.expiresAt <= options.clock()) continue
      return {
        identity: {
          kind: 'platform',
          platform,
          tokenKind: row.kind,
          token: candidate.token,
          tokenHash: hash,
        },
        platform,
        token: { hash, kind: row.kind, firstUsed: row.firstUsed, encoding: candidate.encoding },
      }
    }
  }
  return null
}

/**
 * The first use of a new access token ends the older ones, and it need not end itself any more; how the first one was
 * encoded is remembered.
 */
async function noteFirstUse(db: Sql, found: Found, isLook: boolean): Promise<void> {
  if (!found.token.firstUsed && !isLook) {
    await db.rows(sql`
      with used as (
        update credentials_tokens t set first_used_at = clock_timestamp(),
          expires_at = case when kind = 'access' and not exists (
            select 1 from credentials_tokens n
            where n.platform_id = t.platform_id and n.kind = 'access' and n.created_at > t.created_at)
            then null else expires_at end
        where token_hash = ${found.token.hash} and first_used_at is null
        returning platform_id, kind, created_at
      )
      delete from credentials_tokens t using used
      where used.kind = 'access' and t.platform_id = used.platform_id and t.kind = 'access' and t.created_at < used.created_at`)
  }
  if (found.platform.shownTokenEncoding === null) {
    await db.rows(sql`
      update platforms set shown_token_encoding = ${found.token.encoding} where id = ${found.platform.id} and shown_token_encoding is null`)
  }
}

async function reload(db: Sql, copy: Snapshot | null): Promise<Snapshot> {
  const [row] = await db.rows<{ revision: bigint }>(sql`select revision from directory_revision`)
  if (copy && row && row.revision === copy.revision) return copy
  return loadSnapshot(db)
}

/** The URL a platform gave for a module, or undefined when it does not implement that side. */
export function endpointOf(
  platform: Platform,
  module: string,
  side: Interface,
): string | undefined {
  return platform.endpoints.get(`${module}:${side}`)
}
