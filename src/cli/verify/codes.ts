import type { NoteCode } from '../../pricing/notes.ts'
import type { CannotPriceCode } from '../../pricing/types.ts'

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
  { theirs: 'unreadable', ours: ['unreadable'], about: 'a value that pricing needs is no value' },
  { theirs: 'invalid', ours: ['unreadable'], about: 'a value that pricing needs is no value' },
]

/** `expected.notes` and `expected.warnings` of priced CDRs. Any note of ours in the row agrees. */
export const NOTE_CODES: readonly (CodeRow & { readonly ours: readonly NoteCode[] })[] = [
  {
    theirs: 'no_price_component',
    ours: ['unpriced'],
    about: 'consumed, but no component prices it: free',
  },
  {
    theirs: 'period_spans_price_change',
    ours: ['period_spans_price_change'],
    about: 'the price changes within a period',
  },
  {
    theirs: 'partial_tariff_element_validity',
    ours: ['period_spans_price_change'],
    about: 'an element applies at one end of a period only',
  },
  {
    theirs: 'periods_out_of_order',
    ours: ['periods_out_of_order'],
    about: 'the periods are not in the order of time',
  },
  {
    theirs: 'total_clamped',
    ours: ['total_raised_to_min', 'total_lowered_to_max'],
    about: 'a price limit changed the total',
  },
  {
    theirs: 'total_cost_clamped_to_min',
    ours: ['total_raised_to_min'],
    about: 'min_price raised the total',
  },
  {
    theirs: 'total_cost_clamped_to_max',
    ours: ['total_lowered_to_max'],
    about: 'max_price lowered the total',
  },
  { theirs: 'negative_tax', ours: ['vat_negative'], about: 'a tax rate below zero' },
  {
    theirs: 'unattributed_tax',
    ours: ['limit_unattributed_tax'],
    about: 'tax of a price limit that no rate explains',
  },
  {
    theirs: 'tax_included_without_rate',
    ours: ['tax_included_without_rate'],
    about: 'taxes are in the price and no rate is stated',
  },
  { theirs: 'tax_rate_ignored', ours: ['vat_ignored'], about: 'a rate where no tax applies' },
  {
    theirs: 'mixed_tax_basis',
    ours: ['mixed_tax_basis'],
    about: 'tariffs with and without taxes in their prices',
  },
  { theirs: 'no_periods', ours: ['no_periods'], about: 'the CDR has no charging periods' },
  {
    theirs: 'not_active',
    ours: ['tariff_not_active'],
    about: 'the tariff is not in force at the session start',
  },
  {
    theirs: 'cant_infer_timezone_from_country',
    ours: ['time_zone_unknown_harmless', 'time_zone_utc'],
    about: 'no zone is known for the country',
  },
  {
    theirs: 'periods_outside_start_end_date_time',
    ours: ['period_outside_session', 'first_period_offset'],
    about: 'periods begin before the session or after its end',
  },
]

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

/** References spell one code as `NoTariff`, `no-tariff` or `no_tariff`. */
function plain(code: string): string {
  return code.toLowerCase().replace(/[^a-z0-9.]/g, '')
}
