import { compared, energyText, parameterOf } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import {
  absolute,
  decimalsOf,
  exactly,
  largest,
  readDecimal,
  shownText,
  textOf,
  unitOf,
} from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at, listOf, readText, shown } from '../read.ts'
import { riskOfEnergy } from '../risks.ts'
import type { SignedReading } from '../signed/types.ts'

/** G1 to G4: what the meter signed, against the CDR and the registered key. */
export function checkMeter(subject: Case): readonly Draft[] {
  const { signed } = subject.input.known ?? {}
  if (signed === undefined) return checkMissing(subject, [])
  return [
    ...checkSignature(subject, signed),
    ...checkKey(subject, signed),
    ...checkSignedEnergy(subject, signed),
    ...checkMissing(subject, signed),
  ]
}

/** What was signed with a valid signature, in kWh, and how exact that is; null: nothing that could decide anything. */
export function provenEnergy(subject: Case): { kwh: Decimal; noise: Decimal } | null {
  const valid = (subject.input.known?.signed ?? []).filter(({ verdict }) => verdict === 'valid')
  return isBidirectional(subject.input.cdr.value) ? null : countedEnergy(subject, valid)
}

/** True where the vehicle gave energy back: then registers and sessions may well count down. */
export function isBidirectional(cdr: unknown): boolean {
  return listOf(at(cdr, '/charging_periods')).some((period) =>
    listOf(at(period, '/dimensions')).some(
      (dimension) =>
        at(dimension, '/type') === 'ENERGY_EXPORT' &&
        (readDecimal(at(dimension, '/volume')) ?? 0n) !== 0n,
    ),
  )
}

/** The readings of this CDR where another one has the very same of the same meter, to the last digit. */
export function sameReadings(
  subject: Case,
): { cdrId: string; isForAnother: boolean; from: string; until: string } | null {
  const same = subject.input.known?.meter?.same ?? null
  const own = registersOf(subject.input.known?.signed ?? [])
  if (same === null || own === null || own.stop === own.start) return null
  const { cdrId, isForAnother = false } = same
  return { cdrId, isForAnother, from: textOf(own.start), until: textOf(own.stop) }
}

/** G1: a signature that does not fit. */
function checkSignature(subject: Case, signed: readonly SignedReading[]): readonly Draft[] {
  const wrong = signed.find(({ verdict }) => verdict === 'invalid')
  if (wrong === undefined) return []
  const actual = textOf(subject.facts.energy)
  const words = { format: wrong.format, reason: sentence(wrong.reason) }
  return [
    {
      code: 'G1',
      inputs: [meterInput(wrong), energyInput(subject)],
      actual,
      words,
      unit: 'kWh',
      ...riskOfEnergy(subject, subject.facts.energy),
    },
  ]
}

/** G4: another key than the one that is registered for the meter. */
function checkKey(subject: Case, signed: readonly SignedReading[]): readonly Draft[] {
  const registered = subject.input.known?.meter?.registeredKey ?? null
  if (registered === null) return []
  const other = signed.find(
    ({ publicKey }) => publicKey !== null && !isSameKey(publicKey, registered),
  )
  if (other === undefined) return []
  const inputs: DraftInput[] = [
    { ...meterInput(other), value: shown(other.publicKey) },
    { field: 'registered_key', source: 'hub', value: shown(registered) },
    energyInput(subject),
  ]
  const actual = textOf(subject.facts.energy)
  return [
    { code: 'G4', inputs, actual, unit: 'kWh', ...riskOfEnergy(subject, subject.facts.energy) },
  ]
}

/** G2: the energy between the signed registers is not the energy of the CDR; what could not be verified only warns. */
function checkSignedEnergy(subject: Case, signed: readonly SignedReading[]): readonly Draft[] {
  const believed = signed.filter(({ verdict }) => verdict !== 'invalid')
  const counted = countedEnergy(subject, believed)
  const actual = subject.facts.energy
  if (counted === null || isBidirectional(subject.input.cdr.value)) return []
  const { kwh: expected, noise: tolerance } = counted
  if (absolute(actual - expected) <= tolerance) return []
  const isProven = believed.every(({ verdict }) => verdict === 'valid')
  const { risk, steps } = riskOfEnergy(subject, actual - expected)
  const inputs = [
    energyInput(subject),
    ...believed.map((reading) => ({ ...meterInput(reading), value: reading.differenceKwh })),
  ]
  return [
    {
      code: 'G2',
      inputs,
      unit: 'kWh',
      risk,
      steps: [
        ...believed.flatMap(({ start, stop }) =>
          start === null || stop === null
            ? []
            : [
                `meter: ${number(stop.kwh)} kWh − ${number(start.kwh)} kWh = ${energyText(exactly(stop.kwh) - exactly(start.kwh))}`,
              ],
        ),
        `${energyText(actual)} − ${energyText(expected)} = ${energyText(actual - expected)}`,
        ...steps,
      ],
      ...(isProven ? {} : { milder: 'W' as const, confidence: 'medium' as const }),
      ...compared({ expected, actual, tolerance }),
    },
  ]
}

/** G3: energy without signed data where these were agreed upon. */
function checkMissing(subject: Case, signed: readonly SignedReading[]): readonly Draft[] {
  const { agreement, cdr, known } = subject.input
  const wanted = agreement.signedDataRequired
  const country =
    readText(at(cdr.value, '/cdr_location/country')) ??
    readText(at(known?.place?.location, '/country'))
  const isWanted = typeof wanted === 'boolean' ? wanted : wanted.includes(country ?? '')
  if (!isWanted || signed.length > 0 || subject.facts.energy <= 0n) return []
  // What is there and was not read is not missing.
  if (known?.signed === undefined && at(cdr.value, '/signed_data') !== undefined) return []
  const where = typeof wanted === 'boolean' ? ' by the agreement' : ` in ${country ?? ''}`
  const inputs: DraftInput[] = [
    { field: '/signed_data', source: 'cdr', value: shown(at(cdr.value, '/signed_data')) },
    { field: '/signed_data_required', source: 'agreement', value: JSON.stringify(wanted) },
  ]
  return [{ code: 'G3', inputs, words: { where }, ...riskOfEnergy(subject, subject.facts.energy) }]
}

type Registers = { start: Decimal; stop: Decimal; startAt: number | null }

/** The lowest and the highest register of the readings; null where there are not both, or several meters. */
export function registersOf(readings: readonly SignedReading[]): Registers | null {
  const meters = new Set(readings.map(({ meterId }) => meterId))
  if (meters.size > 1) return null
  const starts = readings.flatMap(({ start }) => (start === null ? [] : [start]))
  const stops = readings.flatMap(({ stop }) => (stop === null ? [] : [stop]))
  const first = starts.toSorted((a, b) => compare(exactly(a.kwh), exactly(b.kwh)))[0]
  const last = stops.toSorted((a, b) => compare(exactly(b.kwh), exactly(a.kwh)))[0]
  if (first === undefined || last === undefined) return null
  return {
    start: exactly(first.kwh),
    stop: exactly(last.kwh),
    startAt: first.at?.getTime() ?? null,
  }
}

function countedEnergy(
  subject: Case,
  readings: readonly SignedReading[],
): { kwh: Decimal; noise: Decimal } | null {
  const meters = [...new Set(readings.map(({ meterId }) => meterId))]
  const counts = meters.map((meter) =>
    registersOf(readings.filter(({ meterId }) => meterId === meter)),
  )
  if (counts.length === 0 || counts.includes(null)) return null
  const kwh = counts.reduce((sum, one) => sum + (one === null ? 0n : one.stop - one.start), 0n)
  return { kwh, noise: noiseOf(subject, { code: 'G2', readings }) }
}

/** What registers and CDRs cannot tell apart; a CDR may round to its last decimal. */
export function noiseOf(
  { input, facts }: Case,
  { code, readings }: { code: 'G2' | 'G5'; readings: readonly SignedReading[] },
): Decimal {
  const own = parameterOf(input.agreement, { code, name: 'noise_kwh' })
  const rounding = code === 'G2' ? unitOf(Math.max(1, decimalsOf(facts.energy))) / 2n : 0n
  return largest(
    own,
    rounding,
    ...readings.map(({ resolutionKwh }) => exactly(resolutionKwh ?? '0')),
  )
}

/** The same key whether in hex or base64, with or without its algorithm before it. */
function isSameKey(one: string, other: string): boolean {
  const [a, b] = [hexOf(one), hexOf(other)]
  return a === b || (a.length >= 64 && b.endsWith(a)) || (b.length >= 64 && a.endsWith(b))
}

function hexOf(key: string): string {
  const text = key.replace(/-----[^-]*-----|\s|:/g, '').replace(/^0x/i, '')
  return /^[0-9a-f]+$/i.test(text)
    ? text.toLowerCase()
    : Buffer.from(text, 'base64').toString('hex')
}

function meterInput({ pointer, verdict, hash }: SignedReading): DraftInput {
  return { field: pointer, source: 'meter', value: verdict, hash }
}

function energyInput({ facts }: Case): DraftInput {
  return { field: '/total_energy', source: 'cdr', value: textOf(facts.energy) }
}

function number(kwh: string): string {
  return shownText(exactly(kwh), { places: 6 })
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function compare(a: Decimal, b: Decimal): number {
  return a < b ? -1 : a > b ? 1 : 0
}
