import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from './ask.ts'
import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'
import type { Json } from './objects.ts'

/** What a partner has on offer; lists are answered page by page, as many as asked for. */
export function offer(partner: FakePartner, lists: Record<string, Json[]>): void {
  partner.answer = (got) => {
    const module = /^sender\/(\w+)$/.exec(got.place)?.[1]
    if (module === undefined || got.method !== 'GET' || !Object.hasOwn(lists, module))
      return undefined
    const { searchParams } = new URL(got.rest, `${partner.url}/${module}`)
    const from = searchParams.get('date_from')
    const all = (lists[module] ?? []).filter(
      ({ last_updated: time }) => from === null || String(time) >= from,
    )
    const [offset, limit] = [
      Number(searchParams.get('offset') ?? 0),
      Number(searchParams.get('limit')),
    ]
    const url = `${partner.url}/2.2.1/sender/${module}?offset=${offset + limit}&limit=${limit}`
    const next: Record<string, string> =
      offset + limit < all.length ? { Link: `<${url}>; rel="next"` } : {}
    return { data: all.slice(offset, offset + limit), headers: next }
  }
}

/** How fresh the hub's copies of one module are. */
export async function freshness(
  hub: TestHub,
  partner: FakePartner,
  module: string,
): Promise<unknown> {
  const reply = await hub.admin('GET', `/platforms/${partner.id}/freshness`)
  assert.is(reply.status, 200)
  return items(at(reply.json, 'items')).find((one) => at(one, 'module') === module)
}

/** Has everything fetched anew and does the work. */
export async function pullNow(hub: TestHub, partner: FakePartner): Promise<void> {
  assert.is((await hub.admin('POST', `/platforms/${partner.id}/pull`)).status, 200)
  await hub.drain()
}

/** `owner/key` of the objects of a module that are there. */
export async function keysOf(hub: TestHub, module: string): Promise<string[]> {
  const rows = await hub.database.db.rows<{ key: string }>(sql`
    select owner || '/' || object_key as key from objects
    where module = ${module} and deleted_at is null order by 1`)
  return rows.map(({ key }) => key)
}

/** The open alerts of a code. */
export async function alertsOf(hub: TestHub, code: string): Promise<unknown[]> {
  return items(at((await hub.admin('GET', `/alerts?code=${code}`)).json, 'items'))
}

/** As if the last fetch had been a whole interval ago. */
export async function intervalPasses(hub: TestHub): Promise<void> {
  await hub.database.db.rows(
    sql`update pulls set last_attempt_at = last_attempt_at - interval '1 day'`,
  )
  await hub.drain()
}
