/** The versions this hub speaks, oldest first. A schema is given from the version that introduced it. */
export const VERSIONS = ['2.2.1'] as const

export type Version = (typeof VERSIONS)[number]

/** The version that stored values are in; partners of other versions are converted to and from it at the edge. */
export const CANONICAL: Version = '2.2.1'

/** True for a version this hub speaks. */
export function isVersion(text: string): text is Version {
  return VERSIONS.some((version) => version === text)
}
