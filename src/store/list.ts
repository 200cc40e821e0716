import type { Sql, Statement } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Page } from '../ocpi/paging.ts'

/** An object of a page as it was sent, with the version its owner speaks. */
export type ListItem = { owner: string; key: string; version: string; text: string }

/** One page: its objects, the exact total for the filters and the asker, and where the page ended. */
export type ListPage<Item = ListItem> = { items: Item[]; total: number; nextAfter: string | null }

/** Who asks: what is meant for everyone plus what was addressed to `parties`, of these owners (null: of all). */
export type Asker = { parties: readonly string[]; owners: readonly string[] | null }

type Place = {
  seq: bigint
  live: boolean
  owner: string
  object_key: string
  ocpi_version: string
  original: string
}

/**
 * A page of a module in the order of first sight. Without dates, places include tombstones, so an offset keeps its
 * meaning when a tariff is deleted during a crawl. A copy addressed to the asker hides the one meant for everyone.
 */
export async function listObjects(
  client: Sql,
  input: { module: string; asker: Asker; page: Page },
): Promise<ListPage> {
  const { page } = input
  const places = await client.rows<Place>(
    page.dateFrom || page.dateTo
      ? windowPlaces(input)
      : page.after === null
        ? offsetPlaces(input)
        : afterPlaces(input),
  )
  const last = places.at(-1)
  const more = last ? await client.rows(moreAfter(input, last.seq)) : []
  return {
    items: places
      .filter(({ live }) => live)
      .map((place) => ({
        owner: place.owner,
        key: place.object_key,
        version: place.ocpi_version,
        text: place.original,
      })),
    total: await countObjects(client, input),
    nextAfter: last && more.length > 0 ? last.seq.toString() : null,
  }
}

type Input = { module: string; asker: Asker; page: Page }

const audiencesOf = (input: Input) => ['*', ...input.asker.parties]

function offsetPlaces(input: Input): Statement {
  return sql`
    select seq, deleted_at is null and not (audience = '*' and exists (
        select 1 from objects d where d.module = o.module and d.owner = o.owner
          and d.object_key = o.object_key and d.audience = any(${input.asker.parties}::text[])
          and d.deleted_at is null)) as live, owner, object_key, ocpi_version, original
    from objects o
    where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
      and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
    order by seq offset ${input.page.offset} limit ${input.page.limit}`
}

function afterPlaces(input: Input): Statement {
  return sql`
    select seq, true as live, owner, object_key, ocpi_version, original from objects o
    where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
      and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
      and seq > ${input.page.after}::bigint and deleted_at is null
      and not (audience = '*' and exists (
        select 1 from objects d where d.module = o.module and d.owner = o.owner
          and d.object_key = o.object_key and d.audience = any(${input.asker.parties}::text[])
          and d.deleted_at is null))
    order by seq limit ${input.page.limit}`
}

function windowPlaces(input: Input): Statement {
  const { page } = input
  return sql`
    select seq, true as live, owner, object_key, ocpi_version, original from objects o
    where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
      and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
      and last_updated >= coalesce(${page.dateFrom}::timestamptz, '-infinity')
      and last_updated < coalesce(${page.dateTo}::timestamptz, 'infinity')
      and deleted_at is null and not (audience = '*' and exists (
        select 1 from objects d where d.module = o.module and d.owner = o.owner
          and d.object_key = o.object_key and d.audience = any(${input.asker.parties}::text[])
          and d.deleted_at is null))
      and seq > coalesce(${page.after}::bigint, 0)
    order by seq offset ${page.after === null ? page.offset : 0} limit ${page.limit}`
}

function moreAfter(input: Input, seq: bigint): Statement {
  const { page } = input
  return sql`
    select 1 as one from objects o
    where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
      and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
      and last_updated >= coalesce(${page.dateFrom}::timestamptz, '-infinity')
      and last_updated < coalesce(${page.dateTo}::timestamptz, 'infinity')
      and seq > ${seq.toString()}::bigint and deleted_at is null
      and not (audience = '*' and exists (
        select 1 from objects d where d.module = o.module and d.owner = o.owner
          and d.object_key = o.object_key and d.audience = any(${input.asker.parties}::text[])
          and d.deleted_at is null))
    limit 1`
}

async function countObjects(client: Sql, input: Input): Promise<number> {
  const { page } = input
  const statement =
    page.dateFrom || page.dateTo
      ? sql`
        select count(*) as total from objects o
        where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
          and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
          and last_updated >= coalesce(${page.dateFrom}::timestamptz, '-infinity')
          and last_updated < coalesce(${page.dateTo}::timestamptz, 'infinity')
          and deleted_at is null and not (audience = '*' and exists (
        select 1 from objects d where d.module = o.module and d.owner = o.owner
          and d.object_key = o.object_key and d.audience = any(${input.asker.parties}::text[])
          and d.deleted_at is null))`
      : sql`
        select coalesce((
          select sum(live) from object_counts
          where module = ${input.module} and audience = any(${audiencesOf(input)}::text[])
            and (${input.asker.owners}::text[] is null or owner = any(${input.asker.owners}::text[]))
        ), 0)::bigint - (
          select count(*) from objects b
          join (
            select distinct owner, object_key from objects
            where module = ${input.module} and audience = any(${input.asker.parties}::text[]) and deleted_at is null
          ) d using (owner, object_key)
          where b.module = ${input.module} and b.audience = '*' and b.deleted_at is null
            and (${input.asker.owners}::text[] is null or b.owner = any(${input.asker.owners}::text[]))
        ) as total`
  const [row] = await client.rows<{ total: bigint }>(statement)
  return Number(row?.total ?? 0n)
}
