import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, registeredPlatform, startAdminHub } from './admin-hub.ts'
import type { AdminHub } from './admin-hub.ts'

const directory = suite('admin platforms and agreements')
let hub: AdminHub

directory.before(async () => {
  hub = await startAdminHub()
})
directory.after(() => hub.close())

const invitation = (role: string, party: string) => {
  const [country_code, party_id] = party.split('-')
  return { name: `of ${party}`, roles: [{ role, country_code, party_id }] }
}

directory('an invited platform shows its roles in upper case and never a token', async () => {
  const invited = await hub.ask('POST', '/admin/v1/platforms', {
    body: invitation('CPO', 'nl-ab1'),
  })
  assert.is(invited.status, 201)
  assert.match(String(at(invited.json, 'versions_url')), /\/ocpi\/versions$/)
  const shown = await hub.ask('GET', `/admin/v1/platforms/${String(at(invited.json, 'id'))}`)
  assert.is(at(shown.json, 'status'), 'invited')
  assert.is(at(shown.json, 'roles', 0, 'country_code'), 'NL')
  assert.is(at(shown.json, 'roles', 0, 'party_id'), 'AB1')
  const token = String(at(invited.json, 'token_a'))
  assert.not.match(shown.text, token)
  const known = await hub.context.directory.authenticate(
    `Token ${Buffer.from(token).toString('base64')}`,
  )
  assert.is(known?.tokenKind, 'registration')
})

directory(
  'a party holds a role on one platform only, also when two are invited at once',
  async () => {
    const body = invitation('CPO', 'NL-ONE')
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => hub.ask('POST', '/admin/v1/platforms', { body })),
    )
    assert.equal(answers.map(({ status }) => status).sort(), [201, 409, 409, 409])
    const again = { ...body, roles: [...invitation('EMSP', 'NL-ONE').roles, ...body.roles] }
    const taken = await hub.ask('POST', '/admin/v1/platforms', { body: again })
    assert.is(taken.status, 409)
    assert.equal(at(taken.json, 'errors', 0, 'pointer'), '/roles/1')
    assert.is(
      (await hub.ask('POST', '/admin/v1/platforms', { body: invitation('EMSP', 'NL-ONE') })).status,
      201,
    )
    const twice = { name: 'twice', roles: [...body.roles, { ...body.roles[0], party_id: 'one' }] }
    assert.is((await hub.ask('POST', '/admin/v1/platforms', { body: twice })).status, 422)
    assert.is(
      (await hub.ask('POST', '/admin/v1/platforms', { body: invitation('CPO', 'NL-XCH') })).status,
      409,
    )
  },
)

directory('a suspended platform is cut off and comes back as what it was', async () => {
  const { id, authorization } = await registeredPlatform(hub, { role: 'EMSP', party: 'BE-SUS' })
  assert.is((await hub.ask('GET', '/party/v1/cdrs', { token: authorization })).status, 200)
  const suspended = await hub.ask('POST', `/admin/v1/platforms/${id}/suspend`, {
    body: { reason: 'unpaid' },
  })
  assert.is(at(suspended.json, 'status'), 'suspended')
  assert.is((await hub.ask('GET', '/party/v1/cdrs', { token: authorization })).status, 401)
  assert.is((await hub.ask('POST', `/admin/v1/platforms/${id}/suspend`)).status, 409)
  const resumed = await hub.ask('POST', `/admin/v1/platforms/${id}/resume`)
  assert.is(at(resumed.json, 'status'), 'registered')
  assert.is((await hub.ask('GET', '/party/v1/cdrs', { token: authorization })).status, 200)
  const audit = await hub.ask('GET', `/admin/v1/audit?subject=${id}`)
  assert.equal(
    [0, 1, 2].map((index) => at(audit.json, 'items', index, 'action')),
    ['platform.resume', 'platform.suspend', 'platform.invite'],
  )
  assert.is(at(audit.json, 'items', 1, 'reason'), 'unpaid')
})

directory('a removed platform gives its roles back', async () => {
  const { id, authorization } = await registeredPlatform(hub, { role: 'CPO', party: 'BE-REM' })
  assert.is((await hub.ask('DELETE', `/admin/v1/platforms/${id}`)).status, 204)
  assert.is((await hub.ask('DELETE', `/admin/v1/platforms/${id}`)).status, 404)
  assert.is((await hub.ask('GET', `/admin/v1/platforms/${id}`)).status, 404)
  assert.is((await hub.ask('GET', '/party/v1/cdrs', { token: authorization })).status, 401)
  await registeredPlatform(hub, { role: 'CPO', party: 'BE-REM' })
})

directory('a partner that cannot be reached is 502 and the attempt is audited', async () => {
  const invited = await hub.ask('POST', '/admin/v1/platforms', {
    body: invitation('CPO', 'FR-GON'),
  })
  const id = String(at(invited.json, 'id'))
  const body = { versions_url: 'http://127.0.0.1:9/versions', token_a: 'abc' }
  const answer = await hub.ask('POST', `/admin/v1/platforms/${id}/register`, { body })
  assert.is(answer.status, 502)
  const audit = await hub.ask('GET', `/admin/v1/audit?subject=${id}&action=platform.register`)
  assert.is(at(audit.json, 'items', 'length'), 1)
  assert.not.match(audit.text, /"abc"/)
  assert.is((await hub.ask('POST', `/admin/v1/platforms/${id}/rotate`)).status, 409)
})

directory('platforms are listed page by page, each once', async () => {
  const seen: unknown[] = []
  let cursor = ''
  for (let pages = 0; pages < 50; pages++) {
    const page = await hub.ask('GET', `/admin/v1/platforms?limit=2${cursor}`)
    const items = at(page.json, 'items')
    if (Array.isArray(items)) seen.push(...items.map((item) => at(item, 'id')))
    const next = at(page.json, 'next_cursor')
    if (typeof next !== 'string') break
    cursor = `&cursor=${next}`
  }
  const all = await hub.ask('GET', '/admin/v1/platforms?limit=500')
  assert.is(seen.length, at(all.json, 'items', 'length'))
  assert.is(new Set(seen).size, seen.length)
})

directory('an agreement is filled with defaults and every PUT is a new version', async () => {
  const path = '/admin/v1/agreements/nl-tnm/DE-MSP'
  assert.is((await hub.ask('GET', path)).status, 404)
  const first = await hub.ask('PUT', path, { body: {} })
  assert.is(first.status, 200)
  assert.is(at(first.json, 'cpo'), 'NL-TNM')
  assert.is(at(first.json, 'cdr_delivery'), 'clear')
  assert.is(at(first.json, 'contest_days'), 30)
  assert.is(at(first.json, 'cdr_age_days_max'), 60)
  assert.equal(at(first.json, 'tolerance'), { cost: { absolute: '0.02', relative: '0.005' } })
  const body = {
    contest_days: 0,
    tolerance: { cost: { absolute: 0.05 } },
    severities: { P1: 'W' },
    valid_from: '2026-01-01T00:00:00Z',
  }
  const second = await hub.ask('PUT', path, { body })
  assert.is(at(second.json, 'version'), 2)
  assert.equal(at(second.json, 'tolerance'), { cost: { absolute: '0.05', relative: '0.005' } })
  assert.equal(at(second.json, 'versions', 'length'), 2)
  const listed = await hub.ask('GET', '/admin/v1/agreements?party=DE-MSP')
  assert.is(at(listed.json, 'items', 'length'), 1)
  const snapshot = await hub.context.directory.snapshot()
  assert.is(snapshot.agreements.get('NL-TNM>DE-MSP')?.length, 2)
  assert.is((await hub.ask('DELETE', path)).status, 204)
  assert.is((await hub.ask('DELETE', path)).status, 404)
  assert.is((await hub.ask('GET', path)).status, 404)
  const third = await hub.ask('PUT', path, { body: {} })
  assert.is(at(third.json, 'version'), 4)
  const more = {
    tolerance: { energy: { absolute: 0.1 }, duration: { absolute_s: '30' } },
    dispute: { rounds: 2 },
    materiality: { line: '0.50' },
    signed_data_required: ['DEU'],
    rules: { Z7: { speed_kmh: '250' } },
    tightenings: { emsp: { severities: { Q2: 'S' } } },
  }
  const fourth = await hub.ask('PUT', path, { body: more })
  assert.is(fourth.status, 200, fourth.text)
  assert.equal(at(fourth.json, 'tolerance'), {
    cost: { absolute: '0.02', relative: '0.005' },
    energy: { absolute: '0.1', relative: '0.005' },
    duration: { absolute_s: '30', relative: '0.01' },
  })
  for (const name of ['dispute', 'materiality', 'signed_data_required', 'rules', 'tightenings'])
    assert.equal(at(fourth.json, name), at(more, name))
})

directory('agreement terms that make no sense are refused with their pointer', async () => {
  const path = '/admin/v1/agreements/NL-TNM/DE-BAD'
  const refuse = async (body: object, pointer: string) => {
    const answer = await hub.ask('PUT', path, { body })
    assert.is(answer.status, 422)
    assert.is(at(answer.json, 'errors', 0, 'pointer'), pointer)
  }
  await refuse({ contest_days: -1 }, '/contest_days')
  await refuse({ contestDays: 3 }, '/contestDays')
  await refuse({ tolerance: { cost: { absolute: '-1' } } }, '/tolerance/cost/absolute')
  await refuse({ tolerance: { cost: { relative: 1e-12 } } }, '/tolerance/cost/relative')
  await refuse({ severities: { P1: 'X' } }, '/severities/P1')
  await refuse({ severities: { P99: 'S' } }, '/severities/P99')
  await refuse(
    { tightenings: { cpo: { severities: { P99: 'S' } } } },
    '/tightenings/cpo/severities/P99',
  )
  await refuse({ rules: { Z7: { height_m: '1' } } }, '/rules/Z7/height_m')
  await refuse({ rules: { P1: { any: '1' } } }, '/rules/P1/any')
  await refuse({ dispute: { rounds: 0 } }, '/dispute/rounds')
  await refuse({ tightenings: { hub: {} } }, '/tightenings/hub')
  await refuse({ modules: ['c d r'] }, '/modules/0')
  await refuse({ valid_from: '2026-01-01' }, '/valid_from')
  await refuse(
    { valid_from: '2026-02-01T00:00:00Z', valid_to: '2026-01-01T00:00:00Z' },
    '/valid_to',
  )
  assert.is((await hub.ask('PUT', '/admin/v1/agreements/NL-TNM/NL-TNM', { body: {} })).status, 409)
  assert.is((await hub.ask('PUT', '/admin/v1/agreements/NLTNM/DE-BAD', { body: {} })).status, 400)
})

directory.run()
