import { claimedAmounts } from '../../clearing/amounts.ts'
import { readDecimal, textOf } from '../../clearing/decimal.ts'
import { at, readText } from '../../clearing/read.ts'
import { toMicros } from '../../ledger/money.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Judged } from '../cdrs/clear-decide.ts'
import type { Facts } from '../cdrs/clear-facts.ts'
import type { Delta } from './figures.ts'

/**
 * By CDR, its claim before taxes less what it costs by its tariff, where both are known, and what its energy is compared
 * by: small differences of one sign are found when they are added up (S4). Rounded half to even to micro-units.
 */
export function deltasOf(
  judged: readonly Pick<Judged, 'row' | 'priced' | 'pricing'>[],
  facts: Pick<Facts, 'sessions' | 'known'>,
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
      energyCostMicros: millionths(priced.dimensions.energy.excl),
      meteredMwh: millionths(meteredKwh(row, facts)),
    })
  }
  return deltas
}

/** A valid signed record decides; a session says how much it was once it is completed. */
function meteredKwh(row: Judged['row'], facts: Pick<Facts, 'sessions' | 'known'>): string | null {
  const signed = facts.known.get(row.id)?.signed ?? []
  const valid = signed.find((one) => one.verdict === 'valid' && one.differenceKwh !== null)
  if (valid !== undefined) return valid.differenceKwh
  const session = facts.sessions.get(`${row.owner}/${row.session_key ?? ''}`)
  if (readText(at(session, '/status')) !== 'COMPLETED') return null
  const kwh = readDecimal(at(session, '/kwh'))
  return kwh === null ? null : textOf(kwh)
}

/** Of a kWh these are mWh, of a unit of money micro-units. */
function millionths(decimal: string | null): bigint | null {
  const read = decimal === null ? null : toMicros(decimal)
  return read?.status === 'ok' ? read.micros : null
}
