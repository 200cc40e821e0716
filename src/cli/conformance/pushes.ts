import type { Facts } from '../../ocpi/adapt/define.ts'
import { moduleUrl } from './bench.ts'
import type { Bench } from './bench.ts'
import { skipped } from './check.ts'
import type { Check } from './check.ts'
import { reachableFirst } from './listing.ts'
import type { Listing } from './listing.ts'
import { as221, createMade, inVersion, timeAt } from './made.ts'
import type { Json } from './made.ts'
import { cdrWriteChecks } from './write-cdrs.ts'
import { writeChecks } from './writes.ts'
import type { Pushed } from './place.ts'

const HOUR_MS = 3_600_000

/** The pushes that the partner's role receives, in the order in which objects refer to each other. */
export function pushChecks(
  bench: Bench,
  listings: ReadonlyMap<string, Listing>,
  all: Pushed[],
): Check[] {
  const made = createMade(bench.settings.party, bench.settings.clock())
  if (bench.role === 'cpo') {
    const token = made.token('CONF-TOKEN-1')
    const value = inVersion(token, { version: bench.version, kind: 'token' })
    bench.own.keep('tokens', value)
    return moduleChecks(bench, { module: 'tokens', object: value, all })
  }
  const token = payingToken(bench, listings)
  const location = made.location('CONF-L1')
  const facts: Facts = { token, location }
  const version = bench.version
  const cdrId = `CONF-${bench.settings.clock().toString(36).toUpperCase()}`
  const sent = {
    tariffs: inVersion(made.tariff('CONF-T1'), { version, kind: 'tariff' }),
    locations: inVersion(location, { version, kind: 'location' }),
    sessions: inVersion(made.session(`${cdrId}-S`, token ?? {}), {
      version,
      kind: 'session',
      facts,
    }),
  }
  bench.own.keep('tariffs', sent.tariffs)
  bench.own.keep('locations', sent.locations)
  return [
    ...moduleChecks(bench, { module: 'tariffs', object: sent.tariffs, all }),
    ...moduleChecks(bench, { module: 'locations', object: sent.locations, all }),
    ...(token
      ? [
          ...moduleChecks(bench, { module: 'sessions', object: sent.sessions, all }),
          ...cdrChecks(bench, { cdr: made.cdr(cdrId, token), facts }),
        ]
      : [noToken('sessions'), noToken('cdrs')]),
  ]
}

function noToken(module: string): Check {
  return {
    id: `${module}.write`,
    what: `${module}: pushes`,
    source: [`mod_${module}`, 'POST and PUT Method'],
    run: () => skipped('the partner lists no token that they could be for'),
  }
}

/** A token of the partner that pays for what is sent, in the shape of 2.2.1. */
function payingToken(bench: Bench, listings: ReadonlyMap<string, Listing>): Json | null {
  const tokens = reachableFirst('tokens', listings)
  const own = `${bench.settings.party.countryCode}-${bench.settings.party.partyId}`
  const owner = bench.roles.find(({ role }) => role === 'EMSP')?.party ?? bench.roles[0]?.party
  const facts: Facts = owner
    ? { owner: { country_code: owner.countryCode, party_id: owner.partyId } }
    : {}
  const usable = tokens.filter(
    (one) =>
      `${String(one['country_code'])}-${String(one['party_id'])}` !== own &&
      !String(one['uid']).startsWith('CONF-'),
  )
  const found = usable.find(({ valid }) => valid === true) ?? usable[0]
  return found ? as221(found, { version: bench.version, kind: 'token', facts }) : null
}

const CHANGES = {
  tariffs: { member: 'currency', value: 'CHF', optional: 'tariff_alt_url', required: 'elements' },
  locations: { member: 'name', value: 'Changed', optional: 'name', required: 'city' },
  sessions: { member: 'kwh', value: 1.5, optional: 'meter_id', required: 'kwh' },
  tokens: { member: 'valid', value: false, optional: 'visual_number', required: 'valid' },
} as const

function moduleChecks(
  bench: Bench,
  of: { module: keyof typeof CHANGES; object: Json; all: Pushed[] },
): Check[] {
  const { module, object, all } = of
  const url = moduleUrl(bench, module)
  if (url === undefined) return []
  const { member, value, optional, required } = CHANGES[module]
  const idMember = module === 'tokens' ? 'uid' : 'id'
  const pushed: Pushed = {
    module,
    label: module,
    url,
    path: '/:owner/:id',
    readSection: 'GET Method',
    create: 'PUT',
    id: String(object[idMember]),
    idMember,
    object,
    required,
    change: { member, value },
    optional,
    changedAt: timeAt(bench.settings.clock() - HOUR_MS / 2),
    // PATCH of tariffs went with 2.2 (mod_tariffs).
    hasPatch: module !== 'tariffs' || bench.version === '2.1.1',
    hasDelete: module === 'tariffs',
    for: module === 'sessions' ? 'content' : 'everyone',
    ended: endOf(module, object),
    isKept: false,
  }
  all.push(pushed)
  return writeChecks(bench, pushed)
}

/** A card that is not valid, EVSEs that are gone, a session that never was; tariffs can be deleted. */
function endOf(module: keyof typeof CHANGES, { evses }: Json): Json {
  switch (module) {
    case 'tokens':
      return { valid: false }
    case 'locations':
      return {
        evses: (Array.isArray(evses) ? evses : []).map((evse: unknown) => ({
          ...Object(evse),
          status: 'REMOVED',
        })),
      }
    case 'sessions':
      return { status: 'INVALID' }
    case 'tariffs':
      return {}
    default:
      return module satisfies never
  }
}

function cdrChecks(bench: Bench, of: { cdr: Json; facts: Facts }): Check[] {
  const url = moduleUrl(bench, 'cdrs')
  if (url === undefined) return []
  const { version } = bench
  const { cdr, facts } = of
  const credit = {
    ...cdr,
    id: `${String(cdr['id'])}-C`,
    credit: true,
    credit_reference_id: cdr['id'],
    total_cost: { excl_vat: -0.3, incl_vat: -0.363 },
    total_energy_cost: { excl_vat: -0.3, incl_vat: -0.363 },
  }
  return cdrWriteChecks(bench, {
    url,
    cdr: inVersion(cdr, { version, kind: 'cdr', facts }),
    credit: version === '2.1.1' ? null : inVersion(credit, { version, kind: 'cdr', facts }),
  })
}
