import { compared, energyText } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { KnownRegister } from '../known.ts'
import { riskOfEnergy } from '../risks.ts'
import { noiseOf, registersOf, sameReadings } from './meter.ts'

const MINUTES_MS = 300_000

/**
 * G5: the meter begins below where it ended the session before, or ended above where it began the one after, whose CDR
 * came earlier.
 */
export function checkRegression(subject: Case): readonly Draft[] {
  const { signed = [], meter } = subject.input.known ?? {}
  const { previousStop, nextStart } = meter ?? {}
  const own = registersOf(signed.filter(({ verdict }) => verdict !== 'invalid'))
  if (own === null || sameReadings(subject) !== null) return []
  const tolerance = noiseOf(subject, { code: 'G5', readings: signed })
  // A session that came late has its place before the other one.
  const began = own.startAt ?? subject.facts.start
  const isLate = (previousStop?.at?.getTime() ?? 0) > began + MINUTES_MS
  const before = isLate ? null : standing(subject, previousStop)
  if (before !== null && own.start < exactly(before.kwh) - tolerance)
    return [regressionDraft(subject, { own: own.start, other: before, side: 'before', tolerance })]
  const after = standing(subject, nextStart)
  if (after !== null && own.stop > exactly(after.kwh) + tolerance)
    return [regressionDraft(subject, { own: own.stop, other: after, side: 'after', tolerance })]
  return []
}

/** Not of a CDR of the same session: that is found as such. */
function standing(
  { input }: Case,
  register: KnownRegister | null | undefined,
): KnownRegister | null {
  const isTwin = input.prior.sameSession.some(({ cdrId }) => cdrId === register?.cdrId)
  return register && !isTwin ? register : null
}

type Regression = {
  own: Decimal
  other: KnownRegister
  side: 'before' | 'after'
  tolerance: Decimal
}

function regressionDraft(
  subject: Case,
  { own: actual, other, side, tolerance }: Regression,
): Draft {
  const expected = exactly(other.kwh)
  const inputs: DraftInput[] = [
    { field: '/signed_data', source: 'meter', value: textOf(actual) },
    { field: '/signed_data', source: 'rival', value: other.kwh, receivedAt: other.at },
  ]
  const twice = absolute(actual - expected)
  const { risk, steps } = riskOfEnergy(
    subject,
    twice < subject.facts.energy ? twice : subject.facts.energy,
  )
  // A party never sees what was billed to another one.
  const named = other.isForAnother === true ? '' : ` (CDR ${other.cdrId})`
  const [own, said] = [number(textOf(actual)), number(other.kwh)]
  const what =
    side === 'before'
      ? `begins this session at ${own} kWh, but ended the one before at ${said} kWh${named}`
      : `ends this session at ${own} kWh, but began the one after at ${said} kWh${named}`
  return {
    code: 'G5',
    inputs,
    unit: 'kWh',
    risk,
    steps: [`${own} kWh − ${said} kWh = ${energyText(actual - expected)}`, ...steps],
    words: { what },
    ...compared({ expected, actual, tolerance }),
  }
}

function number(kwh: string): string {
  return shownText(exactly(kwh), { places: 6 })
}
