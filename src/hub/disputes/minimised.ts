import { createHash, createHmac } from 'node:crypto'
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

/** `members`: in a value, by the names of its members. `words`: these ids wherever a text has them as words. */
export type Minimiser = {
  members(value: unknown): unknown
  words(text: string, ids: readonly string[]): string
}

/**
 * Makes what hashes cards and contracts in evidence about one CDR: the same id has the same hash in all of it, and
 * everything else stays. The key comes out of the bytes of the CDR, which both parties have and can check it with; once
 * these are erased nobody can.
 */
export function minimiser(original: Buffer): Minimiser {
  const key = createHash('sha256').update('cards in evidence').update(original).digest()
  const hashed = (id: string): string => {
    const hash = createHmac('sha256', key).update(id.toUpperCase()).digest('hex')
    return `hashed:${hash.slice(0, limits.evidenceHashCharsShown)}`
  }
  return {
    members: (value) => minimised(value, { parent: '', hashed }),
    words: (text, ids) =>
      ids.reduce((left, id) => left.replaceAll(wordOf(id), () => hashed(id)), text),
  }
}

function minimised(
  value: unknown,
  { parent, hashed }: { parent: string; hashed: (id: string) => string },
): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => minimised(item, { parent, hashed }))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isPersonal = PERSONAL.has(name) && !(name === 'uid' && PLACES.has(parent))
      const isHashed = isPersonal && typeof member === 'string'
      return [name, isHashed ? hashed(member) : minimised(member, { parent: name, hashed })]
    }),
  )
}

/** An id as a word of its own, in either case; ids of a few characters are words of everything. */
function wordOf(id: string): RegExp {
  const literal = id.replace(/[^A-Za-z0-9]/g, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`)
  return id.length < 4 ? /(?!)/gu : new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'giu')
}
