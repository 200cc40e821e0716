import { exactly, multiply, readDecimal, textOf } from './decimal.ts'
import { at } from './read.ts'
import { PARAMETERS } from './rules.ts'

const PHASES: Readonly<Record<string, string>> = {
  AC_2_PHASE: '2',
  AC_2_PHASE_SPLIT: '2',
  AC_3_PHASE: '3',
}

/**
 * The most power a stored OCPI connector can give, in kW as decimal text: max_electric_power, else volts × amperes,
 * × 3 for three phases because OCPI states line-to-neutral volts (OCPI 2.2.1, Connector). Null when it is not known;
 * below 1 kW nothing charges a vehicle, so that is a wrong unit and not believed.
 */
export function connectorMaxKw(connector: unknown): string | null {
  const stated = kilowatts(at(connector, '/max_electric_power'), '1')
  if (stated !== null) return stated
  const volts = readDecimal(at(connector, '/max_voltage'))
  const amperes = readDecimal(at(connector, '/max_amperage'))
  if (volts === null || amperes === null) return null
  const phases = PHASES[String(at(connector, '/power_type'))] ?? '1'
  return kilowatts(textOf(multiply(volts, amperes)), phases)
}

function kilowatts(watts: unknown, times: string): string | null {
  const read = readDecimal(watts)
  if (read === null) return null
  const power = multiply(read, exactly(times)) / 1_000n
  return power >= exactly(PARAMETERS.powerBelievableKw) ? textOf(power) : null
}
