import { compare, exactText, isNegative, isZero, whole } from '../exact.ts'
import type { ComponentType } from '../types.ts'
import { report } from './findings.ts'
import type { Findings } from './findings.ts'
import type { Component, Element, Json } from './terms.ts'
import type { LintVersion } from './types.ts'

const ONE = whole(1)
const HUNDRED = whole(100)
const SHOWN_DECIMALS = 6

/** What the elements charge: dimensions, step sizes, reservations, zeros and taxes. */
export function lintComponents(
  tariff: Json,
  elements: readonly Element[],
  { findings, version }: { findings: Findings; version: LintVersion },
): void {
  for (const element of elements) {
    lintDuplicates(element, findings)
    lintReservation(element, findings)
    for (const component of element.components) lintStepSize(component, findings)
  }
  lintStepSizes(elements, findings)
  lintExpires(elements, findings)
  lintZeros(elements, findings)
  lintUse(elements, findings)
  if (version !== '2.1.1') lintTaxes(tariff, elements, findings)
}

function lintDuplicates({ components, effective }: Element, findings: Findings): void {
  for (const component of components)
    if (effective.get(component.type) !== component) {
      const { pointer, type } = component
      report(findings, { code: 'duplicate_dimension', pointer, names: { type } })
    }
}

/** Reserved time and a fee are all there is to a reservation (OCPI 2.2.1, ReservationRestrictionType). */
function lintReservation({ kind, components }: Element, findings: Findings): void {
  if (!kind.startsWith('RESERVATION')) return
  for (const { type, pointer } of components)
    if (type === 'ENERGY' || type === 'PARKING_TIME')
      report(findings, { code: 'reservation_dimension', pointer, names: { type } })
}

function lintStepSize({ type, stepSize, pointer }: Component, findings: Findings): void {
  if (stepSize === null) return
  const at = `${pointer}/step_size`
  const isFlat = type === 'FLAT'
  if (isZero(stepSize))
    return report(findings, {
      code: isFlat ? 'flat_zero_step_size' : 'zero_step_size',
      pointer: at,
    })
  if (compare(stepSize, ONE) <= 0) return
  if (isFlat) return report(findings, { code: 'flat_step_size', pointer: at })
  const names = {
    value: exactText(stepSize, SHOWN_DECIMALS),
    unit: type === 'ENERGY' ? 'Wh' : 'seconds',
  }
  report(findings, { code: 'step_size_above_one', pointer: at, names })
}

function lintStepSizes(elements: readonly Element[], findings: Findings): void {
  const charging = elements.filter(({ kind }) => kind === '')
  const all = charging.flatMap(({ components }) => components)
  if (all.some(({ type }) => type === 'PARKING_TIME'))
    for (const { type, stepSize, pointer } of all)
      if (type === 'TIME' && stepSize !== null && compare(stepSize, ONE) > 0)
        report(findings, { code: 'unused_time_step_size', pointer: `${pointer}/step_size` })
  for (const type of ['ENERGY', 'TIME', 'PARKING_TIME'] as const) {
    const [first, ...others] = all.flatMap((each) =>
      each.type === type && each.stepSize !== null
        ? [{ stepSize: each.stepSize, pointer: each.pointer }]
        : [],
    )
    const other = first && others.find(({ stepSize }) => compare(stepSize, first.stepSize) !== 0)
    if (other !== undefined)
      report(findings, {
        code: 'step_sizes_differ',
        pointer: `${other.pointer}/step_size`,
        names: { type },
      })
  }
}

function lintExpires(elements: readonly Element[], findings: Findings): void {
  const expires = elements.find(({ kind }) => kind === 'RESERVATION_EXPIRES')
  if (expires === undefined || elements.some(({ kind }) => kind === 'RESERVATION')) return
  const pointer = `${expires.pointer}/restrictions/reservation`
  report(findings, { code: 'expires_without_reservation', pointer })
}

function lintZeros(elements: readonly Element[], findings: Findings): void {
  const all = elements.flatMap(({ components }) => components)
  if (all.length === 0) return
  if (all.every(isFree)) return report(findings, { code: 'all_prices_zero', pointer: '/elements' })
  for (const type of ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'] as const) {
    const same = all.filter((each) => each.type === type)
    if (!same.every((each) => isFree(each) && !isStepping(each))) continue
    for (const { pointer } of same)
      report(findings, { code: 'needless_zero_price', pointer, names: { type } })
  }
}

function isFree({ price }: Component): boolean {
  return price !== null && isZero(price)
}

/** Free parking with a step size decides how charging time is rounded, so it changes the price. */
function isStepping({ type, stepSize }: Component): boolean {
  return type === 'PARKING_TIME' && stepSize !== null && compare(stepSize, ONE) > 0
}

function lintUse(elements: readonly Element[], findings: Findings): void {
  if (elements.length === 0) return
  const charging = elements.filter(({ kind }) => kind === '')
  const isPriced = (type: ComponentType): boolean =>
    charging.some(({ effective }) => effective.has(type))
  if (!isPriced('ENERGY') && !isPriced('TIME'))
    report(findings, { code: 'nothing_priced_by_use', pointer: '/elements' })
  if (!charging.some(({ isAlways, effective }) => isAlways && effective.size > 0))
    report(findings, { code: 'no_unrestricted_element', pointer: '/elements' })
}

/** OCPI 2.2.1, PriceComponent.vat; 2.3.0, Tariff.tax_included. */
function lintTaxes(tariff: Json, elements: readonly Element[], findings: Findings): void {
  const all = elements.flatMap(({ components }) => components)
  const taxIncluded = tariff['tax_included']
  for (const { vat, hasVat, pointer } of all) {
    const at = `${pointer}/vat`
    if (hasVat && taxIncluded === 'N/A')
      report(findings, { code: 'tax_rate_without_tax', pointer: at })
    if (vat !== null && (isNegative(vat) || compare(vat, HUNDRED) > 0))
      report(findings, {
        code: 'implausible_vat',
        pointer: at,
        names: { value: exactText(vat, SHOWN_DECIMALS) },
      })
  }
  if (taxIncluded === 'N/A') return
  const absent = all.find(({ hasVat }) => !hasVat)
  if (taxIncluded === 'YES' && !all.some(({ hasVat }) => hasVat))
    report(findings, { code: 'tax_included_without_rate', pointer: '/tax_included' })
  else if (absent !== undefined)
    report(findings, { code: 'vat_absent', pointer: `${absent.pointer}/vat` })
}
