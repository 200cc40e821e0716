import { countries } from '../../../config/countries.ts'
import { currencies } from '../../../config/currencies.ts'
import { compare } from '../exact.ts'
import { instant } from '../instant.ts'
import { isObject } from '../reading.ts'
import { report } from './findings.ts'
import type { Findings } from './findings.ts'
import type { LintCode } from './rules.ts'
import { exactAt, listAt, textAt } from './terms.ts'
import type { Json } from './terms.ts'

const ALPHA_3 = new Set(countries.values())
/** User-assigned and exceptionally reserved codes (ISO 3166-1). */
const RESERVED = /^(AA|Q[M-Z]|X[A-Z]|ZZ|AC|CP|CQ|DG|EA|EU|EZ|FX|IC|SU|TA|UK|UN)$/
const NO_CURRENCY = new Set(['XTS', 'XXX'])

/** Whose tariff it is, in which money, when it holds and what it costs at least and at most. */
export function lintHead(
  tariff: Json,
  { findings, at }: { findings: Findings; at: number | undefined },
): void {
  lintCountry(textAt(tariff, 'country_code'), findings)
  lintParty(textAt(tariff, 'party_id'), findings)
  lintCurrency(textAt(tariff, 'currency'), findings)
  lintValidity(tariff, { findings, at })
  lintLimits(tariff, findings)
  lintTexts(tariff, findings)
}

/** An amount with decimals, as a price is written. */
const PRICE = /\d[.,]\d/

function lintTexts(tariff: Json, findings: Findings): void {
  listAt(tariff, 'tariff_alt_text').forEach((item, index) => {
    const text = isObject(item) ? textAt(item, 'text') : null
    if (text !== null && PRICE.test(text))
      report(findings, { code: 'alt_text_price', pointer: `/tariff_alt_text/${index}/text` })
  })
}

function lintCountry(code: string | null, findings: Findings): void {
  if (code === null) return
  const pointer = '/country_code'
  const upper = code.toUpperCase()
  if (upper !== code) report(findings, { code: 'country_case', pointer })
  if (ALPHA_3.has(upper)) report(findings, { code: 'country_alpha3', pointer })
  else if (RESERVED.test(upper)) report(findings, { code: 'country_reserved', pointer })
  else if (!countries.has(upper)) report(findings, { code: 'country_unknown', pointer })
}

function lintParty(id: string | null, findings: Findings): void {
  if (id === null) return
  const pointer = '/party_id'
  if (!/^[A-Za-z0-9]{3}$/.test(id)) report(findings, { code: 'party_id_form', pointer })
  if (id !== id.toUpperCase()) report(findings, { code: 'party_id_case', pointer })
}

function lintCurrency(currency: string | null, findings: Findings): void {
  if (currency === null) return
  const pointer = '/currency'
  const upper = currency.toUpperCase()
  if (upper !== currency) report(findings, { code: 'currency_case', pointer })
  if (NO_CURRENCY.has(upper)) report(findings, { code: 'currency_test', pointer })
  else if (!currencies.has(upper)) report(findings, { code: 'currency_unknown', pointer })
}

function lintValidity(
  tariff: Json,
  { findings, at }: { findings: Findings; at: number | undefined },
): void {
  const start = instantAt(tariff, 'start_date_time')
  const end = instantAt(tariff, 'end_date_time')
  const pointer = '/end_date_time'
  if (start !== null && end !== null && end <= start)
    report(findings, { code: 'never_active', pointer })
  if (at !== undefined && end !== null && end <= at) report(findings, { code: 'expired', pointer })
}

/** Epoch milliseconds, or null when absent or unreadable. */
export function instantAt(tariff: Json, key: string): number | null {
  const text = textAt(tariff, key)
  return text === null ? null : (instant(text)?.ms ?? null)
}

const SIDES = [
  { side: 'before taxes', keys: ['excl_vat', 'before_taxes'] },
  { side: 'after taxes', keys: ['incl_vat', 'after_taxes'] },
] as const

function lintLimits(tariff: Json, findings: Findings): void {
  const [min, max] = [tariff['min_price'], tariff['max_price']]
  for (const { side, keys } of SIDES)
    for (const key of keys) {
      const [low, high] = [numberIn(min, key), numberIn(max, key)]
      if (low !== null && high !== null && compare(low, high) > 0)
        report(findings, {
          code: 'price_limits_crossed',
          pointer: `/min_price/${key}`,
          names: { side },
        })
    }
  for (const field of ['min_price', 'max_price'])
    for (const [before, after] of [
      ['excl_vat', 'incl_vat'],
      ['before_taxes', 'after_taxes'],
    ] as const) {
      const [net, gross] = [numberIn(tariff[field], before), numberIn(tariff[field], after)]
      const code: LintCode = 'limit_after_below_before'
      if (net !== null && gross !== null && compare(gross, net) < 0)
        report(findings, { code, pointer: `/${field}/${after}`, names: { field } })
    }
}

function numberIn(limit: unknown, key: string): ReturnType<typeof exactAt> {
  return isObject(limit) ? exactAt(limit, key) : null
}
