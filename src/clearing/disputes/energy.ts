import type { Decimal } from '../decimal.ts'
import { absolute, exactly, readDecimal, shownText, textOf } from '../decimal.ts'
import { at, isRecord, listOf } from '../read.ts'
import type { SignedReading } from '../signed/types.ts'

/** Findings about energy, which a valid signed record decides. */
export const ENERGY_CODES: ReadonlySet<string> = new Set(['Q1', 'Q2', 'Q3', 'Q4', 'G2'])

/** What the signed registers say of the energy that was billed. Energies as decimal text in kWh. */
export type EnergyVerdict = {
  says: 'as_billed' | 'less' | 'more'
  signedKwh: string
  billedKwh: string
  resolutionKwh: string
  /** SHA-256 of the signed record, hex. */
  hash: string
  sentence: string
}

/**
 * Decides by the first valid signed record that holds both registers: within its resolution the CDR is right. Null where
 * nothing valid was signed, or several valid records contradict each other.
 */
export function readEnergyVerdict(
  cdr: unknown,
  readings: readonly SignedReading[],
): EnergyVerdict | null {
  const billed = readDecimal(at(cdr, '/total_energy'))
  if (billed === null) return null
  const valid = readings.filter(
    ({ verdict, differenceKwh }) => verdict === 'valid' && differenceKwh !== null,
  )
  const [first] = valid
  const signed = readDecimal(first?.differenceKwh)
  if (first === undefined || signed === null) return null
  const resolution = readDecimal(first.resolutionKwh) ?? 0n
  const agree = valid.every((one) => {
    const other = readDecimal(one.differenceKwh)
    return other !== null && absolute(other - signed) <= resolution
  })
  if (!agree) return null
  const apart = billed - signed
  const says = absolute(apart) <= resolution ? 'as_billed' : apart > 0n ? 'less' : 'more'
  const texts = { signedKwh: textOf(signed), billedKwh: textOf(billed) }
  return {
    says,
    ...texts,
    resolutionKwh: textOf(resolution),
    hash: first.hash,
    sentence: sentenceOf({ says, signed, billed, resolution }),
  }
}

function sentenceOf(of: {
  says: EnergyVerdict['says']
  signed: Decimal
  billed: Decimal
  resolution: Decimal
}): string {
  const kwh = (value: Decimal): string => `${shownText(value, { places: 4 })} kWh`
  const meter = `The signed registers of the meter show ${kwh(of.signed)}, and their signature is valid.`
  if (of.says === 'as_billed')
    return `${meter} The CDR bills ${kwh(of.billed)}: the same within the ${kwh(of.resolution)} that the meter can tell apart, so the energy is right.`
  return of.says === 'less'
    ? `${meter} The CDR bills ${kwh(of.billed)}, which is ${kwh(of.billed - of.signed)} too much.`
    : `${meter} The CDR bills only ${kwh(of.billed)}, so it does not bill too much energy.`
}

/**
 * The CDR as if the signed energy had been billed: total_energy is the signed one, and the ENERGY volume of each charging
 * period is scaled by signed / billed, to six decimals, half away from zero; the last period that has energy gets what is
 * left, so that they add up. When within a period the energy flowed, the registers do not tell. Null where nothing can be
 * scaled.
 */
export function withSignedEnergy(cdr: unknown, signedKwh: string): unknown {
  const billed = readDecimal(at(cdr, '/total_energy'))
  const signed = exactly(signedKwh)
  if (!isRecord(cdr) || billed === null || billed <= 0n || signed < 0n) return null
  const scale = (volume: Decimal): Decimal =>
    exactly(shownText((volume * signed) / billed, { places: 6 }))
  const periods = listOf(cdr.charging_periods)
  const volumes = periods.map(energyOf)
  const last = volumes.findLastIndex((volume) => volume !== null && volume > 0n)
  if (last < 0) return null
  const scaled = volumes.map((volume) => (volume === null ? null : scale(volume)))
  const others = scaled.reduce<Decimal>(
    (sum, volume, index) => sum + (index === last ? 0n : (volume ?? 0n)),
    0n,
  )
  // The periods may add up to another energy than the total; that share stays as it is.
  const whole = scale(volumes.reduce<Decimal>((sum, volume) => sum + (volume ?? 0n), 0n))
  return {
    ...cdr,
    total_energy: numberOf(signed),
    charging_periods: periods.map((period, index) => {
      const volume = index === last ? whole - others : (scaled[index] ?? null)
      return volume === null ? period : withEnergy(period, volume)
    }),
  }
}

function energyOf(period: unknown): Decimal | null {
  for (const dimension of listOf(at(period, '/dimensions')))
    if (at(dimension, '/type') === 'ENERGY') return readDecimal(at(dimension, '/volume'))
  return null
}

function withEnergy(period: unknown, volume: Decimal): unknown {
  if (!isRecord(period)) return period
  const dimensions = listOf(period.dimensions).map((dimension) =>
    isRecord(dimension) && dimension.type === 'ENERGY'
      ? { ...dimension, volume: numberOf(volume) }
      : dimension,
  )
  return { ...period, dimensions }
}

/** A parsed JSON number: six decimals and nine digits before them are exact. */
function numberOf(value: Decimal): number {
  return Number(textOf(value))
}
