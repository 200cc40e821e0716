import { locationOf, tariffOf } from '../helpers/objects.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { size } from '../helpers/seed.ts'
import { startBare } from './bare.ts'
import { rateOf, shoot } from './bench.ts'
import type { Bench, Measured, Shot } from './bench.ts'
import { shotAt, startWeb, tokenHeader } from './web.ts'
import type { Web } from './web.ts'

const parallel = 16
const warmUp = 100
const pageObjects = 20

/** What passing a message on costs: who may, to whom, and what was said, beside bytes in and bytes out. */
export const relay: Bench = {
  name: 'relay',
  about: 'messages a second forwarded to one party, against a bare Node http proxy',
  run: async () => {
    await using web = await startWeb()
    const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const emsp = await web.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
    return [await relayGet(web, { asker: emsp, owner: cpo }), await relayPut(web, { cpo, emsp })]
  },
}

async function relayGet(
  web: Web,
  { asker, owner }: { asker: FakePartner; owner: FakePartner },
): Promise<Measured> {
  const data = Array.from({ length: pageObjects }, (_, index) => locationOf('NL-TNM', `L${index}`))
  const text = JSON.stringify({ data, status_code: 1000, timestamp: '2026-01-01T00:00:00Z' })
  owner.answer = (got) => (got.place === 'sender/locations' ? { text } : undefined)
  const target = 'sender/locations'
  const hub = shotAt(web, { partner: asker, method: 'GET', target, to: 'NL-TNM' })
  const { url, process } = await startBare('proxy', owner.url)
  await using _proxy = process
  const bare = throughProxy(hub, { url: `${url}/2.2.1/${target}`, receiver: owner })
  const what = `GET forwarded (${pageObjects} locations)`
  return await compare({ what, hub: () => hub, bare: () => bare })
}

async function relayPut(
  web: Web,
  { cpo, emsp }: { cpo: FakePartner; emsp: FakePartner },
): Promise<Measured> {
  const hub = (index: number): Shot =>
    shotAt(web, {
      partner: cpo,
      method: 'PUT',
      target: `receiver/tariffs/NL/TNM/T${index}`,
      to: 'DE-EMA',
      body: tariffOf('NL-TNM', `T${index}`),
    })
  const { url, process } = await startBare('proxy', emsp.url)
  await using _proxy = process
  const bare = (index: number): Shot =>
    throughProxy(hub(index), {
      url: `${url}/2.2.1/receiver/tariffs/NL/TNM/T${index}`,
      receiver: emsp,
    })
  return await compare({ what: 'PUT stored on disk, then forwarded', hub, bare })
}

/** The request as the receiver expects it from the hub, sent through the bare proxy instead. */
function throughProxy(shot: Shot, to: { url: string; receiver: FakePartner }): Shot {
  const headers = { ...shot.headers, authorization: tokenHeader(to.receiver.expects) }
  return { ...shot, url: to.url, headers }
}

async function compare(pair: {
  what: string
  hub: (index: number) => Shot
  bare: (index: number) => Shot
}): Promise<Measured> {
  const count = size(1_000)
  const measure = async (make: (index: number) => Shot): Promise<number> => {
    await rateOf({ count: warmUp, parallel }, (index) => shoot(make(index)))
    return rateOf({ count, parallel }, (index) => shoot(make(warmUp + index)))
  }
  const limitRate = await measure(pair.bare)
  const rate = await measure(pair.hub)
  return { what: pair.what, rate, unit: 'messages/s', limit: 'a bare Node http proxy', limitRate }
}
