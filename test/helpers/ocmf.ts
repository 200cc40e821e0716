// OCMF records of our own: made and signed in the test, with keys that live as long as it.
import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { SignedReading } from '../../src/clearing/signed/types.ts'
import { readSigned } from '../../src/clearing/signed/read.ts'

/** OCMF's names of curves with OpenSSL's. */
export const CURVES = {
  secp192k1: 'secp192k1',
  secp192r1: 'prime192v1',
  secp256k1: 'secp256k1',
  secp256r1: 'prime256v1',
  secp384r1: 'secp384r1',
  brainpoolP256r1: 'brainpoolP256r1',
  brainpool384r1: 'brainpoolP384r1',
} as const

export type Keys = { privateKey: KeyObject; publicKey: KeyObject; hex: string }

export function keysOf(curve: keyof typeof CURVES = 'secp256r1'): Keys {
  const pair = generateKeyPairSync('ec', { namedCurve: CURVES[curve] })
  return { ...pair, hex: derHex(pair.publicKey) }
}

export function derHex(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).toString('hex')
}

type Written = {
  keys: Keys
  readings: readonly string[]
  algorithm?: string | null
  dsaEncoding?: 'der' | 'ieee-p1363'
  encoding?: 'hex' | 'base64'
  meter?: string
}

export function reading(
  reason: string | null,
  value: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const members = {
    TM: '2026-06-01T12:00:00,000+0200 S',
    ...(reason === null ? {} : { TX: reason }),
    RI: '1-b:1.8.0',
    RU: 'kWh',
    ST: 'G',
    ...more,
  }
  return `{"RV":${value},${JSON.stringify(members).slice(1)}`
}

export const WHOLE = [reading('B', '100.0'), reading('E', '111.000')]

export function ocmf({
  keys,
  readings,
  algorithm = 'ECDSA-secp256r1-SHA256',
  dsaEncoding = 'der',
  encoding = 'hex',
  meter = 'M1',
}: Written): string {
  const payload = `{"FV":"1.0","GI":"Our | gateway","GS":"G1","PG":"T1","MS":"${meter}","RD":[${readings.join(',')}]}`
  const key = keys.privateKey
  const isEc = key.asymmetricKeyType === 'ec'
  const signature = sign('sha256', Buffer.from(payload), isEc ? { key, dsaEncoding } : key)
  const section = {
    ...(algorithm === null ? {} : { SA: algorithm }),
    ...(encoding === 'hex' ? {} : { SE: encoding }),
    SD: signature.toString(encoding),
  }
  return `OCMF|${payload}|${JSON.stringify(section)}`
}

/** A CDR that carries these records, and nothing else. */
export function cdrWith(
  values: readonly { nature: string; signed_data: string; plain_data?: string }[],
  more: Readonly<Record<string, unknown>> = {},
): unknown {
  return { signed_data: { encoding_method: 'OCMF', ...more, signed_values: values } }
}

/** What is read of one record, with a key in the CDR. */
export function readOne(record: string, publicKey: string | null = null): SignedReading {
  const cdr = cdrWith([{ nature: 'End', signed_data: record }], { public_key: publicKey })
  const [first] = readSigned(cdr, { registeredKey: null })
  if (first === undefined) throw new Error('nothing was read')
  return first
}
