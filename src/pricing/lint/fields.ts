import type { LintCode } from './rules.ts'
import type { LintVersion } from './types.ts'

/** What a value has to look like. `named` values of an open list are not checked: any other may stand there. */
export type Form =
  | { readonly is: 'text'; readonly max: number; readonly isAscii: boolean }
  | { readonly is: 'number' }
  | { readonly is: 'whole' }
  | { readonly is: 'boolean' }
  | { readonly is: 'date_time' }
  | { readonly is: 'date' }
  | { readonly is: 'time' }
  | { readonly is: 'weekday' }
  | { readonly is: 'enum'; readonly values: readonly string[] }
  | { readonly is: 'object'; readonly fields: Fields }
  | { readonly is: 'list'; readonly of: Form }

/** `missing` and `empty`: what to report where a required field is absent or a list has no items. */
export type Field = {
  readonly form: Form
  readonly missing: LintCode | null
  readonly empty: LintCode | null
}

export type Fields = ReadonlyMap<string, Field>

const RESTRICTIONS_211 = {
  start_time: optional({ is: 'time' }),
  end_time: optional({ is: 'time' }),
  start_date: optional({ is: 'date' }),
  end_date: optional({ is: 'date' }),
  min_kwh: optional({ is: 'number' }),
  max_kwh: optional({ is: 'number' }),
  min_power: optional({ is: 'number' }),
  max_power: optional({ is: 'number' }),
  min_duration: optional({ is: 'whole' }),
  max_duration: optional({ is: 'whole' }),
  day_of_week: optional(listOf({ is: 'weekday' })),
}
const RESTRICTIONS_221 = {
  ...RESTRICTIONS_211,
  min_current: optional({ is: 'number' }),
  max_current: optional({ is: 'number' }),
  reservation: optional(oneOf('RESERVATION', 'RESERVATION_EXPIRES')),
}
const RESTRICTIONS_230 = {
  ...RESTRICTIONS_221,
  // OCPI 2.3.0, Bookings, TariffRestrictions.
  booking: optional(
    oneOf('BOOKING', 'BOOKING_EXPIRES', 'BOOKING_CANCELLATION_FEES', 'BOOKING_OVERTIME'),
  ),
}

const COMPONENT_211 = {
  type: required(oneOf('ENERGY', 'FLAT', 'PARKING_TIME', 'TIME')),
  price: required({ is: 'number' }),
  step_size: required({ is: 'whole' }),
}
const COMPONENT_221 = { ...COMPONENT_211, vat: optional({ is: 'number' }) }

const LIMIT_221 = { excl_vat: required({ is: 'number' }), incl_vat: optional({ is: 'number' }) }
const LIMIT_230 = {
  before_taxes: required({ is: 'number' }),
  after_taxes: optional({ is: 'number' }),
}

const TEXTS = {
  tariff_alt_text: optional(
    listOf(object({ language: required(text(2)), text: required(text(512)) })),
  ),
  tariff_alt_url: optional(text(255)),
}
const OWNED = {
  country_code: required(ascii(3)),
  party_id: required(ascii(36)),
  id: required(ascii(36)),
  currency: required(text(3)),
  type: optional(
    oneOf('AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR'),
  ),
  ...TEXTS,
  start_date_time: optional({ is: 'date_time' }),
  end_date_time: optional({ is: 'date_time' }),
  last_updated: required({ is: 'date_time' }),
}

/** The fields of a Tariff by version (OCPI 2.1.1, 2.2.1 and 2.3.0, mod_tariffs; 2.3.0 with Payments and Bookings). */
export const TARIFF_FIELDS: Readonly<Record<LintVersion, Fields>> = {
  '2.1.1': table({
    id: required(text(36)),
    currency: required(text(3)),
    ...TEXTS,
    elements: elements(COMPONENT_211, RESTRICTIONS_211),
    energy_mix: energyMix('source'),
    last_updated: required({ is: 'date_time' }),
  }),
  '2.2.1': table({
    ...OWNED,
    min_price: optional(object(LIMIT_221)),
    max_price: optional(object(LIMIT_221)),
    elements: elements(COMPONENT_221, RESTRICTIONS_221),
    energy_mix: energyMix('category'),
  }),
  '2.3.0': table({
    ...OWNED,
    min_price: optional(object(LIMIT_230)),
    max_price: optional(object(LIMIT_230)),
    // OCPI 2.3.0, Payments, Tariff.
    preauthorize_amount: optional({ is: 'number' }),
    elements: elements(COMPONENT_221, RESTRICTIONS_230),
    energy_mix: energyMix('category'),
    tax_included: required(oneOf('YES', 'NO', 'N/A')),
  }),
}

type Named = Readonly<Record<string, Field>>

function elements(component: Named, restrictions: Named): Field {
  const components = {
    form: listOf(object(component)),
    missing: 'components_empty',
    empty: 'components_empty',
  } as const
  return {
    form: listOf(
      object({ price_components: components, restrictions: optional(object(restrictions)) }),
    ),
    missing: 'elements_missing',
    empty: 'elements_empty',
  }
}

/** The values of its enums are open in 2.3.0 and say nothing about prices: any text will do. */
function energyMix(impact: string): Field {
  const word = required(text(64))
  return optional(
    object({
      is_green_energy: required({ is: 'boolean' }),
      energy_sources: optional(
        listOf(object({ source: word, percentage: required({ is: 'number' }) })),
      ),
      environ_impact: optional(
        listOf(object({ [impact]: word, amount: required({ is: 'number' }) })),
      ),
      supplier_name: optional(text(64)),
      energy_product_name: optional(text(64)),
    }),
  )
}

function required(form: Form): Field {
  return { form, missing: 'field_missing', empty: null }
}

function optional(form: Form): Field {
  return { form, missing: null, empty: null }
}

function text(max: number): Form {
  return { is: 'text', max, isAscii: false }
}

/** CiString (OCPI 2.2.1, Types): printable ASCII. */
function ascii(max: number): Form {
  return { is: 'text', max, isAscii: true }
}

function oneOf(...values: readonly string[]): Form {
  return { is: 'enum', values }
}

function listOf(of: Form): Form {
  return { is: 'list', of }
}

function object(named: Named): Form {
  return { is: 'object', fields: table(named) }
}

function table(named: Named): Fields {
  return new Map(Object.entries(named))
}
