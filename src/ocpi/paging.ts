import { limits } from '../../config/limits.ts'
import type { Fault } from '../errors.ts'
import { readTime } from './primitives.ts'

/** The parameters of a paginated GET (2.2.1 Pagination). `after` is our own opaque place in the order. */
export type Page = {
  offset: number
  limit: number
  dateFrom: Date | null
  dateTo: Date | null
  after: string | null
}

const NAMES = ['offset', 'limit', 'date_from', 'date_to', 'after'] as const

/** Reads and checks the parameters; every wrong one is named. `required` are names that must be there. */
export function readPage(
  query: URLSearchParams,
  required: readonly string[] = [],
): { ok: true; page: Page } | { ok: false; faults: Fault[] } {
  const faults: Fault[] = []
  for (const name of NAMES) {
    if (query.getAll(name).length > 1)
      faults.push({ pointer: `query:${name}`, message: 'may be given once' })
  }
  for (const name of required) {
    if (!query.has(name)) faults.push({ pointer: `query:${name}`, message: 'is required' })
  }
  const count = (name: 'offset' | 'limit', fallback: number): number => {
    const value = query.get(name)
    if (value === null) return fallback
    // An offset beyond everything is an empty page, however large.
    const digits = name === 'limit' ? /^\d{1,9}$/ : /^\d{1,16}$/
    const isUsable = digits.test(value) && Number.isSafeInteger(Number(value))
    if (isUsable && !(name === 'limit' && Number(value) === 0)) return Number(value)
    faults.push({
      pointer: `query:${name}`,
      message: name === 'limit' ? 'must be a whole number from 1' : 'must be a whole number from 0',
    })
    return fallback
  }
  const time = (name: 'date_from' | 'date_to'): Date | null => {
    const value = query.get(name)
    if (value === null) return null
    const at = readTime(value.replace(' ', '+'))
    if (!at)
      faults.push({
        pointer: `query:${name}`,
        message: 'must be a UTC time such as 2026-11-22T10:15:00Z',
      })
    return at
  }
  const page = {
    offset: count('offset', 0),
    limit: Math.min(count('limit', limits.pageLimitDefault), limits.pageLimitMax),
    dateFrom: time('date_from'),
    dateTo: time('date_to'),
    after: query.get('after'),
  }
  if (page.dateFrom && page.dateTo && page.dateFrom > page.dateTo) {
    faults.push({ pointer: 'query:date_from', message: 'must not be after date_to' })
  }
  if (page.after !== null && !/^\d{1,18}$/.test(page.after)) {
    faults.push({
      pointer: 'query:after',
      message: 'is not one of our Links; follow the Link header as it was given',
    })
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, page }
}

/** The URL of the next page: the same filters, offset moved on, and the place where this page ended. */
export function nextPageUrl(input: {
  url: string
  query: URLSearchParams
  offset: number
  limit: number
  after: string
}): string {
  const next = new URLSearchParams(input.query)
  next.set('offset', String(input.offset))
  next.set('limit', String(input.limit))
  next.set('after', input.after)
  return `${input.url}?${next.toString()}`
}
