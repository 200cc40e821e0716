import type { Fault } from './clearing-world-faults.ts'
import { expecting, firstOf, fourPlaces, sessionEnds } from './clearing-world-tools.ts'

/** Is there a session, and was the card allowed to charge. */
export const existenceFaults: Record<string, Fault> = {
  'X1 no session': {
    plant: (bundle) => {
      bundle.sessions = []
      expecting(bundle, { must: ['X1'] })
    },
  },
  'X2 a session without CDR': {
    needs: { sends: false },
    plant: (bundle) => {
      bundle.cdrs = []
      bundle.notices = ['X2']
    },
  },
  'X3 a record without CDR': {
    needs: { sends: true },
    plant: (bundle) => {
      bundle.cdrs = []
      bundle.sessions = []
      bundle.notices = ['X3']
    },
  },
  'X4 no energy, but billed': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => billedEmpty(bundle, 0),
  },
  'X4 no energy, and parking that costs nothing': {
    needs: { family: 'AC', auth: 'WHITELIST', sends: false, signs: false },
    plant: (bundle) => billedEmpty(bundle, 0.5),
  },
  'X5 session never completed': {
    plant: (bundle) => {
      sessionEnds(bundle, { status: 'ACTIVE' })
      expecting(bundle, { must: ['X5'] })
    },
  },
  'X6 session declared invalid': {
    plant: (bundle) => {
      sessionEnds(bundle, { status: 'INVALID' })
      expecting(bundle, { must: ['X6'] })
    },
  },
  'A1 nobody knows the card': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      bundle.tokens = []
      expecting(bundle, { must: ['A1'] })
    },
  },
  'A2 card blocked a day before': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      const { tokens, slot } = bundle
      bundle.tokens = tokens.flatMap((token) => [
        { ...token, current: false },
        {
          ...token,
          value: { ...token.value, valid: false },
          from: new Date(slot.plan.startMs - 86_400_000),
        },
      ])
      expecting(bundle, { must: ['A2'] })
    },
  },
  'A3 no trace of the command': {
    needs: { auth: 'COMMAND' },
    plant: (bundle) => {
      bundle.authorizations = []
      expecting(bundle, { must: ['A3'] })
    },
  },
  'A3 no trace of the request': {
    needs: { auth: 'AUTH_REQUEST' },
    plant: (bundle) => {
      bundle.authorizations = []
      expecting(bundle, { must: ['A3'] })
    },
  },
  'A4 card that must always be asked for': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      for (const token of bundle.tokens) token.value['whitelist'] = 'NEVER'
      expecting(bundle, { must: ['A4'], may: ['A3'] })
    },
  },
  'A5 the card of somebody else': {
    needs: { auth: 'WHITELIST' },
    plant: (bundle) => {
      const { world, slot } = bundle
      const other = world.providers.find(({ party }) => party !== slot.provider.party)
      for (const token of bundle.tokens) {
        token.owner = other?.party ?? ''
        token.value = {
          ...token.value,
          country_code: token.owner.slice(0, 2),
          party_id: token.owner.slice(3),
        }
      }
      expecting(bundle, { must: ['A5'] })
    },
  },
  'A6 charged after a refusal': {
    needs: { auth: 'AUTH_REQUEST' },
    plant: (bundle) => {
      bundle.authorizations = bundle.authorizations.map((one) => ({ ...one, answer: 'BLOCKED' }))
      expecting(bundle, { must: ['A6'], may: ['A3'] })
    },
  },
}

/** 5.00 for a stay without energy, this share of which was parking. */
function billedEmpty(bundle: Parameters<Fault['plant']>[0], parked: number): void {
  const { value } = firstOf(bundle)
  const hours = Number(value['total_time'])
  const [period] = Array.isArray(value['charging_periods']) ? value['charging_periods'] : []
  const parking = fourPlaces(hours * parked)
  const none = [
    { type: 'ENERGY', volume: 0 },
    { type: 'TIME', volume: fourPlaces(hours - parking) },
    ...(parking > 0 ? [{ type: 'PARKING_TIME', volume: parking }] : []),
  ]
  const five = { excl_vat: 5, incl_vat: 6 }
  sessionEnds(bundle, { kwh: 0 })
  for (const step of bundle.sessions[0]?.steps ?? [])
    if (step.body['kwh'] !== undefined) step.body['kwh'] = 0
  const change = {
    total_energy: 0,
    total_parking_time: parking > 0 ? parking : undefined,
    total_energy_cost: five,
    total_cost: five,
    charging_periods: [{ ...Object(period), dimensions: none }],
  }
  expecting(bundle, { must: ['X4'], may: ['P1', 'V2', 'P5', 'P6', 'P7'], change })
}
