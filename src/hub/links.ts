import type { Context } from '../context.ts'

/** Who asks whom for pages of what: with another party of the same platform there may be another agreement. */
export type LinkUse = { asker: string; receiver: string; platformId: string; module: string }

/**
 * A partner's `Link` through the hub: the upstream URL, sealed together with who may use it. Nothing to store, so it
 * works on every process and as often as it is asked.
 */
export function sealLink(
  context: Pick<Context, 'secrets'>,
  link: LinkUse & { url: string },
): string {
  return context.secrets.seal(link.url, purpose(link)).toString('base64url')
}

/** The upstream URL of a Link of ours, or null when it is not one, or not this asker's. */
export function openLink(
  context: Pick<Context, 'secrets'>,
  link: LinkUse & { sealed: string },
): string | null {
  try {
    return context.secrets.open(Buffer.from(link.sealed, 'base64url'), purpose(link))
  } catch {
    return null
  }
}

function purpose({ asker, receiver, platformId, module }: LinkUse): string {
  return `link:${asker}:${receiver}:${platformId}:${module}`
}
