import { chooseComponent, momentAt } from './choice.ts'
import type { Market, Wanted } from './choice.ts'
import { add, compare, whole } from './exact.ts'
import type { Exact } from './exact.ts'
import { newReading, note } from './reading.ts'
import type { Moment } from './restrictions.ts'
import type { Component, Tariff } from './tariffs.ts'

type Audit = {
  readonly market: Market
  readonly tariff: Tariff
  readonly moment: Moment
  readonly probesLeft: number
  readonly priced: readonly {
    readonly wanted: Wanted
    readonly line: { readonly component: Component }
  }[]
}

/**
 * Notes a period in which the price changes: another component would be chosen one second before its end, or at an
 * energy bound strictly inside it. Such a period should have been split (OCPI 2.2.1, ChargingPeriod); it is still
 * priced as a whole at its start. Answers the number of moments looked at; `probesLeft` is how many it may look at.
 */
export function auditPeriod({ market, tariff, moment, priced, probesLeft }: Audit): number {
  if (priced.length === 0 || !tariff.isChanging) return 0
  const probes = [...endProbe(market, moment), ...energyProbes(tariff, moment)]
  if (probes.length > probesLeft) {
    note(market.reading, { code: 'audit_incomplete', pointer: moment.period.pointer })
    return 0
  }
  const isChanged = probes.some((probe) =>
    priced.some(({ wanted, line }) => {
      // A reading of its own: what the probe remarks on is not part of the bill.
      const other = chooseComponent(tariff, { wanted, moment: probe, reading: newReading() })
      return other !== 'time_zone' && other !== line.component
    }),
  )
  if (isChanged)
    note(market.reading, { code: 'period_spans_price_change', pointer: moment.period.pointer })
  return probes.length
}

function endProbe(market: Market, { period, kwh }: Moment): Moment[] {
  if (period.endMs === null || period.endMs - period.startMs <= 1000) return []
  return [momentAt(market, { period, atMs: period.endMs - 1000, kwh })]
}

function energyProbes(tariff: Tariff, moment: Moment): Moment[] {
  const end = add(moment.kwh, moment.period.energyKwh)
  if (compare(end, moment.kwh) <= 0) return []
  const isInside = (edge: Exact): boolean => compare(edge, moment.kwh) > 0 && compare(edge, end) < 0
  return tariff.energyEdges.filter(isInside).map((edge) => ({ ...moment, kwh: edge }))
}
