import type { SessionPlan } from '../../src/sandbox/world.ts'
import { partyFromCode } from '../../src/sandbox/world.ts'
import { zoneNamed } from '../../src/sandbox/zone.ts'
import type { Card, Family, Operator, PairKind, Place, Provider, World } from './clearing-world.ts'
import { contractOf, DAY_MS, HOUR_MS, pairKind, placeOf } from './clearing-world.ts'

/** What a fault needs to be planted on; absent: any. */
export type Needs = {
  family?: Family
  pair?: PairKind
  /** The eMSP sends records of its own. */
  sends?: boolean
  /** The meter signs. */
  signs?: boolean
  auth?: Auth
  hours?: number
  /** All on one pair. */
  bias?: boolean
}

export type Auth = 'WHITELIST' | 'AUTH_REQUEST' | 'COMMAND'

/** One session of the month before it is written down. `fault`: the kind that is planted in it, null = sound. */
export type Slot = {
  index: number
  fault: string | null
  operator: Operator
  provider: Provider
  pair: PairKind
  place: Place
  card: Card
  plan: SessionPlan
  auth: Auth
  registerWh: number
  receivedMs: number
}

const recentDays = 24
/** How far into the month sessions are wanted; what has to wait for a card or place comes later. */
const spreadDays = 20
const speedKmh = 90
const gapMs = 25 * 60_000
/** So many sessions per kind of fault, of all sessions. */
const faultShare = 0.1
/** A bias shows in many. */
const biasedSessions = 100

/** Plans every session; each fault kind gets its share, at least one. In the order in which their CDRs come. */
export function planSlots(
  world: World,
  input: { sessions: number; faults: ReadonlyMap<string, Needs> },
): Slot[] {
  const kinds = [...input.faults.keys()]
  const each = Math.max(1, Math.floor((input.sessions * faultShare) / kinds.length))
  const wanted = [...input.faults].flatMap(([kind, { bias }]) =>
    Array.from({ length: bias === true ? Math.max(biasedSessions, each) : each }, () => kind),
  )
  const slots: Slot[] = []
  for (let index = 0; index < input.sessions; index += 1) {
    const kind = wanted[index] ?? null
    const needs = input.faults.get(kind ?? '') ?? {}
    slots.push(slotOf(world, { index, kind, needs, progress: index / input.sessions }))
  }
  return slots.toSorted((a, b) => a.receivedMs - b.receivedMs || a.index - b.index)
}

/** `progress`: how much of the month is over, 0 to 1. */
type Asked = { index: number; kind: string | null; needs: Needs; progress: number }

function slotOf(world: World, { index, kind, needs, progress }: Asked): Slot {
  const { operatorAt, providerAt } = pairFor(world, { index, needs })
  const operator = at(world.operators, operatorAt)
  const provider = at(world.providers, providerAt)
  const pair = pairKind(operatorAt, providerAt)
  const family = needs.family ?? (pair === 'priced' ? 'AC' : null)
  const own = kind !== null || pair === 'old'
  const place = own
    ? placeOf(world, { operator, id: `X${index}`, family: family ?? anyFamily(world) })
    : placeFor(world, { operator, family })
  const card = own ? freshCard(provider, index) : firstFree(world, provider.cards)
  const stay = stayOf(world, { place, hours: needs.hours })
  const startMs = startOf(world, { index, pair, place, card, stay, progress })
  const endMs = startMs + stay.seconds * 1_000
  place.freeMs = endMs + gapMs
  card.freeMs = endMs + gapMs
  card.at = place
  const registerWh = place.registerWh
  place.registerWh += Math.round(stay.energy / 1_000)
  return {
    index,
    fault: kind,
    operator,
    provider,
    pair,
    place,
    card,
    auth: needs.auth ?? anyAuth(world),
    registerWh,
    receivedMs: receivedOf(world, { endMs, pair }),
    plan: {
      id: `S-${index}`,
      cpo: partyFromCode(operator.party),
      emsp: partyFromCode(provider.party),
      token: { uid: card.uid, contractId: contractOf(card), owner: provider.party },
      startMs,
      endMs,
      energy: stay.energy,
      chargeSeconds: stay.chargeSeconds,
      locationId: place.id,
      evseUid: `${place.id}-E1`,
      connectorId: '1',
      tariffKey: `${operator.party}/${place.family}`,
      fault: undefined,
    },
  }
}

/** The pair of a session: all in turn, or the next one that has what is needed. */
function pairFor(
  world: World,
  { index, needs }: Pick<Asked, 'index' | 'needs'>,
): { operatorAt: number; providerAt: number } {
  const many = world.operators.length * world.providers.length
  for (let step = 0; step < many; step += 1) {
    const turn = ((needs.bias === true ? 0 : index) + step * 7) % many
    const operatorAt = turn % world.operators.length
    const providerAt = Math.floor(turn / world.operators.length)
    const fits =
      (needs.pair === undefined
        ? Object.keys(needs).length === 0 || pairKind(operatorAt, providerAt) === 'plain'
        : pairKind(operatorAt, providerAt) === needs.pair) &&
      (needs.sends === undefined || world.providers[providerAt]?.sends === needs.sends) &&
      (needs.signs === undefined || world.operators[operatorAt]?.signs === needs.signs)
    if (fits) return { operatorAt, providerAt }
  }
  throw new Error('no pair has what this fault needs')
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`nothing at ${index}`)
  return item
}

function anyFamily(world: World): Family {
  return world.random.pick(['AC', 'NIGHT', 'DC', 'TIME'] as const)
}

function anyAuth(world: World): Auth {
  return world.random.pick(['WHITELIST', 'WHITELIST', 'AUTH_REQUEST', 'COMMAND'] as const)
}

/** Cards and places of a fault are its own, so that it disturbs no other session. */
export function freshCard(provider: Provider, index: number | string): Card {
  return { provider, uid: `${provider.party}-X${index}`, freeMs: 0, at: null }
}

function placeFor(
  world: World,
  { operator, family }: { operator: Operator; family: Family | null },
): Place {
  const places = operator.places.filter((place) => family === null || place.family === family)
  return firstFree(world, places)
}

/** Of three the one that is free first: what is busy does not drift into the future. */
function firstFree<T extends { freeMs: number }>({ random }: World, all: readonly T[]): T {
  return Array.from({ length: 3 }, () => random.pick(all)).reduce((a, b) =>
    b.freeMs < a.freeMs ? b : a,
  )
}

type Stay = { seconds: number; chargeSeconds: number; energy: number }

/** AC for hours, at home over night, DC for minutes; energy below what the connector gives. */
function stayOf(
  { random }: World,
  { place, hours }: { place: Place; hours: number | undefined },
): Stay {
  const minutes = { AC: [50, 240], NIGHT: [360, 560], DC: [15, 55], TIME: [40, 170] } as const
  const [least, most] = minutes[place.family]
  const seconds =
    hours === undefined ? random.between(least * 60, most * 60) : Math.round(hours * 3_600)
  const parks = place.family === 'NIGHT' || random.next() < 0.4
  const chargeSeconds = parks ? Math.round(seconds * (random.between(60, 90) / 100)) : seconds
  const share = random.between(35, 85) / 100
  const wh = Math.round((place.powerKw * 1_000 * share * chargeSeconds) / 3_600)
  return { seconds, chargeSeconds, energy: Math.min(wh, 95_000) * 1_000 }
}

type Timing = {
  index: number
  pair: PairKind
  place: Place
  card: Card
  stay: Stay
  progress: number
}

/** In the last weeks, after what card and place did before; old sessions lie on a day on which the clocks change. */
function startOf(world: World, { index, pair, place, card, stay, progress }: Timing): number {
  const { random, nowMs } = world
  if (pair === 'old') {
    const [spring, autumn] = clockChanges(place.operator.zone, nowMs - 20 * DAY_MS)
    const change = index % 2 === 0 ? spring : autumn
    return wholeSecond(change - random.between(0, stay.seconds) * 1_000)
  }
  const wanted = nowMs - recentDays * DAY_MS + progress * spreadDays * DAY_MS
  const kilometres = card.at === null ? 0 : distanceKm(card.at, place)
  const free = Math.max(place.freeMs, card.freeMs + (kilometres / speedKmh) * HOUR_MS)
  const start = wholeSecond(Math.max(wanted, free) + random.between(0, 7_200) * 1_000)
  if (start + stay.seconds * 1_000 > nowMs - 4 * HOUR_MS)
    throw new Error('the month is full: the world needs more cards and places')
  return start
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}

function receivedOf(world: World, { endMs, pair }: { endMs: number; pair: PairKind }): number {
  const { random, nowMs } = world
  return pair === 'old'
    ? nowMs - random.between(2 * 3_600, 9 * 86_400) * 1_000
    : endMs + random.between(20, 3_600) * 1_000
}

/** The last two instants before `ms` at which the clocks of a zone changed. */
export function clockChanges(zone: string, ms: number): readonly [number, number] {
  const { offsetMinutes } = zoneNamed(zone)
  const found: number[] = []
  for (let hour = Math.floor(ms / HOUR_MS); found.length < 2; hour -= 1)
    if (offsetMinutes(hour * HOUR_MS) !== offsetMinutes((hour - 1) * HOUR_MS))
      found.push(hour * HOUR_MS)
  const [later = ms, earlier = ms] = found
  return [earlier, later]
}

export function distanceKm(
  from: { latitude: number; longitude: number },
  to: { latitude: number; longitude: number },
): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180
  const dLat = rad(to.latitude - from.latitude)
  const dLon = rad(to.longitude - from.longitude)
  const a =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(rad(from.latitude)) * Math.cos(rad(to.latitude)) * Math.sin(dLon / 2) ** 2
  return 6_371 * 2 * Math.asin(Math.sqrt(a))
}
