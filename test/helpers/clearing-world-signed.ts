import { createPrivateKey, createPublicKey, createSign, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Json } from './objects.ts'

type MeterKey = { privateKey: KeyObject; publicKey: string }

const keys = new Map<string, MeterKey>()

/** The key of a meter by a name, the same in every run. `publicKey`: SPKI in DER, hex. */
export function ocmfKeyOf(name: string): MeterKey {
  const known = keys.get(name)
  if (known) return known
  const secret = Buffer.from(hkdfSync('sha256', name, 'meter', 'bench', 32))
  // Below the order of the curve for certain.
  secret[0] = 0x0f
  // SEC 1, ECPrivateKey: version 1, the 32 bytes, the curve prime256v1; OpenSSL works the public half out.
  const der = Buffer.concat([
    Buffer.from('30310201010420', 'hex'),
    secret,
    Buffer.from('a00a06082a8648ce3d030107', 'hex'),
  ])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'sec1' })
  const publicKey = createPublicKey(privateKey)
    .export({ format: 'der', type: 'spki' })
    .toString('hex')
  const made = { privateKey, publicKey }
  keys.set(name, made)
  return made
}

type Reading = {
  key: string
  meter: string
  startMs: number
  endMs: number
  startWh: number
  stopWh: number
  token: string
  spoil: boolean
}

/** OCPI's SignedData with one OCMF record over begin and end; `spoil` changes a figure after it was signed. */
export function ocmfOf(reading: Reading): Json {
  const { key, meter, spoil } = reading
  const { privateKey, publicKey } = ocmfKeyOf(key)
  const register = (wh: number) => Number((wh / 1_000).toFixed(3))
  const line = (kind: string, ms: number, wh: number) => ({
    TM: `${new Date(ms).toISOString().slice(0, 19)},000+0000 S`,
    TX: kind,
    RV: register(wh),
    RI: '1-b:1.8.0',
    RU: 'kWh',
    RT: 'AC',
    EF: '',
    ST: 'G',
  })
  const payload = (stopWh: number): string =>
    JSON.stringify({
      FV: '1.0',
      GI: 'Example gateway',
      GS: `G-${meter}`,
      GV: '1.0',
      PG: 'T12',
      MV: 'Example',
      MM: 'Meter 1',
      MS: meter,
      MF: '1.0',
      IS: true,
      IL: 'VERIFIED',
      IF: [],
      IT: 'ISO14443',
      ID: reading.token,
      RD: [line('B', reading.startMs, reading.startWh), line('E', reading.endMs, stopWh)],
    })
  const signed = payload(reading.stopWh)
  const signature = createSign('sha256').update(signed).sign(privateKey).toString('hex')
  const shown = spoil ? payload(reading.stopWh + 5_000) : signed
  const record = `OCMF|${shown}|${JSON.stringify({ SA: 'ECDSA-secp256r1-SHA256', SD: signature })}`
  return {
    encoding_method: 'OCMF',
    encoding_method_version: 1,
    public_key: publicKey,
    signed_values: [{ nature: 'End', plain_data: '', signed_data: record }],
  }
}
