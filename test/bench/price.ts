import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isObject } from '../../src/pricing/reading.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { seed, size } from '../helpers/seed.ts'
import { perSecond } from './bench.ts'
import type { Bench, Measured } from './bench.ts'
import { complexCdrs, simpleCdrs } from './price-cdrs.ts'

const distinct = 4_000
const warmUpRounds = 5
const grownMax = 2_000_000

type Kind = { name: string; texts: readonly string[]; count: number; target: number }

/** What exact pricing costs beside reading and writing the CDR, which nobody can go without; and that it keeps nothing. */
export const price: Bench = {
  name: 'price',
  about:
    'CDRs a second priced on one core, parsing included, against JSON.parse and JSON.stringify',
  run: async () => [
    measure({
      name: 'simple',
      texts: simpleCdrs(distinct, seed()),
      count: size(1_000_000),
      target: 0.5,
    }),
    measure({
      name: 'complex',
      texts: complexCdrs(distinct, seed()),
      count: size(1_000_000) / 10,
      target: 0.35,
    }),
  ],
}

/** In turns, so that whatever else the machine does slows both; the best round of each is its rate. */
function measure({ name, texts, count, target }: Kind): Measured {
  const best = { hub: 0, bare: 0 }
  let heap = 0
  const rounds = Math.ceil(count / texts.length)
  for (let round = -warmUpRounds; round < rounds; round++) {
    if (round === 0) heap = heapAfterCollecting()
    const bare = rateOf(texts, parseAndWrite)
    const hub = rateOf(texts, parseAndPrice)
    if (round >= 0) {
      best.bare = Math.max(best.bare, bare)
      best.hub = Math.max(best.hub, hub)
    }
  }
  const after = heapAfterCollecting()
  const failures = [
    ...(best.hub < target * best.bare ? [`the ratio is below ${target}`] : []),
    ...(after - heap > grownMax ? ['the heap grew'] : []),
  ]
  return {
    what: `${rounds * texts.length} ${name} CDRs of ${meanKb(texts)} kB priced, heap ${mb(heap)} MB before and ${mb(after)} MB after`,
    rate: best.hub,
    unit: 'CDRs/s',
    limit: 'JSON.parse and JSON.stringify',
    limitRate: best.bare,
    ...(failures.length === 0 ? {} : { failed: failures.join('; ') }),
  }
}

function parseAndWrite(text: string): void {
  JSON.stringify(JSON.parse(text))
}

function parseAndPrice(text: string): void {
  const cdr: unknown = JSON.parse(text)
  const tariffs = isObject(cdr) ? cdr['tariffs'] : null
  const priced = priceCdr(cdr, Array.isArray(tariffs) ? tariffs : [], {
    timeZone: 'Europe/Amsterdam',
  })
  if (!priced.ok) throw new Error(`${priced.pointer}: ${priced.message}`)
}

function rateOf(texts: readonly string[], work: (text: string) => void): number {
  const started = performance.now()
  for (const text of texts) work(text)
  return perSecond(texts.length, performance.now() - started)
}

function heapAfterCollecting(): number {
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}

function meanKb(texts: readonly string[]): number {
  const bytes = texts.reduce((sum, text) => sum + text.length, 0)
  return Math.round(bytes / texts.length / 100) / 10
}

function mb(bytes: number): number {
  return Math.round(bytes / 100_000) / 10
}
