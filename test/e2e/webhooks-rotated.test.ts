import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Webhook } from 'standardwebhooks'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const HOUR_MS = 3_600_000

const rotated = suite('webhook secrets that are rotated twice')

rotated('a rotation whose answer was lost leaves the known secret its 24 hours', async () => {
  await using hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  await using own = await startReceiver()
  const put = await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  const known = new Webhook(String(at(put.json, 'secret')))
  const lost = await hub.asParty(cpo, 'POST', '/webhook/rotate')
  await hub.passTime(20 * HOUR_MS)
  const again = await hub.asParty(cpo, 'POST', '/webhook/rotate')
  const fresh = new Webhook(String(at(again.json, 'secret')))
  await hub.asParty(cpo, 'POST', '/webhook/test')
  const [first] = own.got
  for (const hook of [known, fresh]) hook.verify(first?.body ?? '', first?.headers ?? {})
  const between = new Webhook(String(at(lost.json, 'secret')))
  assert.throws(() => between.verify(first?.body ?? '', first?.headers ?? {}))
  await hub.passTime(5 * HOUR_MS)
  await hub.asParty(cpo, 'POST', '/webhook/test')
  const [, second] = own.got
  fresh.verify(second?.body ?? '', second?.headers ?? {})
  assert.throws(() => known.verify(second?.body ?? '', second?.headers ?? {}), /No matching/)
  const next = await hub.asParty(cpo, 'POST', '/webhook/rotate')
  await hub.asParty(cpo, 'POST', '/webhook/test')
  const [, , third] = own.got
  for (const hook of [fresh, new Webhook(String(at(next.json, 'secret')))])
    hook.verify(third?.body ?? '', third?.headers ?? {})
})

rotated.run()
