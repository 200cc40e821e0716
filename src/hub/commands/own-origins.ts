import type { Platform } from '../../directory/snapshot.ts'

/**
 * The origins (`https://host:port`) that a platform may name in URLs that the hub calls later: of its versions URL, of
 * its endpoints, and of the hosts that operators added. Anywhere else the hub would carry its token to strangers.
 */
export function ownOrigins(
  platform: Pick<Platform, 'versionsUrl' | 'endpoints' | 'quirks'>,
): ReadonlySet<string> {
  const urls = [
    ...(platform.versionsUrl === null ? [] : [platform.versionsUrl]),
    ...platform.endpoints.values(),
    // Whether plain http is allowed at all is for the guard to say.
    ...(platform.quirks.origins ?? []).flatMap((host) => [`https://${host}`, `http://${host}`]),
  ]
  return new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin))
}
