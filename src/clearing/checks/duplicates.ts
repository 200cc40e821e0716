import { durationText, energyText, moneyText, parameterMs, parameterOf } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, largest, multiply, readDecimal, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case, ClearingInput } from '../input.ts'
import type { Rival } from '../known.ts'
import { at, readText, shown } from '../read.ts'
import { PARAMETERS } from '../rules.ts'
import { appliedTariffs } from '../tariffs.ts'
import { sameReadings } from './meter.ts'

/** D2: another live CDR of the same session was received earlier; C4 beside it where this one corrects that one. */
export function checkDuplicates(input: ClearingInput): readonly Draft[] {
  const [first] = input.prior.sameSession
  if (first === undefined) return []
  const session = shown(at(input.cdr.value, '/session_id')) ?? 'of this CDR'
  const inputs = [
    { field: '/session_id', source: 'cdr' as const, value: session },
    ...input.prior.sameSession.map((other) => ({
      field: '/id',
      source: 'hub' as const,
      value: nameOf(other),
    })),
  ]
  const draft: Draft = { code: 'D2', inputs, words: { session, first: nameOf(first) } }
  return [draft, ...checkReplacement(input)]
}

/** A party never sees what was billed to another one, so only a CDR for the same eMSP is named. */
function nameOf(other: { cdrId: string; isForAnother?: boolean }): string {
  return other.isForAnother === true ? 'a CDR for another eMSP' : `the CDR ${other.cdrId}`
}

/** C4: the second CDR of a session names the first as replaced, or claims or counts something else. */
function checkReplacement({ cdr, prior }: ClearingInput): readonly Draft[] {
  const own = prior.sameSession.filter(({ isForAnother }) => isForAnother !== true)
  const ids = new Set(own.map(({ cdrId }) => cdrId.toUpperCase()))
  const named = readText(at(cdr.value, '/credit_reference_id'))
  const claim = readDecimal(
    at(cdr.value, '/total_cost/excl_vat') ?? at(cdr.value, '/total_cost/before_taxes'),
  )
  const energy = readDecimal(at(cdr.value, '/total_energy'))
  const corrected = own.find(
    ({ net, kwh }) =>
      (net !== undefined && exactly(net) !== claim) ||
      (kwh !== undefined && exactly(kwh) !== energy),
  )
  const first = named !== null && ids.has(named.toUpperCase()) ? named : corrected?.cdrId
  if (first === undefined) return []
  const inputs: DraftInput[] = [
    { field: '/credit_reference_id', source: 'cdr', value: named },
    { field: '/id', source: 'rival', value: first },
  ]
  return [{ code: 'C4', inputs, words: { first } }]
}

/**
 * D4, D5: an earlier CDR of another id and session bills the same charge: same card and place, begun at the same time,
 * with the same energy while the other one was still running; or the same readings of a meter. D5 where it came from
 * another sender or over another channel. Cards for several vehicles need the very same start and end.
 */
export function checkSameCharge(subject: Case): readonly Draft[] {
  const { input } = subject
  const same = new Set(input.prior.sameSession.map(({ cdrId }) => cdrId))
  const rival = (input.known?.rivals?.similar ?? []).find(
    (one) => !same.has(one.cdrId) && isSameCharge(subject, one),
  )
  if (rival !== undefined) return [sameChargeDraft(subject, rival)]
  const meter = sameReadings(subject)
  if (meter === null || same.has(meter.cdrId)) return []
  const { from, until } = meter
  const words = {
    first: nameOf(meter),
    alike: `the meter stood at ${from} kWh and ${until} kWh in both`,
  }
  const inputs: DraftInput[] = [{ field: '/signed_data', source: 'meter', value: until }]
  return [{ code: 'D4', confidence: 'certain', inputs, words }]
}

function isSameCharge({ facts, input }: Case, rival: Rival): boolean {
  if (rival.isCredit || (rival.sessionId !== null && rival.sessionId === facts.sessionId))
    return false
  const [start, end] = [rival.start.getTime(), rival.end.getTime()]
  const kwh = exactly(rival.kwh)
  const apart = Math.abs(start - facts.start)
  if (input.known?.token?.isMultiUse === true) {
    const least = PARAMETERS.roundingMs
    return apart <= least && Math.abs(end - facts.end) <= least && kwh === facts.energy && kwh > 0n
  }
  const isTogether = start < facts.end && facts.start < end
  return (
    apart <= parameterMs(input.agreement, { code: 'D4', name: 'start_s' }) &&
    (isTogether || apart <= PARAMETERS.roundingMs) &&
    absolute(kwh - facts.energy) <= energyApart(input, kwh)
  )
}

function energyApart({ agreement }: ClearingInput, kwh: Decimal): Decimal {
  const share = parameterOf(agreement, { code: 'D4', name: 'energy_share' })
  return largest(multiply(absolute(kwh), share), exactly(PARAMETERS.energyNoiseKwh))
}

function sameChargeDraft({ facts, input }: Case, rival: Rival): Draft {
  const { cdr } = input
  const isOwn = rival.owner === cdr.owner
  const isOtherWay =
    !isOwn ||
    (cdr.channel !== undefined && cdr.channel !== rival.channel) ||
    (cdr.platformId !== undefined && cdr.platformId !== rival.platformId)
  const apart = Math.abs(rival.start.getTime() - facts.start)
  const began = apart === 0 ? 'at the same moment' : `${durationText(apart)} apart`
  const words = {
    // A party never sees the CDRs of another one, so only an own CDR is named.
    first: isOwn ? `the CDR ${rival.cdrId}` : 'a CDR of another operator',
    alike: `both began ${began} with the same token at the same place, and are of ${energyText(facts.energy)} and ${energyText(exactly(rival.kwh))}`,
  }
  const inputs: DraftInput[] = [
    { field: '/start_date_time', source: 'cdr', value: shown(at(cdr.value, '/start_date_time')) },
    { field: '/start_date_time', source: 'rival', value: rival.start.toISOString() },
    { field: '/total_energy', source: 'cdr', value: textOf(facts.energy) },
    { field: '/total_energy', source: 'rival', value: rival.kwh },
  ]
  return { code: isOtherWay ? 'D5' : 'D4', inputs, words }
}

/** The ids of the CDRs that bill the same charge: what overlaps with these is a duplicate and nothing else. */
export function sameChargeIds(subject: Case): readonly string[] {
  return (subject.input.known?.rivals?.similar ?? [])
    .filter((rival) => isSameCharge(subject, rival))
    .map(({ cdrId }) => cdrId)
}

/** D6: a charge that goes on under another id within a minute, with energy in both and a start fee for this one too. */
export function checkSplit(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  if (facts.energy <= 0n || facts.sessionId === null) return []
  const most = parameterMs(input.agreement, { code: 'D6', name: 'gap_s' })
  const found = (input.known?.rivals?.neighbours ?? []).find(
    (rival) =>
      !rival.isCredit &&
      rival.owner === input.cdr.owner &&
      rival.sessionId !== facts.sessionId &&
      exactly(rival.kwh) > 0n &&
      gapTo(subject, rival) < most,
  )
  const fee = found === undefined ? null : startFee(subject)
  if (found === undefined || fee === null) return []
  const gap = gapTo(subject, found)
  const joins = found.start.getTime() < facts.start ? 'ends before' : 'follows'
  const words = { other: found.cdrId, joins, gap: durationText(gap) }
  const inputs: DraftInput[] = [
    {
      field: '/total_fixed_cost',
      source: 'cdr',
      value: shown(at(input.cdr.value, '/total_fixed_cost')),
    },
    { field: '/id', source: 'rival', value: found.cdrId },
  ]
  const steps = fee > 0n ? [`start fee of this CDR: ${moneyText(subject, fee)}`] : []
  return [{ code: 'D6', inputs, words, steps, risk: { net: fee, tax: null } }]
}

/** Milliseconds between the two; more than any limit where one runs into the other. */
function gapTo({ facts }: Case, rival: Rival): number {
  const [start, end] = [rival.start.getTime(), rival.end.getTime()]
  const gap = start < facts.start ? facts.start - end : start - facts.end
  return gap < -PARAMETERS.roundingMs ? Infinity : Math.max(0, gap)
}

/** What the CDR asks for having begun; null: nothing. */
function startFee({ facts, input }: Case): Decimal | null {
  const stated =
    readDecimal(at(input.cdr.value, '/total_fixed_cost/excl_vat')) ??
    readDecimal(at(input.cdr.value, '/total_fixed_cost/before_taxes'))
  if (stated !== null) return stated > 0n ? stated : null
  const bill = input.priced?.ok === true ? input.priced.dimensions?.fixed.excl : null
  if (bill !== null && bill !== undefined) return exactly(bill) > 0n ? exactly(bill) : null
  const hasFee = appliedTariffs(facts, input.tariff).some((tariff) =>
    tariff.components.some(({ type, forReservation }) => type === 'FLAT' && !forReservation),
  )
  return hasFee ? 0n : null
}
