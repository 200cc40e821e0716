import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import { readObject } from '../../ocpi/json-text.ts'
import { guardUrl } from '../../peer/guard.ts'
import { ownOrigins } from './own-origins.ts'
import type { Call } from '../request.ts'

/**
 * The URL for the later results that a request names, which the hub will call with its token for that platform. Throws
 * 2001 unless it is one URL of at most 255 characters (OCPI Types, URL) on a host of the platform that asks.
 */
export function readResponseUrl(call: Call, options: { allowPrivatePeers: boolean }): string {
  const isInQuery = call.route.endpoint.responseUrl?.in === 'query'
  const pointer = isInQuery ? 'query:response_url' : '/response_url'
  const refuse = (message: string) =>
    new HubError('invalid', 'the URL for the result cannot be used', {
      faults: [{ pointer, message }],
    })
  const [url, ...others] = isInQuery ? call.query.getAll('response_url') : bodyUrls(call)
  if (typeof url !== 'string' || url === '') throw refuse('is required')
  if (others.length > 0) throw refuse('may be given once')
  if (url.length > limits.responseUrlCharsMax)
    throw refuse(`may have ${limits.responseUrlCharsMax} characters`)
  const guarded = guardUrl(url, options)
  if (!guarded.ok) throw refuse(guarded.message)
  if (!ownOrigins(call.identity.platform).has(guarded.url.origin))
    throw refuse(
      'must be on a host of yours: the scheme, host and port of your versions URL or of an endpoint',
    )
  return url
}

/** Every response_url of the body: two readers may take different ones of two. */
function bodyUrls({ body }: Call): unknown[] {
  if (!body) return []
  const names = readObject(body.text, 0)?.members.filter(({ name }) => name === 'response_url')
  return names?.map(() => body.value.response_url) ?? []
}
