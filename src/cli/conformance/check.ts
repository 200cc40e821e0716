import type { Fault } from '../../errors.ts'
import { limits } from '../../../config/limits.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Exchange } from './exchange.ts'

export type Outcome = 'pass' | 'fail' | 'warn' | 'skipped'

/** What a check came to. `detail` says what was seen; empty where everything is as it should be. */
export type Verdict = { outcome: Outcome; detail: string }

/** Where the specification says it: a file without its ending, and the section of it. */
export type Source = readonly [file: string, section: string]

/** One row of the report, before it has run. Checks run in order and may build on each other. */
export type Check = { id: string; what: string; source: Source; run(): Promise<Verdict> | Verdict }

export type Row = Verdict & { id: string; subject: string; what: string; citation: string }

export const pass = (detail = ''): Verdict => ({ outcome: 'pass', detail })
export const fail = (detail: string): Verdict => ({ outcome: 'fail', detail })
export const warn = (detail: string): Verdict => ({ outcome: 'warn', detail })
export const skipped = (detail: string): Verdict => ({ outcome: 'skipped', detail })

/** `2.2.1 credentials.asciidoc, POST Method`; 2.1.1 is written in Markdown. */
export function citationOf(version: Version, [file, section]: Source): string {
  return `${version} ${file}.${version === '2.1.1' ? 'md' : 'asciidoc'}, ${section}`
}

/** An answer in words: `HTTP 200, 2001 id is required`. */
export function said(exchange: Exchange): string {
  if (exchange.problem !== null) return exchange.problem
  const { status, code, message } = exchange
  const ocpi = code === null ? 'no OCPI status code' : String(code)
  return `HTTP ${status}, ${ocpi}${message === '' ? '' : ` ${message}`}`.slice(
    0,
    limits.faultTextCharsMax,
  )
}

/** True when the request was done: HTTP 2xx with an OCPI code of 1xxx. */
export function isDone({ problem, status, code }: Exchange): boolean {
  return problem === null && status >= 200 && status < 300 && code !== null && code < 2000
}

/** True when it was answered with HTTP 4xx or with an OCPI code from 2000: properly refused. */
export function isRefused({ problem, status, code }: Exchange): boolean {
  if (problem !== null || status >= 500) return false
  return status >= 400 || (code !== null && code >= 2000)
}

/** Done, or a fail with what was said instead. */
export function done(exchange: Exchange): Verdict {
  return isDone(exchange) ? pass() : fail(said(exchange))
}

/** As `done`, but nothing is learnt through a hub about a party that it says is unknown or away (4001, 4003). */
export function doneThrough(exchange: Exchange, { isHub }: { isHub: boolean }): Verdict {
  const isAway = isHub && (exchange.code === 4001 || exchange.code === 4003)
  return isAway ? skipped(said(exchange)) : done(exchange)
}

/** Refused with this HTTP status; another refusal is a warning, a success or a 5xx fails. */
export function refusedWith(exchange: Exchange, status: number): Verdict {
  if (exchange.problem === null && exchange.status === status) return pass()
  return isRefused(exchange)
    ? warn(`expected HTTP ${status}: ${said(exchange)}`)
    : fail(`expected HTTP ${status}: ${said(exchange)}`)
}

/** Refused with this OCPI code; another refusal is a warning, a success or a 5xx fails. */
export function refusedAs(exchange: Exchange, code: number): Verdict {
  if (isRefused(exchange) && exchange.code === code) return pass()
  return isRefused(exchange)
    ? warn(`expected ${code}: ${said(exchange)}`)
    : fail(`expected ${code}: ${said(exchange)}`)
}

/** Pass when nothing was found, else the first of it. */
export function found(faults: readonly Fault[], outcome: 'fail' | 'warn' = 'fail'): Verdict {
  if (faults.length === 0) return pass()
  const shown = faults.slice(0, limits.certifyFaultsShown)
  const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : ''
  return {
    outcome,
    detail: shown.map(({ pointer, message }) => `${pointer} ${message}`).join('; ') + more,
  }
}
