import type { Fault } from './clearing-world-faults.ts'
import { freshCard } from './clearing-world-plan.ts'
import { DAY_MS, HOUR_MS, pairKind, placeOf, timeOf } from './clearing-world.ts'
import type { Operator } from './clearing-world.ts'
import {
  alsoCharged,
  costOf,
  expecting,
  firstOf,
  fourPlaces,
  moved,
  restaged,
  rewritten,
  sessionEnds,
} from './clearing-world-tools.ts'

/** When it was charged, and how much. */
export const chargeFaults: Record<string, Fault> = {
  'Z1 an hour off': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: true },
    plant: (bundle) => shiftedFromRecord(bundle, { byMs: HOUR_MS, must: ['Z1'] }),
  },
  'Z2 five minutes off': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: true },
    plant: (bundle) => shiftedFromRecord(bundle, { byMs: 300_000, must: ['Z2'] }),
  },
  'Z3 one card at two places': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      const { world, slot } = bundle
      const place = placeOf(world, {
        operator: slot.operator,
        id: `${slot.place.id}N`,
        family: 'AC',
      })
      const plan = {
        ...moved(slot.plan, 60_000 * 10, `${slot.plan.id}B`),
        locationId: place.id,
        evseUid: `${place.id}-E1`,
        energy: 5_000_000,
        chargeSeconds: (slot.plan.endMs - slot.plan.startMs) / 1_000,
      }
      alsoCharged(
        bundle,
        { place, plan, receivedMs: slot.receivedMs + 900_000 },
        {
          must: ['Z3'],
          may: ['Z7'],
        },
      )
    },
  },
  'Z4 two cards at one connector': {
    needs: { auth: 'WHITELIST', signs: false },
    plant: (bundle) => {
      const { slot } = bundle
      const card = freshCard(slot.provider, `${slot.index}B`)
      const half = Math.floor((slot.plan.endMs - slot.plan.startMs) / 2_000) * 1_000
      const plan = {
        ...moved(slot.plan, half, `${slot.plan.id}B`),
        token: { uid: card.uid, contractId: `C-${card.uid}`, owner: slot.provider.party },
      }
      alsoCharged(bundle, { card, plan, receivedMs: slot.receivedMs + half }, { must: ['Z4'] })
    },
  },
  'Z5 ten weeks late': {
    needs: { pair: 'plain' },
    plant: (bundle) => {
      const { slot } = bundle
      const received = slot.receivedMs
      restaged(bundle, { plan: moved(slot.plan, -70 * DAY_MS), receivedMs: received })
      expecting(bundle, { must: ['Z5'] })
    },
  },
  'Z6 received before it ended': {
    plant: (bundle) => {
      firstOf(bundle).receivedAt = new Date(bundle.slot.plan.endMs - 600_000)
      expecting(bundle, { must: ['Z6'] })
    },
  },
  'Z7 faster than anybody travels': {
    needs: { auth: 'WHITELIST', signs: false },
    plant: (bundle) => {
      const { world, slot } = bundle
      const far = world.operators.toSorted(
        (a, b) =>
          Math.abs(b.longitude - slot.operator.longitude) -
          Math.abs(a.longitude - slot.operator.longitude),
      )
      const to = world.providers.indexOf(slot.provider)
      const isPlain = (one: Operator) =>
        !one.signs && pairKind(world.operators.indexOf(one), to) === 'plain'
      const operator = far.find(isPlain) ?? slot.operator
      const place = placeOf(world, { operator, id: `${slot.place.id}N`, family: 'AC' })
      const hour = { startMs: slot.plan.endMs + 1_800_000, endMs: slot.plan.endMs + 5_400_000 }
      const plan = {
        ...slot.plan,
        ...hour,
        id: `${slot.plan.id}B`,
        cpo: {
          countryCode: operator.party.slice(0, 2),
          partyId: operator.party.slice(3),
          name: operator.party,
        },
        energy: 8_000_000,
        chargeSeconds: 3_600,
        locationId: place.id,
        evseUid: `${place.id}-E1`,
      }
      const receivedMs = hour.endMs + 60_000
      alsoCharged(bundle, { operator, place, plan, receivedMs }, { must: ['Z7'] })
    },
  },
  'Z8 longer than the session': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false, hours: 3 },
    plant: (bundle) => {
      sessionEnds(bundle, { end_date_time: timeOf(bundle.slot.plan.endMs - 2_400_000) })
      expecting(bundle, { must: ['Z8'] })
    },
  },
  'Q1 more energy than the session': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => {
      const energy = Math.round(bundle.slot.plan.energy * 0.0011) * 1_000 + 500_000
      const value = rewritten(bundle, { plan: { energy } })
      expecting(bundle, { must: ['Q1'], may: ['Q3'], change: value })
    },
  },
  'Q1 a higher cost than that of the session': {
    needs: { family: 'AC', auth: 'WHITELIST' },
    plant: (bundle) => {
      const { excl, incl } = costOf(firstOf(bundle).value)
      const total_cost = { excl_vat: fourPlaces(excl - 2), incl_vat: fourPlaces(incl - 2.4) }
      sessionEnds(bundle, { total_cost })
      expecting(bundle, { must: ['Q1'] })
    },
  },
  'Q2 more energy than the eMSP saw': {
    needs: { auth: 'WHITELIST', sends: true },
    plant: (bundle) => {
      const { record } = bundle
      if (record) record['total_energy'] = Math.round(Number(record['total_energy']) * 800) / 1_000
      expecting(bundle, { must: ['Q2'] })
    },
  },
  'Q3 more power than the connector has': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => {
      const { plan, place } = bundle.slot
      const wh = Math.round((place.powerKw * 1_300 * plan.chargeSeconds) / 3_600)
      restaged(bundle, { plan: { ...plan, energy: wh * 1_000 } })
      expecting(bundle, { must: ['Q3'] })
    },
  },
  'Q3 more power than the connector had then': {
    needs: { family: 'DC', auth: 'WHITELIST', sends: false, signs: false, hours: 1 },
    plant: (bundle) => {
      const { plan, place, operator } = bundle.slot
      restaged(bundle, { plan: { ...plan, energy: 90_000_000, chargeSeconds: 3_500 } })
      const slow = placeOf(bundle.world, { operator, id: place.id, family: 'TIME' })
      const until = new Date(plan.endMs + 6 * HOUR_MS)
      bundle.olderLocations.push({ owner: operator.party, value: slow.location, until })
      expecting(bundle, { must: ['Q3'] })
    },
  },
  'Q4 more than a battery holds': {
    needs: { family: 'DC', auth: 'WHITELIST', sends: false, signs: false, hours: 4 },
    plant: (bundle) => {
      const { plan } = bundle.slot
      const chargeSeconds = (plan.endMs - plan.startMs) / 1_000
      restaged(bundle, { plan: { ...plan, energy: 380_000_000, chargeSeconds } })
      expecting(bundle, { must: ['Q4'] })
    },
  },
  'Q5 a counter that runs backwards': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      const [, step] = bundle.sessions[0]?.steps ?? []
      if (step) step.body['kwh'] = Number(firstOf(bundle).value['total_energy']) + 4
      expecting(bundle, { must: ['Q5'] })
    },
  },
}

/** The CDR and its session say another time than the eMSP's record; length and energy are the same. */
function shiftedFromRecord(
  bundle: Parameters<Fault['plant']>[0],
  { byMs, must }: { byMs: number; must: string[] },
): void {
  const { slot, record } = bundle
  restaged(bundle, { plan: moved(slot.plan, -byMs) })
  bundle.record = record
  expecting(bundle, { must })
}
