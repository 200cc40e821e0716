import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { nextPageUrl, readPage } from '../../src/ocpi/paging.ts'

function pageOf(query: string) {
  const read = readPage(new URLSearchParams(query))
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.page
}

function faultsOf(query: string, required: readonly string[] = []): string[] {
  const read = readPage(new URLSearchParams(query), required)
  return read.ok ? [] : read.faults.map(({ pointer }) => pointer)
}

test('offset starts at 0 and limit has a default', () => {
  assert.equal(pageOf(''), {
    offset: 0,
    limit: limits.pageLimitDefault,
    dateFrom: null,
    dateTo: null,
    after: null,
  })
})

test('a limit above the maximum becomes the maximum', () => {
  assert.is(pageOf('limit=1').limit, 1)
  assert.is(pageOf('limit=999999').limit, limits.pageLimitMax)
})

test('dates are read as UTC, a plus that became a space too', () => {
  assert.is(pageOf('date_from=2026-01-01T00:00:00Z').dateFrom?.getTime(), Date.UTC(2026, 0, 1))
  assert.is(pageOf('date_to=2026-01-01T00:00:00').dateTo?.getTime(), Date.UTC(2026, 0, 1))
  assert.is(pageOf('date_from=2026-01-01T01:00:00+01:00').dateFrom?.getTime(), Date.UTC(2026, 0, 1))
})

test('every wrong parameter is named', () => {
  assert.equal(faultsOf('offset=-1&limit=x&date_from=today&date_to=1'), [
    'query:offset',
    'query:limit',
    'query:date_from',
    'query:date_to',
  ])
  assert.equal(faultsOf('limit=0'), ['query:limit'])
  assert.equal(faultsOf('offset=1.5'), ['query:offset'])
  assert.equal(faultsOf('offset=1&offset=2'), ['query:offset'])
  assert.equal(faultsOf('after=drop%20table'), ['query:after'])
})

test('a window must not end before it begins', () => {
  const window = 'date_from=2026-02-01T00:00:00Z&date_to=2026-01-01T00:00:00Z'
  assert.equal(faultsOf(window), ['query:date_from'])
})

test('a required parameter must be there', () => {
  assert.equal(faultsOf('', ['date_from']), ['query:date_from'])
  assert.equal(faultsOf('date_from=2026-01-01T00:00:00Z', ['date_from']), [])
})

test('the next page keeps the filters and moves on', () => {
  const query = new URLSearchParams('date_from=2026-01-01T00:00:00Z&offset=0&limit=2&x=1')
  const next = new URL(
    nextPageUrl({ url: 'http://hub/list', query, offset: 2, limit: 2, after: '17' }),
  )
  assert.equal(Object.fromEntries(next.searchParams), {
    date_from: '2026-01-01T00:00:00Z',
    offset: '2',
    limit: '2',
    x: '1',
    after: '17',
  })
})

test.run()
