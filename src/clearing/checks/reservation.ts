import { costTolerance, moneyText } from '../compare.ts'
import { absolute, exactly } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at, readPrice, shown } from '../read.ts'
import { appliedTariffs } from '../tariffs.ts'

/** P10: a reservation is billed that was none, or for which the tariff has no price. */
export function checkReservation(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const cost = readPrice(at(input.cdr.value, '/total_reservation_cost'))
  if (cost === null || cost.excl <= 0n) return []
  const components = appliedTariffs(facts, input.tariff).flatMap((tariff) => tariff.components)
  const ofReservation = components.filter(({ forReservation }) => forReservation)
  const isReserved = facts.periods.some(({ reserved }) => (reserved ?? 0n) > 0n)
  const billed = `${moneyText(subject, cost.excl)} are billed for a reservation`
  const what =
    components.length > 0 && ofReservation.length === 0
      ? `${billed}, and the tariff has no price for one.`
      : !isReserved && !ofReservation.some(({ type }) => type === 'FLAT')
        ? `${billed}, and no charging period is one of reserved time.`
        : null
  if (what === null) return []
  const inputs: DraftInput[] = ['/total_reservation_cost', '/charging_periods'].map((field) => ({
    field,
    source: 'cdr',
    value: shown(at(input.cdr.value, field)),
  }))
  return [{ code: 'P10', inputs, words: { what }, risk: { net: cost.excl, tax: null } }]
}

/** All that is too much is what is billed for a reservation that was none: then it is no tax, whatever the sums look like. */
export function isAllReservation(subject: Case): boolean {
  const { priced, cdr } = subject.input
  const cost = readPrice(at(cdr.value, '/total_reservation_cost'))
  if (cost === null || priced?.ok !== true || priced.total.excl === null) return false
  const net = exactly(priced.total.excl)
  const rest = subject.facts.total.excl - net - cost.excl
  return absolute(rest) <= costTolerance(subject, net) && checkReservation(subject).length > 0
}
