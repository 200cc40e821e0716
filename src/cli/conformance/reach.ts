import type { Interface } from '../../ocpi/define.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { compareVersions } from '../../ocpi/version.ts'
import { moduleUrl } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { pass, said, skipped } from './check.ts'
import type { Check, Verdict } from './check.ts'
import type { Address, Exchange } from './exchange.ts'
import type { Listing } from './listing.ts'

type Listings = ReadonlyMap<string, Listing>

/** An interface that the partner may or may not have. `rows` gets its URL and whom requests are for. */
type Offer = {
  module: string
  side: Interface
  /** A request without effect that shows whether the party behind a hub has the interface. */
  probe: (at: At) => Promise<Exchange>
  rows: (at: At) => Check[]
}

export type At = { url: string; whom: For }

/**
 * The rows of an interface, after one that says whether the version details list it: what a platform does not offer it
 * cannot do wrong. Nothing at all in a version without the module.
 */
export function offerChecks(bench: Bench, listings: Listings, offer: Offer): Check[] {
  const { module, side } = offer
  const definition = moduleById(module)
  if (!definition || compareVersions(bench.version, definition.since) < 0) return []
  const found = findOffer(bench, listings, offer)
  const offered: Check = {
    id: side,
    what: `${module}: its ${side === 'sender' ? 'Sender' : 'Receiver'} interface is offered`,
    source: ['version_information_endpoint', 'Endpoint class'],
    run: () => ('why' in found ? skipped(found.why) : pass(found.url)),
  }
  return 'why' in found ? [offered] : [offered, ...behind(bench, offer, found)]
}

function findOffer(
  bench: Bench,
  listings: Listings,
  { module, side }: Pick<Offer, 'module' | 'side'>,
): At | { why: string } {
  if (!bench.endpoints.has(`${module}/${side}`)) return { why: 'not offered' }
  const url = moduleUrl(bench, module, side)
  if (url === undefined) {
    const hint = module === 'payments' ? '; --as ptp asks as such a provider' : ''
    return { why: `not for the role ${bench.ownPart}${hint}` }
  }
  const whom = partyBehind(bench, listings, { module, side })
  return whom === null ? { why: 'the hub names no connected party that has it' } : { url, whom }
}

/** Whom a module is asked of that is never for everybody: the partner, or somebody behind the hub. */
function partyBehind(
  { hub, roles, part, settings }: Bench,
  listings: Listings,
  { module, side }: Pick<Offer, 'module' | 'side'>,
): For | null {
  const definition = moduleById(module)
  if (definition?.kind === 'configuration') return 'none'
  if (hub === null) return 'everyone'
  const fitting: readonly string[] =
    (side === 'sender' ? definition?.ownerRoles : definition?.readerRoles) ?? []
  const known = (listings.get('hubclientinfo')?.objects ?? [])
    .filter(({ status }) => status === 'CONNECTED')
    .map((client) => ({ role: String(client['role']), party: addressOf(client) }))
  const others = [...known, ...roles].filter(
    ({ role, party }) =>
      fitting.includes(role) &&
      !(
        party.countryCode === settings.party.countryCode && party.partyId === settings.party.partyId
      ),
  )
  return (others.find(({ role }) => role === part) ?? others[0])?.party ?? null
}

function addressOf(client: Record<string, unknown>): Address {
  return { countryCode: String(client['country_code']), partyId: String(client['party_id']) }
}

/** Through a hub nothing is learnt about a party that has not the module, or not the version of it: 4xxx. */
function behind(bench: Bench, { probe, rows }: Offer, at: At): Check[] {
  if (bench.hub === null) return rows(at)
  let asked: Promise<Verdict | null> | undefined
  const away = async (): Promise<Verdict | null> => {
    const exchange = await probe(at)
    return exchange.code !== null && exchange.code >= 4000 ? skipped(said(exchange)) : null
  }
  return rows(at).map((check) => ({
    ...check,
    run: async () => {
      asked ??= away()
      return (await asked) ?? check.run()
    },
  }))
}
