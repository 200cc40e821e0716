import { createHash } from 'node:crypto'
import type { Secrets } from '../../directory/secrets.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { replaceMember } from '../../ocpi/splice.ts'
import { isRecord } from '../../ocpi/validate.ts'

type Json = Record<string, unknown>

/** Makes the name that stands for a card or contract after its retention. */
export type Hasher = (what: 'uid' | 'contract', party: string, id: string) => string

const PREFIX = 'redacted-'

/**
 * A keyed hash: the same card of a provider has the same name everywhere, and nobody without the key can try all cards.
 * Short enough for every id of OCPI. What is hashed already stays.
 */
export function hasherOf(secrets: Pick<Secrets, 'hash'>): Hasher {
  return (what, party, id) => {
    if (isRedacted(id)) return id
    const keyed = secrets.hash(`retention|${what}|${party}|${foldKey(id)}`)
    return `${PREFIX}${keyed.toString('hex').slice(0, 24)}`
  }
}

/** True for what a hasher has made. */
export function isRedacted(id: string): boolean {
  return id.startsWith(PREFIX)
}

/** What a text is rid of: pairs of an id as it was and the name that stands for it now. */
export type Replacement = { id: string; by: string }

/** The card and the contract in a `cdr_token`, with their new names. */
export function replacementsOf(
  value: unknown,
  more: { party: string; hash: Hasher },
): Replacement[] {
  const token = isRecord(value) && isRecord(value.cdr_token) ? value.cdr_token : {}
  const { party, hash } = more
  const { uid, contract_id: contract } = token
  return [
    ...(typeof uid === 'string' ? [{ id: uid, by: hash('uid', party, uid) }] : []),
    ...(typeof contract === 'string'
      ? [{ id: contract, by: hash('contract', party, contract) }]
      : []),
  ].filter(({ id }) => id !== '' && !isRedacted(id))
}

/** The working value of a CDR or Session without its card. Signed records that name it give way to their hash. */
export function redactValue(value: unknown, replacements: readonly Replacement[]): unknown {
  if (!isRecord(value)) return value
  const { cdr_token: token, signed_data: signed, auth_id: contract } = value
  return {
    ...value,
    ...(typeof contract === 'string'
      ? { auth_id: nameOf(contract, replacements) ?? contract }
      : {}),
    ...(isRecord(token) ? { cdr_token: redactToken(token, replacements) } : {}),
    ...(isRecord(signed) ? { signed_data: redactSigned(signed, replacements) } : {}),
  }
}

/** The text as it was sent without its card, every other byte as it is. */
export function redactText(text: string, replacements: readonly Replacement[]): string {
  let result = text
  const sent: unknown = JSON.parse(text)
  const set = (path: readonly (string | number)[], value: unknown): void => {
    const by = typeof value === 'string' ? nameOf(value, replacements) : null
    if (by !== null) result = replaceMember(result, path, JSON.stringify(by))
  }
  if (!isRecord(sent)) return text
  const token = isRecord(sent.cdr_token) ? sent.cdr_token : {}
  set(['cdr_token', 'uid'], token.uid)
  set(['cdr_token', 'contract_id'], token.contract_id)
  set(['auth_id'], sent.auth_id)
  const signed = isRecord(sent.signed_data) ? sent.signed_data : {}
  for (const [index, item] of listOf(signed.signed_values).entries())
    for (const name of SIGNED) {
      const data = isRecord(item) ? item[name] : undefined
      if (typeof data !== 'string' || !names(data, replacements)) continue
      const path = ['signed_data', 'signed_values', index, name]
      result = replaceMember(result, path, JSON.stringify(hashOf(data)))
    }
  return result
}

/** Any text in which ids stand as words: what was found, what was noted. */
export function redactWords(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce(
    (result, { id, by }) =>
      // A card called 7 would take the digits out of amounts.
      id.length < ID_CHARS_MIN ? result : result.replace(wordOf(id), () => by),
    text,
  )
}

/** A file of evidence: JSON loses what redactText takes, and everything the ids that stand in it. */
export function redactDocument(text: string, replacements: readonly Replacement[]): string {
  try {
    return redactWords(redactText(text, replacements), replacements)
  } catch {
    return redactWords(text, replacements) // No JSON.
  }
}

const ID_CHARS_MIN = 4

function wordOf(id: string): RegExp {
  const escaped = id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`, 'gi')
}

const SIGNED = ['plain_data', 'signed_data'] as const

function redactToken(token: Json, replacements: readonly Replacement[]): Json {
  const named = (id: unknown): unknown =>
    typeof id === 'string' ? (nameOf(id, replacements) ?? id) : id
  return {
    ...token,
    ...(token.uid === undefined ? {} : { uid: named(token.uid) }),
    ...(token.contract_id === undefined ? {} : { contract_id: named(token.contract_id) }),
  }
}

function redactSigned(signed: Json, replacements: readonly Replacement[]): Json {
  const values = listOf(signed.signed_values).map((item) => {
    if (!isRecord(item)) return item
    const hidden = SIGNED.flatMap((name) => {
      const data = item[name]
      return typeof data === 'string' && names(data, replacements) ? [[name, hashOf(data)]] : []
    })
    return { ...item, ...Object.fromEntries(hidden) }
  })
  return Array.isArray(signed.signed_values) ? { ...signed, signed_values: values } : signed
}

/** Signed records name the card in plain text or in Base64; what it says cannot be cut out of what is signed. */
function names(data: string, replacements: readonly Replacement[]): boolean {
  const plain = `${data}\n${Buffer.from(data, 'base64').toString('latin1')}`.toLowerCase()
  return replacements.some(({ id }) => plain.includes(id.toLowerCase()))
}

function hashOf(data: string): string {
  return `redacted, sha256 ${createHash('sha256').update(data).digest('hex')}`
}

function nameOf(id: string, replacements: readonly Replacement[]): string | null {
  return replacements.find((each) => foldKey(each.id) === foldKey(id))?.by ?? null
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
