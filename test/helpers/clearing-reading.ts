import * as assert from 'uvu/assert'
import { judge } from '../../src/clearing/judge.ts'
import type { Judgement } from '../../src/clearing/judge.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { knownSession, period, soundCdr, soundInput, soundTariff } from './clearing-case.ts'

const start = '2026-03-01T10:00:00Z'
const stays = [
  period(start, { ENERGY: 10.2, TIME: 0.51 }),
  period('2026-03-01T10:30:36Z', { ENERGY: 10.2, TIME: 0.51 }),
  period('2026-03-01T11:01:12Z', { PARKING_TIME: 0.98 }),
]

/** A CDR whose claim comes from another reading of its tariff, or from another tariff. */
export type Wrong = {
  name: string
  code: string
  elements: unknown[]
  more?: Record<string, unknown>
  /** What the CPO does instead. */
  policy?: Partial<PricingPolicy>
  timeZone?: string
  /** Or the tariff that it seems to have. */
  instead?: unknown[]
}

/** What clearing says of it. */
export function judged(
  row: Wrong,
  severities: Record<string, 'W'> = {},
  facts: Parameters<typeof soundInput>[0] = {},
): Judgement {
  const tariff = soundTariff({ elements: row.elements, ...row.more })
  const theirs = soundTariff({ elements: row.instead ?? row.elements, ...row.more })
  const base = {
    charging_periods: stays,
    total_parking_time: 0.98,
    total_fixed_cost: undefined,
    total_energy_cost: undefined,
  }
  const policy = { ...DEFAULT_POLICY, ...row.policy }
  const timeZone = 'Europe/Amsterdam'
  const claimed = priceCdr(soundCdr(base), [theirs], { timeZone: row.timeZone ?? timeZone, policy })
  assert.ok(claimed.ok)
  const total = claimed.ok ? Number(claimed.total.excl) : 0
  const gross = claimed.ok ? Number(claimed.total.incl ?? total) : total
  const taxed = gross === total ? {} : { incl_vat: fourPlaces(gross) }
  const parking = claimed.ok ? Number(claimed.dimensions.parking.excl) : 0
  const cdr = {
    ...base,
    total_cost: { excl_vat: fourPlaces(total), ...taxed },
    total_parking_cost: { excl_vat: fourPlaces(parking) },
    ...facts.cdr,
  }
  const pricing = {
    cdr: soundCdr(cdr),
    tariffs: [tariff],
    options: { timeZone, policy: DEFAULT_POLICY },
  }
  const { agreement, ...input } = soundInput({
    ...facts,
    ...knownSession({}),
    cdr,
    tariff: { state: 'own', tariffs: [tariff] },
    pricing,
    priced: priceCdr(pricing.cdr, pricing.tariffs, pricing.options),
  })
  return judge({ ...input, agreement: { ...agreement, severities } })
}

/** As a CPO prints it. */
export function fourPlaces(amount: number): number {
  return Math.round(amount * 10_000) / 10_000
}
