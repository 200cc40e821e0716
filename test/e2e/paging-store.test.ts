// Crawling the hub's store while its objects change: nothing is missed, nothing leaks, the totals are exact.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { pathOf, put, tariffOf } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00Z`

/** A hub with a CPO that has tariffs T1 to T5, and two eMSPs. */
async function world() {
  const hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
  const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
  const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
  const tariff = (n: number, more: { price?: number; last_updated?: string; to?: string } = {}) => {
    const { to, ...rest } = more
    const body = tariffOf(CPO, `T${n}`, { last_updated: day(n), ...rest })
    return put(cpo, 'tariffs', body, to === undefined ? {} : { to })
  }
  const remove = (n: number, to?: string) =>
    cpo.send('DELETE', `receiver/tariffs/${pathOf(CPO, `T${n}`)}`, to === undefined ? {} : { to })
  const list = (partner: FakePartner, query: Record<string, string> = {}) =>
    partner.send('GET', 'sender/tariffs', { to: hub.party, query })
  for (const n of [1, 2, 3, 4, 5]) await tariff(n)
  return { hub, cpo, emsp, second, tariff, remove, list, close: () => hub.close() }
}

const ids = (reply: Reply) => items(reply.data).map((each) => String(at(each, 'id')))
const total = (reply: Reply) => Number(reply.headers['x-total-count'])
const next = (reply: Reply) => /<([^>]*)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1]
const priceOf = (reply: Reply, index: number) =>
  at(reply.data, index, 'elements', 0, 'price_components', 0, 'price')

const test = suite('paging the store')
const { hub, cpo, emsp, second, tariff, remove, list, close } = await world()
test.after(close)

test('a crawl by Link misses nothing when an object is deleted on the way', async () => {
  let reply = await list(emsp, { limit: '2' })
  const seen = ids(reply)
  await remove(1)
  for (let link = next(reply); link !== undefined; link = next(reply)) {
    reply = await emsp.send('GET', link, { to: hub.party })
    seen.push(...ids(reply))
  }
  assert.equal(seen, ['T1', 'T2', 'T3', 'T4', 'T5'])
})

test('a deleted object keeps its place: offsets mean what they meant', async () => {
  assert.equal(ids(await list(emsp, { offset: '0', limit: '2' })), ['T2'])
  assert.equal(ids(await list(emsp, { offset: '2', limit: '2' })), ['T3', 'T4'])
  assert.equal(ids(await list(emsp, { offset: '4', limit: '2' })), ['T5'])
})

test('X-Total-Count is exact after a DELETE, with a window and without', async () => {
  assert.is(total(await list(emsp)), 4)
  assert.is(total(await list(emsp, { date_from: day(1) })), 4)
  assert.is(total(await list(emsp, { date_from: day(4) })), 2)
  assert.equal(ids(await list(emsp, { date_from: day(1) })), ['T2', 'T3', 'T4', 'T5'])
})

test('what comes back after a DELETE is at its old place', async () => {
  await tariff(1, { last_updated: day(6) })
  assert.equal(ids(await list(emsp)), ['T1', 'T2', 'T3', 'T4', 'T5'])
  assert.is(total(await list(emsp)), 5)
})

test('an object that changes during a crawl is neither missed nor moved', async () => {
  const first = await list(emsp, { limit: '3' })
  await tariff(1, { price: 0.9, last_updated: day(7) })
  await tariff(5, { price: 0.9, last_updated: day(7) })
  const rest = await emsp.send('GET', String(next(first)), { to: hub.party })
  assert.equal([...ids(first), ...ids(rest)], ['T1', 'T2', 'T3', 'T4', 'T5'])
  assert.is(priceOf(rest, 1), 0.9)
})

test('a copy that was addressed to one eMSP replaces the common one for it alone', async () => {
  await tariff(2, { price: 0.7, last_updated: day(8), to: 'DE-EMA' })
  const own = await list(emsp)
  const common = await list(second)
  assert.equal([total(own), total(common)], [5, 5])
  assert.equal(ids(own).toSorted(), ids(common).toSorted())
  const price = (reply: Reply) => priceOf(reply, ids(reply).indexOf('T2'))
  assert.equal([price(own), price(common)], [0.7, 0.3])
})

test('a tariff for one eMSP is not seen by another, nor counted', async () => {
  await tariff(6, { to: 'DE-EMA' })
  assert.equal([total(await list(emsp)), total(await list(second))], [6, 5])
  assert.not.ok(ids(await list(second)).includes('T6'))
  assert.is(total(await list(second, { date_from: day(1) })), 5)
  assert.is(total(await list(emsp, { date_from: day(1) })), 6)
})

test('when the copy for one is deleted, the common one is seen again', async () => {
  await remove(2, 'DE-EMA')
  const reply = await list(emsp)
  assert.is(priceOf(reply, ids(reply).indexOf('T2')), 0.3)
  assert.is(total(reply), 6)
})

test('the totals are right after all that, page by page', async () => {
  for (const partner of [emsp, second]) {
    const seen: string[] = []
    let reply = await list(partner, { limit: '1' })
    for (;;) {
      seen.push(...ids(reply))
      const link = next(reply)
      if (link === undefined) break
      reply = await partner.send('GET', link, { to: hub.party })
    }
    assert.is(seen.length, total(reply))
    assert.is(new Set(seen).size, seen.length)
  }
})

test('another owner’s tariff of the same id is another tariff', async () => {
  const other = await hub.connect({ parties: [{ party: 'BE-CPX', role: 'CPO' }] })
  await put(other, 'tariffs', tariffOf('BE-CPX', 'T1'))
  const reply = await list(second)
  assert.equal(ids(reply).filter((id) => id === 'T1').length, 2)
  assert.is(total(reply), 6)
})

test('the owner checks its copy at the hub and at a partner', async () => {
  const path = `receiver/tariffs/${pathOf(CPO, 'T3')}`
  const kept = await cpo.send('GET', path, { to: hub.party })
  assert.is(at(kept.data, 'id'), 'T3')
  emsp.answer = () => ({ data: { id: 'T3', mine: true } })
  const theirs = await cpo.send('GET', path, { to: 'DE-EMA' })
  assert.is(at(theirs.data, 'mine'), true)
})

test.run()
