/** The versions this hub speaks, oldest first. A schema is given from the version that introduced it. */
export const VERSIONS = ['2.2.1'] as const

export type Version = (typeof VERSIONS)[number]

/** True for a version this hub speaks. */
export function isVersion(text: string): text is Version {
  return VERSIONS.some((version) => version === text)
}
