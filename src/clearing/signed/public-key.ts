import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { limits } from '../../../config/limits.ts'

/** Object identifiers of curves, DER with tag and length, by the names that OCMF signature algorithms use. */
const CURVES: Readonly<Record<string, string>> = {
  secp192r1: '06082a8648ce3d030101',
  prime192v1: '06082a8648ce3d030101',
  secp192k1: '06052b8104001f',
  secp256r1: '06082a8648ce3d030107',
  prime256v1: '06082a8648ce3d030107',
  secp256k1: '06052b8104000a',
  secp384r1: '06052b81040022',
  secp521r1: '06052b81040023',
  brainpool256r1: '06092b2403030208010107',
  brainpoolp256r1: '06092b2403030208010107',
  brainpool384r1: '06092b240303020801010b',
  brainpoolp384r1: '06092b240303020801010b',
  brainpool512r1: '06092b240303020801010d',
  brainpoolp512r1: '06092b240303020801010d',
}

const EC_PUBLIC_KEY = '06072a8648ce3d0201'

/** A key that signatures can be checked with; `text` is its DER form (SubjectPublicKeyInfo) in upper-case hex. */
export type PublicKey = { readonly key: KeyObject; readonly text: string }

/**
 * Reads a public key as meters and back ends write it: SubjectPublicKeyInfo or a bare curve point, in hex (with spaces or
 * not), base64 or PEM. A bare point is one of `curve` (as in `ECDSA-secp256r1-SHA256`). A text says why there is none.
 */
export function readPublicKey(text: string, curve: string | null): PublicKey | string {
  const bytes = keyBytes(text)
  if (bytes === null) return 'the public key is neither hex nor base64'
  const der = isDer(bytes) ? bytes : pointAsDer(bytes, curve)
  if (der === null) return 'the public key is a bare curve point, and its curve is not known'
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return { key, text: key.export({ format: 'der', type: 'spki' }).toString('hex').toUpperCase() }
  } catch {
    return 'the public key cannot be read, or is of a curve that is not known here'
  }
}

/** True when two texts are the same public key, however each is written. */
export function isSameKey(a: string, b: string): boolean {
  const [one, other] = [keyBytes(a), keyBytes(b)]
  if (one === null || other === null) return a.trim() === b.trim()
  return one.equals(other) || pointOf(one).equals(pointOf(other))
}

function keyBytes(text: string): Buffer | null {
  if (text.length > limits.signedKeyCharsMax) return null
  const bare = text.replace(/-----[A-Z ]{1,40}-----/g, '').replace(/[\s:]/g, '')
  if (bare === '') return null
  if (/^(?:[0-9a-f]{2})+$/i.test(bare)) return Buffer.from(bare, 'hex')
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(bare) ? Buffer.from(bare, 'base64') : null
}

/** What distinguishes a key, whatever stands around it: the two coordinates, or all of it where it is no curve point. */
function pointOf(bytes: Buffer): Buffer {
  if (!isDer(bytes)) return bytes[0] === 4 && bytes.length % 2 === 1 ? bytes.subarray(1) : bytes
  if (!bytes.toString('hex', 0, 16).includes(EC_PUBLIC_KEY)) return bytes
  for (const size of [48, 64, 96, 128, 132]) {
    // Bit string of one point without unused bits: its last bytes are 00 04 and the coordinates.
    const at = bytes.length - size
    if (at >= 2 && bytes[at - 1] === 4 && bytes[at - 2] === 0) return bytes.subarray(at)
  }
  return bytes
}

/** True for one DER sequence and nothing else: the bytes of a point may begin like one. */
function isDer(bytes: Buffer): boolean {
  const [tag, short = 0, high = 0, low = 0] = bytes
  if (tag !== 0x30) return false
  if (short < 0x80) return bytes.length === short + 2
  return bytes.length === (short === 0x81 ? high + 3 : (high << 8) + low + 4)
}

function pointAsDer(bytes: Buffer, curve: string | null): Buffer | null {
  const oid = curve === null ? undefined : CURVES[curve.toLowerCase()]
  if (oid === undefined) return null
  const isWhole = bytes.length % 2 === 1
  const point = isWhole ? bytes : Buffer.concat([Buffer.of(4), bytes])
  const algorithm = sequence(Buffer.from(EC_PUBLIC_KEY + oid, 'hex'))
  return sequence(Buffer.concat([algorithm, tagged(0x03, Buffer.concat([Buffer.of(0), point]))]))
}

function sequence(content: Buffer): Buffer {
  return tagged(0x30, content)
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}
