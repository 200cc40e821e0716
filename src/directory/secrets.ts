import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { assert } from '../assert.ts'

/** Encryption at rest and keyed look-up hashes, both derived from SECRETS_KEY. */
export type Secrets = {
  /** Keyed hash of a token under the current key: what a new row stores. */
  hash(token: string): Buffer
  /** Hashes under every configured key, current first: what a look-up tries while keys rotate. */
  hashes(token: string): Buffer[]
  /** AES-256-GCM; `purpose` (say `platform:<id>:access`) is authenticated, so a row cannot be moved to another place. */
  seal(plain: string, purpose: string): Buffer
  /** Opens what seal made under any configured key. Throws when it was made under a lost key or for another purpose. */
  open(sealed: Buffer, purpose: string): string
  /** True when `sealed` was made under the current key. */
  isCurrent(sealed: Buffer): boolean
  /** New credentials token: 32 random bytes in hex, the 64 characters that OCPI allows; none that a shell or command line takes for something else. */
  newToken(): string
  /** Secret of outgoing webhooks (Standard Webhooks, `whsec_…`), the same for every process. */
  webhookSecret(): string
  /** The same for every configured key, current first: outgoing webhooks are signed with each while keys rotate. */
  webhookSecrets(): string[]
}

const KEY_ID_BYTES = 4
const IV_BYTES = 12
const TAG_BYTES = 16

/** `keys`: one or two 32-byte keys, the current one first. */
export function createSecrets(keys: readonly Buffer[]): Secrets {
  assert(keys.length > 0, 'no secrets key')
  const ring = keys.map((key) => ({
    id: createHmac('sha256', key).update('key id').digest().subarray(0, KEY_ID_BYTES),
    pepper: Buffer.from(hkdfSync('sha256', key, '', 'token look-up', 32)),
    cipher: Buffer.from(hkdfSync('sha256', key, '', 'sealing', 32)),
  }))
  const hashes = (token: string) =>
    ring.map(({ pepper }) => createHmac('sha256', pepper).update(token, 'utf8').digest())
  return {
    hash: (token) => {
      const [first] = hashes(token)
      assert(first, 'no key to hash with')
      return first
    },
    hashes,
    isCurrent: (sealed) => ring[0]?.id.equals(sealed.subarray(0, KEY_ID_BYTES)) ?? false,
    newToken: () => randomBytes(32).toString('hex'),
    webhookSecret: () => {
      const [current] = keys
      assert(current, 'no key to derive from')
      return webhookSecretOf(current)
    },
    webhookSecrets: () => keys.map(webhookSecretOf),
    seal: (plain, purpose) => {
      const [current] = ring
      assert(current, 'no key to seal with')
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.cipher, iv)
      cipher.setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([current.id, iv, cipher.getAuthTag(), body])
    },
    open: (sealed, purpose) => {
      const id = sealed.subarray(0, KEY_ID_BYTES)
      const key = ring.find((candidate) => candidate.id.equals(id))
      if (!key) throw new Error('sealed under a key that SECRETS_KEY no longer holds')
      const iv = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + IV_BYTES)
      const tag = sealed.subarray(KEY_ID_BYTES + IV_BYTES, KEY_ID_BYTES + IV_BYTES + TAG_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key.cipher, iv, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(purpose))
      decipher.setAuthTag(tag)
      const body = sealed.subarray(KEY_ID_BYTES + IV_BYTES + TAG_BYTES)
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    },
  }
}

function webhookSecretOf(key: Buffer): string {
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', 'webhooks', 32)).toString('base64')}`
}
