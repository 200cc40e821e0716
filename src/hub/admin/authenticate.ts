import { createHash, timingSafeEqual } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { sql } from '../../db/sql.ts'
import type { Context } from '../../context.ts'
import { Refusal } from './refusal.ts'
import type { OperatorScope, PartyScope } from './scope.ts'

/** The operator of `Authorization: Bearer <token>`. ADMIN_TOKEN is the first operator. Throws a refusal otherwise. */
export async function authenticateOperator(
  context: Context,
  header: string | undefined,
): Promise<OperatorScope> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1]
  if (token === undefined) {
    throw new Refusal(
      'unauthorized',
      'Send `Authorization: Bearer` with an operator token (ADMIN_TOKEN is one).',
    )
  }
  if (isSame(token, context.config.adminToken))
    return { kind: 'operator', actor: 'operator:root', roles: ['admin'] }
  const [operator] = await context.db.rows<{ id: string; roles: string[] }>(sql`
    select id, roles from operators where token_hash = any(${context.secrets.hashes(token)}) and removed_at is null`)
  if (!operator)
    throw new Refusal('unauthorized', 'No operator has this token; ask an admin for one.')
  // While SECRETS_KEY rotates, the first use brings the look-up hash under the new key.
  if (context.config.secretsKeys.length > 1) {
    await context.db.rows(sql`
      update operators set token_hash = ${context.secrets.hash(token)}
      where id = ${operator.id} and token_hash <> ${context.secrets.hash(token)}`)
  }
  return { kind: 'operator', actor: `operator:${operator.id}`, roles: operator.roles }
}

/** The platform behind a credentials token, as in OCPI: `Authorization: Token <base64 or raw>`. */
export async function authenticateParty(
  context: Context,
  header: string | undefined,
): Promise<PartyScope> {
  const known = await context.directory.authenticate(header)
  if (known?.tokenKind !== 'access') {
    throw new Refusal(
      'unauthorized',
      'Send `Authorization: Token` with the credentials token the hub gave you.',
    )
  }
  const { platform } = known
  // The same budget as its OCPI requests: one platform, one share of the hub.
  const share = context.limiter.take(`platform:${platform.id}`, limits.platformRequestsPerMinuteMax)
  if (!share.ok) {
    const { retryAfterS } = share
    throw new Refusal('rateLimited', 'This platform sends more requests than agreed; slow down.', {
      retryAfterS,
    })
  }
  if (platform.status !== 'registered') {
    throw new Refusal(
      'forbidden',
      `This platform is ${platform.status}; ask the operator of the hub.`,
    )
  }
  const partiesAs = (role: string) =>
    platform.parties.filter((party) => party.role === role).map((party) => party.party)
  return {
    kind: 'party',
    actor: `platform:${platform.id}`,
    platformId: platform.id,
    cpos: partiesAs('CPO'),
    emsps: partiesAs('EMSP'),
  }
}

/** Compares digests of equal length, so that the time taken tells nothing about where two tokens differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
