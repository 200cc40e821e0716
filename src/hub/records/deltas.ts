import { claimedAmounts } from '../../clearing/amounts.ts'
import { at, readText } from '../../clearing/read.ts'
import { toMicros } from '../../ledger/money.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Judged } from '../cdrs/clear-decide.ts'
import type { Delta } from './figures.ts'

/**
 * By CDR, its claim before taxes less what it costs by its tariff, where both are known: small differences of one sign
 * are found when they are added up (S4). Rounded half to even to micro-units.
 */
export function deltasOf(
  judged: readonly Pick<Judged, 'row' | 'priced' | 'pricing'>[],
): Map<bigint, Delta> {
  const deltas = new Map<bigint, Delta>()
  for (const { row, priced, pricing } of judged) {
    const claim = row.is_credit ? null : claimedAmounts(row.value)
    if (claim === null || priced?.ok !== true || priced.currency !== claim.currency) continue
    if (priced.total.excl === null) continue
    const [net, due] = [toMicros(claim.net), toMicros(priced.total.excl)]
    if (net.status !== 'ok' || due.status !== 'ok') continue
    const tariff = readText(at(pricing?.tariffs[0], '/id'))
    deltas.set(row.id, {
      deltaMicros: net.micros - due.micros,
      tariffKey: tariff === null ? null : foldKey(tariff),
    })
  }
  return deltas
}
