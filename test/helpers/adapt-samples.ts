import type { Json } from '../../src/ocpi/adapt/define.ts'

/** Objects that the tests of conversions share; all ours and small. */

export const cpo = { country_code: 'NL', party_id: 'CPO' }

/** 2.2.1 Token. */
export const driverToken: Json = {
  country_code: 'DE',
  party_id: 'MSP',
  uid: '04A1',
  type: 'RFID',
  contract_id: 'DE-MSP-C1',
  issuer: 'Emp',
  valid: true,
  whitelist: 'ALLOWED',
  last_updated: '2024-01-01T00:00:00Z',
}

export const driverCdrToken: Json = {
  country_code: 'DE',
  party_id: 'MSP',
  uid: '04A1',
  type: 'RFID',
  contract_id: 'DE-MSP-C1',
}

const connector = {
  id: '1',
  standard: 'IEC_62196_T2',
  format: 'SOCKET',
  power_type: 'AC_3_PHASE',
  max_voltage: 400,
  max_amperage: 32,
  tariff_ids: ['T1'],
  last_updated: '2024-01-01T00:00:00Z',
}

/** 2.2.1 Location with two EVSEs, the first of which has two Connectors. */
export const storedLocation: Json = {
  ...cpo,
  id: 'L1',
  publish: true,
  address: 'Street 1',
  city: 'Town',
  postal_code: '1234 AB',
  country: 'NLD',
  coordinates: { latitude: '52.100000', longitude: '5.100000' },
  parking_type: 'ON_STREET',
  time_zone: 'Europe/Amsterdam',
  operator: { name: 'Operator' },
  evses: [
    {
      uid: 'E1',
      evse_id: 'NL*CPO*E1',
      status: 'CHARGING',
      connectors: [connector, { ...connector, id: '2' }],
      last_updated: '2024-01-01T00:00:00Z',
    },
    {
      uid: 'E2',
      status: 'AVAILABLE',
      connectors: [connector],
      last_updated: '2024-01-01T00:00:00Z',
    },
  ],
  last_updated: '2024-01-01T00:00:00Z',
}

const { max_voltage: voltage, max_amperage: amperage, tariff_ids: _, ...plug } = connector

/** The 2.1.1 Location of a Session at L1, E1, connector 1. */
export const sessionLocation: Json = {
  id: 'L1',
  type: 'ON_STREET',
  address: 'Street 1',
  city: 'Town',
  postal_code: '1234 AB',
  country: 'NLD',
  coordinates: { latitude: '52.100000', longitude: '5.100000' },
  time_zone: 'Europe/Amsterdam',
  operator: { name: 'Operator' },
  evses: [
    {
      uid: 'E1',
      evse_id: 'NL*CPO*E1',
      status: 'CHARGING',
      connectors: [{ ...plug, voltage, amperage, tariff_id: 'T1' }],
      last_updated: '2024-01-01T00:00:00Z',
    },
  ],
  last_updated: '2024-01-01T00:00:00Z',
}

/** Makes every object inside read-only, so that a step that changes its input throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}
