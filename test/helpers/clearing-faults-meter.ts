import type { Fault } from './clearing-world-faults.ts'
import { signedOf } from './clearing-world-bundle.ts'
import { alsoCharged, expecting, firstOf, moved } from './clearing-world-tools.ts'

/** What the meter signed. */
export const meterFaults: Record<string, Fault> = {
  'G1 a figure changed after signing': {
    needs: { signs: true },
    plant: (bundle) =>
      expecting(bundle, {
        must: ['G1'],
        may: ['G2'],
        change: signedOf(bundle.slot, { spoil: true }),
      }),
  },
  'G2 billed more than the meter signed': {
    needs: { signs: true },
    plant: (bundle) => {
      const energyWh = Math.round(bundle.slot.plan.energy / 1_000) - 2_500
      expecting(bundle, { must: ['G2'], change: signedOf(bundle.slot, { energyWh }) })
    },
  },
  'G3 no signed data where it is a must': {
    needs: { pair: 'signed' },
    plant: (bundle) =>
      expecting(bundle, { must: ['G3'], change: { signed_data: undefined, meter_id: undefined } }),
  },
  'G4 signed with another key than the registered one': {
    needs: { signs: true },
    plant: (bundle) =>
      expecting(bundle, { must: ['G4'], change: signedOf(bundle.slot, { key: 'stranger' }) }),
  },
  'G5 a meter that went back': {
    needs: { signs: true, auth: 'WHITELIST' },
    plant: (bundle) => {
      const { slot } = bundle
      const byMs = slot.plan.endMs - slot.plan.startMs + 1_200_000
      const plan = moved(slot.plan, byMs, `${slot.plan.id}B`)
      const other = alsoCharged(
        bundle,
        { plan, receivedMs: slot.receivedMs + byMs, registerWh: slot.registerWh - 7_000 },
        { must: ['G5'] },
      )
      if (firstOf(other).value['signed_data'] === undefined) throw new Error('not signed')
    },
  },
}
