import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { raiseAlert } from '../alerts.ts'
import type { Transition } from './transition.ts'

type Tally = { hour: number; count: number; toldOn: string }

const HOUR_MS = 3_600_000
/** Below a tenth of the currency unit. */
const TINY_MICROS = 100_000n
const tallies = new WeakMap<Context, Map<string, Tally>>()

/**
 * Counts, in this process, the CDRs of each owner that were judged this hour and claim next to nothing; many of them are
 * one alert per owner and day. What is free does not count: whole networks are.
 */
export async function noteTinyCdrs(
  context: Context,
  transitions: readonly Transition[],
): Promise<void> {
  const now = context.clock()
  const day = now.toISOString().slice(0, 10)
  const hour = Math.floor(now.getTime() / HOUR_MS)
  const owners = tallies.get(context) ?? new Map<string, Tally>()
  tallies.set(context, owners)
  for (const { row } of transitions.filter(isTiny)) {
    const last = owners.get(row.owner)
    const count = last?.hour === hour ? last.count + 1 : 1
    const isNews = count >= limits.tinyCdrsPerHourMax && last?.toldOn !== day
    owners.set(row.owner, { hour, count, toldOn: isNews ? day : (last?.toldOn ?? '') })
    if (isNews) await tell(context, { owner: row.owner, day, count })
  }
}

/** Judged for the first time, and its claim is tiny. */
function isTiny({ row, netMicros, taxMicros }: Transition): boolean {
  if (row.net_micros !== null || netMicros === null) return false
  const gross = netMicros + (taxMicros ?? 0n)
  return gross !== 0n && gross < TINY_MICROS && gross > -TINY_MICROS
}

async function tell(
  context: Context,
  { owner, day, count }: { owner: string; day: string; count: number },
): Promise<void> {
  await raiseAlert(context.db, {
    code: 'tiny_cdrs',
    severity: 'warning',
    subject: `${owner} ${day}`,
    message: `${owner} has sent ${count} or more CDRs within an hour that claim less than 0.10 of their currency each`,
    advice:
      'See GET /admin/v1/cdrs of this party: is it a flood of claims that cost more to contest than they are worth? Ask the party; suspend its platform if it does not stop.',
  })
}
