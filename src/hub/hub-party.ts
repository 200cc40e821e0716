import type { Context } from '../context.ts'

/** The hub's own address. */
export function hubParty(context: Pick<Context, 'config'>): string {
  return `${context.config.hub.countryCode}-${context.config.hub.partyId}`
}
