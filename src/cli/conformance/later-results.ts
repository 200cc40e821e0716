import type { BySince } from '../../ocpi/define.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import type { Bench } from './bench.ts'
import { doneThrough, fail, found, isDone, isRefused, pass, said, skipped, warn } from './check.ts'
import type { Verdict } from './check.ts'
import type { Exchange } from './exchange.ts'
import type { Json } from './made.ts'
import type { Got } from './own-state.ts'

/** What was accepted, by name: where its result is due, and for how long it is waited for. */
export type Accepted = Map<string, { url: string; waitMs: number }>

/** The answer at once of a request whose result comes later: its shape, and that it is ACCEPTED. */
export function responseVerdict(
  bench: Bench,
  exchange: Exchange,
  due: { name: string; url: string; schema: BySince; accepted: Accepted },
): Verdict {
  const answer = doneThrough(exchange, { isHub: bench.hub !== null })
  const schema = schemaFor(due.schema, bench.version)
  const response = dropNulls(exchange.data)
  if (answer.outcome !== 'pass' || !schema) return answer
  const { hard, soft } = validate(schema, response)
  if (hard.length > 0 || !isRecord(response)) return found(hard)
  if (response['result'] !== 'ACCEPTED')
    return soft.length > 0 ? found(soft, 'warn') : warn(`it answers ${String(response['result'])}`)
  const { resultMs } = bench.settings
  const timeoutMs = Number(response['timeout'] ?? 0) * 1_000
  const waitMs = timeoutMs > 0 ? Math.min(timeoutMs, resultMs) : resultMs
  due.accepted.set(due.name, { url: due.url, waitMs })
  return found(soft, 'warn')
}

/** Waits for the result of what was accepted under `name`, and looks at it. */
export async function awaitResult(
  bench: Bench,
  due: { name: string; schema: BySince; accepted: Accepted },
): Promise<Verdict> {
  const wanted = due.accepted.get(due.name)
  if (!wanted) return skipped('it was not accepted')
  const { pathname } = new URL(wanted.url)
  const got = await bench.own.waitFor(({ path }) => path === pathname, wanted.waitMs)
  if (!got) return fail(`no result within ${wanted.waitMs / 1_000} s`)
  if (got.method !== 'POST') return fail(`it came with ${got.method}`)
  return sentVerdict(bench, got, due.schema)
}

/** What the partner sends us shows our token and is of its schema. */
export function sentVerdict({ version }: Bench, got: Got, schemas: BySince): Verdict {
  if (!got.isKnownToken) return fail('it came without the token in our Credentials')
  const schema = schemaFor(schemas, version)
  if (!schema) return pass()
  const { hard, soft } = validate(schema, got.body)
  return hard.length > 0 ? found(hard) : found(soft, 'warn')
}

/** Refused in any way but ACCEPTED. */
export function notAccepted(exchange: Exchange): Verdict {
  if (isRefused(exchange)) return pass()
  if (!isDone(exchange)) return fail(said(exchange))
  const result: unknown = isRecord(exchange.data) ? exchange.data['result'] : undefined
  return result === 'ACCEPTED' ? fail('it answers ACCEPTED') : pass()
}

/** The objects of a list; everything else in it is left out. */
export function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
