import type { Fault } from './clearing-world-faults.ts'
import {
  alsoCharged,
  costOf,
  expecting,
  firstOf,
  fourPlaces,
  moved,
  second,
} from './clearing-world-tools.ts'

const PRICES = ['P1', 'P4', 'P5', 'P6', 'P7']

/** Structure, identity and duplicates. */
export const structureFaults: Record<string, Fault> = {
  'T1 energy as a text that may mean two things': {
    plant: (bundle) => {
      expecting(bundle, { must: ['T1'] })
      firstOf(bundle).doubts = [
        { pointer: '/total_energy', message: 'was sent as the text "1.234"' },
      ]
    },
  },
  'T2 total_time an hour too long': {
    needs: { family: 'AC' },
    plant: (bundle) => {
      const hours = Number(firstOf(bundle).value['total_time'])
      expecting(bundle, { must: ['T2'], may: ['Z8'], change: { total_time: hours + 1 } })
    },
  },
  'T2 charging periods an hour longer than the session': {
    needs: { family: 'TIME' },
    plant: (bundle) => periodHours(bundle, { type: 'TIME', hours: 1 }),
  },
  'T2 parking an hour longer than the session': {
    needs: { family: 'DC' },
    plant: (bundle) => periodHours(bundle, { type: 'PARKING_TIME', hours: 1 }),
  },
  'T2 a part with too much tax': {
    needs: { family: 'DC' },
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value, 'total_energy_cost')
      const total_energy_cost = { excl_vat: excl, incl_vat: fourPlaces(incl + 3) }
      expecting(bundle, { must: ['T2'], change: { total_energy_cost } })
    },
  },
  'T2 parts cost more than the total': {
    needs: { family: 'DC' },
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value, 'total_energy_cost')
      const total_energy_cost = { excl_vat: fourPlaces(excl + 3), incl_vat: fourPlaces(incl + 3.6) }
      expecting(bundle, { must: ['T2'], may: PRICES, change: { total_energy_cost } })
    },
  },
  'T2 periods hold less energy than the total': {
    needs: { family: 'AC', auth: 'WHITELIST' },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const periods = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
      const charging_periods = periods.map((period: unknown) => ({
        ...Object(period),
        dimensions: [
          { type: 'ENERGY', volume: fourPlaces(Number(value['total_energy']) * 0.6) },
          { type: 'TIME', volume: value['total_time'] },
        ],
      }))
      const [one] = charging_periods
      expecting(bundle, {
        must: ['T2'],
        may: [...PRICES, 'Q1'],
        change: { charging_periods: [one] },
      })
    },
  },
  'T3 period before the session': {
    needs: { family: 'DC' },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const periods = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
      const start_date_time = new Date(bundle.slot.plan.startMs - 5_400_000).toISOString()
      const charging_periods = periods.map((period: unknown, index) =>
        index === 0 ? { ...Object(period), start_date_time } : period,
      )
      expecting(bundle, {
        must: ['T3'],
        may: [...PRICES, 'P0', 'Q3', 'T2'],
        change: { charging_periods },
      })
    },
  },
  'T4 start in 1970': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) =>
      expecting(bundle, {
        must: ['T4'],
        may: [...PRICES, 'P0', 'P2', 'A1', 'A2', 'T3', 'Z8', 'T2'],
        change: { start_date_time: '1970-01-01T00:00:00Z' },
      }),
  },
  'T5 costs finer than OCPI has them': {
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value, 'total_energy_cost')
      const total_energy_cost = { excl_vat: excl + 0.0000004, incl_vat: incl + 0.0000004 }
      expecting(bundle, { must: ['T5'], change: { total_energy_cost } })
    },
  },
  'D1 the same bytes again': {
    plant: (bundle) => {
      expecting(bundle, { must: ['D1'] })
      firstOf(bundle).replays = 2
    },
  },
  'D2 a session billed twice': {
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      second(
        bundle,
        { ...value, id: `${String(value['id'])}-2` },
        { must: ['D2'], may: ['C4', 'D4'] },
      )
    },
  },
  'D3 an id used again for something else': {
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      expecting(bundle, { must: ['D3'] })
      firstOf(bundle).conflict = { ...value, total_energy: Number(value['total_energy']) + 1 }
    },
  },
  'D4 the same charge under other ids': {
    needs: { signs: false },
    plant: (bundle) => {
      const { plan } = bundle.slot
      const again = moved(plan, 60_000, `${plan.id}B`)
      alsoCharged(
        bundle,
        { plan: again, receivedMs: bundle.slot.receivedMs + 120_000 },
        {
          must: ['D4'],
          may: ['Z3', 'D2'],
        },
      )
    },
  },
  'D5 pushed and fetched under two ids': {
    needs: { signs: false },
    plant: (bundle) => {
      const { plan, receivedMs } = bundle.slot
      const again = { ...plan, id: `${plan.id}VIA` }
      alsoCharged(
        bundle,
        { plan: again, receivedMs: receivedMs + 600_000 },
        { must: ['D5'], may: ['D4', 'Z3'], channel: 'pull' },
      )
    },
  },
  'D6 one charge in two CDRs with two start fees': {
    needs: { family: 'DC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => {
      const { plan } = bundle.slot
      const length = plan.endMs - plan.startMs + 30_000
      alsoCharged(
        bundle,
        { plan: moved(plan, length, `${plan.id}B`), receivedMs: bundle.slot.receivedMs + length },
        { must: ['D6'] },
      )
    },
  },
}

/** One more charging period at the end, of hours that there were not. */
function periodHours(
  bundle: Parameters<Fault['plant']>[0],
  { type, hours }: { type: string; hours: number },
): void {
  const { value } = firstOf(bundle)
  const periods = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
  const last = { ...Object(periods.at(-1)), dimensions: [{ type, volume: hours }] }
  const charging_periods = [...periods, last]
  expecting(bundle, { must: ['T2'], may: PRICES, change: { charging_periods } })
}
