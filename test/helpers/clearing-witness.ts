import fc from 'fast-check'
import type { Known } from '../../src/clearing/known.ts'
import { authorization, reading, record, step } from './clearing-known.ts'

/** How the others look at a session: how often it counted, how far their clocks are off, what was asked before. */
type Witness = {
  everyS: number
  countsLast: boolean
  clockS: number
  lossShare: number
  method: 'WHITELIST' | 'AUTH_REQUEST' | 'COMMAND'
  startWh: number
  multiUse: boolean
}

export const witness: fc.Arbitrary<Witness> = fc.record({
  everyS: fc.constantFrom(60, 300, 900),
  countsLast: fc.boolean(),
  clockS: fc.integer({ min: -40, max: 40 }),
  lossShare: fc.double({ min: 0, max: 0.02, noNaN: true }),
  method: fc.constantFrom('WHITELIST', 'AUTH_REQUEST', 'COMMAND'),
  startWh: fc.integer({ min: 0, max: 90_000_000 }),
  multiUse: fc.boolean(),
})

/** What is known beside a CDR that is sound, as these others saw its session. */
export function knownOf(cdr: Record<string, unknown>, seen: Witness): Known {
  const [start, end] = ['start_date_time', 'end_date_time'].map((name) =>
    Date.parse(String(cdr[name])),
  )
  const [from, to] = [start ?? 0, end ?? 0]
  const energyWh = Math.round(Number(cdr['total_energy']) * 1_000)
  const later = (ms: number, byS: number): Date => new Date(ms + byS * 1_000)
  const kwh = (wh: number): string => (wh / 1_000).toFixed(3)
  const counts = Math.min(20, Math.floor((to - from) / 1_000 / seen.everyS))
  const steps = Array.from({ length: counts }, (_, index) =>
    step({
      receivedAt: later(from, index * seen.everyS),
      kwh: kwh(Math.floor((energyWh * index * seen.everyS * 1_000) / (to - from))),
      status: 'ACTIVE',
    }),
  )
  const isAsked = seen.method !== 'WHITELIST'
  const isCommand = seen.method === 'COMMAND'
  return {
    sessionSteps: [
      ...steps,
      step({
        receivedAt: later(to, 2),
        status: 'COMPLETED',
        kwh: seen.countsLast ? kwh(energyWh) : null,
      }),
    ],
    token: {
      value: { valid: true, whitelist: isAsked ? 'NEVER' : 'ALLOWED' },
      isMultiUse: seen.multiUse,
      receivedAt: later(from, -86_400),
    },
    authorizations: isAsked
      ? [
          authorization({
            kind: isCommand ? 'START_SESSION' : 'realtime',
            answer: isCommand ? 'ACCEPTED' : 'ALLOWED',
            at: later(from, -Math.abs(seen.clockS)),
            locationId: null,
          }),
        ]
      : [],
    rivals: { similar: [], neighbours: [], sameConnector: [], before: null },
    signed: [
      reading({
        from: kwh(seen.startWh),
        to: kwh(seen.startWh + energyWh),
        start: { kwh: kwh(seen.startWh), at: later(from, 0), obis: null },
        stop: { kwh: kwh(seen.startWh + energyWh), at: later(to, 0), obis: null },
      }),
    ],
    meter: {
      registeredKey: 'aa'.repeat(40),
      previousStop: { kwh: kwh(Math.max(0, seen.startWh - 5)), at: later(from, -600), cdrId: 'B' },
    },
    record: record({
      start: later(from, seen.clockS),
      end: later(to, seen.clockS),
      kwh: kwh(Math.round(energyWh * (1 - seen.lossShare))),
      receivedAt: later(to, 600),
    }),
  }
}
