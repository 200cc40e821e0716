import { cdrsOf } from '../../src/sandbox/cdr.ts'
import type { SessionPlan } from '../../src/sandbox/world.ts'
import type { Json } from './objects.ts'
import type { Bundle, PlannedCdr, SessionMessage } from './clearing-world-bundle.ts'
import { plannedCdr, sessionFrom, soundBundle } from './clearing-world-bundle.ts'
import type { Slot } from './clearing-world-plan.ts'
import { alwaysKnown } from './clearing-world.ts'

/** The first CDR of a bundle; every bundle begins with one. */
export function firstOf(bundle: Bundle): PlannedCdr {
  const [first] = bundle.cdrs
  if (first === undefined) throw new Error(`${bundle.fault}: no CDR`)
  return first
}

/** Changes members of the first CDR and says what must come of it. */
export function expecting(
  bundle: Bundle,
  told: { must: string[]; may?: string[]; change?: Json },
): void {
  const first = firstOf(bundle)
  Object.assign(first.value, told.change ?? {})
  first.must = told.must
  first.may = told.may ?? []
}

/** The session's CDR as an honest CPO would write it of another stay or by another tariff. */
export function rewritten(
  bundle: Bundle,
  by: { plan?: Partial<SessionPlan>; tariff?: Json; zone?: string },
): Json {
  const { slot } = bundle
  const location =
    by.zone === undefined ? slot.place.location : { ...slot.place.location, time_zone: by.zone }
  const [built] = cdrsOf({
    plan: { ...slot.plan, ...by.plan },
    location,
    tariff: by.tariff ?? slot.operator.tariffs[slot.place.family],
  })
  if (built === undefined) throw new Error('no CDR of a plan')
  const { value } = firstOf(bundle)
  const kept = ['auth_method', 'authorization_reference', 'signed_data', 'meter_id']
  const more = kept.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]]))
  return { ...built.body, ...Object.fromEntries(more) }
}

/** The whole story again for another stay: session, CDR, record, authorisations. */
export function restaged(bundle: Bundle, more: Partial<Slot>): void {
  const { world, slot } = bundle
  const again = soundBundle(world, { ...slot, ...more })
  Object.assign(bundle, { ...again, fault: bundle.fault })
}

/** A second CDR after the first, received a minute later. */
export function second(
  bundle: Bundle,
  value: Json,
  told: Partial<PlannedCdr> & { must: string[] },
): PlannedCdr {
  const last = bundle.cdrs.at(-1)?.receivedAt ?? new Date(bundle.slot.receivedMs)
  const made = {
    ...plannedCdr(bundle.slot, value),
    receivedAt: new Date(last.getTime() + 60_000),
    ...told,
  }
  bundle.cdrs.push(made)
  return made
}

/** Another session of the story, sound by itself, told with the first: its CDR comes second. */
export function alsoCharged(
  bundle: Bundle,
  more: Partial<Slot>,
  told: Partial<PlannedCdr> & { must: string[] },
): Bundle {
  const other = soundBundle(bundle.world, { ...bundle.slot, ...more })
  const cdr = firstOf(other)
  bundle.cdrs.push({ ...cdr, ...told })
  bundle.sessions.push(...other.sessions)
  bundle.authorizations.push(...other.authorizations)
  if (more.card !== undefined) bundle.tokens.push(...other.tokens)
  if (more.place !== undefined) bundle.locations.push(...other.locations)
  return other
}

/** A plan moved in time, with another id. */
export function moved(plan: SessionPlan, byMs: number, id = plan.id): SessionPlan {
  return { ...plan, id, startMs: plan.startMs + byMs, endMs: plan.endMs + byMs }
}

/** Changes what the session's last message says, and with it the session. */
export function sessionEnds(bundle: Bundle, change: Json): void {
  bundle.sessions = bundle.sessions.map((session) => {
    const steps = session.steps.map((step, index): SessionMessage =>
      index === session.steps.length - 1 ? { ...step, body: { ...step.body, ...change } } : step,
    )
    return sessionFrom(session.owner, steps)
  })
}

/** The credit CDR of another. */
export function creditFor(value: Json, id: string, factor = 1): Json {
  const { excl, incl } = costOf(value)
  return {
    ...value,
    id,
    credit: true,
    credit_reference_id: value['id'],
    total_cost: { excl_vat: -fourPlaces(excl * factor), incl_vat: -fourPlaces(incl * factor) },
  }
}

export function costOf(value: Json, name = 'total_cost'): { excl: number; incl: number } {
  const { excl_vat, incl_vat } = Object(value[name])
  return { excl: Number(excl_vat), incl: Number(incl_vat) }
}

/** Energy part and total raised alike, so that the sum stays right. */
export function raisedBy(value: Json, share: number, least = 0): Json {
  const { excl, incl } = costOf(value)
  const energy = costOf(value, 'total_energy_cost')
  const rate = incl / excl
  const by = Math.max(excl * share, least)
  const add = (cost: { excl: number; incl: number }) => ({
    excl_vat: fourPlaces(cost.excl + by),
    incl_vat: fourPlaces(cost.incl + by * rate),
  })
  return { total_cost: add({ excl, incl }), total_energy_cost: add(energy) }
}

export function fourPlaces(amount: number): number {
  return Math.round(amount * 10_000) / 10_000
}

/** A tariff of this session alone, published like the others. */
export function ownTariff(bundle: Bundle, tariff: Json, from?: Date): void {
  const { slot, world } = bundle
  bundle.tariffs.push({
    owner: slot.operator.party,
    value: tariff,
    from: from ?? alwaysKnown(world),
    source: 'push',
    current: true,
  })
}

/** The plan of a stay that has this local time in its middle. */
export function across(plan: SessionPlan, localOffsetMs: number, minuteOfDay: number): SessionPlan {
  const middle = (plan.startMs + plan.endMs) / 2
  const day = 86_400_000
  const wanted =
    Math.floor((middle + localOffsetMs) / day) * day + minuteOfDay * 60_000 - localOffsetMs
  // Back, never forth: it must have happened.
  const by = wanted > middle ? wanted - middle - day : wanted - middle
  return moved(plan, Math.floor(by / 1_000) * 1_000)
}
