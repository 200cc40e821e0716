// Ids that differ in bytes and not to the eye. The number is that of the catalogue of bad input.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, pathOf, tariffOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const rival = await hub.connect({ parties: [{ party: 'BE-CPX', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('look-alikes')
test.after(() => hub.close())

const tariff = (id: string, partner = cpo) =>
  partner.send('PUT', `receiver/tariffs/${pathOf(partner.party, encodeURIComponent(id))}`, {
    body: tariffOf(partner.party, id),
  })

async function told(): Promise<Record<string, string>> {
  const { json } = await hub.admin('GET', '/alerts?state=open&code=lookalike')
  return Object.fromEntries(
    items(at(json, 'items')).map((each) => [
      String(at(each, 'subject')),
      String(at(each, 'message')),
    ]),
  )
}

test('row 58: twins of an object are kept apart and told to the operator', async () => {
  for (const id of ['caf\u00e9', 'x', '\u200by'])
    assert.is((await tariff(id)).code, 1000, JSON.stringify(id))
  // The same id, also in another case and of another owner, is no twin.
  for (const id of ['caf\u00e9', 'CAF\u00e9']) assert.is((await tariff(id)).code, 1000)
  assert.is((await tariff('cafe\u0301', rival)).code, 1000)
  assert.equal(await told(), {})
  assert.is((await tariff('cafe\u0301')).code, 1000)
  const { 'NL-TNM/tariffs': message = '', ...others } = await told()
  assert.equal(others, {})
  assert.match(message, 'caf\\u{e9}')
  assert.match(message, 'cafe\\u{301}')
  assert.is((await tariff(' x ')).code, 1000)
  assert.match((await told())['NL-TNM/tariffs'] ?? '', 'x and ␠x␠')
  const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
  const ids = items(list.data).map((each) => String(at(each, 'id')))
  assert.equal(ids.sort(), [' x ', 'CAF\u00e9', 'cafe\u0301', 'cafe\u0301', 'x', '\u200by'].sort())
})

test('row 58: twins among cards and among CDRs are told as well', async () => {
  const card = (uid: string) =>
    emsp.send('PUT', `receiver/tokens/${pathOf('DE-EMA', encodeURIComponent(uid))}`, {
      body: tokenOf('DE-EMA', uid),
    })
  const cdr = (id: string) =>
    cpo.send('POST', 'receiver/cdrs', {
      body: cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id }),
    })
  for (const uid of ['CARD', 'CARD\u00ad', '\uff23ARD'])
    assert.is((await card(uid)).code, 1000, JSON.stringify(uid))
  for (const id of ['C-1', 'C-\u20601']) assert.is((await cdr(id)).code, 1000)
  const subjects = Object.keys(await told()).sort()
  assert.equal(subjects, ['DE-EMA/tokens', 'NL-TNM/cdrs', 'NL-TNM/tariffs'])
  assert.match((await told())['NL-TNM/cdrs'] ?? '', 'c-1 and c-\\u{2060}1')
})

test.run()
