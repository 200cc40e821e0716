import { setTimeout as sleep } from 'node:timers/promises'
import { locationOf } from '../helpers/objects.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { size } from '../helpers/seed.ts'
import { perSecond, rateOf, shoot, timed } from './bench.ts'
import type { Bench, Measured } from './bench.ts'
import { shotAt, startWeb, tokenHeader } from './web.ts'
import type { Web } from './web.ts'

const platforms = 200
const msMax = 2_000
const giveUpMs = 30_000
const pollMs = 5
const registering = 8
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** How soon everybody has what one owner tells, when one of them is slow and one is dead. */
export const fanout: Bench = {
  name: 'fanout',
  about: `one location broadcast to ${platforms} eMSP platforms, against posting it to each of them directly`,
  run: async () => {
    await using web = await startWeb()
    const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const receivers: FakePartner[] = []
    await rateOf({ count: platforms, parallel: registering }, async (index) => {
      receivers.push(await web.connect({ parties: [{ party: partyOf(index), role: 'EMSP' }] }))
    })
    const [slow, dead, ...quick] = receivers
    if (slow) slow.answer = () => 'silence'
    await dead?.close()
    await web.addWorker()
    return [await measure(web, { cpo, quick })]
  },
}

/** Party ids of three letters, as many as are needed. */
function partyOf(index: number): string {
  const letter = (at: number) => letters[at % letters.length] ?? ''
  return `DE-${letter(Math.floor(index / 676))}${letter(Math.floor(index / 26))}${letter(index)}`
}

async function measure(
  web: Web,
  { cpo, quick }: { cpo: FakePartner; quick: readonly FakePartner[] },
): Promise<Measured> {
  const rounds = size(10)
  // The first round opens every connection; it counts like the others.
  const times: number[] = []
  for (let round = 1; round <= rounds; round++)
    times.push(await broadcast(web, { cpo, quick, round }))
  const limitMs = await timed(() => postDirectly(quick))
  const worst = Math.max(...times)
  const total = times.reduce((sum, ms) => sum + ms, 0)
  const seconds = (worst / 1_000).toFixed(2)
  const measured = {
    what: `${rounds} locations to ${quick.length} of ${platforms} platforms, one slow, one dead: the last had it ${seconds} s after the answer at worst`,
    rate: perSecond(rounds * quick.length, total),
    unit: 'deliveries/s',
    limit: 'the same bytes posted to each by one process, 32 at a time',
    limitRate: perSecond(quick.length, limitMs),
  }
  return worst > msMax ? { ...measured, failed: `the last had it after ${seconds} s` } : measured
}

/** The time from the hub's answer until the last quick platform has the location, in ms. */
async function broadcast(
  web: Web,
  round: { cpo: FakePartner; quick: readonly FakePartner[]; round: number },
): Promise<number> {
  const { cpo, quick } = round
  for (const each of quick) each.forget()
  const last_updated = new Date(Date.UTC(2026, 0, 1) + round.round * 60_000).toISOString()
  const body = { ...locationOf('NL-TNM', 'L1'), last_updated }
  const target = 'receiver/locations/NL/TNM/L1'
  await shoot(shotAt(web, { partner: cpo, method: 'PUT', target, to: 'NL-XCH', body }))
  const answered = performance.now()
  const has = (each: FakePartner) => each.received('receiver/locations', 'PUT').length > 0
  while (!quick.every(has)) {
    if (performance.now() - answered > giveUpMs) {
      const missing = quick.filter((each) => !has(each)).length
      throw new Error(`${missing} platforms did not get the location within ${giveUpMs / 1_000} s`)
    }
    await sleep(pollMs)
  }
  return performance.now() - answered
}

async function postDirectly(quick: readonly FakePartner[]): Promise<void> {
  const body = JSON.stringify(locationOf('NL-TNM', 'L1'))
  await rateOf({ count: quick.length, parallel: 32 }, async (index) => {
    const receiver = quick[index]
    if (!receiver) return
    await shoot({
      url: `${receiver.url}/2.2.1/receiver/locations/NL/TNM/L1`,
      method: 'PUT',
      headers: {
        authorization: tokenHeader(receiver.expects),
        'content-type': 'application/json',
      },
      body,
    })
  })
}
