import { chooseFirst, momentAt } from './choice.ts'
import type { Market } from './choice.ts'
import { add, compare } from './exact.ts'
import type { Line } from './line.ts'
import { note } from './reading.ts'
import type { Moment } from './restrictions.ts'
import type { Tariff } from './tariffs.ts'

type Audit = {
  readonly tariff: Tariff
  readonly moment: Moment
  /** Those from `first` on belong to the period. */
  readonly lines: readonly Line[]
  readonly first: number
  readonly probesLeft: number
}

/**
 * Notes a period in which the price changes: another component would be chosen one second before its end, or at an
 * energy bound strictly inside it. Such a period should have been split (OCPI 2.2.1, ChargingPeriod); it is still
 * priced as a whole at its start. Answers the number of moments looked at; `probesLeft` is how many it may look at.
 */
export function auditPeriod(market: Market, audit: Audit): number {
  const { moment, lines, first, probesLeft } = audit
  if (lines.length === first) return 0
  const probes = probesOf(market, audit)
  if (probes.length > probesLeft) {
    note(market.reading, { code: 'audit_incomplete', at: moment.period.source })
    return 0
  }
  for (const probe of probes) {
    if (!isOther(market, audit, probe)) continue
    note(market.reading, { code: 'period_spans_price_change', at: moment.period.source })
    break
  }
  return probes.length
}

function probesOf(market: Market, { tariff, moment }: Audit): Moment[] {
  const { period, kwh } = moment
  const { startMs, endMs, energyKwh } = period
  const probes: Moment[] = []
  if (endMs !== null && endMs - startMs > 1000)
    probes.push(momentAt(market, { period, atMs: endMs - 1000, kwh, isProbe: true }))
  if (tariff.energyEdges.length === 0) return probes
  const end = add(kwh, energyKwh)
  for (const edge of tariff.energyEdges)
    if (compare(edge, kwh) > 0 && compare(edge, end) < 0)
      probes.push(momentAt(market, { period, atMs: startMs, kwh: edge, isProbe: true }))
  return probes
}

function isOther(market: Market, { tariff, lines, first }: Audit, probe: Moment): boolean {
  for (let index = first; index < lines.length; index++) {
    const line = lines[index]
    if (line === undefined) continue
    const other = chooseFirst(market, { tariff, wanted: line.wanted, moment: probe })
    if (other !== 'time_zone' && other !== line.component) return true
  }
  return false
}
