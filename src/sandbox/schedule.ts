import { createHash } from 'node:crypto'
import { present } from '../assert.ts'
import type { Place } from './feed-places.ts'
import type { RecordedStay } from './feed-sessions.ts'
import { stepSession } from './stepper.ts'
import { objectKey, partyCode } from './world.ts'
import type { SessionPlan, Supplied, WorldParty } from './world.ts'

const WEEK_MS = 7 * 86_400_000
/** How much of a connector's power a session may need: well under the limit that a hub checks. */
const POWER_SHARE_MAX = 0.95
/** What a car draws when the record leaves it open, in kW. */
const USUAL_POWER_KW = 7.4
/** Shorter idle times at the end are not told apart from charging. */
const IDLE_SECONDS_MIN = 900
/** A shorter slice with energy could look faster than the connector, as periods start on whole seconds. */
const SLICE_SECONDS_MIN = 60

/** The sessions that will happen, the cards they are paid with, and what was arranged to make them possible. */
export type Schedule = {
  sessions: SessionPlan[]
  cards: { uid: string; contractId: string; owner: WorldParty }[]
  supplied: Supplied[]
}

/**
 * Gives each recorded stay a card, a provider and a connector strong enough, free at that time and priced
 * beyond doubt. A user stays with one provider and changes place each week. Stays that fit nowhere are counted.
 */
export function schedule(request: {
  stays: RecordedStay[]
  places: Place[]
  providers: WorldParty[]
  idPrefix: string
}): Schedule {
  const { places, providers } = request
  const stays = [...request.stays].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
  const cards = createCards(providers)
  const busyUntil = new Map<string, number>()
  const sessions: SessionPlan[] = []
  let homeless = 0
  for (const [index, stay] of stays.entries()) {
    const start = hashOf(`${stay.user}/${Math.floor(stay.startMs / WEEK_MS)}`) % places.length
    const found = firstFit({ stay, places, start, busyUntil })
    if (!found) {
      homeless += 1
      continue
    }
    const { place, chargeSeconds } = found
    busyUntil.set(seatOf(place), stay.endMs)
    const card = cards.take(stay)
    sessions.push({
      id: `${request.idPrefix}${String(index + 1).padStart(6, '0')}`,
      cpo: place.cpo,
      emsp: card.owner,
      token: { uid: card.uid, contractId: card.contractId, owner: partyCode(card.owner) },
      startMs: stay.startMs,
      endMs: stay.endMs,
      energy: stay.energy,
      chargeSeconds,
      locationId: place.locationId,
      evseUid: place.evseUid,
      connectorId: place.connectorId,
      tariffKey: place.tariffKey,
      fault: undefined,
    })
  }
  const supplied = [
    { what: 'sessions given a connector strong enough, free and priced', count: sessions.length },
    { what: 'sessions left out: no connector fits', count: homeless },
    { what: 'users', count: cards.userCount() },
    { what: 'second tokens for overlapping sessions of one user', count: cards.extraCount() },
    { what: 'sessions on a second token', count: cards.extraUses() },
  ]
  return { sessions, cards: cards.all(), supplied: supplied.filter((one) => one.count > 0) }
}

/** How long a stay would charge at a place; undefined when it is too weak or its price open to doubt. */
function fitted(stay: RecordedStay, place: Place) {
  const seconds = (stay.endMs - stay.startMs) / 1000
  const kwh = stay.energy / 1e6
  const neededKw = (kwh * 3600) / seconds
  if (neededKw > place.powerMaxKw * POWER_SHARE_MAX) return undefined
  if (place.tariff.startsAtMs > stay.startMs) return undefined
  const drawnKw = Math.min(place.powerMaxKw * POWER_SHARE_MAX, Math.max(neededKw, USUAL_POWER_KW))
  const needed = Math.max(60, Math.ceil((kwh * 60) / drawnKw) * 60)
  const chargeSeconds = seconds - needed < IDLE_SECONDS_MIN ? seconds : needed
  const { startMs, endMs, energy } = stay
  const result = stepSession(place.tariff, { startMs, endMs, energy, chargeSeconds }, place.zone)
  const isPriced = result.hasEnergyPrice && (energy === 0 || result.total.net > 0n)
  const tooFast = result.periods.some((period) => {
    const length = period.to - period.from
    if (period.energy === 0) return false
    return length < Math.min(SLICE_SECONDS_MIN, seconds)
  })
  return isPriced && !tooFast ? chargeSeconds : undefined
}

function firstFit(request: {
  stay: RecordedStay
  places: Place[]
  start: number
  busyUntil: Map<string, number>
}) {
  const { stay, places, start, busyUntil } = request
  for (let step = 0; step < places.length; step++) {
    const place = present(places[(start + step) % places.length], 'place')
    if ((busyUntil.get(seatOf(place)) ?? 0) > stay.startMs) continue
    const chargeSeconds = fitted(stay, place)
    if (chargeSeconds !== undefined) return { place, chargeSeconds }
  }
  return undefined
}

function seatOf(place: Place): string {
  return `${objectKey(place.cpo, place.locationId)}/${place.evseUid}/${place.connectorId}`
}

function hashOf(text: string): number {
  return createHash('sha1').update(text).digest().readUInt32BE(0)
}

type Card = { uid: string; contractId: string; owner: WorldParty; freeAt: number }

/** A user's cards: the first that is not in use, else one more. */
function createCards(providers: WorldParty[]) {
  const byUser = new Map<string, Card[]>()
  let extraUses = 0
  const issue = (user: string, number: number): Card => {
    const cards = byUser.get(user)
    const order = byUser.size - (cards ? 1 : 0)
    const owner = cards?.[0]?.owner ?? present(providers[order % providers.length], 'provider')
    const digest = createHash('sha1').update(`${user}/${number}`).digest('hex').toUpperCase()
    const uid = digest.slice(0, 14)
    const contractId = `${partyCode(owner)}-C${digest.slice(14, 22)}-${number}`
    return { uid, contractId, owner, freeAt: 0 }
  }
  const take = (stay: RecordedStay): Card => {
    const cards = byUser.get(stay.user) ?? [issue(stay.user, 1)]
    byUser.set(stay.user, cards)
    const index = cards.findIndex((card) => card.freeAt <= stay.startMs)
    const card = cards[index] ?? issue(stay.user, cards.length + 1)
    if (index === -1) cards.push(card)
    if (index !== 0) extraUses += 1
    card.freeAt = stay.endMs
    return card
  }
  const all = () => [...byUser.values()].flat()
  return {
    take,
    all,
    userCount: () => byUser.size,
    extraCount: () => all().length - byUser.size,
    extraUses: () => extraUses,
  }
}
