import type { NoteCode } from '../../pricing/notes.ts'
import type { CannotPriceCode } from '../../pricing/types.ts'

/** An implementation whose identifiers cases use. */
export type Reference = 'ocpi-kit' | 'ocpi-tariffs'

/** One code of a reference and what of ours stands for it. `about` says what the reference means by it. */
export type CodeRow = {
  readonly theirs: string
  readonly ours: readonly string[]
  readonly about: string
}

/** `expected.error`: why pricing must fail. Any code of ours in the row agrees. */
export const ERROR_CODES: readonly (CodeRow & { readonly ours: readonly CannotPriceCode[] })[] = [
  { theirs: 'no_tariff', ours: ['no_tariff'], about: 'there is no tariff at all' },
  {
    theirs: 'unknown_tariff',
    ours: ['unknown_tariff'],
    about: 'a period names a tariff that is not there',
  },
  {
    theirs: 'no_active_tariff',
    ours: ['no_active_tariff'],
    about: 'no tariff is in force when a period needs one',
  },
  {
    theirs: 'time_zone',
    ours: ['time_zone'],
    about: 'the time zone is unknown where it matters, or is none',
  },
  {
    theirs: 'out_of_range',
    ours: ['out_of_range'],
    about: 'a price, rate, limit or volume is beyond 1e12',
  },
  {
    theirs: 'currency',
    ours: ['currency'],
    about: 'the tariff has another currency than the CDR',
  },
  {
    theirs: 'currency_mismatch',
    ours: ['currency'],
    about: 'the tariff has another currency than the CDR',
  },
  {
    theirs: 'no_valid_tariff',
    ours: ['no_tariff', 'no_active_tariff'],
    about: 'no tariff is given, or none is in force at the session start',
  },
  { theirs: 'unreadable', ours: ['unreadable'], about: 'a value that pricing needs is no value' },
  { theirs: 'invalid', ours: ['unreadable'], about: 'a value that pricing needs is no value' },
]

type NoteRow = CodeRow & { readonly source: Reference; readonly ours: readonly NoteCode[] }

/** `expected.notes` and `expected.warnings` of priced CDRs. Any note of ours in the row agrees. */
export const NOTE_CODES: readonly NoteRow[] = [
  {
    theirs: 'no_price_component',
    source: 'ocpi-kit',
    ours: ['unpriced'],
    about: 'consumed, but no component prices it: free',
  },
  {
    theirs: 'period_spans_price_change',
    source: 'ocpi-kit',
    ours: ['period_spans_price_change'],
    about: 'the price changes within a period',
  },
  {
    theirs: 'partial_tariff_element_validity',
    source: 'ocpi-tariffs',
    ours: ['period_spans_price_change'],
    about: 'an element applies at one end of a period only',
  },
  {
    theirs: 'periods_out_of_order',
    source: 'ocpi-kit',
    ours: ['periods_out_of_order'],
    about: 'the periods are not in the order of time',
  },
  {
    theirs: 'total_clamped',
    source: 'ocpi-kit',
    ours: ['total_raised_to_min', 'total_lowered_to_max'],
    about: 'a price limit changed the total',
  },
  {
    theirs: 'total_cost_clamped_to_min',
    source: 'ocpi-tariffs',
    ours: ['total_raised_to_min'],
    about: 'min_price raised the total',
  },
  {
    theirs: 'total_cost_clamped_to_max',
    source: 'ocpi-tariffs',
    ours: ['total_lowered_to_max'],
    about: 'max_price lowered the total',
  },
  {
    theirs: 'negative_tax',
    source: 'ocpi-kit',
    ours: ['vat_negative'],
    about: 'a tax rate below zero',
  },
  {
    theirs: 'unattributed_tax',
    source: 'ocpi-kit',
    ours: ['limit_unattributed_tax'],
    about: 'tax of a price limit that no rate explains',
  },
  {
    theirs: 'tax_included_without_rate',
    source: 'ocpi-kit',
    ours: ['tax_included_without_rate'],
    about: 'taxes are in the price and no rate is stated',
  },
  {
    theirs: 'tax_rate_ignored',
    source: 'ocpi-kit',
    ours: ['vat_ignored'],
    about: 'a rate where no tax applies',
  },
  {
    theirs: 'mixed_tax_basis',
    source: 'ocpi-kit',
    ours: ['mixed_tax_basis'],
    about: 'tariffs with and without taxes in their prices',
  },
  {
    theirs: 'no_periods',
    source: 'ocpi-tariffs',
    ours: ['no_periods'],
    about: 'the CDR has no charging periods',
  },
  {
    theirs: 'not_active',
    source: 'ocpi-tariffs',
    ours: ['tariff_not_active'],
    about: 'the tariff is not in force at the session start',
  },
  {
    theirs: 'cant_infer_timezone_from_country',
    source: 'ocpi-tariffs',
    ours: ['time_zone_unknown_harmless', 'time_zone_utc'],
    about: 'no zone is known for the country',
  },
  {
    theirs: 'periods_outside_start_end_date_time',
    source: 'ocpi-tariffs',
    ours: ['period_outside_session', 'first_period_offset'],
    about: 'periods begin before the session or after its end',
  },
  {
    theirs: 'dimension_should_have_volume',
    source: 'ocpi-tariffs',
    ours: ['volume_missing'],
    about: 'a dimension has no volume',
  },
  {
    theirs: 'no_elements',
    source: 'ocpi-tariffs',
    ours: ['tariff_without_elements'],
    about: 'the tariff has no elements',
  },
]

/** What ocpi-tariffs remarks on in fields of a CDR that no price of ours depends on; there is nothing to compare. */
const ONLY_NAMED: ReadonlySet<string> = new Set(
  [
    'country_should_be_alpha2',
    'location_country_should_be_alpha3',
    'no_location',
    'no_location_country',
    'invalid_location_type',
    'invalid_timezone',
    'invalid_timezone_type',
    'field_required',
    'field_invalid_type',
    'field_invalid_value',
  ].map(plain),
)

/** Is it the name of a remark that we know and have nothing like? */
export function isOnlyNamed(theirs: string): boolean {
  return ONLY_NAMED.has(plain(theirs))
}

/** Our codes for one of theirs: by the table, else the same word. Null: nobody knows the code. */
export function oursFor(
  theirs: string,
  { rows, known }: { rows: readonly CodeRow[]; known: readonly string[] },
): readonly string[] | null {
  const wanted = plain(theirs)
  const row = rows.find((each) => plain(each.theirs) === wanted)
  if (row !== undefined) return row.ours
  const same = known.find((code) => plain(code) === wanted)
  return same === undefined ? null : [same]
}

/**
 * Is the text meant as a code? Words with spaces between them describe something, and what they describe cannot be
 * looked up.
 */
export function isCode(text: string): boolean {
  return /^[a-z][\w.-]*(\([\w.-]*\))?(\s*\{.*\})?$/i.test(text.trim())
}

/** References spell one code as `NoTariff`, `no-tariff` or `no_tariff`. */
export function plain(code: string): string {
  return code.toLowerCase().replace(/[^a-z0-9.]/g, '')
}
