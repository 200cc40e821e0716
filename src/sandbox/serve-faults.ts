import type { ServerResponse } from 'node:http'
import { moduleById } from '../ocpi/registry.ts'
import { pause } from './clock.ts'
import { isJson } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'

/** How a served partner can be told to fail. `value`: what stands behind `=`, and what counts without it. */
export const FAULTS = {
  slow: { about: 'answers after S seconds', value: { name: 'S', otherwise: 30 } },
  garbage: { about: 'answers broken JSON to GET, a web page to everything else' },
  '401': { about: 'knows no token any more' },
  '500': { about: 'answers HTTP 500 with 3000' },
  drop: { about: 'hangs up instead of answering' },
  partial: { about: 'breaks off in the middle of the body' },
  redirect: { about: 'answers HTTP 302 to another host' },
  'wrong-status': { about: 'says 3000 where it succeeds and 1000 where it refuses' },
  invalid: { about: 'sends every other object of a list without its required members' },
  duplicate: { about: 'lists every object twice, sends every CDR again with other content' },
  stale: { about: 'last_updated is older than that of the parts, and goes back with changes' },
  'no-totals': { about: 'leaves out X-Total-Count and X-Limit' },
  'link-loop': { about: 'every page names itself as the next one' },
  'link-away': { about: 'the next page is on another host' },
  'no-result': { about: 'accepts commands and never sends the result' },
  lenient: { about: 'checks nothing that is sent to it and says 1000' },
} as const satisfies Record<string, { about: string; value?: { name: string; otherwise: number } }>

export type FaultName = keyof typeof FAULTS

/** One thing it does wrong; without module in all functional modules. */
export type Fault = { name: FaultName; module: string | undefined; value: number }

/** Reads `NAME[:MODULE][=N]`; undefined when it is no fault or module that is known. */
export function readFault(text: string): Fault | undefined {
  const match = /^([a-z0-9-]+)(?::([a-zA-Z]+))?(?:=(\d{1,6}))?$/.exec(text)
  const name = match?.[1] ?? ''
  if (!isFaultName(name)) return undefined
  const module = match?.[2]
  if (module !== undefined && module !== 'versions' && !moduleById(module)) return undefined
  const known: { about: string; value?: { otherwise: number } } = FAULTS[name]
  const given = match?.[3]
  if (given !== undefined && known.value === undefined) return undefined
  return { name, module, value: Number(given ?? known.value?.otherwise ?? 0) }
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}

/** What goes wrong in a module. Versions and credentials work, unless they are named. */
export function faultsIn(faults: readonly Fault[], module: string): Fault[] {
  const isPlumbing = module === 'versions' || module === 'credentials'
  return faults.filter((fault) =>
    fault.module === undefined ? !isPlumbing : fault.module === module,
  )
}

/** Whether the partner has been told to fail so in this module. */
export function has(faults: readonly Fault[], name: FaultName, module: string): boolean {
  return faultsIn(faults, module).some((fault) => fault.name === name)
}

/** What comes instead of an answer. True when it was given, or deliberately not. */
export async function failInstead(
  faults: readonly Fault[],
  at: { method: string; response: ServerResponse },
): Promise<boolean> {
  for (const fault of faults) {
    if (fault.name === 'slow') await pause(fault.value * 1_000)
    else if (answersInstead(fault.name, at)) return true
  }
  return false
}

const AT = '2026-01-01T00:00:00Z'

function answersInstead(
  name: FaultName,
  { method, response }: { method: string; response: ServerResponse },
): boolean {
  const end = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'Content-Type': type }).end(body)
    return true
  }
  const json = (status: number, body: string) => end(status, 'application/json', body)
  switch (name) {
    case 'garbage':
      return method === 'GET'
        ? json(200, '{"status_code":1000,"data":[{"id":"L1",,')
        : end(200, 'text/html', '<html><body>Bad gateway</body></html>')
    case '401':
      return json(401, `{"status_code":2001,"timestamp":"${AT}"}`)
    case '500':
      return json(500, `{"status_code":3000,"timestamp":"${AT}"}`)
    case 'drop':
      response.destroy()
      return true
    case 'redirect':
      response.writeHead(302, { Location: 'https://elsewhere.example/ocpi' }).end()
      return true
    default:
      return false
  }
}

/** An answer as the faults bend it. `url` is that of the request. */
export function bend(answer: PartnerAnswer, faults: readonly Fault[], url: URL): PartnerAnswer {
  return faults.reduce((bent, { name }) => bendOnce(bent, name, url), answer)
}

function bendOnce(answer: PartnerAnswer, name: FaultName, url: URL): PartnerAnswer {
  const { data } = answer
  switch (name) {
    case 'wrong-status':
      return { ...answer, code: (answer.code ?? 1000) === 1000 ? 3000 : 1000 }
    case 'invalid':
      return Array.isArray(data)
        ? { ...answer, data: data.map((item, index) => (index % 2 === 0 ? maimed(item) : item)) }
        : answer
    case 'duplicate':
      return Array.isArray(data) ? { ...answer, data: [...data, ...data] } : answer
    case 'stale':
      return Array.isArray(data) ? { ...answer, data: data.map(aged) } : answer
    case 'no-totals':
      return { ...answer, headers: without(answer.headers, ['X-Total-Count', 'X-Limit']) }
    case 'link-loop':
      return Array.isArray(data) ? withNext(answer, url.href) : answer
    case 'link-away':
      return Array.isArray(data) ? withNext(answer, 'https://elsewhere.example/page/2') : answer
    default:
      return answer
  }
}

function maimed(item: unknown): unknown {
  if (!isJson(item)) return item
  const { last_updated: _time, currency: _currency, address: _address, ...rest } = item
  return rest
}

function aged(item: unknown): unknown {
  return isJson(item) ? { ...item, last_updated: '2020-01-01T00:00:00Z' } : item
}

function without(headers: PartnerAnswer['headers'], names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !names.includes(name)))
}

function withNext(answer: PartnerAnswer, url: string): PartnerAnswer {
  return { ...answer, headers: { ...answer.headers, Link: `<${url}>; rel="next"` } }
}
