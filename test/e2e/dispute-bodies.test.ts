// What parties say in acts of disputes, and what of it is refused: members, amounts, texts, the wrong side.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'

const MODULE = 'nlxch-disputes'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMP', role: 'EMSP' }] })
const { clean, contest, of, stand, parts, verify } = disputesOf(hub, { cpo, emsp })

const bodies = suite('bodies of acts')
bodies.after.each(verify)
bodies.after(() => hub.close())

const post = (who: FakePartner, path: string, body: unknown = {}) =>
  hub.asParty(who, 'POST', path, body)
const over = (who: FakePartner, path: string, body: unknown): Promise<Reply> =>
  who.send('POST', `${hub.url}/ocpi/${who.version}/receiver/${MODULE}${path}`, {
    to: 'NL-XCH',
    body,
  })
const cdr = (id: string) => ({ country_code: 'NL', party_id: 'TNM', id })
const counterparty = { country_code: 'NL', party_id: 'TNM' }

/** A clean CDR, contested for 2.00 (+ 0.40); the path of the dispute. */
async function contested(id: string): Promise<string> {
  await clean(id)
  const { id: number } = await contest(id, { amount: { net: '2.00' }, text: 'our meter' })
  return `/disputes/${number}`
}

async function statesOf(...ids: string[]): Promise<string[]> {
  return Promise.all(ids.map(stand))
}

/** 422 that names this member, or 200. */
function refusal({ status, json }: { status: number; json: unknown }): unknown {
  return status === 422 ? at(json, 'errors', 0, 'pointer') : status
}

bodies('over OCPI an approval with a slip approves nothing', async () => {
  await clean('A1')
  await clean('A2')
  const cases = [
    [{ counter_party: counterparty }, '/counter_party is not a known field'],
    [{ cdrs: [cdr('A1')] }, '/cdrs is not a known field'],
    [{ counterparty: null, cycle: null }, '/counterparty must be object'],
    [{ counterparty: { ...counterparty, role: 'CPO' } }, '/counterparty/role is not'],
    [{ cdr: null }, '/cdr must be object'],
    [{ cdr: cdr('A1'), counterparty }, '/cdr stands alone'],
    [{ gross_max: 3.1234567, currency: 'EUR' }, '/gross_max must be an amount like'],
    [{ gross_max: '-1', currency: 'EUR' }, '/gross_max must be an amount like'],
    [{ until: 'tomorrow' }, '/until must be a time such as 2026-01-31T12:00:00Z'],
    [null, 'must be object'],
  ] as const
  for (const [body, says] of cases) {
    const reply = await over(emsp, '/approve', body)
    assert.equal([reply.status, reply.code], [200, 2001], JSON.stringify(body))
    assert.ok(reply.text.includes(says), `${says}: ${reply.text}`)
  }
  assert.equal(await statesOf('A1', 'A2'), ['provisional', 'provisional'])
})

bodies('over OCPI an act or a contest with a slip does nothing', async () => {
  const path = await contested('B1')
  await clean('B2')
  const amounts = [
    [{ amount: null }, '/amount must be object'],
    [{ net: '0.5' }, '/net is not a known field'],
    [{ amount: { excl_vat: 1, currency: 'USD' } }, '/amount/currency is not a known field'],
    [{ amount: { excl_vat: 1 }, currency: 'USD' }, '/currency is not a known field'],
    [{ amount: { excl_vat: 1, incl_vat: null } }, '/amount/incl_vat must be'],
    [{ amount: { excl_vat: 1.2345678 } }, '/amount/excl_vat must be an amount like 12.50'],
    [{ amount: { excl_vat: 1, incl_vat: '1.2000001' } }, '/amount/incl_vat must be an amount'],
    [{ amount: { excl_vat: -1 } }, '/amount/excl_vat must be an amount like 12.50'],
    [{ amount: { excl_vat: 2, incl_vat: 1 } }, '/amount/incl_vat is less than excl_vat'],
    [{ text: '  ' }, '/text must be a text that is not blank'],
  ] as const
  for (const [body, says] of amounts) {
    const acted = await over(cpo, `${path.replace('/disputes', '')}/accept`, body)
    const opened = await over(emsp, '', { text: 'ours', cdr: cdr('B2'), code: 'Q2', ...body })
    for (const reply of [acted, opened]) {
      assert.equal([reply.status, reply.code], [200, 2001], JSON.stringify(body))
      assert.ok(reply.text.includes(says), `${says}: ${reply.text}`)
      assert.is(reply.text.split(says).length, 2, `said once: ${reply.text}`)
    }
  }
  const plural = { text: 'ours', cdr: cdr('B2'), code: 'Q2', amounts: { excl_vat: 1 } }
  assert.match((await over(emsp, '', plural)).text, '/amounts is not a known field')
  assert.is((await of('B1'))[0]?.state, 'open')
  assert.is(await stand('B2'), 'provisional')
  const exact = { amount: { excl_vat: '0.5', incl_vat: 0.6 } }
  const part = await over(cpo, `${path.replace('/disputes', '')}/accept`, exact)
  assert.equal(at(part.data, 'upheld'), { excl_vat: 0.5, incl_vat: 0.6 }, part.text)
})

bodies(
  'a body of null is not an empty one: it approves, accepts and contests nothing',
  async () => {
    const path = await contested('N1')
    await clean('N2')
    const cases = [
      [emsp, '/cdrs/approve'],
      [emsp, '/cdrs/NL/TNM/N2/approve'],
      [emsp, '/cdrs/NL/TNM/N2/contest'],
      [emsp, `${path}/withdraw`],
      [cpo, `${path}/accept`],
    ] as const
    for (const [who, at] of cases)
      for (const body of [null, [], 'all', 0]) {
        const reply = await post(who, at, body)
        assert.is(reply.status, 422, `${at} ${JSON.stringify(body)}: ${reply.text}`)
      }
    assert.is((await hub.admin('POST', `${path}/rule`, null)).status, 422)
    assert.equal(await statesOf('N1', 'N2'), ['contested', 'provisional'])
    assert.is((await of('N1'))[0]?.state, 'open')
    const all = await hub.asParty(cpo, 'POST', `${path}/accept`)
    assert.is(all.status, 200, 'without a body all of it is accepted')
  },
)

bodies('an amount that is not what will be booked is refused', async () => {
  const offered = await contested('C1')
  await post(cpo, `${offered}/propose`, { amount: { net: '0.50' } })
  const more = await post(emsp, `${offered}/accept`, { amount: { net: '1.80' } })
  assert.is(refusal(more), '/amount/net')
  assert.match(more.text, 'The offer on the table is 0.50 EUR net and 0.10 EUR of tax')
  const tax = await post(emsp, `${offered}/accept`, { amount: { net: '0.50', tax: '0.40' } })
  assert.is(refusal(tax), '/amount/tax')
  const rejected = await post(emsp, `${offered}/reject`)
  assert.is(at(rejected.json, 'state'), 'arbitration')
  const some = await post(cpo, `${offered}/accept`, { amount: { net: '0.80' } })
  assert.is(refusal(some), '/amount/net')
  assert.match(some.text, 'All that is disputed is 2.00 EUR net')
  const all = await post(cpo, `${offered}/accept`, { amount: { net: '2.00' } })
  assert.is(at(all.json, 'upheld_net'), '2.00', all.text)

  const denied = await contested('C2')
  await post(cpo, `${denied}/answer`, { text: 'no' })
  assert.is(
    refusal(await post(emsp, `${denied}/accept`, { amount: { net: '1.80' } })),
    '/amount/net',
  )
  assert.is((await of('C2'))[0]?.state, 'denied')

  const operators = await contested('C3')
  await hub.admin('POST', `${operators}/propose`, { amount: { net: '1.00' } })
  const low = await post(cpo, `${operators}/accept`, { amount: { net: '0.20' } })
  assert.is(refusal(low), '/amount/net')
  const half = await post(cpo, `${operators}/accept`, { amount: { net: '1.00' } })
  assert.is(half.status, 200, half.text)
  assert.is(
    refusal(await post(emsp, `${operators}/accept`, { amount: { net: '1.90' } })),
    '/amount/net',
  )
  const both = await post(emsp, `${operators}/accept`, { amount: { net: '1.00', tax: '0.20' } })
  assert.is(at(both.json, 'upheld_net'), '1.00', both.text)
})

bodies('a member that does not fit is 422 with its pointer, also over OCPI', async () => {
  const path = await contested('D1')
  const cases = [
    ['answer', {}, '/text'],
    ['answer', { text: ' ' }, '/text'],
    ['propose', {}, '/amount'],
    ['propose', { amount: { net: '0' } }, '/amount/net'],
    ['accept', { amount: { net: '9' } }, '/amount/net'],
    ['accept', { amount: { net: '1', tax: '3' } }, '/amount/tax'],
  ] as const
  for (const [verb, body, pointer] of cases) {
    const reply = await post(cpo, `${path}/${verb}`, body)
    assert.is(refusal(reply), pointer, reply.text)
  }
  const prices = [
    ['answer', {}, '/text Say in words why'],
    ['propose', {}, '/amount An offer names its amount.'],
    ['propose', { amount: { excl_vat: 0 } }, '/amount/excl_vat To give nothing'],
    ['accept', { amount: { excl_vat: 9 } }, '/amount/excl_vat 9.00 EUR net is more'],
    ['accept', { amount: { excl_vat: 1, incl_vat: 4 } }, '/amount/incl_vat 3.00 EUR of tax'],
    ['review', { amount: { excl_vat: 1 } }, "/amount Leave the amount out: 'review'"],
  ] as const
  for (const [verb, body, says] of prices) {
    const reply = await over(cpo, `${path.replace('/disputes', '')}/${verb}`, body)
    assert.is(reply.code, 2001)
    assert.ok(reply.text.includes(`"${says}`), `${says}: ${reply.text}`)
  }
  await clean('D2')
  const high = { code: 'Q2', text: 'ours', amount: { net: '1.00', tax: '0.70' } }
  assert.is(refusal(await post(emsp, '/cdrs/NL/TNM/D2/contest', high)), '/amount/tax')
  const wide = { ...high, amount: { net: '3.01' } }
  assert.is(refusal(await post(emsp, '/cdrs/NL/TNM/D2/contest', wide)), '/amount/net')
  const early = await post(emsp, `${path}/rebut`, { text: 'not so' })
  assert.is(early.status, 409, 'what is not possible yet is a conflict')
})

bodies('a contest says why in words', async () => {
  await clean('E1')
  for (const text of ['', '   ', '\n\t']) {
    const reply = await post(emsp, '/cdrs/NL/TNM/E1/contest', { code: 'Q2', text })
    assert.is(refusal(reply), '/text', reply.text)
    assert.match(reply.text, 'must be a text that is not blank')
  }
  assert.is(await stand('E1'), 'provisional')
})

bodies('who is not billed is told whose part an approval is', async () => {
  await clean('F1')
  const one = await post(cpo, '/cdrs/NL/TNM/F1/approve', { reason: 'ours' })
  assert.equal(
    [one.status, at(one.json, 'detail')],
    [403, 'Only DE-EMP, which is billed, can approve this CDR.'],
  )
  const many = await post(cpo, '/cdrs/approve', {})
  assert.is(many.status, 403)
  for (const body of [{}, { cdr: cdr('F1') }]) {
    const reply = await over(cpo, '/approve', body)
    assert.equal([reply.status, reply.code], [200, 2001])
    assert.match(reply.text, /Only (?:DE-EMP, which|an eMSP)/)
  }
  assert.is(await parts('F1'), 'provisional provisional:3')
})

bodies('the same act with another text is not the same act', async () => {
  const path = await contested('G1')
  const answer = { text: 'the meter was tested' }
  for (const status of [200, 200]) {
    const reply = await post(cpo, `${path}/answer`, answer)
    assert.is(reply.status, status)
  }
  const correction = await post(cpo, `${path}/answer`, { text: 'CORRECTION: it was not' })
  assert.is(correction.status, 409)
  assert.match(String(at(correction.json, 'detail')), 'the CPO cannot deny it')
  await post(emsp, `${path}/rebut`, { text: 'not on that day' })
  assert.is((await post(emsp, `${path}/rebut`, { text: 'nor the day after' })).status, 409)
  assert.is((await post(emsp, `${path}/rebut`, { text: 'not on that day' })).status, 200)
})

bodies('who replaces its own offer begins no round', async () => {
  const path = await contested('H1')
  for (const net of ['0.50', '0.60', '0.70', '0.80'])
    await post(cpo, `${path}/propose`, { amount: { net } })
  const offered = await hub.asParty(cpo, 'GET', path)
  assert.equal([at(offered.json, 'round'), at(offered.json, 'offer', 'net')], [1, '0.80'])
  const counter = await post(emsp, `${path}/propose`, { amount: { net: '1.50' } })
  assert.equal([counter.status, at(counter.json, 'round')], [200, 2], counter.text)
  const last = await post(cpo, `${path}/propose`, { amount: { net: '0.90' } })
  assert.is(at(last.json, 'round'), 3)
  const over = await post(emsp, `${path}/propose`, { amount: { net: '1.40' } })
  assert.is(over.status, 409)
})

bodies('what is possible is not refused: own offers, rounds, an offer that was taken', async () => {
  const path = await contested('P1')
  const possible = async (who: FakePartner) =>
    at((await hub.asParty(who, 'GET', path)).json, 'possible')
  const offer = (who: FakePartner, net: string) => post(who, `${path}/propose`, { amount: { net } })
  const answers = { accept: 409, reject: 409, propose: 200 } as const
  assert.equal(at((await offer(cpo, '0.50')).json, 'possible'), ['propose'])
  for (const [verb, status] of Object.entries(answers))
    assert.is(
      (await post(cpo, `${path}/${verb}`, verb === 'propose' ? { amount: { net: '0.60' } } : {}))
        .status,
      status,
    )
  assert.equal(await possible(emsp), ['accept', 'reject', 'propose', 'withdraw'])
  await offer(emsp, '1.50')
  assert.equal(at((await offer(cpo, '0.70')).json, 'round'), 3)
  // No further round begins: the eMSP takes what is there, or does not.
  assert.equal(await possible(emsp), ['accept', 'reject', 'withdraw'])
  await hub.admin('POST', `${path}/propose`, { amount: { net: '0.90' } })
  await post(cpo, `${path}/accept`)
  assert.equal(await possible(cpo), ['reject'])
  assert.equal(await possible(emsp), ['accept', 'reject', 'withdraw'])
})

bodies('what is expected stands in words, not in patterns', async () => {
  const cases = [
    ['/disputes/x', 'path:id must be a number of up to 18 digits'],
    ['/cdrs?from=today', 'query:from must be a time such as 2026-01-31T12:00:00Z'],
    ['/disputes?counterparty=Acme', 'query:counterparty must be a party such as NL-TNM'],
  ] as const
  for (const [path, says] of cases) {
    const reply = await hub.asParty(cpo, 'GET', path)
    assert.equal([reply.status, at(reply.json, 'detail')], [400, says])
  }
})

bodies.run()
