import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { buildApp } from '../../src/app.ts'
import { createHubServer } from '../../src/http/server.ts'
import { ask, at, items } from '../helpers/ask.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { RawConnection } from '../helpers/raw-socket.ts'

const hub = await startDoorHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-CPA', role: 'CPO' }] })

const wire = suite('attacks on the wire')
wire.after.each(() => hub.assertSound())
wire.after(async () => hub[Symbol.asyncDispose]())

const base64 = (text: string) => Buffer.from(text).toString('base64')
const shown = (partner: FakePartner) => `Token ${base64(partner.token)}`

wire('row 36: a thousand requests in one write are answered in their order', async () => {
  const connection = await RawConnection.open(hub.web.port)
  const ids = Array.from({ length: 1_000 }, (_, index) => `pipelined-${index}`)
  const head = `GET /ocpi/versions HTTP/1.1\r\nHost: h\r\nAuthorization: ${shown(cpo)}\r\n`
  connection.write(ids.map((id) => `${head}X-Request-ID: ${id}\r\n\r\n`).join(''))
  for (const id of ids) assert.is((await connection.answer())?.headers.get('x-request-id'), id)
  connection.close()
})

wire('T42 row 35: headers and bodies that never come are cut off with 408', async () => {
  await using quick = await startHub()
  const partner = await quick.connect({ parties: [{ party: 'NL-SLO', role: 'CPO' }] })
  const server = createHubServer(quick.context, buildApp(quick.context))
  assert.is(server.headersTimeout, limits.headersTimeoutMs)
  assert.is(server.requestTimeout, limits.requestTimeoutMs)
  assert.ok(limits.headersTimeoutMs <= 10_000 && limits.requestTimeoutMs <= 30_000)
  Object.assign(server, { headersTimeout: 200, requestTimeout: 400 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = Number(at(server.address(), 'port'))
  const head = `PUT /ocpi/2.2.1/receiver/tariffs/NL/SLO/1 HTTP/1.1\r\nHost: h\r\nAuthorization: ${shown(partner)}\r\n`
  const bodies = [
    'Content-Length: 10\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Expect: 100-continue\r\nContent-Length: 10\r\n',
  ]
  const starts = [
    head,
    ...bodies.map(
      (more) => `${head}OCPI-from-country-code: NL\r\nOCPI-from-party-id: SLO\r\n${more}\r\n`,
    ),
  ]
  const connections = await Promise.all(starts.map(() => RawConnection.open(port)))
  connections.forEach((connection, index) => connection.write(starts[index] ?? ''))
  for (const connection of connections) {
    const answer = await connection.answer({ limitMs: 5_000 })
    assert.is(`${answer?.status}/${answer?.code}`, '408/2001')
    assert.ok(await connection.ended(2_000))
  }
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

wire(
  'T67 T69: no path leads around the door of the admin API, no field past its schema',
  async () => {
    const paths = [
      '//admin/v1/platforms',
      '/admin%2Fv1/platforms',
      '/ADMIN/v1/platforms',
      '/admin/v1/..;/v1/platforms',
      '/admin/v1./platforms',
      '/admin/v1/platforms/.',
      '/admin/v1/platforms%00',
      '/ocpi/..;/admin/v1/platforms',
      '/health/../admin/v1/platforms',
      '/admin\\v1\\platforms',
      '/admin/v1/platforms;a=b',
    ]
    for (const path of paths) {
      const connection = await RawConnection.open(hub.web.port)
      connection.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: ${shown(cpo)}\r\n\r\n`)
      const answer = await connection.answer()
      assert.ok([400, 401, 404].includes(answer?.status ?? 0), `${path}: ${answer?.status}`)
      assert.not.match(answer?.text ?? '', '"items"')
      connection.close()
    }
    const roles = [{ role: 'CPO', country_code: 'NL', party_id: 'MAS' }]
    const sent = { name: 'mass', roles, status: 'registered' }
    const refused = await hub.admin('POST', '/platforms', sent)
    assert.is(refused.status, 422)
    assert.is(at(refused.json, 'errors', 0, 'pointer'), '/status')
    const patched = await hub.admin('PATCH', `/platforms/${cpo.id}`, sent)
    assert.is(patched.status, 422)
    const pointers = items(at(patched.json, 'errors')).map((each) => at(each, 'pointer'))
    assert.ok(pointers.includes('/status') && pointers.includes('/roles'), patched.text)
  },
)

// The last one: it spends the minute's failed logins of this address.
wire('T6 T40: guessing tokens ends in 429, whatever address it claims; others go on', async () => {
  const guesses = await Promise.all(
    Array.from({ length: 2 * limits.failedLoginsPerMinuteMax + 20 }, (_, index) =>
      ask({
        url: `${hub.web.url}/ocpi/versions`,
        method: 'GET',
        headers: {
          authorization: `Token ${base64(`guess-${index}`)}`,
          'x-forwarded-for': `10.0.0.${index}`,
          'x-real-ip': `10.0.0.${index}`,
          forwarded: `for=10.0.0.${index}`,
        },
      }),
    ),
  )
  const limited = guesses.filter(({ status }) => status === 429)
  assert.ok(limited.length > 0)
  assert.ok(limited.every(({ headers }) => Number(headers['retry-after']) > 0))
  const headers = { authorization: shown(cpo) }
  const own = await ask({ url: `${hub.web.url}/ocpi/versions`, method: 'GET', headers })
  assert.is(own.code, 1000)
})

wire.run()
