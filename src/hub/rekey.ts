import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { peerTokenPurpose } from './call-partner.ts'

type TokenRow = { token_hash: Buffer; platform_id: string; kind: string; sealed: Buffer }
type PlatformRow = { id: string; peer_token_sealed: Buffer }

/**
 * Brings every stored token under the current key of SECRETS_KEY, so that the old one can be taken out of `new,old`.
 * Returns how many rows changed. Running it again, or beside the web processes, changes nothing more.
 */
export async function rekey(context: Context): Promise<number> {
  if (context.config.secretsKeys.length < 2) return 0
  return context.db.transaction(
    async (tx) => (await rekeyTokens(tx, context)) + (await rekeyPeers(tx, context)),
  )
}

async function rekeyTokens(tx: Tx, { secrets }: Context): Promise<number> {
  const rows = await tx.rows<TokenRow>(sql`
    select token_hash, platform_id, kind, sealed from credentials_tokens
    order by token_hash limit ${limits.rekeyRowsMax} for update`)
  const old = rows.filter(({ sealed }) => !secrets.isCurrent(sealed))
  for (const row of old) {
    const purpose = `platform:${row.platform_id}:${row.kind}`
    const token = secrets.open(row.sealed, purpose)
    await tx.rows(sql`
      update credentials_tokens set token_hash = ${secrets.hash(token)}, sealed = ${secrets.seal(token, purpose)}
      where token_hash = ${row.token_hash}`)
  }
  return old.length
}

async function rekeyPeers(tx: Tx, { secrets }: Context): Promise<number> {
  const rows = await tx.rows<PlatformRow>(sql`
    select id, peer_token_sealed from platforms where peer_token_sealed is not null
    order by id limit ${limits.rekeyRowsMax} for update`)
  const old = rows.filter((row) => !secrets.isCurrent(row.peer_token_sealed))
  for (const row of old) {
    const purpose = peerTokenPurpose(row.id)
    const sealed = secrets.seal(secrets.open(row.peer_token_sealed, purpose), purpose)
    await tx.rows(sql`update platforms set peer_token_sealed = ${sealed} where id = ${row.id}`)
  }
  return old.length
}
