import Type from 'typebox'
import type { BySince } from '../define.ts'
import {
  ciString,
  dateTime,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  text,
  url,
} from '../primitives.ts'
import { clockTime, displayText, energyMix, price } from './parts.ts'

const day = Type.String({
  maxLength: 10,
  pattern: '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$',
})

const componentMembers = {
  type: oneOf(['ENERGY', 'FLAT', 'PARKING_TIME', 'TIME']),
  price: number,
  step_size: integer,
}
/** The specification's own CDR example of 2.1.1 writes a price as text. */
const component211 = object({
  ...componentMembers,
  price: Type.Union([number, Type.String({ pattern: '^-?[0-9]+([.][0-9]+)?$', maxLength: 32 })]),
})
const component221 = object({ ...componentMembers, vat: optional(number) })

const restrictionMembers211 = {
  start_time: optional(clockTime),
  end_time: optional(clockTime),
  start_date: optional(day),
  end_date: optional(day),
  min_kwh: optional(number),
  max_kwh: optional(number),
  min_power: optional(number),
  max_power: optional(number),
  min_duration: optional(integer),
  max_duration: optional(integer),
  day_of_week: optional(
    list(oneOf(['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])),
  ),
}
const restrictionMembers221 = {
  ...restrictionMembers211,
  min_current: optional(number),
  max_current: optional(number),
  reservation: optional(oneOf(['RESERVATION', 'RESERVATION_EXPIRES'])),
}
const restrictionMembers230 = {
  ...restrictionMembers221,
  // 2.3.0 Bookings, TariffRestrictions class.
  booking: optional(
    oneOf(['BOOKING', 'BOOKING_EXPIRES', 'BOOKING_CANCELLATION_FEES', 'BOOKING_OVERTIME']),
  ),
}

/** 2.1.1 Tariff object. */
const tariff211 = object({
  id: text(36),
  currency: text(3),
  tariff_alt_text: optional(list(displayText)),
  tariff_alt_url: optional(url),
  elements: list(
    object({
      price_components: list(component211, { minItems: 1 }),
      restrictions: optional(object(restrictionMembers211)),
    }),
    { minItems: 1 },
  ),
  energy_mix: optional(energyMix('2.1.1')),
  last_updated: dateTime,
})

const ownedMembers = {
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  currency: text(3),
  type: optional(
    oneOf(['AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR']),
  ),
  tariff_alt_text: optional(list(displayText)),
  tariff_alt_url: optional(url),
  start_date_time: optional(dateTime),
  end_date_time: optional(dateTime),
  last_updated: dateTime,
}

/** 2.2.1 Tariff object. */
const tariff221 = object({
  ...ownedMembers,
  min_price: optional(price('2.2.1')),
  max_price: optional(price('2.2.1')),
  elements: list(
    object({
      price_components: list(component221, { minItems: 1 }),
      restrictions: optional(object(restrictionMembers221)),
    }),
    { minItems: 1 },
  ),
  energy_mix: optional(energyMix('2.2.1')),
})

const priceLimit = object({ before_taxes: number, after_taxes: optional(number) })

const members230 = {
  ...ownedMembers,
  min_price: optional(priceLimit),
  max_price: optional(priceLimit),
  // 2.3.0 Payments, Tariff object.
  preauthorize_amount: optional(number),
  elements: list(
    object({
      price_components: list(component221, { minItems: 1 }),
      restrictions: optional(object(restrictionMembers230)),
    }),
    { minItems: 1 },
  ),
  energy_mix: optional(energyMix('2.3.0')),
}
const taxIncluded = oneOf(['YES', 'NO', 'N/A'])

/** 2.3.0 Tariff object, with the members of Payments and Bookings. */
const tariff230 = object({ ...members230, tax_included: taxIncluded })

/** A Tariff as it stands in a CDR: the specification's own example of 2.3.0 leaves tax_included out. */
export const tariffInCdr = {
  '2.2.1': tariff221,
  '2.3.0': object({ ...members230, tax_included: optional(taxIncluded) }),
} satisfies BySince

export const tariff = {
  '2.1.1': tariff211,
  '2.2.1': tariff221,
  '2.3.0': tariff230,
} satisfies BySince
