import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { isRecord } from '../../ocpi/validate.ts'

/** Members that name a driver's card or contract; a bare `uid` only outside of EVSEs. */
const PERSONAL = new Set([
  'contract_id',
  'visual_number',
  'auth_id',
  'token_uid',
  'token_contract_id',
  'emaid',
  'uid',
])
const PLACES = new Set(['evse', 'evses', 'connector', 'connectors', 'location', 'cdr_location'])

/** A value with its card and contract ids hashed: the same id has the same hash, and everything else stays. */
export function minimised(value: unknown, parent = ''): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => minimised(item, parent))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isPersonal = PERSONAL.has(name) && !(name === 'uid' && PLACES.has(parent))
      const shown =
        isPersonal && typeof member === 'string' ? hashed(member) : minimised(member, name)
      return [name, shown]
    }),
  )
}

function hashed(id: string): string {
  const hash = createHash('sha256').update(`card|${id.toUpperCase()}`).digest('hex')
  return `sha256:${hash.slice(0, limits.evidenceHashCharsShown)}`
}
