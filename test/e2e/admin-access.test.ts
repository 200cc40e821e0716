import net from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, registeredPlatform, startAdminHub } from './admin-hub.ts'
import type { AdminHub } from './admin-hub.ts'

const access = suite('admin access')
let hub: AdminHub

access.before(async () => {
  hub = await startAdminHub()
})
access.after(() => hub.close())

access('without a token the answer is 401 with a problem document', async () => {
  const answer = await hub.ask('GET', '/admin/v1/platforms', { token: null })
  assert.is(answer.status, 401)
  assert.is(answer.headers['content-type'], 'application/problem+json')
  assert.is((await hub.ask('GET', '/admin/v1/platforms', { token: 'Bearer wrong' })).status, 401)
})

access('every route of the document refuses a request without a token', async () => {
  for (const base of ['/admin/v1', '/party/v1']) {
    const document = await hub.ask('GET', `${base}/openapi.json`, { token: null })
    const paths = at(document.json, 'paths')
    for (const [path, operations] of Object.entries(Object(paths))) {
      for (const method of Object.keys(Object(operations))) {
        const asked = `${base}${path.replace(/\{\w+\}/g, 'x')}`
        const answer = await hub.ask(method.toUpperCase(), asked, { token: null })
        assert.is(answer.status, 401, `${method} ${asked}`)
      }
    }
  }
})

access(
  'an unknown path is 404 and a wrong method 405 with Allow, as problem documents',
  async () => {
    const nowhere = await hub.ask('GET', '/admin/v1/nowhere')
    assert.is(nowhere.status, 404)
    const wrong = await hub.ask('PUT', '/admin/v1/platforms', { body: {} })
    assert.is(wrong.status, 405)
    assert.match(wrong.headers.allow ?? '', /POST/)
    assert.match(wrong.headers.allow ?? '', /GET/)
  },
)

access('a role that is missing is 403 and leaves an audit row', async () => {
  const created = await hub.ask('POST', '/admin/v1/operators', {
    body: { name: 'Vi Ewer', roles: ['viewer'] },
  })
  assert.is(created.status, 201)
  const token = `Bearer ${String(at(created.json, 'token'))}`
  assert.is((await hub.ask('GET', '/admin/v1/platforms', { token })).status, 200)
  const body = { name: 'x', roles: [{ role: 'CPO', country_code: 'DE', party_id: 'NOP' }] }
  const refused = await hub.ask('POST', '/admin/v1/platforms', { token, body })
  assert.is(refused.status, 403)
  const actor = `operator:${String(at(created.json, 'id'))}`
  const audit = await hub.ask('GET', `/admin/v1/audit?actor=${actor}`)
  assert.is(at(audit.json, 'items', 0, 'action'), 'access.denied')
  assert.is(at(audit.json, 'items', 0, 'subject'), 'POST /platforms')
})

access('a removed operator is out at once, and the token is kept nowhere in clear', async () => {
  const created = await hub.ask('POST', '/admin/v1/operators', {
    body: { name: 'Ad', roles: ['admin', 'admin'] },
  })
  const id = String(at(created.json, 'id'))
  const token = `Bearer ${String(at(created.json, 'token'))}`
  assert.equal(at(created.json, 'roles'), ['admin'])
  assert.is((await hub.ask('GET', '/admin/v1/operators', { token })).status, 200)
  assert.is((await hub.ask('DELETE', `/admin/v1/operators/${id}?reason=left`)).status, 204)
  assert.is((await hub.ask('GET', '/admin/v1/operators', { token })).status, 401)
  assert.is((await hub.ask('DELETE', `/admin/v1/operators/${id}`)).status, 404)
  assert.is((await hub.ask('DELETE', '/admin/v1/operators/root')).status, 409)
  const listed = await hub.ask('GET', '/admin/v1/operators')
  assert.not.match(listed.text, String(at(created.json, 'token')))
  const audit = await hub.ask('GET', `/admin/v1/audit?subject=${id}`)
  assert.equal(at(audit.json, 'items', 0, 'reason'), 'left')
})

access('what is wrong with a request is named by pointer, all of it', async () => {
  const body = {
    name: '',
    roles: [{ role: 'HUB', country_code: 'NLD', party_id: 'TÑM' }],
    colour: 'red',
  }
  const answer = await hub.ask('POST', '/admin/v1/platforms', { body })
  assert.is(answer.status, 422)
  const pointers = pointersOf(answer.json)
  assert.equal(pointers, [
    '/colour',
    '/name',
    '/roles/0/country_code',
    '/roles/0/party_id',
    '/roles/0/role',
  ])
  const missing = await hub.ask('POST', '/admin/v1/platforms', { body: {} })
  assert.is(missing.status, 422)
  const query = await hub.ask('GET', '/admin/v1/cdrs?limit=501&state=lost&when=now')
  assert.is(query.status, 400)
  const places = pointersOf(query.json)
  assert.equal(places, ['query:limit', 'query:state', 'query:when'])
  assert.is((await hub.ask('GET', '/admin/v1/cdrs?limit=1&limit=2')).status, 400)
  assert.is((await hub.ask('GET', '/admin/v1/cdrs?cursor=zzz')).status, 400)
  assert.is((await hub.ask('GET', '/admin/v1/cdrs?party=NL-%00AB')).status, 400)
  assert.is((await hub.ask('GET', '/admin/v1/audit?subject=%00')).status, 400)
})

access(
  'a body that is too long, not JSON, not UTF-8 or ambiguous is refused before it is used',
  async () => {
    const path = '/admin/v1/platforms'
    const long = await hub.ask('POST', path, { raw: `{"name":"${'x'.repeat(300_000)}"}` })
    assert.is(long.status, 413)
    assert.is((await hub.ask('POST', path, { raw: '{"name":' })).status, 400)
    const latin = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xe9]), Buffer.from('"}')])
    assert.is((await hub.ask('POST', path, { raw: latin })).status, 400)
    assert.is((await hub.ask('POST', path, { raw: '{"name":"a","name":"b"}' })).status, 400)
    assert.is((await hub.ask('POST', path, { raw: '{"name":"a\\u0000b"}' })).status, 400)
    const form = await hub.ask('POST', path, {
      raw: 'name=x',
      headers: { 'content-type': 'text/plain' },
    })
    assert.is(form.status, 415)
    assert.is((await hub.ask('GET', path)).status, 200)
  },
)

access('two Authorization headers are refused', async () => {
  const lines = [
    'GET /admin/v1/platforms HTTP/1.1',
    'Host: x',
    'Authorization: Bearer a',
    'Authorization: Bearer b',
  ]
  assert.match(
    await rawRequest(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`),
    /^HTTP\/1.1 400 /,
  )
})

access('an unreachable database is 503 with Retry-After and nothing is half done', async () => {
  const other = await startAdminHub()
  try {
    await other.context.db.close()
    const answer = await other.ask('GET', '/admin/v1/platforms')
    assert.is(answer.status, 503)
    assert.ok(Number(answer.headers['retry-after']) > 0)
  } finally {
    await other.close().catch(() => undefined)
  }
})

access(
  'a registration token opens nothing under /party/v1, an access token its own side',
  async () => {
    const body = { name: 'x', roles: [{ role: 'CPO', country_code: 'DE', party_id: 'REG' }] }
    const invited = await hub.ask('POST', '/admin/v1/platforms', { body })
    const tokenA = Buffer.from(String(at(invited.json, 'token_a'))).toString('base64')
    assert.is((await hub.ask('GET', '/party/v1/cdrs', { token: `Token ${tokenA}` })).status, 401)
    const platform = await registeredPlatform(hub, { role: 'CPO', party: 'DE-OKK' })
    assert.is(
      (await hub.ask('GET', '/party/v1/cdrs', { token: platform.authorization })).status,
      200,
    )
    assert.is(
      (await hub.ask('GET', '/party/v1/platforms', { token: platform.authorization })).status,
      404,
    )
    assert.is(
      (await hub.ask('GET', '/admin/v1/cdrs', { token: platform.authorization })).status,
      401,
    )
  },
)

function pointersOf(problem: unknown): unknown[] {
  const errors = at(problem, 'errors')
  return Array.isArray(errors) ? errors.map((error) => at(error, 'pointer')).sort() : []
}

function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(hub.url).port), '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.on('data', (part) => (received += part.toString('utf8')))
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
  })
}

access.run()
