import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Webhook } from 'standardwebhooks'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'
import type { WebhookMessage } from '../helpers/webhook-receiver.ts'

const HOUR_MS = 3_600_000

/** Which of these secrets signed a message. */
function signers(message: WebhookMessage | undefined, secrets: readonly string[]): number[] {
  const { body = '', headers = {} } = message ?? {}
  const signed = (headers['webhook-signature'] ?? '').split(' ')
  const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
  return secrets.flatMap((secret, index) =>
    signed.includes(new Webhook(secret).sign(headers['webhook-id'] ?? '', at, body)) ? [index] : [],
  )
}

const rotated = suite('webhook secrets that are rotated twice')

rotated('a rotation whose answer was lost leaves the known secret its 24 hours', async () => {
  await using hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  await using own = await startReceiver()
  const secrets: string[] = []
  const keep = async (method: string, path: string, body: unknown): Promise<void> => {
    const { json } = await hub.asParty(cpo, method, path, body)
    secrets.push(String(at(json, 'secret')))
  }
  const signedBy = async (): Promise<number[]> => {
    await hub.asParty(cpo, 'POST', '/webhook/test')
    return signers(own.got.at(-1), secrets)
  }
  await keep('PUT', '/webhook', { url: own.url })
  await keep('POST', '/webhook/rotate', {})
  await hub.passTime(20 * HOUR_MS)
  await keep('POST', '/webhook/rotate', {})
  assert.equal(await signedBy(), [0, 2])
  await hub.passTime(5 * HOUR_MS)
  assert.equal(await signedBy(), [2])
  await keep('POST', '/webhook/rotate', {})
  assert.equal(await signedBy(), [2, 3])
})

rotated.run()
