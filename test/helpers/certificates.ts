// X.509 certificates for tests of TLS, made on the spot: a private key in a fixture would be a secret in the repository.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export type Certificate = { cert: string; key: string }
type Authority = Certificate & { name: string; signer: KeyObject }

const DAY_MS = 86_400_000

/** A certificate authority of its own; its certificate must be trusted before what it issues is. */
export function newAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = certificate({
    subject: name,
    issuer: name,
    publicKey,
    signer: privateKey,
    days: [-1, 30],
    extensions: [extension('551d13', true, sequence(tlv(0x01, Buffer.of(0xff))))],
  })
  return { name, signer: privateKey, cert: pem(der), key: keyPem(privateKey) }
}

/** A server's certificate for a host, good from and until so many days from now. */
export function issue(
  authority: Authority,
  of: { host: string; days: readonly [from: number, until: number] },
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(tlv(0x82, Buffer.from(of.host)))
  const der = certificate({
    subject: of.host,
    issuer: authority.name,
    publicKey,
    signer: authority.signer,
    days: of.days,
    extensions: [extension('551d11', false, name)],
  })
  return { cert: pem(der), key: keyPem(privateKey) }
}

type Wanted = {
  subject: string
  issuer: string
  publicKey: KeyObject
  signer: KeyObject
  days: readonly [from: number, until: number]
  extensions: readonly Buffer[]
}

/** RFC 5280, 4.1: version 3, signed with ECDSA and SHA-256. */
function certificate({ subject, issuer, publicKey, signer, days, extensions }: Wanted): Buffer {
  const algorithm = sequence(objectId('2a8648ce3d040302'))
  const version = tlv(0xa0, integer(Buffer.of(2)))
  const serial = integer(Buffer.concat([Buffer.of(1), randomBytes(8)]))
  const validity = sequence(...days.map(time))
  const toBeSigned = sequence(
    version,
    serial,
    algorithm,
    nameOf(issuer),
    validity,
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', toBeSigned, signer)
  return sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.of(0), signature])))
}

function nameOf(commonName: string): Buffer {
  const attribute = sequence(objectId('550403'), tlv(0x0c, Buffer.from(commonName)))
  return sequence(tlv(0x31, attribute))
}

function time(days: number): Buffer {
  const now = performance.timeOrigin + performance.now()
  const text = new Date(now + days * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(0x18, Buffer.from(text))
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [tlv(0x01, Buffer.of(0xff))] : []
  return sequence(objectId(id), ...critical, tlv(0x04, value))
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts))
const integer = (bytes: Buffer) => tlv(0x02, bytes)
const objectId = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'))

/** Tag, length, value (ITU-T X.690, 8.1). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), value])
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), value])
}

function pem(der: Buffer): string {
  const lines = (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
