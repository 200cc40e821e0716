import { limits } from '../../../config/limits.ts'
import { isOcmf } from './ocmf.ts'
import type { SignedFormat } from './types.ts'

/** A signed record as it was sent, decoded where it was base64 or hex around something readable. */
export type SignedRecord = {
  readonly bytes: Buffer
  readonly format: SignedFormat
  /** The key that stands in the record itself, as text. */
  readonly publicKey: string | null
}

const SML_START = Buffer.from('1b1b1b1b01010101', 'hex')

/**
 * The records in one signed value: its text plain, in base64 or in hex, alone or in the XML file of the German
 * transparency software. `method` is the encoding_method of the CDR, which decides where the record does not show it.
 */
export function recordsIn(text: string, method: string): SignedRecord[] {
  const bytes = decode(text)
  const wrapped = valuesOfXml(bytes[0] === 0x3c ? bytes.toString('utf8') : text)
  if (wrapped.length > 0) return wrapped.flatMap((each) => recordOf(each, method))
  return bytes.length === 0 ? [] : [{ bytes, publicKey: null, format: formatOf(bytes, method) }]
}

type Wrapped = { text: string; publicKey: string | null; format: string | null }

function recordOf({ text, publicKey, format }: Wrapped, method: string): SignedRecord[] {
  const bytes = decode(text)
  if (bytes.length === 0) return []
  return [{ bytes, publicKey, format: formatOf(bytes, format ?? method) }]
}

/** The bytes meant: decoded when that gives what is known as a record, as they stand otherwise. */
function decode(text: string): Buffer {
  const bare = text.replace(/\s/g, '')
  if (/^(?:[0-9a-f]{2})+$/i.test(bare)) return Buffer.from(bare, 'hex')
  const plain = Buffer.from(text.trim())
  if (isOcmf(plain) || !/^[A-Za-z0-9+/_-]{16,}={0,2}$/.test(bare)) return plain
  const bytes = Buffer.from(bare, 'base64')
  const isReadable =
    isOcmf(bytes) || bytes[0] === 0x3c || bytes.subarray(0, 3).equals(Buffer.from('AP;'))
  return isReadable || bytes.subarray(0, SML_START.length).equals(SML_START) ? bytes : plain
}

function formatOf(bytes: Buffer, method: string): SignedFormat {
  if (isOcmf(bytes)) return 'OCMF'
  const head = bytes.subarray(0, 4_096).toString('latin1')
  if (head.startsWith('AP;') || /alfen/i.test(method)) return 'ALFEN'
  if (/<ChargingProcess|mennekes\.de/i.test(head) || /mennekes/i.test(method)) return 'MENNEKES'
  if (/ISA.?EDL.?40.?P/i.test(method)) return 'ISA_EDL40_P'
  const isSml = bytes.subarray(0, SML_START.length).equals(SML_START)
  // Isabellenhütte's meters carry their maker in the server id.
  if (isSml && bytes.includes(Buffer.from('0901495341', 'hex'))) return 'ISA_EDL40_P'
  if (/EDL.?40.?P/i.test(method)) return 'EDL40_P'
  if (isSml || head.includes('<signedMeterValue') || /EDL.?40/i.test(method)) return 'EDL40'
  return 'unknown'
}

/** `<signedData>` and `<publicKey>` of each value; nothing where there are none. */
function valuesOfXml(text: string): Wrapped[] {
  if (!text.includes(TAG)) return []
  return text.split(/<value(?=[\s>])/, limits.signedRecordsMax).flatMap((part) => {
    const key = /<publicKey(?:\s[^>]{0,500})?>([^<]*)<\/publicKey>/.exec(part)
    return signedDataIn(part).map((each) => ({ ...each, publicKey: key?.[1]?.trim() || null }))
  })
}

const TAG = '<signedData'

/** By plain searching: an element that is never closed must not cost more than one pass. */
function signedDataIn(part: string): Omit<Wrapped, 'publicKey'>[] {
  const found: Omit<Wrapped, 'publicKey'>[] = []
  for (let at = part.indexOf(TAG); at >= 0 && found.length < limits.signedRecordsMax;) {
    const open = part.indexOf('>', at)
    const close = part.indexOf('</signedData>', open)
    if (open < 0 || close < 0) break
    const format = /\sformat\s*=\s*"([^"]{1,40})"/.exec(part.slice(at, Math.min(open, at + 500)))
    found.push({ text: unescaped(part.slice(open + 1, close)), format: format?.[1] ?? null })
    at = part.indexOf(TAG, close)
  }
  return found
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
}

function unescaped(text: string): string {
  return text
    .replace(/<!\[CDATA\[|\]\]>/g, '')
    .replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .trim()
}
