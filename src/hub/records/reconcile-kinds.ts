import type { FindingCode } from '../../clearing/rules.ts'

type Kind = {
  /** The rule that says the same of one CDR; null where none does. */
  code: FindingCode | null
  unit: 'kWh' | 'money' | 's' | null
  title: string
}

/** What a comparison of everything can find. `expected` is what the other side says, `actual` what the CDR says. */
export const DIFFERENCES = {
  cdr_missing: { code: 'X2', unit: null, title: 'a session was completed and no CDR came' },
  session_missing: { code: 'X1', unit: null, title: 'a CDR names no session that the hub knows' },
  record_unbilled: { code: 'X3', unit: null, title: 'the eMSP has a record and no CDR came' },
  record_missing: { code: 'X3', unit: null, title: 'a CDR came and the eMSP has no record' },
  energy_session: { code: 'Q1', unit: 'kWh', title: 'energy differs from the session' },
  price_session: { code: null, unit: 'money', title: 'price differs from that of the session' },
  duration_session: { code: 'Z8', unit: 's', title: 'duration differs from the session' },
  shift_session: { code: 'Z1', unit: 's', title: 'times are shifted against the session' },
  energy_record: { code: 'Q2', unit: 'kWh', title: 'energy differs from the eMSP’s record' },
  price_record: { code: null, unit: 'money', title: 'price differs from the eMSP’s record' },
  duration_record: { code: 'Z8', unit: 's', title: 'duration differs from the eMSP’s record' },
  shift_record: { code: 'Z1', unit: 's', title: 'times are shifted against the eMSP’s record' },
  drift_record: {
    code: 'Z2',
    unit: 's',
    title: 'clocks differ: the eMSP’s record began earlier or later',
  },
} as const satisfies Readonly<Record<string, Kind>>

export type DifferenceKind = keyof typeof DIFFERENCES

export const DIFFERENCE_KINDS = [
  'cdr_missing',
  'session_missing',
  'record_unbilled',
  'record_missing',
  'energy_session',
  'price_session',
  'duration_session',
  'shift_session',
  'energy_record',
  'price_record',
  'duration_record',
  'shift_record',
  'drift_record',
] as const satisfies readonly DifferenceKind[]
