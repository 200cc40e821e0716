import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { OwnComponent, OwnElement, OwnTariff, Phase, Stay, When } from './pricing-stay.ts'
import { TICK_MS } from './pricing-stay.ts'

/** Stays and tariffs at random, in the whole numbers that a charge point operator counts in. */

const kind = fc.constantFrom('ENERGY', 'TIME', 'PARKING_TIME', 'FLAT')
const vat = fc.option(fc.constantFrom(0, 55, 70, 100, 190, 200, 210, 255), { nil: null })
const quarter = fc.nat({ max: 95 }).map((each) => each * 15)
/** Days around both changes of the clock in zones of either half of the world, leap day and turn of the year. */
const day = fc.constantFrom(
  ...['2024-02-28', '2024-03-10', '2024-03-31', '2024-04-06', '2024-10-05', '2024-10-27'],
  ...['2024-11-03', '2024-12-31', '2025-06-18'],
)
const zone = fc.constantFrom(
  ...['Europe/Amsterdam', 'Europe/Amsterdam', 'America/New_York', 'Australia/Sydney'],
  ...['Asia/Kathmandu', 'Europe/Lisbon', 'UTC'],
)

const window = fc
  .record({ from: quarter, to: quarter })
  .filter(({ from, to }) => from !== to)
  .chain((both) => fc.constantFrom(both, both, { from: both.from }, { to: both.to }))
const days = fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1, maxLength: 6 })
/** Restrictions in local time. */
const localWhen: Arbitrary<When> = fc.oneof(
  window,
  fc.record({ days }),
  fc.tuple(window, days).map(([open, on]) => ({ ...open, days: on })),
  fc.record({ startDate: day }),
  fc.record({ endDate: day }),
)
const seconds = fc.integer({ min: 0, max: 3000 }).map((each) => each * 9)
const measured: Arbitrary<When> = fc.oneof(
  fc.record({ minWh: fc.integer({ min: 0, max: 60_000 }) }),
  fc.record({ maxWh: fc.integer({ min: 0, max: 60_000 }) }),
  fc.record({ minSeconds: seconds }),
  fc.record({ maxSeconds: seconds }),
  fc.record({ minKw: fc.nat({ max: 500 }) }),
  fc.record({ maxKw: fc.nat({ max: 500 }) }),
  fc.record({ minAmps: fc.nat({ max: 640 }) }),
  fc.record({ maxAmps: fc.nat({ max: 640 }) }),
)
/** Restrictions on what was measured, up to three of them. */
const measuredWhen: Arbitrary<When> = fc
  .array(measured, { minLength: 1, maxLength: 3 })
  .map((several) => several.reduce<When>((all, each) => ({ ...all, ...each }), {}))

/** What may be in a tariff besides prices. */
export type Features = {
  local?: boolean
  measured?: boolean
  steps?: boolean
  limits?: boolean
  flats?: boolean
  reservations?: boolean
  included?: boolean
}

export const EVERYTHING: Features = {
  local: true,
  measured: true,
  steps: true,
  limits: true,
  flats: true,
  reservations: true,
  included: true,
}

/** A tariff of up to five elements with these features. With taxes included every price states its rate. */
export function ownTariff(features: Features): Arbitrary<OwnTariff> {
  const component = fc.record<OwnComponent>({
    kind: features.flats ? kind : kind.filter((each) => each !== 'FLAT'),
    price: fc.oneof(fc.nat({ max: 90_000 }), fc.constantFrom(0, 2500, 10_000)),
    vat,
    step: features.steps ? fc.constantFrom(0, 1, 1, 7, 60, 300, 500, 900, 1000) : fc.constant(0),
  })
  const element = fc.record<OwnElement>({
    components: fc.uniqueArray(component, {
      minLength: 1,
      maxLength: 4,
      selector: (each) => each.kind,
    }),
    when: whenOf(features),
    isReservation: features.reservations
      ? fc.constantFrom(false, false, false, true)
      : fc.constant(false),
  })
  const amount = fc.nat({ max: 400_000 })
  const limit = fc.option(fc.record({ excl: amount, incl: fc.option(amount, { nil: null }) }), {
    nil: null,
  })
  return fc
    .record({
      elements: fc.array(element, { minLength: 1, maxLength: 5 }),
      taxes: features.included
        ? fc.constantFrom('NO', 'YES', 'N/A', null)
        : fc.constantFrom('NO', null),
      min: features.limits ? limit : fc.constant(null),
      max: features.limits ? limit : fc.constant(null),
    })
    .map((tariff): OwnTariff => (tariff.taxes === 'YES' ? withRates(tariff) : tariff))
}

function withRates(tariff: OwnTariff): OwnTariff {
  const rated = (component: OwnComponent) => ({ ...component, vat: component.vat ?? 210 })
  const elements = tariff.elements.map((each) => ({
    ...each,
    components: each.components.map(rated),
  }))
  return { ...tariff, elements }
}

function whenOf({ local, measured }: Features): Arbitrary<When> {
  const free = fc.constant<When>({})
  if (local && measured)
    return fc.oneof(
      free,
      localWhen,
      measuredWhen,
      fc.tuple(localWhen, measuredWhen).map(([a, b]) => ({ ...b, ...a })),
    )
  if (local) return fc.oneof(free, localWhen, localWhen)
  return measured ? fc.oneof(free, measuredWhen, measuredWhen) : free
}

const meter = (max: number) => fc.option(fc.nat({ max }), { nil: null })
const charging: Arbitrary<Phase> = fc.record({
  kind: fc.constant('charging'),
  ticks: fc.integer({ min: 1, max: 1600 }),
  wh: fc.nat({ max: 40_000 }),
  kw: meter(500),
  amps: meter(640),
})
const idle = (kind: 'reserved' | 'parking'): Arbitrary<Phase[]> =>
  fc.array(
    fc.record({
      kind: fc.constant(kind),
      ticks: fc.integer({ min: 1, max: 1600 }),
      wh: fc.constant(0),
      kw: fc.constant(null),
      amps: fc.constant(null),
    }),
    { maxLength: 1 },
  )

/** Up to six phases over at most a day, in any zone, near a change of the clock more often than not. */
export const stay: Arbitrary<Stay> = fc
  .record({
    day,
    start: fc.nat({ max: 9599 }),
    zone,
    reserved: idle('reserved'),
    first: fc.array(charging, { maxLength: 2 }),
    parked: idle('parking'),
    second: fc.array(charging, { maxLength: 1 }),
    left: idle('parking'),
  })
  .map(({ day: on, start, zone: name, ...parts }) => ({
    startMs: Date.parse(`${on}T00:00:00Z`) - 28_800_000 + start * TICK_MS,
    zone: name,
    phases: [parts.reserved, parts.first, parts.parked, parts.second, parts.left].flat(),
  }))
  .filter(({ phases }) => phases.length > 0)
