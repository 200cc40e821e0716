import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Conversion, Facts, Json } from '../../src/ocpi/adapt/define.ts'
import { cdr as schema } from '../../src/ocpi/modules/cdr-schemas.ts'
import { validate } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'
import {
  cpo,
  driverCdrToken,
  driverToken,
  frozen,
  sessionLocation,
  storedLocation,
} from './adapt-samples.ts'

/** CDRs for the tests of conversions, and what runs them. */

export const facts: Facts = frozen({ owner: cpo, token: driverToken, location: storedLocation })

export const start_date_time = '2024-01-01T10:00:00Z'
export const last_updated = '2024-01-01T11:05:00Z'
export const energy = { type: 'ENERGY', volume: 5.5 }
const elements = [{ price_components: [{ type: 'ENERGY', price: 0.25, step_size: 1 }] }]
export const oldTariff = { id: 'T1', currency: 'EUR', elements, last_updated: start_date_time }
export const tariff = { ...cpo, ...oldTariff }
const same = {
  id: 'C1',
  start_date_time,
  auth_method: 'WHITELIST',
  currency: 'EUR',
  total_energy: 5.5,
  total_time: 1,
  last_updated,
}

export const old: Json = frozen({
  ...same,
  stop_date_time: '2024-01-01T11:00:00Z',
  auth_id: 'DE-MSP-C1',
  location: sessionLocation,
  tariffs: [oldTariff],
  charging_periods: [{ start_date_time, dimensions: [energy] }],
  total_cost: 1.38,
})

export const cdrLocation: Json = {
  id: 'L1',
  address: 'Street 1',
  city: 'Town',
  postal_code: '1234 AB',
  country: 'NLD',
  coordinates: { latitude: '52.100000', longitude: '5.100000' },
  evse_uid: 'E1',
  evse_id: 'NL*CPO*E1',
  connector_id: '1',
  connector_standard: 'IEC_62196_T2',
  connector_format: 'SOCKET',
  connector_power_type: 'AC_3_PHASE',
}

export const cdr: Json = frozen({
  ...cpo,
  ...same,
  end_date_time: '2024-01-01T11:00:00Z',
  cdr_token: driverCdrToken,
  cdr_location: cdrLocation,
  tariffs: [tariff],
  charging_periods: [{ start_date_time, dimensions: [energy], tariff_id: 'T1' }],
  total_cost: { excl_vat: 1.38 },
})

export const up = { from: '2.1.1', to: '2.2.1' } as const
export const down = { from: '2.2.1', to: '2.1.1' } as const
export const up3 = { from: '2.2.1', to: '2.3.0' } as const
export const down3 = { from: '2.3.0', to: '2.2.1' } as const

type Options = { from: Version; to: Version } & Partial<Conversion>

/** The converted value with the pointers of what was lost. */
export const run = (value: Json, options: Options): { value: Json; lost: string[] } => {
  const result = convert(frozen(value), { kind: 'cdr', facts, ...options })
  assert.ok(result.ok, result.ok ? '' : `withheld: ${result.pointer} ${result.reason}`)
  return {
    value: result.ok ? result.value : {},
    lost: result.losses.map((loss) => loss.pointer),
  }
}

/** Asserts that the value is a CDR of that version without any fault. */
export const isValid = (value: Json, version: Version): void =>
  assert.equal(validate(schema[version], value), { hard: [], soft: [] })
