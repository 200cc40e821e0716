import Type from 'typebox'
import { limits } from '../../../../config/limits.ts'
import { pullNow, readFreshness } from '../../../hub/admin/freshness.ts'
import { listQuarantine, readImportReport, runImport } from '../../../hub/admin/imports.ts'
import { IMPORTABLE } from '../../../hub/copies/import-feed.ts'
import { VERSIONS } from '../../../ocpi/version.ts'
import {
  byId,
  instant,
  listOf,
  nullable,
  paging,
  party,
  perhapsReason,
  strict,
} from '../schemas.ts'
import { EVERYONE, defineRoute, defineUpload, nothing } from '../route.ts'

const module = Type.Enum([...IMPORTABLE])
const tally = Type.Record(Type.String(), Type.Integer())
const fault = Type.Object({ pointer: Type.String(), message: Type.String() }, strict)
const count = Type.Integer()

const line = Type.Object(
  {
    index: Type.Integer(),
    id: nullable(Type.String()),
    owner: nullable(Type.String()),
    outcome: Type.Enum(['taken', 'repaired', 'quarantined', 'refused']),
    stored: Type.Enum(['new', 'changed', 'same', 'kept', 'quarantined', 'no'], {
      description: 'kept: what the hub has is as new, or came from the owner itself',
    }),
    supplied: Type.Array(Type.String(), {
      description: 'members that are the hub’s, not the feed’s',
    }),
    repairs: Type.Array(
      Type.Object({ pointer: Type.String(), kind: Type.String(), message: Type.String() }, strict),
    ),
    findings: Type.Array(fault),
    pointer: nullable(Type.String()),
    message: nullable(Type.String()),
  },
  strict,
)

const report = Type.Object(
  {
    lines: Type.Array(line),
    totals: Type.Object(
      { objects: count, taken: count, repaired: count, quarantined: count, refused: count },
      strict,
    ),
    stored: tally,
    supplied: tally,
    repairs: tally,
    notes: tally,
  },
  strict,
)

const quarantined = Type.Object(
  {
    id: Type.String(),
    module: Type.String(),
    owner: Type.String(),
    key: Type.String(),
    source: Type.Enum(['push', 'pull', 'import']),
    ocpi_version: Type.String(),
    original: Type.String(),
    pointer: Type.String(),
    message: Type.String(),
    at: instant,
  },
  strict,
)

const freshness = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          module: Type.String(),
          complete_until: nullable(instant),
          last_full_at: nullable(instant),
          last_success_at: nullable(instant),
          last_attempt_at: nullable(instant),
          next_at: nullable(instant),
          full_due: Type.Boolean(),
          is_running: Type.Boolean(),
          objects: count,
          refused: count,
          error: nullable(Type.String()),
        },
        strict,
      ),
    ),
  },
  strict,
)

/** Objects that nobody pushes: feeds that operators import, and copies that the hub fetches. */
export const importRoutes = [
  defineUpload({
    path: '/imports',
    summary:
      'Import a feed: a list, an envelope, one object a line, or a recorded response. A line for each object; nothing is broadcast, receivers pull',
    roles: ['operator'],
    bytesMax: limits.importBytesMax,
    params: nothing,
    query: Type.Object(
      {
        module,
        party: Type.String({
          pattern: '^(from-evse-id|[A-Za-z]{2}[/-][A-Za-z0-9]{3})$',
          description: 'whose objects these are where they do not say: CC/PID, or from-evse-id',
        }),
        fallback: Type.Optional(
          Type.String({
            pattern: '^[A-Za-z]{2}[/-][A-Za-z0-9]{3}$',
            description: 'with from-evse-id: whose the locations are that name no operator',
          }),
        ),
        version: Type.Optional(Type.Enum([...VERSIONS], { description: '2.2.1 without' })),
      },
      strict,
    ),
    reply: report,
    run: (context, { scope, query, bytes }) =>
      runImport(context, { ...query, bytes, actor: scope.actor }),
  }),
  defineRoute({
    method: 'GET',
    path: '/imports/quarantine',
    summary: 'List objects with doubtful prices, newest first: kept, used for nothing',
    roles: EVERYONE,
    params: nothing,
    query: Type.Object(
      { ...paging, module: Type.Optional(module), owner: Type.Optional(party) },
      strict,
    ),
    body: nothing,
    reply: listOf(quarantined),
    run: (context, { query }) => listQuarantine(context.db, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/imports/report',
    summary: 'What all stored objects together show: EVSEs in two locations, tariffs nobody has',
    roles: EVERYONE,
    params: nothing,
    query: nothing,
    body: nothing,
    reply: Type.Object(
      {
        objects: Type.Array(
          Type.Object({ module: Type.String(), source: Type.String(), objects: count }, strict),
        ),
        twins: Type.Object(
          {
            count,
            samples: Type.Array(
              Type.Object({ evse_id: Type.String(), places: Type.Array(Type.String()) }, strict),
            ),
          },
          strict,
        ),
        dangling_tariffs: Type.Object(
          {
            count,
            samples: Type.Array(
              Type.Object({ tariff_id: Type.String(), connectors: count }, strict),
            ),
          },
          strict,
        ),
      },
      strict,
    ),
    run: (context) => readImportReport(context),
  }),
  defineRoute({
    method: 'GET',
    path: '/platforms/:id/freshness',
    summary: 'Show how fresh the copies of a platform’s objects are',
    roles: EVERYONE,
    params: byId,
    query: nothing,
    body: nothing,
    reply: freshness,
    run: (context, { params }) => readFreshness(context.db, params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/platforms/:id/pull',
    summary: 'Fetch everything from a platform anew, now',
    roles: ['operator'],
    params: byId,
    query: nothing,
    body: perhapsReason,
    reply: freshness,
    run: (context, { scope, params, body }) =>
      pullNow(context, { ...params, ...body, actor: scope.actor }),
  }),
]
