import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isObject } from '../../src/pricing/reading.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { seed, size } from '../helpers/seed.ts'
import { perSecond } from './bench.ts'
import type { Bench, Measured } from './bench.ts'
import { complexCdrs, simpleCdrs } from './price-cdrs.ts'

const distinct = 4_000
const turn = 200
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

/** In short turns and in time of the processor, so that whatever else the machine does slows both alike. */
function measure({ name, texts, count, target }: Kind): Measured {
  runRounds(texts, warmUpRounds)
  const before = heapAfterCollecting()
  const rounds = Math.ceil(count / texts.length)
  const { bareMs, hubMs } = runRounds(texts, rounds)
  const after = heapAfterCollecting()
  const priced = rounds * texts.length
  const failures = [
    ...(bareMs < target * hubMs ? [`the ratio is below ${target}`] : []),
    ...(after - before > grownMax ? ['the heap grew'] : []),
  ]
  return {
    what: `${priced} ${name} CDRs of ${meanKb(texts)} kB priced, heap ${mb(before)} MB before and ${mb(after)} MB after`,
    rate: perSecond(priced, hubMs),
    unit: 'CDRs/s',
    limit: 'JSON.parse and JSON.stringify',
    limitRate: perSecond(priced, bareMs),
    ...(failures.length === 0 ? {} : { failed: failures.join('; ') }),
  }
}

function runRounds(texts: readonly string[], rounds: number): { bareMs: number; hubMs: number } {
  const spent = { bareMs: 0, hubMs: 0 }
  for (let round = 0; round < rounds; round++) {
    for (let first = 0; first < texts.length; first += turn) {
      const some = texts.slice(first, first + turn)
      spent.bareMs += msOf(some, parseAndWrite)
      spent.hubMs += msOf(some, parseAndPrice)
    }
  }
  return spent
}

function msOf(texts: readonly string[], work: (text: string) => void): number {
  const started = process.cpuUsage()
  for (const text of texts) work(text)
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
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
