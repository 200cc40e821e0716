import type { Bench } from './bench.ts'
import {
  done,
  fail,
  isDone,
  isRefused,
  pass,
  refusedAs,
  refusedWith,
  said,
  skipped,
  warn,
} from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import { fileOf } from './spec-files.ts'
import { timeAt } from './made.ts'
import type { Json } from './made.ts'
import { createPlace } from './place.ts'
import type { Place, Pushed } from './place.ts'

const OBJECT_PUSH: Source = ['transport_and_format', 'Client Owned Object Push']
const PATCH: Source = ['transport_and_format', 'PATCH']
const CODES: Source = ['status_codes', '2xxx: Client errors']
const HTTP: Source = ['transport_and_format', 'Response format']

/** How the partner takes pushes of one module: new, read back, changed, replaced, refused, deleted. */
export function writeChecks(bench: Bench, pushed: Pushed): Check[] {
  const { label, create } = pushed
  const file = fileOf(pushed.module)
  const place = createPlace(bench, pushed)
  const row = (
    id: string,
    what: string,
    source: Source,
    run: () => Promise<Verdict> | Verdict,
  ): Check => ({
    id: `${label}.${id}`,
    what: `${label}: ${what}`,
    source,
    run,
  })
  return [
    create === 'PUT'
      ? row('put-new', 'PUT of a new object is taken, 201', [file, 'PUT Method'], () =>
          putNew(place),
        )
      : row('post-new', 'POST of a new object is taken', [file, 'POST Method'], () =>
          postNew(place),
        ),
    row('get', 'GET answers what was put', [file, pushed.readSection], () =>
      place.kept(() => readBack(place, pushed.object)),
    ),
    row('get-unknown', 'GET of an unknown object: 404', HTTP, async () =>
      refusedWith(await place.ask('GET', { id: 'CONF-NOBODY' }), 404),
    ),
    ...(pushed.hasPatch ? patchRows(place, row) : []),
    row('put-again', 'PUT replaces the whole object', [file, 'PUT Method'], () =>
      place.kept(() => replace(place)),
    ),
    row('null', 'null counts as absent', ['types', 'Cardinality'], () =>
      place.kept(() => putNull(place)),
    ),
    row(
      'unknown-member',
      'members that the specification does not name are no reason to refuse',
      OBJECT_PUSH,
      () => place.kept(() => putMore(place)),
    ),
    ...refusalRows(place, row),
    ...(pushed.hasDelete
      ? [
          row('delete', 'DELETE removes it, GET is 404 afterwards', [file, 'DELETE Method'], () =>
            place.kept(() => remove(place)),
          ),
        ]
      : []),
  ]
}

type MakeRow = (
  id: string,
  what: string,
  source: Source,
  run: () => Promise<Verdict> | Verdict,
) => Check

async function putNew(place: Place): Promise<Verdict> {
  const exchange = await place.ask('PUT', { body: place.pushed.object })
  place.pushed.isKept = isDone(exchange)
  if (!place.pushed.isKept) return fail(said(exchange))
  return exchange.status === 201 ? pass() : warn(`HTTP ${exchange.status} instead of 201`)
}

async function readBack(place: Place, expected: Json, below = ''): Promise<Verdict> {
  const exchange = await place.ask('GET', { below })
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  const difference = differs(expected, exchange.data)
  return difference === null ? pass() : fail(`${difference} is not what was sent`)
}

async function postNew(place: Place): Promise<Verdict> {
  const exchange = await place.ask('POST', { body: place.pushed.object })
  place.pushed.isKept = isDone(exchange)
  return done(exchange)
}

function patchRows(place: Place, row: MakeRow): Check[] {
  const { pushed, bench } = place
  const { change, changedAt, module } = pushed
  const patch = { [change.member]: change.value, last_updated: changedAt }
  return [
    row('patch', 'PATCH changes what it names and nothing else', PATCH, () =>
      place.kept(async () => {
        const answer = done(await place.ask('PATCH', { body: patch }))
        if (answer.outcome !== 'pass') return answer
        return readBack(place, { ...pushed.object, ...patch })
      }),
    ),
    ...(bench.version === '2.1.1'
      ? []
      : [
          row('patch-time', 'PATCH without last_updated: 2001', PATCH, () =>
            place.kept(async () =>
              refusedAs(
                await place.ask('PATCH', { body: { [change.member]: change.value } }),
                2001,
              ),
            ),
          ),
        ]),
    row('patch-unknown', 'PATCH of an unknown object is refused', PATCH, async () => {
      const exchange = await place.ask('PATCH', { id: 'CONF-NOBODY', body: patch })
      return isRefused(exchange) ? pass() : fail(said(exchange))
    }),
    ...(module === 'locations' ? [evseRow(place, row)] : []),
    ...(module === 'sessions' && bench.version !== '2.1.1' ? [periodsRow(place, row)] : []),
  ]
}

/** EVSEs have URLs of their own, and their change is one of the location. */
function evseRow(place: Place, row: MakeRow): Check {
  return row(
    'patch-evse',
    'PATCH of an EVSE changes it, and last_updated of the location',
    ['mod_locations', 'PATCH Method'],
    () =>
      place.kept(async () => {
        const { changedAt } = place.pushed
        const evse = { status: 'CHARGING', last_updated: changedAt }
        const answer = done(await place.ask('PATCH', { below: '/CONF-E1', body: evse }))
        if (answer.outcome !== 'pass') return answer
        const read = await readBack(place, evse, '/CONF-E1')
        return read.outcome === 'pass' ? readBack(place, { last_updated: changedAt }) : read
      }),
  )
}

/** 2.2.1 mod_sessions, PATCH Method: charging_periods are added to those that are there. */
function periodsRow(place: Place, row: MakeRow): Check {
  return row(
    'patch-periods',
    'PATCH adds its charging_periods',
    ['mod_sessions', 'PATCH Method'],
    () =>
      place.kept(async () => {
        const { changedAt, object } = place.pushed
        const period = { start_date_time: changedAt, dimensions: [{ type: 'ENERGY', volume: 0.5 }] }
        const body = { charging_periods: [period], last_updated: changedAt }
        const answer = done(await place.ask('PATCH', { body }))
        if (answer.outcome !== 'pass') return answer
        const before: unknown = object['charging_periods']
        return readBack(place, {
          charging_periods: [...(Array.isArray(before) ? before : []), period],
        })
      }),
  )
}

async function replace(place: Place): Promise<Verdict> {
  const { object, optional, changedAt } = place.pushed
  const changed: Json = { ...object, last_updated: changedAt }
  const { [optional]: _left, ...rest } = changed
  const exchange = await place.ask('PUT', { body: rest })
  if (!isDone(exchange)) return fail(said(exchange))
  const read = await place.ask('GET')
  if (!isDone(read)) return fail(said(read))
  const difference = differs(rest, read.data)
  if (difference !== null) return fail(`${difference} is not what was sent`)
  const left = Object.entries(Object(read.data)).some(
    ([name, value]) => name === optional && value !== null,
  )
  if (left) return fail(`/${optional} is still there, though the PUT left it out`)
  return exchange.status === 200 ? pass() : warn(`HTTP ${exchange.status} instead of 200`)
}

async function putNull(place: Place): Promise<Verdict> {
  const { object, optional, changedAt } = place.pushed
  return done(
    await place.ask('PUT', { body: { ...object, [optional]: null, last_updated: changedAt } }),
  )
}

/** 2.3.0 says that they SHALL NOT be refused; before, it is custom. */
async function putMore(place: Place): Promise<Verdict> {
  const { object, changedAt } = place.pushed
  const body = { ...object, conformance_test_member: { a: [1] }, last_updated: changedAt }
  const answer = done(await place.ask('PUT', { body }))
  return answer.outcome === 'pass' || place.bench.version === '2.3.0' ? answer : warn(answer.detail)
}

function refusalRows(place: Place, row: MakeRow): Check[] {
  const { object, idMember, required } = place.pushed
  const { [required]: _left, ...incomplete } = object
  return [
    row('malformed', 'a body that is no JSON: HTTP 400', HTTP, async () =>
      refusedWith(await place.ask('PUT', { raw: '{"id": "CONF' }), 400),
    ),
    row('missing', 'a required member is missing: 2001', CODES, async () =>
      refusedAs(await place.ask('PUT', { body: incomplete }), 2001),
    ),
    row('wrong-type', 'a member of another JSON type: 2001', CODES, async () =>
      refusedAs(await place.ask('PUT', { body: { ...object, last_updated: 17 } }), 2001),
    ),
    row(
      'other-id',
      'another id in the body than in the URL: 2001',
      ['transport_and_format', 'Client Owned Object Push, Errors'],
      async () =>
        refusedAs(await place.ask('PUT', { body: { ...object, [idMember]: 'CONF-OTHER' } }), 2001),
    ),
    row(
      'other-owner',
      'an object below somebody else’s party is refused',
      ['transport_and_format', 'Client Owned Object Push, Errors'],
      async () => {
        const exchange = await place.ask('PUT', { owner: 'XX/XXX', body: object })
        return isRefused(exchange) ? pass() : warn(said(exchange))
      },
    ),
  ]
}

async function remove(place: Place): Promise<Verdict> {
  const answer = done(await place.ask('DELETE'))
  if (answer.outcome !== 'pass') return answer
  place.pushed.isKept = false
  return refusedWith(await place.ask('GET'), 404)
}

/** Leaves nothing behind that anybody could use: OCPI cannot delete these objects, only end them. */
export function withdrawCheck(bench: Bench, pushed: Pushed): Check {
  const { module, label } = pushed
  return {
    id: `${label}.withdraw`,
    what: `${label}: the test object is ended`,
    source: [fileOf(module), 'PUT Method'],
    run: () =>
      createPlace(bench, pushed).kept(async () => {
        const last_updated = timeAt(bench.settings.clock())
        const body = { ...pushed.object, ...pushed.ended, last_updated }
        return done(await createPlace(bench, pushed).ask('PUT', { body }))
      }),
  }
}
