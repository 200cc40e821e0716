import { readFileSync } from 'node:fs'
import { isRecord } from '../clearing/read.ts'

/** More significant digits than a JavaScript number keeps. */
const DIGITS_KEPT = 15
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const LONG_NUMBER = /\d[\d.]{15,}/

/** What a file holds: a value, or why there is none; `missing` when there is no such file. */
export type JsonFile =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly missing: boolean; readonly problem: string }

/**
 * Reads a JSON file exactly: a number with more digits than a JavaScript number keeps becomes its decimal text, which
 * pricing reads without loss. Never throws.
 */
export function readJsonSync(path: string): JsonFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    const missing = code === 'ENOENT'
    return { ok: false, missing, problem: missing ? 'is missing' : `cannot be read (${code})` }
  }
  try {
    return { ok: true, value: parseExactly(text) }
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unreadable'
    return { ok: false, missing: false, problem: `is no JSON: ${why}` }
  }
}

/** Parses JSON; numbers of more than 15 significant digits become decimal texts. Throws on what is no JSON. */
function parseExactly(text: string): unknown {
  const bare = text.replace(/^\ufeff/, '')
  const value: unknown = JSON.parse(bare)
  if (!LONG_NUMBER.test(bare)) return value
  return JSON.parse(bare.replace(TOKENS, (token) => (isLong(token) ? `"${token}"` : token)))
}

function isLong(token: string): boolean {
  if (token.startsWith('"')) return false
  const digits = token
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
  return digits.length > DIGITS_KEPT && digits.replace(/0+$/, '').length > DIGITS_KEPT
}

/** The object itself, or what an OCPI answer carries. */
export function unwrapped(value: unknown): unknown {
  return isRecord(value) && value['status_code'] !== undefined && value['data'] !== undefined
    ? value['data']
    : value
}
