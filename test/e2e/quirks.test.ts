// How operators say that a partner differs from OCPI.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { quirksSchema } from '../../src/directory/quirks.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'

const hub = await startHub()
const test = suite('quirks')
test.after(() => hub.close())

let count = 0
const invited = () => {
  count += 1
  return hub.invite({ parties: [{ party: `BE-Q0${count}`, role: 'EMSP' }] })
}
const shown = async ({ id }: FakePartner) => (await hub.admin('GET', `/platforms/${id}`)).json

test('quirks are named, checked, kept, taken back and audited', async () => {
  const partner = await invited()
  const patch = (body: unknown) => hub.admin('PATCH', `/platforms/${partner.id}`, body)
  const set = await patch({
    quirks: { page_size_max: 20, numbers_as_strings: true, pull: { interval_s: 600 } },
    reason: 'as they say',
  })
  assert.is(set.status, 200, set.text)
  await patch({ quirks: { page_size_max: null, enum_case: true } })
  const expected = { numbers_as_strings: true, enum_case: true, pull: { interval_s: 600 } }
  assert.equal(at(await shown(partner), 'quirks'), expected)
  const snapshot = await hub.context.directory.snapshot()
  assert.equal(snapshot.platforms.get(partner.id)?.quirks, expected)
  for (const [pointer, quirks] of Object.entries({
    '/quirks/unheard_of': { unheard_of: true },
    '/quirks/page_size_max': { page_size_max: 0 },
    '/quirks/origins/0': { origins: ['https://x/y'] },
    '/quirks/pull/modules/0': { pull: { modules: ['commands'] } },
    'must be integer or must be null': { page_size_max: 'many' },
  })) {
    const refused = await patch({ quirks })
    assert.is(refused.status, 422, pointer)
    assert.match(refused.text, pointer)
  }
  const audit = await hub.admin('GET', `/audit?subject=${partner.id}&action=platform.quirks`)
  assert.is(items(at(audit.json, 'items')).length, 2)
  assert.is(at(audit.json, 'items', 1, 'reason'), 'as they say')
})

async function runLine(...line: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const access = ['--url', hub.url, '--token', hub.context.config.adminToken]
  const code = await runCli([...line, ...access], {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (out += text),
  })
  return { code, out }
}

test('the case of ids counts for broadcasts too', async () => {
  const cpo = await hub.connect({ parties: [{ party: 'BE-CPO', role: 'CPO' }] })
  const receiver = await hub.connect({ parties: [{ party: 'BE-LOW', role: 'EMSP' }] })
  await hub.admin('PATCH', `/platforms/${receiver.id}`, { quirks: { id_case: 'lower' } })
  assert.is((await put(cpo, 'tariffs', tariffOf('BE-CPO', 'TARIFF-1'))).code, 1000)
  await hub.drain()
  const [got] = receiver.received('receiver/tariffs', 'PUT')
  assert.is(got?.rest, '/BE/CPO/tariff-1')
  assert.is(at(got?.json, 'id'), 'TARIFF-1')
})

test('an operator sees every quirk with what it does, and those of a platform', async () => {
  const { out } = await runLine('quirks')
  const lines = out.trim().split('\n').slice(1)
  const named = lines.map((line) => line.split(/\s/, 1)[0]).sort()
  assert.equal(named, Object.keys(quirksSchema.properties).sort())
  for (const line of lines) assert.match(line, /^[a-z_]+ +\S.{10,}/)
  const partner = await invited()
  assert.not.match((await runLine('platforms', 'show', partner.id)).out, 'no_routing_headers')
  await runLine('platforms', 'quirks', partner.id, 'no_routing_headers=true')
  const shownNow = await runLine('platforms', 'show', partner.id)
  assert.is(shownNow.code, 0, shownNow.out)
  assert.match(shownNow.out, /no_routing_headers +true +it neither sends nor gets/)
  assert.match(shownNow.out, /EMSP BE-Q\d+ +invited/)
})

test('an operator sets quirks on the command line', async () => {
  const partner = await invited()
  const run = (...given: string[]) => runLine('platforms', 'quirks', partner.id, ...given)
  const set = await run('enum_case=true', 'page_size_max=20', 'origins=a.example,b.example:8443')
  assert.is(set.code, 0, set.out)
  assert.match(set.out, 'origins=["a.example","b.example:8443"]')
  const { out } = await run('origins=null', 'token_encoding=raw')
  assert.not.match(out, 'origins')
  assert.match(out, 'token_encoding="raw"')
  assert.is((await run('page_size_max')).code, 64)
  assert.is((await run()).code, 64)
  assert.match((await run('colour=red')).out, '/quirks/colour')
})

test.run()
