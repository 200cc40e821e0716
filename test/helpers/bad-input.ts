import { readFileSync } from 'node:fs'

/** A piece of bytes. `of`: an object of the fixture with text in it swapped; `noise`: characters that do not compress. */
export type Part =
  | string
  | { base64: string }
  | { repeat: [text: string, times: number] }
  | { noise: number }
  | { keys: number }
  | { of: string; swap?: [from: string, to: Part | Part[]][] }

/** One request, its answer, and what must hold after it. See `about` of the fixture. */
export type Case = {
  id: string
  from: string
  before?: Request[]
  as?: Sender
  method?: string
  path?: Part | Part[]
  headers?: [name: string, value: Part | null][]
  body?: Part | Part[]
  chunked?: true
  raw?: Part[]
  http: number
  ocpi: number | null
  says?: string[]
  shows?: Record<string, string>
  kept?: string
  closes?: true
  answers?: number
}

type Sender = 'cpo' | 'emsp' | 'nobody'
export type Request = Pick<Case, 'as' | 'method' | 'path' | 'headers' | 'body' | 'chunked'>

export type Fixture = {
  about: string[]
  skipped: { rows: string; why: string }[]
  objects: Record<string, string>
  cases: Case[]
}

/** Who speaks: how it shows its token, and for which party. */
export type Speaker = { authorization: string; countryCode: string; partyId: string }
export type Speakers = Record<'cpo' | 'emsp', Speaker>

export function readFixture(): Fixture {
  const file = new URL('../fixtures/bad-input.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The bytes of the body, with the names in `${…}` filled in. */
export function bodyOf(
  fixture: Fixture,
  of: { id: string; body: Part | Part[] | undefined },
): Buffer | undefined {
  if (of.body === undefined) return undefined
  const parts = Array.isArray(of.body) ? of.body : [of.body]
  return Buffer.concat(parts.map((part) => bytesOf(fixture, { id: of.id, part })))
}

function bytesOf(fixture: Fixture, of: { id: string; part: Part }): Buffer {
  const { id, part } = of
  if (typeof part === 'string') return Buffer.from(part.replaceAll('${id}', id))
  if ('base64' in part) return Buffer.from(part.base64, 'base64')
  if ('repeat' in part) return Buffer.from(part.repeat[0].repeat(part.repeat[1]))
  if ('noise' in part) return Buffer.from(noise(part.noise))
  if ('keys' in part)
    return Buffer.from(Array.from({ length: part.keys }, (_, n) => `"k${n}":1`).join())
  let bytes = Buffer.from((fixture.objects[part.of] ?? '').replaceAll('${id}', id))
  for (const [from, to] of part.swap ?? []) {
    const begin = bytes.indexOf(from.replaceAll('${id}', id))
    if (begin < 0) throw new Error(`${id}: ${part.of} holds no ${from}`)
    const end = begin + Buffer.byteLength(from.replaceAll('${id}', id))
    const put = bodyOf(fixture, { id, body: to }) ?? Buffer.alloc(0)
    bytes = Buffer.concat([bytes.subarray(0, begin), put, bytes.subarray(end)])
  }
  return bytes
}

/** Letters and digits that look random and are always the same. */
export function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return (state % 36).toString(36)
  }).join('')
}

/** The bytes of a whole request: with the headers of an orderly one, as far as the case does not say otherwise. */
export function requestOf(
  fixture: Fixture,
  of: { id: string; request: Request; speakers: Speakers },
): Buffer {
  const { id, request, speakers } = of
  const body = bodyOf(fixture, { id, body: request.body })
  const path = textOf(fixture, { id, part: request.path ?? '/ocpi/versions' })
  const lines = [`${request.method ?? 'GET'} ${path} HTTP/1.1`]
  for (const [name, value] of headersOf(fixture, { id, request, speakers, body }))
    lines.push(`${name}: ${value}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (body === undefined) return head
  if (request.chunked !== true) return Buffer.concat([head, body])
  const size = Buffer.from(`${body.length.toString(16)}\r\n`)
  return Buffer.concat([head, size, body, Buffer.from('\r\n0\r\n\r\n')])
}

function textOf(fixture: Fixture, of: { id: string; part: Part | Part[] }): string {
  return bodyOf(fixture, { id: of.id, body: of.part })?.toString('utf8') ?? ''
}

function headersOf(
  fixture: Fixture,
  of: { id: string; request: Request; speakers: Speakers; body: Buffer | undefined },
): [string, string][] {
  const { id, request, speakers, body } = of
  const as = request.as ?? 'cpo'
  const speaker = as === 'nobody' ? undefined : speakers[as]
  const usual: [string, string][] = [
    ['Host', 'hub.example'],
    ['X-Request-ID', id],
    ...(speaker ? speakerHeaders(speaker) : []),
    ...(body ? [['Content-Type', 'application/json'] satisfies [string, string]] : []),
  ]
  if (body)
    usual.push(
      request.chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)],
    )
  const own = request.headers ?? []
  const named = new Set(own.map(([name]) => name.toLowerCase()))
  const kept = usual.filter(([name]) => !named.has(name.toLowerCase()))
  const given = own.flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, fill(textOf(fixture, { id, part: value }), speaker)]],
  )
  return [...kept, ...given]
}

function speakerHeaders(speaker: Speaker): [string, string][] {
  return [
    ['Authorization', speaker.authorization],
    ['OCPI-from-country-code', speaker.countryCode],
    ['OCPI-from-party-id', speaker.partyId],
  ]
}

function fill(value: string, speaker: Speaker | undefined): string {
  return value.replaceAll('${auth}', speaker?.authorization ?? '')
}

/** The bytes of a case that spells out the whole request. `${head}`: the headers of the CPO. */
export function rawOf(fixture: Fixture, of: { case: Case; speakers: Speakers }): Buffer {
  const { id, raw } = of.case
  const { cpo } = of.speakers
  const head = [['Host', 'hub.example'] as const, ...speakerHeaders(cpo)]
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  const parts = (raw ?? []).map((part) =>
    typeof part === 'string' ? part.replaceAll('${head}', head) : part,
  )
  return bodyOf(fixture, { id, body: parts }) ?? Buffer.alloc(0)
}
