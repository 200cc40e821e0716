import { limits } from '../../../config/limits.ts'
import { isRecord, listOf, readText } from '../read.ts'
import { readRegister } from './registers.ts'
import type { OcmfRegister } from './registers.ts'
import { readSignature } from './signature.ts'
import type { Signature } from './signature.ts'

/** An OCMF record (`OCMF|{payload}|{signature}`, versions 0.4 to 1.x), read. */
export type Ocmf = {
  /** The bytes that are signed: the payload as it stands. */
  readonly signed: Buffer
  /** A text says why there is none. */
  readonly signature: Signature | string
  readonly registers: readonly OcmfRegister[]
  readonly meterId: string | null
  readonly gatewayId: string | null
}

const HEAD = Buffer.from('OCMF|')
const BAR = 0x7c
const NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** True for bytes that begin as an OCMF record does, white space apart. */
export function isOcmf(bytes: Buffer): boolean {
  return trimmed(bytes).subarray(0, HEAD.length).equals(HEAD)
}

/** Reads an OCMF record; a text says why it cannot be read. */
export function readOcmf(bytes: Buffer): Ocmf | string {
  const record = trimmed(bytes)
  if (!isOcmf(record)) return 'it does not begin with OCMF|'
  // The payload may hold a bar in a text, the signature cannot.
  const bar = record.lastIndexOf(BAR)
  if (bar < HEAD.length) return 'it has no signature part'
  const signed = record.subarray(HEAD.length, bar)
  const payload = parsed(signed.toString('utf8'))
  if (!isRecord(payload)) return 'its payload is no JSON object'
  const readings = listOf(payload['RD'])
  if (readings.length > limits.signedRegistersMax) return 'it holds too many readings'
  const registers: OcmfRegister[] = []
  let before: Record<string, unknown> = {}
  for (const each of readings) {
    if (!isRecord(each)) continue
    // What a reading does not say is as in the one before it (OCMF 1.0, Readings).
    before = { ...before, RV: undefined, ...each }
    const register = readRegister(before)
    if (register !== null) registers.push(register)
  }
  return {
    signed,
    signature: readSignature(parsed(record.subarray(bar + 1).toString('utf8'))),
    registers,
    meterId: readText(payload['MS']) ?? readText(payload['GS']),
    gatewayId: readText(payload['GS']) ?? readText(payload['GI']),
  }
}

/** Parses JSON with every number as its text: trailing zeros say what a meter can tell apart. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(
      text.replace(NUMBERS, (token) => (token.startsWith('"') ? token : `"${token}"`)),
    )
  } catch {
    return undefined
  }
}

function trimmed(bytes: Buffer): Buffer {
  let [start, end] = [0, bytes.length]
  // Byte order mark of UTF-8.
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) start = 3
  while (start < end && isSpace(bytes[start])) start++
  while (end > start && isSpace(bytes[end - 1])) end--
  return bytes.subarray(start, end)
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
