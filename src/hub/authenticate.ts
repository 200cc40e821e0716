import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import type { OcpiRequest } from './request.ts'

/** Whose token it is. Refuses strangers, whoever guesses tokens, and platforms that send more than their share. */
export async function authenticate(context: Context, request: OcpiRequest): Promise<Identity> {
  const failures = `login:${request.remoteAddress}`
  const identity = await context.directory.authenticate(request.headers.get('authorization'), {
    mayAsk: context.limiter.hasRoom(failures, limits.failedLoginsPerMinuteMax),
    isLook: /^(\/(cpo|emsp))?\/(versions|[\d.]+)\/?$/.test(request.path),
  })
  if (!identity) {
    const budget = context.limiter.take(failures, limits.failedLoginsPerMinuteMax)
    if (!budget.ok) {
      throw new HubError(
        'rateLimited',
        'too many requests with a wrong token; wait and check the token',
        { retryAfterS: budget.retryAfterS },
      )
    }
    throw new HubError(
      'unauthorized',
      'send `Authorization: Token <base64 of your credentials token>`',
    )
  }
  const share = context.limiter.take(
    `platform:${identity.platform.id}`,
    limits.platformRequestsPerMinuteMax,
  )
  if (!share.ok) {
    throw new HubError('rateLimited', 'this platform sends more requests than agreed; slow down', {
      retryAfterS: share.retryAfterS,
    })
  }
  return identity
}

/** A registration token opens versions and credentials only (2.2.1 Authorization header), an access token the rest. */
export function requireAccessToken(identity: Identity): void {
  if (identity.tokenKind === 'access') return
  throw new HubError(
    'unauthorized',
    'this is a registration token: register with POST credentials first',
  )
}
