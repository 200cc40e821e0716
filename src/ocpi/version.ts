/** The versions this hub speaks, oldest first. A schema is given from the version that introduced it. */
export const VERSIONS = ['2.1.1', '2.2.1', '2.3.0'] as const

export type Version = (typeof VERSIONS)[number]

/** True for a version this hub speaks. */
export function isVersion(text: string): text is Version {
  return VERSIONS.some((version) => version === text)
}

/** Below zero when `a` is older than `b`, zero when they are the same, above zero when it is newer. */
export function compareVersions(a: Version, b: Version): number {
  return VERSIONS.indexOf(a) - VERSIONS.indexOf(b)
}
