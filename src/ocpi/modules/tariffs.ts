import { defineModule } from '../define.ts'
import {
  ciString,
  dateTime,
  displayText,
  energyMix,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  price,
  text,
  url,
} from '../primitives.ts'

const priceComponent = object({
  type: oneOf(['ENERGY', 'FLAT', 'PARKING_TIME', 'TIME']),
  price: number,
  vat: optional(number),
  step_size: integer,
})

const restrictions = object({
  start_time: optional(text(5)),
  end_time: optional(text(5)),
  start_date: optional(text(10)),
  end_date: optional(text(10)),
  min_kwh: optional(number),
  max_kwh: optional(number),
  min_current: optional(number),
  max_current: optional(number),
  min_power: optional(number),
  max_power: optional(number),
  min_duration: optional(integer),
  max_duration: optional(integer),
  day_of_week: optional(
    list(oneOf(['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])),
  ),
  reservation: optional(oneOf(['RESERVATION', 'RESERVATION_EXPIRES'])),
})

/** 2.2.1 Tariff object. */
export const tariff = object({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  currency: text(3),
  type: optional(
    oneOf(['AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR']),
  ),
  tariff_alt_text: optional(list(displayText)),
  tariff_alt_url: optional(url),
  min_price: optional(price),
  max_price: optional(price),
  elements: list(
    object({
      price_components: list(priceComponent, { minItems: 1 }),
      restrictions: optional(restrictions),
    }),
    { minItems: 1 },
  ),
  start_date_time: optional(dateTime),
  end_date_time: optional(dateTime),
  energy_mix: optional(energyMix),
  last_updated: dateTime,
})

export const tariffs = defineModule({
  id: 'tariffs',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'NSP', 'NAP', 'OTHER'],
  object: {
    schema: { '2.2.1': tariff },
    idMember: 'id',
    appended: [],
    children: [],
    audience: 'everyone',
    versioned: true,
    deletable: true,
    judges: { except: [] },
  },
  endpoints: {
    list: { interface: 'sender', method: 'GET', path: '/', routing: 'pull' },
    get: {
      interface: 'receiver',
      method: 'GET',
      path: '/:country_code/:party_id/:id',
      routing: 'pull-one',
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path: '/:country_code/:party_id/:id',
      routing: 'push',
      body: { schema: { '2.2.1': tariff } },
    },
    // PATCH was removed in 2.2 (2.2.1 mod_tariffs, eMSP Interface).
    delete: {
      interface: 'receiver',
      method: 'DELETE',
      path: '/:country_code/:party_id/:id',
      routing: 'push',
    },
  },
})
