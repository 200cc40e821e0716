import { locations } from '../modules/locations.ts'
import type { StepWork } from './define.ts'
import type { Part } from './members.ts'
import { valuesAt } from './values.ts'

/** The versions that a value can come down to. */
export type LowerVersion = '2.1.1' | '2.2.1'

/** Where in a Location its enums stand, for those that have fewer values in an earlier version. */
const PATHS = {
  capability: ['evses', 'capabilities'],
  parkingRestriction: ['evses', 'parking_restrictions'],
  facility: ['facilities'],
  imageCategory: ['images', 'category'],
  connectorType: ['evses', 'connectors', 'standard'],
  powerType: ['evses', 'connectors', 'power_type'],
  tokenType: ['publish_allowed_to', 'type'],
} as const

type EnumName = keyof typeof PATHS | 'parkingType' | 'impact'

const known = { '2.1.1': new Map<EnumName, Set<string> | null>(), '2.2.1': new Map() }

/** True when the enum of that version has the value; anything but text is not judged. */
export function isKnown(name: EnumName, { version, value }: AtVersion): boolean {
  let values = known[version].get(name)
  if (values === undefined) {
    const schema = locations.object?.schema ?? {}
    values = valuesAt(schema, { version, path: pathOf(name, version) })
    known[version].set(name, values)
  }
  return typeof value !== 'string' || values === null || values.has(value)
}

type AtVersion = { version: LowerVersion; value: unknown }

function pathOf(name: EnumName, version: LowerVersion): readonly string[] {
  if (name === 'parkingType') return [version === '2.1.1' ? 'type' : 'parking_type']
  if (name === 'impact') {
    return ['energy_mix', 'environ_impact', version === '2.1.1' ? 'source' : 'category']
  }
  return PATHS[name]
}

/** Removes an item of a list that the version has no value for. */
export function onlyKnown(name: EnumName, version: LowerVersion): Part {
  return (value, work) => {
    if (isKnown(name, { version, value })) return value
    work.lose('', `has no such value in ${version}`)
    return undefined
  }
}

/** Replaces a value that the version does not have. */
export function knownOr(name: EnumName, version: LowerVersion, other: string): Part {
  return (value, work) => {
    if (isKnown(name, { version, value })) return value
    work.lose('', `is ${other} in ${version}`)
    return other
  }
}

const CONNECTOR_SPELLINGS = new Map(
  ['single_16', 'three_16', 'three_32', 'three_64'].map((rest) => [
    `IEC_60309_2_${rest}`.toUpperCase(),
    `IEC_60309_2_${rest}`,
  ]),
)

/**
 * The ConnectorType that stands for `value` in the version, undefined when none does. SAE J3400 grew out of the Tesla
 * connector; and some feeds write the IEC values in upper case.
 */
export function connectorTypeDown(value: unknown, work: StepWork, version: LowerVersion): unknown {
  if (isKnown('connectorType', { version, value })) return value
  const nearest = value === 'SAE_J3400' ? 'TESLA_S' : CONNECTOR_SPELLINGS.get(String(value))
  if (nearest === undefined) return undefined
  work.lose('', `is ${nearest} in ${version}`)
  return nearest
}

/** 2.1.1 knows one phase or three. */
export const powerTypeDown: Part = knownOr('powerType', '2.1.1', 'AC_1_PHASE')
