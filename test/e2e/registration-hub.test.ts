// How the hub starts a handshake and exchanges credentials with a partner.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })

const test = suite('registration by the hub')
test.after(() => hub.close())

let count = 0
const emsp = () => {
  count += 1
  const party = `FR-${String(count).padStart(3, 'E')}`
  return { parties: [{ party, role: 'EMSP' as const }] }
}

const register = (partner: FakePartner) =>
  hub.admin('POST', `/platforms/${partner.id}/register`, {
    versions_url: partner.versionsUrl,
    token_a: partner.expects,
  })
const rotate = (partner: FakePartner) => hub.admin('POST', `/platforms/${partner.id}/rotate`, {})
const statusOf = async ({ id }: FakePartner) =>
  at((await hub.admin('GET', `/platforms/${id}`)).json, 'status')
const push = (partner: FakePartner) =>
  put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })

async function opens(partner: FakePartner, token = partner.token): Promise<boolean> {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  const reply = await partner.send('GET', 'credentials', { from: null, headers: { authorization } })
  return reply.status === 200
}

test('with a partner’s token A the hub reads its versions and posts its credentials', async () => {
  const partner = await hub.invite(emsp())
  const tokenA = partner.token
  assert.is((await register(partner)).status, 200)
  assert.equal(
    partner.got.map(({ method, place }) => `${method} ${place}`),
    ['GET versions', 'GET details', 'POST credentials'],
  )
  const posted = partner.got[2]?.json
  assert.is(at(posted, 'roles', 0, 'role'), 'HUB')
  assert.is(at(posted, 'url'), `${hub.url}/ocpi/versions`)
  assert.is(await statusOf(partner), 'registered')
  assert.is(await opens(partner), true)
  assert.is(await opens(partner, tokenA), false, 'the invitation is used up')
  assert.is((await push(partner)).code, 1000)
})

test('the token that the hub posts works while the POST is still open', async () => {
  const partner = await hub.invite(emsp())
  const asked: number[] = []
  const questions: Promise<unknown>[] = []
  partner.answer = (got) => {
    if (got.place !== 'credentials') return undefined
    partner.token = String(at(got.json, 'token'))
    questions.push(
      partner.send('GET', 'versions', { from: null }).then(({ status }) => asked.push(status)),
    )
    return undefined
  }
  assert.is((await register(partner)).status, 200)
  await Promise.all(questions)
  assert.equal(asked, [200])
})

test('a partner without endpoints of use gets no POST, and the operator is told', async () => {
  const partner = await hub.invite({ ...emsp(), modules: [] })
  const reply = await register(partner)
  assert.is(reply.status, 502)
  assert.match(reply.text, 'must list credentials and at least one module')
  assert.equal(partner.received('credentials'), [])
  assert.is(await statusOf(partner), 'invited')
})

test('a partner that speaks no version of ours gets no POST', async () => {
  const partner = await hub.invite({ ...emsp(), versions: ['2.0', '2.2'] })
  assert.is((await register(partner)).status, 502)
  assert.equal(partner.received('credentials'), [])
})

test('a partner that refuses the credentials stays invited, and the token it was shown is void', async () => {
  for (const given of [{ code: 3001 }, { status: 405, code: 2000 }, { data: { token: 'x' } }]) {
    const partner = await hub.invite(emsp())
    let shown = ''
    partner.answer = (got) => {
      if (got.place !== 'credentials') return undefined
      shown = String(at(got.json, 'token'))
      return given
    }
    assert.is((await register(partner)).status, 502)
    assert.is(await statusOf(partner), 'invited')
    assert.is(await opens(partner, shown), false)
    assert.is(await opens(partner), true, 'the invitation still holds')
  }
})

test('a partner that answers with roles of somebody else is refused, and its token is void', async () => {
  const partner = await hub.invite(emsp())
  let shown = ''
  partner.answer = (got) => {
    if (got.place !== 'credentials') return undefined
    shown = String(at(got.json, 'token'))
    return { data: partner.credentials([{ party: 'NL-TNM', role: 'CPO' }]) }
  }
  const reply = await register(partner)
  assert.is(reply.status, 422)
  assert.match(reply.text, '/roles')
  assert.is(await statusOf(partner), 'invited')
  assert.is(await opens(partner, shown), false)
})

test('a rotation gives both sides new tokens; the partner’s old one works until the new one is used', async () => {
  const partner = await hub.connect(emsp())
  const [theirOld, ourOld] = [partner.token, partner.expects]
  assert.is((await rotate(partner)).status, 200)
  assert.is(partner.received('credentials', 'PUT').length, 1)
  assert.is.not(partner.token, theirOld)
  assert.is.not(partner.expects, ourOld)
  assert.is(await opens(partner, theirOld), true)
  assert.is(await opens(partner), true)
  assert.is(await opens(partner, theirOld), false)
  partner.forget()
  assert.is((await push(partner)).code, 1000)
  const shown = Buffer.from(partner.expects).toString('base64')
  assert.is(partner.got[0]?.headers.authorization, `Token ${shown}`)
})

test('a rotation whose answer is lost leaves both tokens until one of them is used up', async () => {
  const lost = async () => {
    const partner = await hub.connect(emsp())
    let shown = ''
    partner.answer = (got) => {
      if (got.place !== 'credentials') return undefined
      shown = String(at(got.json, 'token'))
      return 'drop'
    }
    assert.is((await rotate(partner)).status, 502)
    return { partner, shown }
  }
  const [taken, untaken] = [await lost(), await lost()]
  assert.is(await opens(taken.partner, taken.shown), true)
  await hub.passTime(86_400_000)
  assert.is(await opens(taken.partner, taken.shown), true)
  assert.is(await opens(taken.partner), false, 'the new one has been used')
  assert.is(await opens(untaken.partner), true)
  assert.is(await opens(untaken.partner, untaken.shown), false, 'the new one was never used')
})

test('a rotation that the partner refuses leaves both tokens as they were, for good', async () => {
  const partner = await hub.connect(emsp())
  partner.answer = ({ place }) => (place === 'credentials' ? { code: 3000 } : undefined)
  assert.is((await rotate(partner)).status, 502)
  partner.answer = () => undefined
  await hub.passTime(86_400_000)
  await hub.drain()
  assert.is(await opens(partner), true)
  assert.is((await push(partner)).code, 1000)
})

test('who is not registered has nothing to rotate', async () => {
  const partner = await hub.invite(emsp())
  assert.is((await rotate(partner)).status, 409)
})

test.run()
