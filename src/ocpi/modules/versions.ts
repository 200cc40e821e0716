import type { BySince } from '../define.ts'
import { list, object, oneOf, openEnum, url } from '../primitives.ts'
import { VERSIONS } from '../version.ts'

/** Version numbers are open: a peer may offer versions that did not exist yet (2.3.0 VersionNumber). */
const versionNumber = openEnum([...VERSIONS, '2.0', '2.1', '2.2'])
const identifier = openEnum([
  'cdrs',
  'chargingprofiles',
  'commands',
  'credentials',
  'hubclientinfo',
  'locations',
  'sessions',
  'tariffs',
  'tokens',
])

/** What a versions endpoint lists, the same in every version. */
export const versionList = list(object({ version: versionNumber, url }), { minItems: 1 })

/** What a version details endpoint answers; only 2.1.1 has no roles. */
export const versionDetails: BySince = {
  '2.1.1': object({
    version: versionNumber,
    endpoints: list(object({ identifier, url }), { minItems: 1 }),
  }),
  '2.2.1': object({
    version: versionNumber,
    endpoints: list(object({ identifier, role: oneOf(['SENDER', 'RECEIVER']), url }), {
      minItems: 1,
    }),
  }),
}
