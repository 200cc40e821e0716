import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { lockDirectory } from '../directory/lock.ts'
import type { Secrets } from '../directory/secrets.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { raiseAlert } from './alerts.ts'
import { rekeyCallbacks } from './commands/callbacks.ts'
import { peerTokenPurpose } from './call-partner.ts'
import { webhookPurpose } from './disputes/send-webhook.ts'

type TokenRow = { token_hash: Buffer; platform_id: string; kind: string; sealed: Buffer }
type WebhookRow = {
  platform_id: string
  secret_sealed: Buffer
  previous_sealed: Buffer | null
}
type PlatformRow = { id: string; peer_token_sealed: Buffer }

/**
 * Brings every stored token, the URLs of callbacks and the secrets of webhooks under the current key of SECRETS_KEY, so that the old one can be
 * taken out of `new,old`.
 * Returns how many rows changed; what no key opens is left out and told to the operator. Running it again, or beside the web processes, changes nothing more.
 */
export async function rekey(context: Context): Promise<number> {
  if (context.config.secretsKeys.length < 2) return 0
  return context.db.transaction(async (tx) => {
    await lockDirectory(tx)
    return (
      (await rekeyTokens(tx, context)) +
      (await rekeyPeers(tx, context)) +
      (await rekeyCallbacks(tx, context)) +
      (await rekeyWebhooks(tx, context))
    )
  })
}

async function rekeyTokens(tx: Tx, { secrets }: Context): Promise<number> {
  const rows = await tx.rows<TokenRow>(sql`
    select token_hash, platform_id, kind, sealed from credentials_tokens
    order by token_hash limit ${limits.rekeyRowsMax} for update`)
  const old = rows.filter(({ sealed }) => !secrets.isCurrent(sealed))
  let changed = 0
  for (const row of old) {
    const purpose = `platform:${row.platform_id}:${row.kind}`
    const token = await openOrTell(tx, { secrets, sealed: row.sealed, purpose })
    if (token === null) continue
    changed += 1
    await tx.rows(sql`
      update credentials_tokens set token_hash = ${secrets.hash(token)}, sealed = ${secrets.seal(token, purpose)}
      where token_hash = ${row.token_hash}`)
  }
  return changed
}

async function rekeyPeers(tx: Tx, { secrets }: Context): Promise<number> {
  const rows = await tx.rows<PlatformRow>(sql`
    select id, peer_token_sealed from platforms where peer_token_sealed is not null
    order by id limit ${limits.rekeyRowsMax} for update`)
  const old = rows.filter((row) => !secrets.isCurrent(row.peer_token_sealed))
  let changed = 0
  for (const row of old) {
    const purpose = peerTokenPurpose(row.id)
    const token = await openOrTell(tx, { secrets, sealed: row.peer_token_sealed, purpose })
    if (token === null) continue
    changed += 1
    const sealed = secrets.seal(token, purpose)
    await tx.rows(sql`update platforms set peer_token_sealed = ${sealed} where id = ${row.id}`)
  }
  return changed
}

async function rekeyWebhooks(tx: Tx, { secrets }: Context): Promise<number> {
  const rows = await tx.rows<WebhookRow>(sql`
    select platform_id, secret_sealed, previous_sealed from party_webhooks
    order by platform_id limit ${limits.rekeyRowsMax} for update`)
  let changed = 0
  for (const { platform_id: id, secret_sealed: current, previous_sealed: previous } of rows) {
    if ([current, previous].every((sealed) => sealed === null || secrets.isCurrent(sealed)))
      continue
    const purpose = webhookPurpose(id)
    const secret = await openOrTell(tx, { secrets, sealed: current, purpose })
    if (secret === null) continue
    const old = previous && (await openOrTell(tx, { secrets, sealed: previous, purpose }))
    changed += 1
    await tx.rows(sql`
      update party_webhooks set secret_sealed = ${secrets.seal(secret, purpose)},
        previous_sealed = ${old === null ? null : secrets.seal(old, purpose)},
        previous_until = case when ${old === null} then null else previous_until end
      where platform_id = ${id}`)
  }
  return changed
}

/** The token, or null when it was sealed under a key that is lost: that must not keep the others from moving. */
async function openOrTell(
  tx: Tx,
  input: { secrets: Secrets; sealed: Buffer; purpose: string },
): Promise<string | null> {
  try {
    return input.secrets.open(input.sealed, input.purpose)
  } catch {
    await raiseAlert(tx, {
      code: 'secret_lost',
      severity: 'critical',
      subject: input.purpose,
      message: `the stored token ${input.purpose} cannot be read with any key of SECRETS_KEY`,
      advice: 'Add the key it was stored under, or let the platform register again.',
    })
    return null
  }
}
