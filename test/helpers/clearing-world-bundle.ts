import { cdrsOf, sessionPatches, sessionStarted } from '../../src/sandbox/cdr.ts'
import type { Json } from './objects.ts'
import { ocmfKeyOf, ocmfOf } from './clearing-world-signed.ts'
import type { Auth, Slot } from './clearing-world-plan.ts'
import type { Card, World } from './clearing-world.ts'
import { alwaysKnown, contractOf, idsOf, timeOf, tokenOfCard } from './clearing-world.ts'

/** Everything that the hub was told about one session, and what it must find. */
export type Bundle = {
  world: World
  slot: Slot
  fault: string
  cdrs: PlannedCdr[]
  sessions: PlannedSession[]
  /** What the eMSP sends of it, in the shape of a CDR. */
  record: Json | null
  authorizations: PlannedAuthorization[]
  tokens: PlannedVersion[]
  tariffs: PlannedVersion[]
  locations: { owner: string; value: Json }[]
  /** Locations as they were until then. */
  olderLocations: { owner: string; value: Json; until: Date }[]
  meterKeys: { owner: string; evseUid: string; locationId: string; publicKey: string }[]
  captured: { reference: string; total: number; currency: string } | null
  /** What comes after its CPO has accepted the dispute about the first CDR. */
  later: PlannedCdr[]
  /** Codes that must be told of this pair without a CDR: missing records, patterns. */
  notices: string[]
}

/** A CDR and its codes: all of `must`, none but those and `may`. `doubts` as the door writes them. */
export type PlannedCdr = {
  value: Json
  receivedAt: Date
  must: string[]
  may: string[]
  channel: 'push' | 'pull'
  platform: string
  doubts: { pointer: string; message: string }[]
  /** How often the same bytes come again. */
  replays: number
  /** Other content under the same id, which the door refuses. */
  conflict: Json | null
}

export type PlannedSession = { owner: string; value: Json; steps: SessionMessage[] }
export type SessionMessage = { method: 'PUT' | 'PATCH'; body: Json; at: Date }
export type PlannedVersion = {
  owner: string
  value: Json
  from: Date
  source: 'push' | 'authorize'
  /** The token or tariff as it stands today; false: an older version of it. */
  current: boolean
}
export type PlannedAuthorization = {
  kind: 'realtime' | 'START_SESSION'
  cpo: string
  emsp: string
  tokenUid: string
  locationId: string | null
  evseUid: string | null
  reference: string | null
  answer: string | null
  at: Date
}

const secondMs = 1_000
/** How far a record may be from the CDR without anybody caring. */
const recordNoise = { seconds: 20, share: 0.002 }

/** The session of a slot as honest parties tell it: nothing above info may be found. */
export function soundBundle(world: World, slot: Slot): Bundle {
  const { plan, place, operator } = slot
  const setting = { plan, location: place.location, tariff: operator.tariffs[place.family] }
  const [built] = cdrsOf(setting)
  if (built === undefined) throw new Error('no CDR of a plan')
  const how = authOf(slot)
  const value: Json = { ...built.body, ...how, ...(signs(slot) ? signedOf(slot) : {}) }
  const started = sessionStarted(setting)
  const steps = [started, ...sessionPatches(plan, 2)].map((body, step): SessionMessage => {
    const at = Date.parse(String(body['last_updated']))
    const more = step === 0 ? how : {}
    return {
      method: step === 0 ? 'PUT' : 'PATCH',
      body: { ...body, ...more },
      at: new Date(at + 2_000),
    }
  })
  return {
    world,
    slot,
    fault: slot.fault ?? 'sound',
    cdrs: [plannedCdr(slot, value)],
    sessions: [sessionFrom(operator.party, steps)],
    record: slot.provider.sends ? recordOf(world, slot, value) : null,
    authorizations: authorizationsOf(slot),
    tokens: isOwn(slot) ? [versionOfCard(world, slot.card)] : [],
    tariffs: [],
    locations: isOwn(slot) ? [{ owner: operator.party, value: place.location }] : [],
    olderLocations: [],
    meterKeys: isOwn(slot) && signs(slot) ? [meterKeyOf(slot)] : [],
    captured: null,
    later: [],
    notices: [],
  }
}

/** True where card and place are only for this session, and come with it. */
export function isOwn(slot: Slot): boolean {
  return slot.place.id.startsWith('X')
}

export function plannedCdr(slot: Slot, value: Json): PlannedCdr {
  return {
    value,
    receivedAt: new Date(slot.receivedMs),
    must: [],
    may: [],
    channel: 'push',
    platform: slot.operator.party,
    doubts: [],
    replays: 0,
    conflict: null,
  }
}

/** A session as its messages leave it. */
export function sessionFrom(owner: string, steps: SessionMessage[]): PlannedSession {
  const value = steps.reduce<Json>((all, { body }) => ({ ...all, ...body }), {})
  return { owner, value, steps }
}

export function versionOfCard(world: World, card: Card): PlannedVersion {
  return {
    owner: card.provider.party,
    value: tokenOfCard(world, card),
    from: alwaysKnown(world),
    source: 'push',
    current: true,
  }
}

function authOf({ auth, plan }: Slot): Json {
  const reference = referenceOf(auth, plan.id)
  return {
    auth_method: auth,
    ...(reference === null ? {} : { authorization_reference: reference }),
  }
}

function referenceOf(auth: Auth, id: string): string | null {
  return auth === 'WHITELIST' ? null : `REF-${id}`
}

/** What the hub saw before the session began; nothing where the card was on the CPO's list. */
function authorizationsOf(slot: Slot): PlannedAuthorization[] {
  const { auth, plan, operator, provider, card } = slot
  if (auth === 'WHITELIST') return []
  const isCommand = auth === 'COMMAND'
  return [
    {
      kind: isCommand ? 'START_SESSION' : 'realtime',
      cpo: operator.party,
      emsp: provider.party,
      tokenUid: card.uid,
      locationId: plan.locationId,
      evseUid: plan.evseUid,
      reference: referenceOf(auth, plan.id),
      answer: isCommand ? 'ACCEPTED' : 'ALLOWED',
      at: new Date(plan.startMs - 20 * secondMs),
    },
  ]
}

/** The eMSP's own view: its clock and its car's meter are a little off, the price is what its books expect. */
function recordOf({ random }: World, { plan, provider, fault }: Slot, cdr: Json): Json {
  // Some say no id that others know: they are found by what they look like.
  const ids = ['session_id', 'authorization_reference']
  const known = fault === null && random.next() < 0.1 ? [] : ids
  const noise = () => random.between(-recordNoise.seconds, recordNoise.seconds) * secondMs
  const kwh = Number(cdr['total_energy']) * (1 + (random.next() * 2 - 1) * recordNoise.share)
  return {
    ...idsOf(provider.party),
    id: `R-${plan.id}`,
    ...Object.fromEntries(known.map((name) => [name, cdr[name]])),
    cdr_token: cdr['cdr_token'],
    start_date_time: timeOf(plan.startMs + noise()),
    end_date_time: timeOf(plan.endMs + noise()),
    auth_method: cdr['auth_method'],
    cdr_location: cdr['cdr_location'],
    currency: cdr['currency'],
    total_energy: Math.round(kwh * 1_000) / 1_000,
    total_cost: cdr['total_cost'],
    last_updated: timeOf(plan.endMs + 600 * secondMs),
    cpo: plan.cpo.name,
  }
}

/** The record that the meter of a place signs. `energyWh` as billed unless the meter says otherwise. */
export function signedOf(
  slot: Slot,
  more: { startWh?: number; energyWh?: number; spoil?: boolean; key?: string } = {},
): Json {
  const { plan, place, operator, registerWh } = slot
  const startWh = more.startWh ?? registerWh
  const made = ocmfOf({
    key: more.key ?? operator.party,
    meter: `M-${operator.party}-${place.id}`,
    startMs: plan.startMs,
    endMs: plan.endMs,
    startWh,
    stopWh: startWh + (more.energyWh ?? Math.round(plan.energy / 1_000)),
    token: plan.token.uid,
    spoil: more.spoil === true,
  })
  return { signed_data: made, meter_id: `M-${operator.party}-${place.id}`.slice(0, 255) }
}

/** True where the meter's record comes with the CDR: it signs by itself, or the pair agreed that it must. */
export function signs({ operator, pair }: Slot): boolean {
  return operator.signs || pair === 'signed'
}

/** The key that is registered for the meter of a place. */
export function meterKeyOf({ operator, place }: Pick<Slot, 'operator' | 'place'>) {
  const { publicKey } = ocmfKeyOf(operator.party)
  return { owner: operator.party, evseUid: `${place.id}-E1`, locationId: place.id, publicKey }
}
