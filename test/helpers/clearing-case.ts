import { TERMS } from '../../src/clearing/terms.ts'
import type { ClearingInput, CreditInput, PricedInput } from '../../src/clearing/input.ts'

/** A sound CDR of two hours at 0.25 per kWh and a start fee of 1.00, both with 20 % tax. */
export function soundCdr(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    country_code: 'NL',
    party_id: 'TNM',
    id: 'CDR-1',
    start_date_time: '2026-03-01T10:00:00Z',
    end_date_time: '2026-03-01T12:00:00Z',
    session_id: 'SES-1',
    cdr_token: {
      country_code: 'DE',
      party_id: 'EMA',
      uid: 'T-1',
      type: 'RFID',
      contract_id: 'C-1',
    },
    auth_method: 'WHITELIST',
    currency: 'EUR',
    charging_periods: [
      period('2026-03-01T10:00:00Z', { ENERGY: 10, TIME: 1 }),
      period('2026-03-01T11:00:00Z', { ENERGY: 10.4, TIME: 1 }),
    ],
    total_cost: { excl_vat: 6.1, incl_vat: 7.32 },
    total_fixed_cost: { excl_vat: 1, incl_vat: 1.2 },
    total_energy: 20.4,
    total_energy_cost: { excl_vat: 5.1, incl_vat: 6.12 },
    total_time: 2,
    last_updated: '2026-03-01T12:05:00Z',
    ...changes,
  }
}

export function period(start: string, volumes: Record<string, number | string>): unknown {
  const dimensions = Object.entries(volumes).map(([type, volume]) => ({ type, volume }))
  return { start_date_time: start, dimensions, tariff_id: 'TAR-1' }
}

export function soundTariff(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const price = (type: string, amount: number) => ({ type, price: amount, vat: 20, step_size: 1 })
  return {
    country_code: 'NL',
    party_id: 'TNM',
    id: 'TAR-1',
    currency: 'EUR',
    elements: [{ price_components: [price('ENERGY', 0.25), price('FLAT', 1)] }],
    last_updated: '2026-01-01T00:00:00Z',
    ...changes,
  }
}

export type CaseChanges = Partial<Omit<ClearingInput, 'cdr'>> & {
  cdr?: Record<string, unknown>
  receivedAt?: Date
  channel?: 'push' | 'pull'
}

/** Everything known and in order; `cdr` changes fields of the CDR, the rest replaces what is known about it. */
export function soundInput(changes: CaseChanges = {}): ClearingInput {
  const { cdr, receivedAt = new Date('2026-03-01T12:06:00Z'), channel, ...known } = changes
  return {
    cdr: {
      owner: 'NL-TNM',
      receiver: 'DE-EMA',
      value: soundCdr(cdr),
      receivedAt,
      ...(channel ? { channel } : {}),
    },
    session: { state: 'found', value: { id: 'SES-1', status: 'COMPLETED', kwh: 20.4 } },
    token: { state: 'found', source: 'push' },
    tariff: { state: 'own', tariffs: [soundTariff()] },
    location: { maxPowerKw: '22' },
    priced: { ok: true, currency: 'EUR', total: { excl: '6.1', incl: '7.32' } },
    prior: { sameSession: [], overlapping: [] },
    agreement: soundAgreement(),
    waitOver: false,
    ...known,
  }
}

export function soundAgreement(
  changes: Partial<ClearingInput['agreement']> = {},
): ClearingInput['agreement'] {
  return {
    tolerance: TERMS.tolerance,
    cdrAgeDaysMax: 60,
    capacityKwhMax: TERMS.capacity_kwh_max,
    lineMin: TERMS.materiality.line,
    signedDataRequired: false,
    severities: {},
    parameters: {},
    ...changes,
  }
}

/** A credit that takes back soundCdr. */
export function soundCredit(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return soundCdr({
    id: 'CDR-1-C',
    credit: true,
    credit_reference_id: 'CDR-1',
    total_cost: { excl_vat: -6.1, incl_vat: -7.32 },
    last_updated: '2026-03-02T12:05:00Z',
    ...changes,
  })
}

/** The original known, provisional and not credited yet. */
export function soundCreditInput(
  changes: Partial<Omit<CreditInput, 'cdr'>> & { cdr?: Record<string, unknown> } = {},
): CreditInput {
  const { cdr, ...known } = changes
  const receivedAt = new Date('2026-03-02T12:06:00Z')
  return {
    cdr: { owner: 'NL-TNM', receiver: 'DE-EMA', value: soundCredit(cdr), receivedAt },
    original: {
      state: 'found',
      value: soundCdr(),
      cdrState: 'provisional',
      isCredit: false,
      creditedBy: null,
    },
    agreement: { severities: {} },
    waitOver: false,
    ...known,
  }
}

/** A recomputed price in EUR. */
export function pricedAt(excl: string, incl: string | null): PricedInput {
  return { ok: true, currency: 'EUR', total: { excl, incl } }
}

/** A completed session of 20.4 kWh with other fields. */
export function knownSession(value: Record<string, unknown>): CaseChanges {
  const session = { id: 'SES-1', status: 'COMPLETED', kwh: 20.4, ...value }
  return { session: { state: 'found', value: session } }
}

/** The tariff of the CDR with other fields. */
export function knownTariff(changes: Record<string, unknown>): CaseChanges {
  return { tariff: { state: 'own', tariffs: [soundTariff(changes)] } }
}

/** No tariff, and none to be waited for. */
export const noTariff: CaseChanges = { tariff: { state: 'missing' }, priced: null, waitOver: true }
