import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Endpoint, Role } from '../ocpi/define.ts'
import { nextPageUrl, readPage } from '../ocpi/paging.ts'
import type { Page } from '../ocpi/paging.ts'
import { withExactNumbers } from '../ocpi/canonical.ts'
import { scanBody } from '../ocpi/scan.ts'
import { dropNulls } from '../ocpi/validate.ts'
import { checkMediaType } from './parse-body.ts'
import { success } from './request.ts'
import type { LocalCall, OcpiAnswer } from './request.ts'

/** A request to a module of the hub's own, after its sender has been judged; the body is not read yet. */
export type HubCall = LocalCall & { from: { party: string; role: Role } }

/** An endpoint of such a module and what answers it. */
export type HubEndpoint = Pick<Endpoint, 'interface' | 'method' | 'path'> & {
  answer(context: Context, call: HubCall): Promise<OcpiAnswer>
}

/** One module of the hub's own; `roles` are those of the parties that may use it. */
export type HubModule = {
  roles: readonly Role[]
  endpoints: Readonly<Record<string, HubEndpoint>>
}

/**
 * The JSON of a body: numbers that no double holds as their text, null members dropped, as OCPI's objects have it, or
 * kept. Throws HubError for anything that two readers could read differently; undefined when there is no body.
 */
export async function readHubBody(
  { request }: Pick<LocalCall, 'request'>,
  { nulls }: { nulls: 'drop' | 'keep' },
): Promise<unknown> {
  checkMediaType(request, false)
  const bytes = await request.readBody()
  if (bytes.length === 0) return undefined
  const scanned = scanBody(bytes, {
    depthMax: limits.jsonDepthMax,
    keysMax: limits.jsonKeysMax,
    numberCharsMax: limits.jsonNumberCharsMax,
    duplicateKeys: 'refuse',
  })
  if (scanned.ok) {
    const value = nulls === 'drop' ? dropNulls(scanned.value) : scanned.value
    return withExactNumbers(value, scanned.longNumbers)
  }
  throw new HubError(scanned.isJson ? 'invalid' : 'malformed', scanned.message, {
    faults:
      scanned.pointer === null ? [] : [{ pointer: scanned.pointer, message: scanned.message }],
  })
}

/** The parameters of a list (2.2.1 Pagination). Throws HubError that names every wrong one. */
export function readHubPage({ request }: Pick<LocalCall, 'request'>): Page {
  const read = readPage(request.query)
  if (!read.ok) throw new HubError('invalid', 'the query cannot be used', { faults: read.faults })
  return read.page
}

/** A page of a list. `after`: where it ended, null at the end of the list. */
export function hubPage(
  call: Pick<LocalCall, 'request' | 'moduleUrl'>,
  listed: { items: readonly unknown[]; total: number; page: Page; after: string | null },
): OcpiAnswer {
  const { items, total, page, after } = listed
  const headers: Record<string, string> = {
    'X-Total-Count': String(total),
    'X-Limit': String(limits.pageLimitMax),
  }
  if (after !== null) {
    const { query } = call.request
    const offset = page.offset + page.limit
    const next = nextPageUrl({ url: call.moduleUrl, query, offset, limit: page.limit, after })
    headers.Link = `<${next}>; rel="next"`
  }
  return success(JSON.stringify(items), { headers })
}
