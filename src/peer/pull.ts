import { TextDecoder } from 'node:util'
import { limits } from '../../config/limits.ts'
import type { Fault } from '../errors.ts'
import { itemTexts } from '../ocpi/json-text.ts'
import { scanBody } from '../ocpi/scan.ts'
import { replaceMember } from '../ocpi/splice.ts'
import type { PeerAnswer, PeerClient } from './client.ts'
import { parseLinkNext } from './link.ts'
import { readAnswer, readEnvelope, sendOcpi, transportFault } from './ocpi-client.ts'
import type { OcpiAnswer, OcpiRequest } from './ocpi-client.ts'

/** One object of a page: its exact text and its parsed value. */
export type PulledItem = { text: string; value: Readonly<Record<string, unknown>> }

/**
 * A page, or the end, which comes last and once. `faults` are objects of the page that cannot be read, by pointer; they
 * never spoil the others. `next` is the page that was not fetched, to go on from later.
 */
export type PullStep =
  | { kind: 'page'; url: string; items: PulledItem[]; faults: Fault[]; totalCount: number | null }
  | {
      kind: 'end'
      reason:
        | 'complete'
        | 'pagesMax'
        | 'objectsMax'
        | 'repeatedLink'
        | 'repeatedPage'
        | 'foreignLink'
        | 'failed'
      next: string | null
      /** What the partner answered instead of a page, for `failed` only. */
      answer: OcpiAnswer | null
    }

export type PullRequest = Omit<OcpiRequest, 'method' | 'bodyText' | 'requestId'> & {
  client: PeerClient
  /** Every page is a request of its own, with an id of its own. */
  newRequestId: () => string
  pagesMax?: number
  objectsMax?: number
}

/**
 * Follows the pages of a list (OCPI 2.2.1 Pagination) by their Link headers, on the origin of the first URL only.
 * Ends by itself on a cap, on a link seen before and on a page that says the same as the one before it.
 */
export async function* pullPages(pull: PullRequest): AsyncGenerator<PullStep, void> {
  const { client, newRequestId, pagesMax = limits.pullPagesMax } = pull
  const { objectsMax = limits.pullObjectsMax } = pull
  const seen = new Set<string>()
  const progress = { pages: 0, objects: 0, previous: '' }
  let url: string = pull.url
  for (;;) {
    seen.add(url)
    const request: OcpiRequest = { ...pull, url, method: 'GET', requestId: newRequestId() }
    const page = readPage(await sendOcpi(client, request), pull)
    if (!page.ok) return yield { ...end('failed', url), answer: page.answer }
    const isRepeated = page.items.length > 0 && page.dataText === progress.previous
    if (isRepeated) return yield end('repeatedPage', url)
    progress.previous = page.dataText
    progress.pages += 1
    progress.objects += page.items.length + page.faults.length
    const { items, faults, totalCount } = page
    yield { kind: 'page', url, items, faults, totalCount }
    const next = parseLinkNext(page.link, url)
    if (next === null) return yield end('complete', null)
    if (new URL(next).origin !== new URL(pull.url).origin) return yield end('foreignLink', next)
    if (seen.has(next)) return yield end('repeatedLink', next)
    if (progress.pages >= pagesMax) return yield end('pagesMax', next)
    if (progress.objects >= objectsMax) return yield end('objectsMax', next)
    url = next
  }
}

type PullEnd = Extract<PullStep, { kind: 'end' }>

function end(reason: PullEnd['reason'], next: string | null): PullEnd {
  return { kind: 'end', reason, next, answer: null }
}

type Page =
  | {
      ok: true
      items: PulledItem[]
      faults: Fault[]
      dataText: string
      totalCount: number | null
      link: string | null
    }
  | { ok: false; answer: OcpiAnswer }

function readPage(answer: PeerAnswer, options: { acceptsStringStatus?: boolean }): Page {
  const read = readAnswer(answer, options)
  if (answer.kind !== 'answer') return { ok: false, answer: read }
  const total = answer.headers['x-total-count'] ?? ''
  const totalCount = /^\d{1,15}$/.test(total) ? Number(total) : null
  const link = answer.headers['link'] ?? null
  if (read.kind === 'notOcpi') {
    const salvaged = salvage(answer, options)
    return salvaged === null
      ? { ok: false, answer: read }
      : { ok: true, ...salvaged, totalCount, link }
  }
  const isPage = read.kind === 'ocpi' && isSuccess(read.httpStatus, read.ocpiStatus)
  if (!isPage || !Array.isArray(read.data)) return { ok: false, answer: read }
  const dataText = read.dataText ?? '[]'
  const values: unknown[] = read.data
  const items: PulledItem[] = []
  const faults: Fault[] = []
  for (const [index, text] of (itemTexts(dataText, []) ?? []).entries()) {
    const value = values[index]
    if (isObject(value)) items.push({ text, value })
    else faults.push({ pointer: `/data/${index}`, message: 'not an object' })
  }
  return { ok: true, items, faults, dataText, totalCount, link }
}

function isSuccess(httpStatus: number, ocpiStatus: number): boolean {
  return httpStatus === 200 && ocpiStatus >= 1000 && ocpiStatus < 2000
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * One object that breaks the scan (a depth bomb, `\u0000`, 1e400) must not cost the page: the list is cut into its
 * items, which are then scanned one by one. Null when the page is broken as a whole.
 */
function salvage(
  answer: Extract<PeerAnswer, { kind: 'answer' }>,
  options: { acceptsStringStatus?: boolean },
): { items: PulledItem[]; faults: Fault[]; dataText: string } | null {
  const text = transportFault(answer) === null ? decodeText(answer.body) : null
  const texts = text === null ? null : itemTexts(text, ['data'])
  if (text === null || texts === null) return null
  const envelope = readEnvelope(Buffer.from(replaceMember(text, ['data'], '[]')), options)
  if (!envelope.ok || !isSuccess(answer.status, envelope.ocpiStatus)) return null
  const items: PulledItem[] = []
  const faults: Fault[] = []
  for (const [index, item] of texts.entries()) {
    const scan = scanBody(Buffer.from(item), itemScan)
    if (scan.ok && isObject(scan.value)) items.push({ text: item, value: scan.value })
    else if (scan.ok) faults.push({ pointer: `/data/${index}`, message: 'not an object' })
    else faults.push({ pointer: `/data/${index}${scan.pointer ?? ''}`, message: scan.message })
  }
  return { items, faults, dataText: texts.join(',') }
}

const itemScan = {
  depthMax: limits.jsonDepthMax,
  keysMax: limits.jsonKeysMax,
  numberCharsMax: limits.jsonNumberCharsMax,
  duplicateKeys: 'report',
} as const

const fatalDecoder = new TextDecoder('utf-8', { fatal: true })

function decodeText(bytes: Uint8Array): string | null {
  try {
    return fatalDecoder.decode(bytes)
  } catch {
    return null
  }
}
