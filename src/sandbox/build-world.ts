import { isoSeconds } from './clock.ts'
import { seedFaults } from './faults.ts'
import { completeFeed } from './feed-places.ts'
import type { OpenFeed } from './feed-places.ts'
import { readStays } from './feed-sessions.ts'
import type { RecordedStay } from './feed-sessions.ts'
import { readObjects, readText } from './feeds.ts'
import type { Json } from './json.ts'
import { seededRandom } from './random.ts'
import type { Random } from './random.ts'
import { schedule } from './schedule.ts'
import type { Schedule } from './schedule.ts'
import { seededFeed, seededStays } from './seeded-feed.ts'
import { spareCard } from './spare-card.ts'
import { partyCode } from './world.ts'
import type { PlatformPlan, Supplied, World, WorldParty } from './world.ts'

const TOKEN_AGE_MS = 430 * 86_400_000

/** What to make the world of. Files are optional; `cdrs` limits the sessions, all of a file's when undefined. */
type WorldRequest = {
  locations: string | undefined
  tariffs: string | undefined
  sessions: string | undefined
  cdrs: number | undefined
  faults: number
  seed: number
  nowMs: number
}

const PROVIDERS: { platform: string; receives: string[]; parties: WorldParty[] }[] = [
  {
    platform: 'Voltpas',
    receives: ['locations', 'tariffs', 'sessions', 'cdrs'],
    parties: [{ countryCode: 'NL', partyId: 'VLT', name: 'Voltpas' }],
  },
  {
    platform: 'Ladekarte',
    receives: ['sessions', 'cdrs'],
    parties: [
      { countryCode: 'DE', partyId: 'LDK', name: 'Ladekarte' },
      { countryCode: 'BE', partyId: 'LDB', name: 'Ladekarte België' },
    ],
  },
]

const OPERATOR_PLATFORMS = ['Oostgrid', 'Westgrid']

/** Reads the feeds, or makes a world up, and plans every session, card and fault. Throws on unreadable files. */
export async function buildWorld(request: WorldRequest): Promise<World> {
  const random = seededRandom(request.seed)
  const providers = PROVIDERS.flatMap((one) => one.parties)
  const feed = await readFeed(request)
  const recorded = await recordedStays(request, random)
  const planned = schedule({
    stays: recorded.stays,
    places: random.shuffle(feed.open.places),
    providers,
    idPrefix: 'S',
  })
  const faults = seedFaults({
    sessions: planned.sessions,
    providers,
    rate: request.faults,
    random,
  })
  const seeded: Supplied[] = Object.entries(faults).map(([kind, count]) => ({
    what: `fault: ${kind}`,
    count,
  }))
  return {
    platforms: [
      ...operatorPlatforms(feed.open, planned),
      ...providerPlatforms(planned, request.nowMs),
    ],
    supplied: [
      ...feed.supplied,
      ...feed.open.supplied,
      ...recorded.supplied,
      ...planned.supplied,
      ...seeded,
    ].filter((one) => one.count !== 0),
  }
}

async function readFeed(request: WorldRequest): Promise<{ open: OpenFeed; supplied: Supplied[] }> {
  if (request.locations === undefined || request.tariffs === undefined) {
    const made = seededFeed(request.nowMs)
    return { open: completeFeed(made.locations, made.tariffs), supplied: [] }
  }
  const locations = readObjects(await readText(request.locations))
  const tariffs = readObjects(await readText(request.tariffs))
  return {
    open: completeFeed(locations.objects, tariffs.objects),
    supplied: [
      { what: 'feed entries left out: no JSON objects', count: locations.unread + tariffs.unread },
    ],
  }
}

async function recordedStays(
  request: WorldRequest,
  random: Random,
): Promise<{ stays: RecordedStay[]; supplied: Supplied[] }> {
  const { nowMs, sessions } = request
  if (sessions === undefined) {
    return { stays: seededStays({ count: request.cdrs ?? 200, nowMs, random }), supplied: [] }
  }
  const read = readStays(await readText(sessions), nowMs)
  const newest = [...read.stays].sort((a, b) => b.startMs - a.startMs)
  return {
    stays: request.cdrs === undefined ? read.stays : newest.slice(0, request.cdrs),
    supplied: [
      { what: 'session rows read', count: read.rowCount },
      { what: 'session rows left out: no end after the start', count: read.unusableCount },
      { what: 'session rows without energy, read as 0 kWh', count: read.withoutEnergyCount },
      { what: 'weeks that all sessions were moved by', count: read.shiftedWeeks },
    ],
  }
}

/** Spreads the operators over the platforms, the largest first to the emptiest. */
function operatorPlatforms(feed: OpenFeed, planned: Schedule): PlatformPlan[] {
  const platforms = OPERATOR_PLATFORMS.map((name): PlatformPlan => ({
    name,
    role: 'CPO',
    parties: [],
    receives: ['tokens'],
    tariffs: [],
    locations: [],
    tokens: [],
    sessions: [],
  }))
  const work = new Map<string, { party: WorldParty; weight: number }>()
  const weigh = (party: WorldParty, weight: number) => {
    const known = work.get(partyCode(party)) ?? { party, weight: 0 }
    work.set(partyCode(party), { party: known.party, weight: known.weight + weight })
  }
  for (const { owner } of [...feed.locations, ...feed.tariffs]) weigh(owner, 1)
  for (const { cpo } of planned.sessions) weigh(cpo, 4)
  const loads = platforms.map((platform) => ({ platform, weight: 0 }))
  const host = new Map<string, PlatformPlan>()
  for (const { party, weight } of [...work.values()].sort((a, b) => b.weight - a.weight)) {
    const emptiest = loads.reduce((least, one) => (one.weight < least.weight ? one : least))
    emptiest.weight += weight
    emptiest.platform.parties.push(party)
    host.set(partyCode(party), emptiest.platform)
  }
  for (const { owner, body } of feed.tariffs) host.get(partyCode(owner))?.tariffs.push(body)
  for (const { owner, body } of feed.locations) host.get(partyCode(owner))?.locations.push(body)
  for (const session of planned.sessions) host.get(partyCode(session.cpo))?.sessions.push(session)
  return platforms
}

function providerPlatforms(planned: Schedule, nowMs: number): PlatformPlan[] {
  const lastUpdated = isoSeconds(nowMs - TOKEN_AGE_MS)
  return PROVIDERS.map(({ platform, receives, parties }, index): PlatformPlan => {
    const codes = new Set(parties.map(partyCode))
    const cards = planned.cards.filter((card) => codes.has(partyCode(card.owner)))
    return {
      name: platform,
      role: 'EMSP',
      parties,
      receives,
      tariffs: [],
      locations: [],
      tokens: [
        ...(index === 0 ? parties.slice(0, 1).map((owner) => spareCard(owner, lastUpdated)) : []),
        ...cards.map((card): Json => ({
          country_code: card.owner.countryCode,
          party_id: card.owner.partyId,
          uid: card.uid,
          type: 'RFID',
          contract_id: card.contractId,
          issuer: card.owner.name,
          valid: true,
          whitelist: 'ALLOWED',
          last_updated: lastUpdated,
        })),
      ],
      sessions: [],
    }
  })
}
