import type { Fault } from '../../errors.ts'
import { limits } from '../../../config/limits.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { schemaFor, validate } from '../../ocpi/validate.ts'
import { ask, moduleUrl } from './bench.ts'
import type { Bench } from './bench.ts'
import { doneThrough, fail, found, pass, skipped } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import { fileOf } from './spec-files.ts'
import { keyOf, reachableFirst } from './listing.ts'
import type { ListAt, Listing } from './listing.ts'
import type { Json } from './made.ts'
import { breaches, tariffKey, timeFaults } from './object-rules.ts'
import type { RuleFacts } from './object-rules.ts'

/** The objects of a list that was read: schema, values, rules. */
export function objectChecks(
  bench: Bench,
  at: ListAt,
  listings: ReadonlyMap<string, Listing>,
): Check[] {
  const { label, module } = at
  const objects = () => listings.get(label)?.objects ?? []
  const source: Source = [fileOf(module), 'Object description']
  const row = (
    id: string,
    what: string,
    run: (all: readonly Json[]) => Promise<Verdict> | Verdict,
  ): Check => ({
    id: `${label}.${id}`,
    what: `${label}: ${what}`,
    source,
    run: () => (objects().length === 0 ? skipped('there are no objects') : run(objects())),
  })
  const facts = (): RuleFacts => ({
    version: bench.version,
    nowMs: bench.settings.clock(),
    tariffs: tariffKeys(bench, listings),
  })
  return [
    row('schema', 'every object has what is required, in the right JSON types', (all) =>
      found(shapeFaults(bench, { at, all }).hard),
    ),
    row('values', 'enums, lengths, patterns and times are as specified', (all) =>
      found(shapeFaults(bench, { at, all }).soft, 'warn'),
    ),
    row('unique', 'no object is listed twice', (all) => uniqueVerdict(label, all)),
    row('times', 'no object is older than its parts or from the future', (all) =>
      found(named(label, all, (one) => timeFaults(one, bench.settings.clock()))),
    ),
    row('rules', 'what the members say fits together', (all) => rulesVerdict(label, all, facts())),
    ...(bench.version === '2.1.1' || module === 'hubclientinfo' || module === 'payments'
      ? []
      : [
          row('owner', 'every owner is one of its roles', (all) => ownerVerdict(bench, label, all)),
        ]),
    ...(module === 'locations' ? [oneRow(bench, () => reachableFirst(module, listings))] : []),
  ]
}

function shapeFaults(
  bench: Bench,
  { at, all }: { at: ListAt; all: readonly Json[] },
): { hard: Fault[]; soft: Fault[] } {
  const { label, module, path } = at
  const lists = Object.values(moduleById(module)?.endpoints ?? {}).find(
    (endpoint) => endpoint.reply?.list === true && (path === '' || endpoint.path === path),
  )
  const schema = schemaFor(lists?.reply?.schema ?? {}, bench.version)
  if (!schema) return { hard: [], soft: [] }
  return {
    hard: named(label, all, (one) => validate(schema, one).hard),
    soft: named(label, all, (one) => validate(schema, one).soft),
  }
}

/** The faults of all objects, each with the object it is in. */
function named(
  label: string,
  all: readonly Json[],
  judge: (object: Json) => readonly Fault[],
): Fault[] {
  return all.flatMap((object) =>
    judge(object)
      .slice(0, limits.certifyFaultsShown)
      .map(({ pointer, message }) => ({ pointer: `${keyOf(label, object)} ${pointer}`, message })),
  )
}

function uniqueVerdict(label: string, all: readonly Json[]): Verdict {
  const seen = new Set<string>()
  const twice = all
    .map((one) => keyOf(label, one))
    .filter((key) => seen.size === seen.add(key).size)
  return twice.length === 0
    ? pass()
    : fail(`${twice.slice(0, limits.certifyFaultsShown).join(', ')}`)
}

function rulesVerdict(label: string, all: readonly Json[], facts: RuleFacts): Verdict {
  const must = named(label, all, (one) => breaches(label, one, facts).must)
  if (must.length > 0) return found(must)
  return found(
    named(label, all, (one) => breaches(label, one, facts).should),
    'warn',
  )
}

function tariffKeys(
  { version }: Bench,
  listings: ReadonlyMap<string, Listing>,
): ReadonlySet<string> | null {
  const tariffs = listings.get('tariffs')
  if (!tariffs || tariffs.end !== null) return null
  return new Set(tariffs.objects.map((one) => tariffKey(version === '2.1.1' ? {} : one, one['id'])))
}

/** Objects of parties that are no role of the platform may be ignored (Client Owned Object Pull). A hub has everybody's. */
function ownerVerdict(bench: Bench, label: string, all: readonly Json[]): Verdict {
  if (bench.hub) return skipped('a hub has the objects of others')
  const known = new Set(
    bench.roles.map(({ party }) => foldKey(`${party.countryCode}-${party.partyId}`)),
  )
  const ownerOf = (one: Json) =>
    foldKey(`${String(one['country_code'])}-${String(one['party_id'])}`)
  return found(
    named(label, all, (one) =>
      known.has(ownerOf(one))
        ? []
        : [{ pointer: '/party_id', message: 'is no role of the platform' }],
    ),
    'warn',
  )
}

/** The object URLs of the Sender interface: a location, its EVSE, its connector. */
function oneRow(bench: Bench, objects: () => readonly Json[]): Check {
  return {
    id: 'locations.one',
    what: 'locations: one location, EVSE and connector can be read by its id',
    source: ['mod_locations', 'GET Method'],
    run: async () => {
      const location = objects().find((one) => childOf(childOf(one, 'evses'), 'connectors'))
      const evse = childOf(location, 'evses')
      const connector = childOf(evse, 'connectors')
      if (!location || !evse || !connector) return skipped('there is no location with a connector')
      let url = moduleUrl(bench, 'locations') ?? ''
      for (const [id, object] of [
        [location['id'], location],
        [evse['uid'], evse],
        [connector['id'], connector],
      ] as const) {
        url += `/${encodeURIComponent(String(id))}`
        const owner = {
          countryCode: String(location['country_code']),
          partyId: String(location['party_id']),
        }
        const exchange = await ask(bench, {
          method: 'GET',
          url,
          for: bench.version === '2.1.1' ? 'everyone' : owner,
        })
        const answer = doneThrough(exchange, { isHub: bench.hub !== null })
        if (answer.outcome !== 'pass') return { ...answer, detail: `${url}: ${answer.detail}` }
        const difference = differs(object, exchange.data)
        if (difference) return fail(`${url}: ${difference} is not as in the list`)
      }
      return pass()
    },
  }
}

function childOf(object: Json | undefined, list: string): Json | undefined {
  const parts: unknown = object?.[list]
  const [first]: unknown[] = Array.isArray(parts) ? parts : []
  return typeof first === 'object' && first !== null && !Array.isArray(first)
    ? { ...first }
    : undefined
}
