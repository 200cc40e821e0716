import * as assert from 'uvu/assert'
import { ask, at } from './ask.ts'
import type { Reply } from './ask.ts'
import { FakePartner, asRole } from './fake-partner.ts'
import type { PartnerOptions } from './fake-partner.ts'
import type { KillHub } from './kill-hub.ts'

/** The admin API of a hub of processes; a path below /admin/v1. */
export function askAdmin(
  hub: KillHub,
  request: { method: string; path: string; body?: unknown },
): Promise<Reply> {
  const authorization = `Bearer ${hub.adminToken}`
  const url = `${hub.url}/admin/v1${request.path}`
  const { method, body } = request
  if (body === undefined) return ask({ url, method, headers: { authorization } })
  const headers = { authorization, 'content-type': 'application/json' }
  return ask({ url, method, headers, body: JSON.stringify(body) })
}

/** A partner that does what the test tells it, registered at a hub of processes by the real handshake. */
export async function connectFake(hub: KillHub, options: PartnerOptions): Promise<FakePartner> {
  const name = options.parties.map(({ party }) => party).join(' and ')
  const body = { name, roles: options.parties.map(asRole) }
  const { json, status, text } = await askAdmin(hub, { method: 'POST', path: '/platforms', body })
  assert.is(status, 201, text)
  const partner = new FakePartner(
    {
      id: String(at(json, 'id')),
      tokenA: String(at(json, 'token_a')),
      versionsUrl: String(at(json, 'versions_url')),
    },
    options,
  )
  await partner.start()
  const joined = await partner.join()
  assert.is(joined.code, 1000, joined.text)
  partner.forget()
  return partner
}
