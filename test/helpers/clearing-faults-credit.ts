import { plannedCdr } from './clearing-world-bundle.ts'
import { tariffOf, withPrices } from './clearing-faults-price.ts'
import type { Fault } from './clearing-world-faults.ts'
import { DAY_MS } from './clearing-world.ts'
import {
  creditFor,
  expecting,
  firstOf,
  fourPlaces,
  costOf,
  moved,
  raisedBy,
  restaged,
  rewritten,
  second,
} from './clearing-world-tools.ts'

/** Credits and what replaces them. */
export const creditFaults: Record<string, Fault> = {
  'C1 a credit of nothing': {
    plant: (bundle) => {
      const { slot } = bundle
      // Its original was waited for long enough.
      const plan = moved(slot.plan, -20 * DAY_MS)
      restaged(bundle, { plan, receivedMs: plan.endMs + 60_000 })
      bundle.sessions = []
      bundle.record = null
      const { value } = firstOf(bundle)
      const credit = creditFor(
        { ...value, id: `${String(value['id'])}-GONE` },
        `${String(value['id'])}-C`,
      )
      firstOf(bundle).value = credit
      expecting(bundle, { must: ['C1'] })
    },
  },
  'C2 a credit of half': {
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      second(bundle, creditFor(value, `${String(value['id'])}-C`, 0.5), { must: ['C2'] })
    },
  },
  'C3 credited twice': {
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      second(bundle, creditFor(value, `${String(value['id'])}-C`), { must: [] })
      second(bundle, creditFor(value, `${String(value['id'])}-C2`), { must: ['C3'] })
    },
  },
  'C4 replaced without a credit': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const energy = Math.round(bundle.slot.plan.energy * 0.0007) * 1_000
      const other = { ...rewritten(bundle, { plan: { energy } }), id: `${String(value['id'])}-R` }
      second(bundle, other, { must: ['C4'], may: ['D2', 'D4', 'Q1'] })
    },
  },
  'C5 replaced by more': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const id = String(value['id'])
      second(bundle, creditFor(value, `${id}-C`), { must: [] })
      const energy = Math.round(bundle.slot.plan.energy * 0.00112) * 1_000
      const other = { ...rewritten(bundle, { plan: { energy } }), id: `${id}-R` }
      second(bundle, other, { must: ['C5'], may: ['Q1'] })
    },
  },
  'C7 replaced by more than was agreed': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false, hours: 3 },
    plant: (bundle) => {
      const { value, receivedAt } = firstOf(bundle)
      const id = String(value['id'])
      const sound = rewritten(bundle, { tariff: withPrices(tariffOf(bundle), 1.05) })
      expecting(bundle, {
        must: ['P1'],
        may: ['P4', 'P5', 'P6', 'P7'],
        change: raisedBy(value, 0.237, 2.03),
      })
      const told = { receivedAt: new Date(receivedAt.getTime() + 600_000) }
      const wrong = firstOf(bundle).value
      bundle.later = [
        { ...plannedCdr(bundle.slot, creditFor(wrong, `${id}-C`)), ...told },
        {
          ...plannedCdr(bundle.slot, { ...sound, id: `${id}-R` }),
          receivedAt: new Date(told.receivedAt.getTime() + 600_000),
          must: ['C7'],
          may: ['P2'],
        },
      ]
    },
  },
  'C6 negative without being a credit': {
    needs: { family: 'AC', auth: 'WHITELIST' },
    plant: (bundle) => {
      const { value } = firstOf(bundle)
      const { excl, incl } = costOf(value)
      const total_cost = { excl_vat: -fourPlaces(excl), incl_vat: -fourPlaces(incl) }
      expecting(bundle, { must: ['C6'], may: ['P1', 'T2', 'V2', 'V3'], change: { total_cost } })
    },
  },
}
