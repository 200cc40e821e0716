import { foldKey } from './primitives.ts'

/** What nobody sees: joiners, marks of direction, soft hyphens, variation selectors, control characters. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu
const PLAIN = /^(?! )[\x20-\x7e]*(?<! )$/

/** Whether a key may look like another one: it holds more than visible ASCII, or blanks around it. */
export function mayLookAlike(key: string): boolean {
  return key.split('|').some((part) => !PLAIN.test(part))
}

/**
 * What a key of the store looks like: two keys of one look are hard to tell apart for a person. Compatibility forms are
 * one (Unicode NFKC), what nobody sees and the blanks around it are left out. The key of a token has two parts.
 */
export function lookOf(key: string): string {
  return key
    .split('|')
    .map((part) => {
      const seen = part.normalize('NFKC').replace(UNSEEN, '').trim()
      // Keys have no upper case but in the type of a token, which stays as it is.
      return seen === part ? part : foldKey(seen)
    })
    .join('|')
}

/** An id as text in which everything can be seen. */
export function visibly(id: string): string {
  return id.replace(/[^\x21-\x7e]/gu, (sign) =>
    sign === ' ' ? '␠' : `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
