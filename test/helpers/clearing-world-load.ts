import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import type { Sql, Statement } from '../../src/db/sql.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import { foldKey } from '../../src/ocpi/primitives.ts'
import { writeObjects } from '../../src/store/objects.ts'
import type { NewObject } from '../../src/store/objects.ts'
import type { Bundle, PlannedVersion } from './clearing-world-bundle.ts'
import { meterKeyOf, signs, versionOfCard } from './clearing-world-bundle.ts'
import type { World } from './clearing-world.ts'
import { agreementsOf, alwaysKnown } from './clearing-world.ts'
import type { Json } from './objects.ts'

/** Rows as JSON for one insert; the columns are those of the first row. */
export async function insertRows(client: Sql, table: string, rows: readonly Json[]): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const columns = Object.keys(first).join(', ')
  await client.rows({
    text: `insert into ${table} (${columns}) overriding system value
      select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
    values: [JSON.stringify(rows)],
  })
}

/** Who is here, what they agreed, and everything that was always known: places, tariffs, cards, meters. */
export async function loadWorld(context: Context, world: World): Promise<void> {
  await loadParties(context, world)
  await context.db.rows(text(`alter table cdrs disable trigger user`))
  await context.db.rows(text(`grant update on cdrs to current_user`))
  await loadObjects(
    context,
    world.operators.flatMap(({ party, places }) =>
      places.map(({ location }) => objectOf('locations', { owner: party, value: location })),
    ),
  )
  await loadVersions(context, 'tariffs', [
    ...world.operators.flatMap(({ party, tariffs }) =>
      Object.values(tariffs).map((value) => known(world, { owner: party, value })),
    ),
  ])
  await loadVersions(
    context,
    'tokens',
    world.providers.flatMap(({ cards }) => cards.map((card) => versionOfCard(world, card))),
  )
  const keys = world.operators.flatMap((operator) =>
    operator.signs ? operator.places.map((place) => meterKeyOf({ operator, place })) : [],
  )
  await loadKeys(context, keys)
}

function known(world: World, what: { owner: string; value: Json }): PlannedVersion {
  return { ...what, from: alwaysKnown(world), source: 'push', current: true }
}

async function loadParties({ db, directory }: Context, world: World): Promise<void> {
  const parties = [
    ...world.operators.map(({ party }) => ({ party, role: 'CPO' })),
    ...world.providers.map(({ party }) => ({ party, role: 'EMSP' })),
  ]
  await insertRows(
    db,
    'platforms',
    parties.map(({ party, role }) => ({
      id: party,
      name: party,
      status: 'registered',
      invited_roles: [{ role }],
      ocpi_version: '2.2.1',
      quirks: { pull: false },
      peer_token_encoding: 'base64',
      revision: 1,
      created_at: alwaysKnown(world),
      updated_at: alwaysKnown(world),
    })),
  )
  await insertRows(
    db,
    'platform_parties',
    parties.map(({ party, role }) => ({
      platform_id: party,
      party,
      role,
      business_details: { name: party },
      registered: true,
      updated_at: alwaysKnown(world),
    })),
  )
  await insertRows(
    db,
    'agreements',
    agreementsOf(world).flatMap(({ cpo, emsp, kind }) => {
      if (kind === 'plain') return []
      const more = {
        old: { cdr_age_days_max: 400 },
        priced: { tariff: cpo.tariffs.AC },
        signed: { signed_data_required: true },
      }[kind]
      return [
        {
          cpo: cpo.party,
          emsp: emsp.party,
          version: 1,
          terms: { ...defaultTerms, ...more },
          ended: false,
          created_at: alwaysKnown(world),
          created_by: 'test',
        },
      ]
    }),
  )
  directory.invalidate()
}

export function objectOf(module: string, what: { owner: string; value: Json }): NewObject {
  const { owner, value } = what
  const id = String(value['uid'] ?? value['id'])
  return {
    module,
    owner,
    key: module === 'tokens' ? `${foldKey(id)}|RFID` : foldKey(id),
    audience: '*',
    platformId: owner,
    ocpiVersion: '2.2.1',
    original: JSON.stringify(value),
    value,
    lastUpdated: new Date(String(value['last_updated'])),
    deleted: false,
  }
}

const batchRows = 500

/** Stored by the hub's own function, then told when they came. */
export async function loadObjects({ db }: Context, objects: readonly NewObject[]): Promise<void> {
  for (let from = 0; from < objects.length; from += batchRows)
    await db.transaction(async (tx) => {
      await writeObjects(tx, objects.slice(from, from + batchRows))
      await tx.rows(sql`
        update objects set first_received_at = last_updated, received_at = last_updated
        where first_received_at > transaction_timestamp()`)
    })
}

/** Tokens and tariffs as they were, from when on the story says. */
export async function loadVersions(
  context: Context,
  module: 'tokens' | 'tariffs',
  versions: readonly PlannedVersion[],
): Promise<void> {
  await loadObjects(
    context,
    versions.filter(({ current }) => current).map((version) => objectOf(module, version)),
  )
  for (let from = 0; from < versions.length; from += batchRows) {
    const rows = versions
      .slice(from, from + batchRows)
      .map(({ owner, value, from: since, source }) => {
        const { key, original, lastUpdated } = objectOf(module, { owner, value })
        return {
          module,
          owner,
          object_key: key,
          original,
          value,
          source,
          last_updated: lastUpdated,
          since,
        }
      })
    await context.db.rows(sql`
      insert into object_versions (module, owner, object_key, audience, source, ocpi_version, original, value,
        last_updated, received_at, in_force_from, deleted)
      select module, owner, object_key, '*', source, '2.2.1', original, value, last_updated, since, since, false
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t (module text, owner text, object_key text, source text,
        original text, value jsonb, last_updated timestamptz, since timestamptz)`)
  }
}

export async function loadKeys({ db }: Context, keys: Bundle['meterKeys']): Promise<void> {
  await insertRows(
    db,
    'meter_keys',
    keys.map(({ owner, evseUid, publicKey }) => ({
      owner,
      evse_key: foldKey(evseUid),
      public_key: publicKey,
      source: 'registered',
      at: new Date(0),
    })),
  )
}

function text(statement: string): Statement {
  return { text: statement, values: [] }
}
