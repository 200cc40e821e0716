import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reply } from '../helpers/ask.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { cdrOf, pathOf, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import { seed, size } from '../helpers/seed.ts'

const hub = await startDoorHub()
const hubParty = 'NL-XCH'

const tenants = suite('tenants at once')
tenants.after.each(() => hub.assertSound())
tenants.after(async () => hub[Symbol.asyncDispose]())

tenants('T88: answers of clients that ask at once are never mixed up', async () => {
  const names = Array.from({ length: 4 }, (_, index) => [`NL-C0${index}`, `NL-E0${index}`] as const)
  const pairs = await Promise.all(
    names.map(async ([cpoName, emspName]) => ({
      cpo: await hub.connect({ parties: [{ party: cpoName, role: 'CPO' }] }),
      emsp: await hub.connect({ parties: [{ party: emspName, role: 'EMSP' }] }),
    })),
  )
  const foreign: string[] = []
  const look = (own: string, reply: Reply): void => {
    const shown = reply.text + JSON.stringify(reply.headers)
    for (const [marker] of shown.matchAll(/MARK-\d|\b(NL[-/])?[CE]0\d\b/g))
      if (!marker.endsWith(own))
        foreign.push(`pair ${own} was shown ${marker}: ${shown.slice(0, 300)}`)
    if (reply.status >= 500) foreign.push(`pair ${own}: ${reply.status}`)
  }
  const rounds = size(2)
  const client = async (index: number): Promise<void> => {
    const pair = pairs[index % pairs.length]
    assert.ok(pair)
    const own = String(index % pairs.length)
    for (let round = 0; round < rounds; round += 1) {
      const replies = await storm(pair, { own, id: `MARK-${own}-${index}-${round}` })
      for (const reply of replies) look(own, reply)
      assert.equal(
        replies.slice(0, 6).map(({ code }) => code),
        [1000, 1000, 1000, 1000, 2001, 2001],
      )
    }
  }
  await Promise.all(Array.from({ length: 64 }, (_, index) => client(index)))
  assert.equal(foreign, [], `seed ${seed()}`)
})

/** What one client does at once: good and bad pushes, reads of its own, lists that hold only its own. */
function storm(
  { cpo, emsp }: { cpo: FakePartner; emsp: FakePartner },
  { own, id }: { own: string; id: string },
): Promise<Reply[]> {
  const charge = { owner: cpo.party, payer: emsp.party, id }
  const mark = { x_mark: id }
  const hubbed = { to: hubParty }
  const since = { ...hubbed, query: { date_from: '2020-01-01T00:00:00Z' } }
  return Promise.all([
    put(cpo, 'tariffs', tariffOf(cpo.party, id, { ...mark, currency: `MARK-${own}` })),
    put(cpo, 'sessions', sessionOf(charge, mark)),
    cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge, mark) }),
    put(emsp, 'tokens', tokenOf(emsp.party, id, { ...mark, whitelist: `MARK-${own}` })),
    put(cpo, 'tariffs', tariffOf(cpo.party, `${id}-bad`, { ...mark, elements: id })),
    cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...charge, id: `${id}-bad` }, { id: 7 }) }),
    cpo.send('GET', `receiver/tariffs/${pathOf(cpo.party, id)}`, hubbed),
    cpo.send('GET', `receiver/cdrs/${pathOf(cpo.party, id)}`),
    emsp.send('GET', `receiver/tokens/${pathOf(emsp.party, id)}`, hubbed),
    emsp.send('GET', 'sender/sessions', since),
    emsp.send('GET', 'sender/cdrs', hubbed),
  ])
}

tenants.run()
