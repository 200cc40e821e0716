import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { adminRoutes, partyRoutes } from '../../src/http/admin/table.ts'
import { checkAnswer, openApiDocument } from '../../src/http/openapi.ts'
import { schemaFaults } from '../../src/ocpi/schema-faults.ts'

const openapi = suite('OpenAPI of the admin and party APIs')

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

function member(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined,
    value,
  )
}

openapi('the document lists the routes of the issue', () => {
  const paths = Object.entries(Object(member(openApiDocument('admin'), 'paths'))).sort(byName)
  const found = paths.flatMap(([path, operations]) =>
    Object.keys(Object(operations)).map((method) => `${method.toUpperCase()} ${path}`),
  )
  for (const wanted of [
    'POST /operators',
    'DELETE /operators/{id}',
    'POST /platforms',
    'POST /platforms/{id}/suspend',
    'POST /platforms/{id}/resume',
    'POST /platforms/{id}/rotate',
    'POST /platforms/{id}/register',
    'GET /agreements',
    'PUT /agreements/{cpo}/{emsp}',
    'DELETE /agreements/{cpo}/{emsp}',
    'GET /cdrs/{cc}/{pid}/{id}',
    'POST /cdrs/{cc}/{pid}/{id}/return',
    'POST /cycles/{id}/close',
    'POST /cycles/{id}/finalize',
    'GET /cycles/{id}/statements/{cc}/{pid}',
    'GET /ledger/transfers',
    'POST /ledger/verify',
    'POST /alerts/{id}/acknowledge',
    'POST /outbox/{id}/replay',
    'GET /messages',
    'POST /cdrs/approve',
    'POST /cdrs/{cc}/{pid}/{id}/contest',
    'GET /disputes/{id}',
    'POST /disputes/{id}/rule',
    'GET /disputes/{id}/evidence',
    'GET /adjustments',
    'GET /notices',
    'GET /quality',
    'GET /webhooks',
    'POST /rules/backtest',
  ]) {
    assert.ok(found.includes(wanted), wanted)
  }
})

openapi('what a pattern of a request asks for is told in words', () => {
  const patterns = new Set<string>()
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    const { pattern } = Object(part)
    if (typeof pattern === 'string') patterns.add(pattern)
    Object.values(part).forEach(collect)
  }
  for (const { schemas } of [...adminRoutes, ...partyRoutes])
    collect([schemas.params, schemas.query, schemas.body])
  assert.ok(patterns.size > 10)
  for (const pattern of patterns) {
    const errors = Compile(Type.String({ pattern })).Errors('\t')
    const [fault] = schemaFaults(errors)
    assert.match(fault?.message ?? '', /^must be (?:an? |the |three )[^"^$]+$/, pattern)
  }
})

openapi('parties get their routes and no others', () => {
  const paths = Object.keys(Object(member(openApiDocument('party'), 'paths')))
  assert.equal(paths.sort(), [
    '/adjustments',
    '/cdrs',
    '/cdrs/approve',
    '/cdrs/{cc}/{pid}/{id}',
    '/cdrs/{cc}/{pid}/{id}/approve',
    '/cdrs/{cc}/{pid}/{id}/contest',
    '/cycles',
    '/cycles/{id}/statements/{cc}/{pid}',
    '/disputes',
    '/disputes/{id}',
    '/disputes/{id}/accept',
    '/disputes/{id}/answer',
    '/disputes/{id}/evidence',
    '/disputes/{id}/propose',
    '/disputes/{id}/rebut',
    '/disputes/{id}/reject',
    '/disputes/{id}/review',
    '/disputes/{id}/withdraw',
    '/messages',
    '/notices',
    '/records',
    '/records/{id}',
    '/records/{id}/confirm',
    '/records/{id}/reject',
    '/tariffs/lint',
    '/webhook',
    '/webhook/rotate',
    '/webhook/test',
  ])
})

openapi('every operation has its own id, and every path parameter is described', () => {
  for (const name of ['admin', 'party'] as const) {
    const ids: unknown[] = []
    for (const [path, operations] of Object.entries(
      Object(member(openApiDocument(name), 'paths')),
    )) {
      for (const operation of Object.values(Object(operations))) {
        ids.push(member(operation, 'operationId'))
        const described = JSON.stringify(member(operation, 'parameters'))
        for (const [, parameter] of path.matchAll(/\{(\w+)\}/g)) {
          assert.match(described, `"name":"${parameter}","in":"path","required":true`)
        }
      }
    }
    assert.is(new Set(ids).size, ids.length)
  }
})

openapi('every format that a schema names is known to the validator', () => {
  const text = JSON.stringify([openApiDocument('admin'), openApiDocument('party')])
  const formats = new Set([...text.matchAll(/"format":"([^"]+)"/g)].map(([, format]) => format))
  assert.ok(formats.size > 0)
  for (const format of formats) assert.ok(Format.Has(String(format)), String(format))
})

openapi('an answer is held against its route: fields, status, route and problem', () => {
  const page = { items: [], next_cursor: null }
  assert.equal(checkAnswer('GET', '/admin/v1/cdrs?limit=1', 200, page), [])
  assert.ok(checkAnswer('GET', '/admin/v1/cdrs', 200, { items: [] }).length > 0)
  assert.ok(checkAnswer('GET', '/admin/v1/cdrs', 200, { ...page, more: 1 }).length > 0)
  assert.ok(checkAnswer('GET', '/admin/v1/cdrs', 201, page).length > 0)
  assert.ok(checkAnswer('GET', '/admin/v1/nowhere', 200, page).length > 0)
  assert.ok(checkAnswer('GET', '/party/v1/platforms', 200, page).length > 0)
  assert.ok(checkAnswer('GET', '/ocpi/versions', 200, page).length > 0)
  assert.ok(checkAnswer('GET', '/admin/v1/cdrs', 404, { detail: 'no' }).length > 0)
  assert.equal(checkAnswer('DELETE', '/admin/v1/platforms/pf_1', 204, undefined), [])
})

openapi.run()
