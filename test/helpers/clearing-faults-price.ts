import { zoneNamed } from '../../src/sandbox/zone.ts'
import type { Bundle } from './clearing-world-bundle.ts'
import type { Fault } from './clearing-world-faults.ts'
import type { Needs } from './clearing-world-plan.ts'
import type { Json } from './objects.ts'
import { idsOf, timeOf } from './clearing-world.ts'
import {
  across,
  costOf,
  expecting,
  firstOf,
  fourPlaces,
  ownTariff,
  raisedBy,
  restaged,
  rewritten,
} from './clearing-world-tools.ts'

/** What else a wrong price may be called besides the kind that was planted. */
const PRICES = ['P1', 'P4', 'P5', 'P6', 'P7']
const plain: Needs = { family: 'AC', auth: 'WHITELIST', signs: false }

/** Price and tax. */
export const priceFaults: Record<string, Fault> = {
  'P0 a tariff nobody has': {
    needs: plain,
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const periods = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
      const charging_periods = periods.map((period: unknown) => ({
        ...Object(period),
        tariff_id: 'NONE',
      }))
      expecting(bundle, { must: ['P0'], change: { tariffs: undefined, charging_periods } })
    },
  },
  'P1 dearer than its own tariff': {
    needs: plain,
    plant: (bundle) =>
      expecting(bundle, {
        must: ['P1'],
        // By chance the dearer amount is that with tax.
        may: [...PRICES, 'V3'],
        change: raisedBy(firstOf(bundle).value, 0.137, 1.03),
      }),
  },
  'P2 another tariff than the published one': {
    needs: plain,
    plant: (bundle) => {
      const tariff = withPrices(tariffOf(bundle), 1.4)
      expecting(bundle, { must: ['P2'], change: rewritten(bundle, { tariff }) })
    },
  },
  'P3 another price than agreed': {
    needs: { pair: 'priced', family: 'DC' },
    plant: (bundle) => expecting(bundle, { must: ['P3'] }),
  },
  'P4 steps rounded up in every period': {
    needs: { family: 'NIGHT', signs: false },
    plant: steppedTwice,
  },
  'P5 parking fee while charging': {
    needs: { family: 'DC', hours: 1.5, signs: false },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const hours = Number(value['total_time']) - Number(value['total_parking_time'] ?? 0)
      const charging = fourPlaces(hours * 6)
      const { excl, incl } = costOf(value)
      const rate = incl / excl
      const parking =
        value['total_parking_cost'] === undefined
          ? { excl: 0, incl: 0 }
          : costOf(value, 'total_parking_cost')
      const change = {
        total_cost: priceOf(excl + charging, incl + charging * rate),
        total_parking_cost: priceOf(parking.excl + charging, parking.incl + charging * rate),
      }
      expecting(bundle, { must: ['P5'], may: [...PRICES, 'V3'], change })
    },
  },
  'P6 no night price': {
    needs: { family: 'NIGHT', signs: true },
    plant: (bundle) => {
      acrossEleven(bundle)
      const elements = tariffOf(bundle)['elements']
      const day = Array.isArray(elements) ? elements.slice(1) : []
      const { total_cost, total_energy_cost } = rewritten(bundle, {
        tariff: { ...tariffOf(bundle), elements: day },
      })
      expecting(bundle, { must: ['P6'], may: PRICES, change: { total_cost, total_energy_cost } })
    },
  },
  'P7 beyond the highest price': {
    needs: { ...plain, hours: 4 },
    plant: (bundle) => {
      const max_price = priceOf(1, 1.2)
      const tariff = { ...tariffOf(bundle), id: `MAX-${bundle.slot.index}`, max_price }
      const value = rewritten(bundle, {})
      ownTariff(bundle, tariff)
      expecting(bundle, {
        must: ['P7'],
        may: PRICES,
        change: { ...value, ...priced(value, tariff) },
      })
    },
  },
  'P8 a currency that is not the tariff’s': {
    needs: plain,
    plant: (bundle) => expecting(bundle, { must: ['P8'], change: { currency: 'USD' } }),
  },
  'P9 a cent off': {
    needs: plain,
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const cent = (name: string) => {
        const { excl, incl } = costOf(value, name)
        return priceOf(excl + 0.01, incl + 0.01)
      }
      const change = {
        total_cost: cent('total_cost'),
        total_energy_cost: cent('total_energy_cost'),
      }
      expecting(bundle, { must: ['P9'], change })
    },
  },
  'P10 a reservation that was none': {
    needs: plain,
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value)
      const change = {
        total_reservation_cost: priceOf(3, 3.6),
        total_cost: priceOf(excl + 3, incl + 3.6),
      }
      expecting(bundle, { must: ['P10'], may: [...PRICES, 'V2'], change })
    },
  },
  'P11 a tariff that came after the start': {
    needs: plain,
    plant: (bundle) => {
      const { plan, index } = bundle.slot
      const tariff = { ...tariffOf(bundle), id: `LATE-${index}`, last_updated: timeOf(plan.endMs) }
      ownTariff(bundle, tariff, new Date(plan.endMs))
      const value = rewritten(bundle, { tariff })
      expecting(bundle, { must: ['P11'], change: { ...value, tariffs: undefined } })
    },
  },
  'P12 another amount than the terminal took': {
    needs: { family: 'AC', auth: 'COMMAND', signs: false },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      bundle.captured = {
        reference: String(value['authorization_reference']),
        total: fourPlaces(costOf(value).incl * 0.7),
        currency: String(value['currency']),
      }
      expecting(bundle, { must: ['P12'] })
    },
  },
  'V2 tax at a rate that does not exist': {
    needs: plain,
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value)
      const total_cost = priceOf(excl, incl + excl * 0.06 + 0.1)
      expecting(bundle, { must: ['V2'], may: ['P1', 'V3'], change: { total_cost } })
    },
  },
  'V3 tax on tax': {
    needs: plain,
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const twice = (name: string) => {
        const { excl, incl } = costOf(value, name)
        return priceOf(excl, (incl * incl) / excl)
      }
      const change = {
        total_cost: twice('total_cost'),
        total_energy_cost: twice('total_energy_cost'),
      }
      expecting(bundle, { must: ['V3'], may: ['P1', 'V2'], change })
    },
  },
  'S4 always a little more': {
    needs: { family: 'DC', auth: 'WHITELIST', signs: false, pair: 'plain', bias: true },
    plant: (bundle) => {
      expecting(bundle, { must: [], may: ['P9'], change: raisedBy(firstOf(bundle).value, 0.0042) })
      bundle.notices = ['S4']
    },
  },
}

export function tariffOf({ slot }: Bundle): Json {
  return slot.operator.tariffs[slot.place.family]
}

function priceOf(excl: number, incl: number): Json {
  return { excl_vat: fourPlaces(excl), incl_vat: fourPlaces(incl) }
}

/** The value with this tariff in it and named by its periods; the claim stays. */
function priced(value: Json, tariff: Json): Json {
  const periods = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
  return {
    tariffs: [tariff],
    charging_periods: periods.map((period: unknown) => ({
      ...Object(period),
      tariff_id: tariff['id'],
    })),
  }
}

/** The same tariff with every price times so much. */
export function withPrices(tariff: Json, factor: number): Json {
  const elements = Array.isArray(tariff['elements']) ? tariff['elements'] : []
  return {
    ...tariff,
    elements: elements.map((element: unknown) => {
      const components: unknown = Object(element)['price_components']
      const price_components = Array.isArray(components)
        ? components.map((one: unknown) => ({
            ...Object(one),
            price: fourPlaces(Number(Object(one)['price']) * factor),
          }))
        : []
      return { ...Object(element), price_components }
    }),
  }
}

/** Moves the stay so that 23:00 local time is in its middle. */
function acrossEleven(bundle: Bundle): void {
  const { slot } = bundle
  const offsetMs = zoneNamed(slot.operator.zone).offsetMinutes(slot.plan.startMs) * 60_000
  const chargeSeconds = (slot.plan.endMs - slot.plan.startMs) / 1_000
  const plan = { ...across(slot.plan, offsetMs, 23 * 60), chargeSeconds }
  restaged(bundle, { plan })
}

/** Two prices, each sold by 5 kWh: the rest is to be rounded once, not in each period. */
function steppedTwice(bundle: Bundle): void {
  acrossEleven(bundle)
  const { slot } = bundle
  const stepped = (price: number) => ({
    price_components: [{ type: 'ENERGY', price, vat: 20, step_size: 5_000 }],
  })
  const tariff = {
    ...idsOf(slot.operator.party),
    ...tariffOf(bundle),
    id: `STEP-${slot.index}`,
    elements: [
      { ...stepped(0.25), restrictions: { start_time: '23:00', end_time: '07:00' } },
      stepped(0.65),
    ],
  }
  ownTariff(bundle, tariff)
  // The two ways of rounding must differ: some energies give the same.
  for (let more = 0; more < 5; more += 1) {
    const value = rewritten(bundle, { tariff })
    const cost = roundedEach(value)
    if (cost - costOf(value).excl > 1) {
      const total = priceOf(cost, cost * 1.2)
      const change = { ...value, total_cost: total, total_energy_cost: total }
      return expecting(bundle, { must: ['P4'], may: [...PRICES, 'V3'], change })
    }
    const { plan } = bundle.slot
    restaged(bundle, { plan: { ...plan, energy: plan.energy + 1_300_000 } })
    ownTariff(bundle, tariff)
  }
  throw new Error('rounding twice makes no difference')
}

/** What a session costs whose periods are each rounded up to 5 kWh, the first by day and the second by night. */
function roundedEach(value: Json): number {
  const periods: unknown[] = Array.isArray(value['charging_periods'])
    ? value['charging_periods']
    : []
  return periods.reduce<number>((sum, period, index) => {
    const dimensions: unknown = Object(period)['dimensions']
    const [energy] = Array.isArray(dimensions) ? dimensions : []
    const kwh = Number(Object(energy)['volume'])
    return sum + Math.ceil(kwh / 5) * 5 * (index === 0 ? 0.65 : 0.25)
  }, 0)
}
