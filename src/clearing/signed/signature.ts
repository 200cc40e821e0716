import { verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isRecord, readText } from '../read.ts'
import { readPublicKey } from './public-key.ts'

/** A signature as OCMF writes it (OCMF 1.0, Signature Data), read. */
export type Signature = {
  /** As in `ECDSA-secp256r1-SHA256`, which is also what is meant where nothing is said. */
  readonly algorithm: string
  readonly curve: string | null
  readonly hash: string
  readonly bytes: Buffer
}

/** `key`: the DER text of the key that was tried. */
type Check = { verdict: 'valid' | 'invalid' | 'unverified'; reason: string; key: string | null }

const DEFAULT_ALGORITHM = 'ECDSA-secp256r1-SHA256'

/** Reads the signature part of an OCMF record; a text says why it cannot be read. */
export function readSignature(section: unknown): Signature | string {
  if (!isRecord(section)) return 'the signature is no JSON object'
  const value = readText(section['SD'])
  if (value === null) return 'it holds no signature'
  const algorithm = readText(section['SA']) ?? DEFAULT_ALGORITHM
  const parts = /^(.+?)-(?:(.+)-)?SHA-?(\d{3})$/i.exec(algorithm)
  if (parts === null) return `the signature algorithm ${algorithm.slice(0, 60)} is not known here`
  const encoding = (readText(section['SE']) ?? 'hex').toLowerCase()
  const bytes = decoded(value, encoding)
  if (bytes === null) return `the signature is not written as ${encoding.slice(0, 20)}`
  const isEc = parts[1]?.toUpperCase() === 'ECDSA'
  return { algorithm, curve: isEc ? (parts[2] ?? null) : null, hash: `sha${parts[3]}`, bytes }
}

/** Checks a signature of `bytes` with one key, as text. */
export function checkSignature(signature: Signature, bytes: Buffer, keyText: string): Check {
  const read = readPublicKey(keyText, signature.curve)
  if (typeof read === 'string') return { verdict: 'unverified', reason: read, key: null }
  try {
    const isRight = isSignedBy(signature, { bytes, key: read.key })
    return isRight
      ? {
          verdict: 'valid',
          reason: `the signature (${signature.algorithm}) fits the public key`,
          key: read.text,
        }
      : {
          verdict: 'invalid',
          reason: `the signature (${signature.algorithm}) does not fit the public key`,
          key: read.text,
        }
  } catch {
    const reason = `signatures by ${signature.algorithm} cannot be checked here`
    return { verdict: 'unverified', reason, key: read.text }
  }
}

function isSignedBy(
  { hash, bytes: signature }: Signature,
  { bytes, key }: { bytes: Buffer; key: KeyObject },
): boolean {
  if (key.asymmetricKeyType !== 'ec') return verify(hash, bytes, key, signature)
  // Some meters write the two numbers side by side; a DER signature may look like that, never the other way round.
  const pair = derPair(signature)
  const isSide = (bytesOf: Buffer): boolean =>
    verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, bytesOf)
  return (pair !== null && isSide(padded(pair, key))) || isSide(signature)
}

/**
 * The two numbers of a DER signature, without zeros in front. Some meters leave out the zero that keeps a number from
 * being negative; the numbers are meant all the same.
 */
function derPair(bytes: Buffer): [Buffer, Buffer] | null {
  let at = (bytes[1] ?? 0) === 0x81 ? 3 : 2
  if (bytes[0] !== 0x30) return null
  const numbers: Buffer[] = []
  for (let count = 0; count < 2; count++) {
    const length = bytes[at + 1] ?? 0
    if (bytes[at] !== 0x02 || length === 0 || at + 2 + length > bytes.length) return null
    const number = bytes.subarray(at + 2, at + 2 + length)
    const first = number.findIndex((byte) => byte !== 0)
    numbers.push(first < 0 ? Buffer.alloc(0) : number.subarray(first))
    at += 2 + length
  }
  const [r, s] = numbers
  return r === undefined || s === undefined || at !== bytes.length ? null : [r, s]
}

function padded(pair: readonly [Buffer, Buffer], key: KeyObject): Buffer {
  const size = coordinateBytes(key)
  const wide = pair.map((number) =>
    Buffer.concat([Buffer.alloc(Math.max(0, size - number.length)), number]),
  )
  return Buffer.concat(wide)
}

/** Every curve in use names its size: `prime256v1`, `secp384r1`, `brainpoolP256r1`. */
function coordinateBytes(key: KeyObject): number {
  const bits = /(\d{3})/.exec(key.asymmetricKeyDetails?.namedCurve ?? '')
  return Math.ceil(Number(bits?.[1] ?? 0) / 8)
}

function decoded(value: string, encoding: string): Buffer | null {
  const bare = value.replace(/\s/g, '')
  if (encoding === 'hex' && /^(?:[0-9a-f]{2})+$/i.test(bare)) return Buffer.from(bare, 'hex')
  if (encoding === 'base64' && /^[A-Za-z0-9+/]+={0,2}$/.test(bare))
    return Buffer.from(bare, 'base64')
  return null
}
