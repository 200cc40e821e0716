import type {
  Authorization,
  Known,
  RecordInput,
  Rival,
  SessionStep,
} from '../../src/clearing/known.ts'
import type { SignedReading } from '../../src/clearing/signed/types.ts'
import type { CaseChanges } from './clearing-case.ts'

export const day = (time: string): Date => new Date(`2026-03-01T${time}Z`)

/** What is known about the sound CDR beside it: two hours from 10:00, 20.4 kWh. */
export function known(facts: Known): CaseChanges {
  return { known: facts }
}

export function rival(changes: Partial<Rival> = {}): Rival {
  return {
    owner: 'NL-TNM',
    cdrId: 'OTHER-1',
    sessionId: 'SES-2',
    start: day('10:00:00'),
    end: day('12:00:00'),
    kwh: '20.4',
    isCredit: false,
    channel: 'push',
    platformId: 'P-1',
    net: '6.1',
    currency: 'EUR',
    ...changes,
  }
}

export function rivals(changes: Partial<NonNullable<Known['rivals']>>): CaseChanges {
  return known({
    rivals: { similar: [], neighbours: [], sameConnector: [], before: null, ...changes },
  })
}

export function authorization(changes: Partial<Authorization> = {}): Authorization {
  return {
    kind: 'realtime',
    at: day('09:59:40'),
    answeredAt: day('09:59:41'),
    answer: 'ALLOWED',
    reference: 'REF-1',
    locationId: 'L-1',
    evseUid: null,
    ...changes,
  }
}

export function step(changes: Partial<SessionStep> = {}): SessionStep {
  const receivedAt = changes.receivedAt ?? day('11:00:00')
  return {
    receivedAt,
    lastUpdated: receivedAt,
    method: 'PATCH',
    status: null,
    kwh: null,
    saysKwh: (changes.kwh ?? null) !== null,
    saysCost: false,
    hash: 'ab'.repeat(32),
    ...changes,
  }
}

export function record(changes: Partial<RecordInput> = {}): RecordInput {
  return {
    recordId: 'R-1',
    start: day('10:00:10'),
    end: day('12:00:05'),
    kwh: '20.35',
    net: '6.1',
    gross: '7.32',
    currency: 'EUR',
    receivedAt: day('13:00:00'),
    hash: 'cd'.repeat(32),
    ...changes,
  }
}

/** A reading from 1000.0 to 1020.4 kWh. */
export function reading(
  changes: Partial<SignedReading> & { from?: string; to?: string } = {},
): SignedReading {
  const { from = '1000.0', to = '1020.4', ...rest } = changes
  return {
    format: 'OCMF',
    verdict: 'valid',
    reason: 'The signature fits.',
    pointer: '/signed_data/signed_values/0/signed_data',
    start: { kwh: from, at: day('10:00:00'), obis: null },
    stop: { kwh: to, at: day('12:00:00'), obis: null },
    differenceKwh: String(Math.round((Number(to) - Number(from)) * 1000) / 1000),
    resolutionKwh: '0.001',
    publicKey: 'aa'.repeat(40),
    meterId: 'M-1',
    gatewayId: null,
    hash: 'ef'.repeat(32),
    ...rest,
  }
}
