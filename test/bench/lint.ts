import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { lintReport } from '../../src/pricing/lint/report.ts'
import type { LintReport, RuleCount } from '../../src/pricing/lint/report.ts'
import { seed, size } from '../helpers/seed.ts'
import { perSecond } from './bench.ts'
import type { Bench } from './bench.ts'

/** As many as the locations of the Dutch national feed of 2026-06-07 named. */
const dutchTariffs = 11_527
const secondsMax = 10
const recorded = fileURLToPath(
  new URL('../../../shared/data/ndw_dotnl/tariffs_all.ndjson.gz', import.meta.url),
)

/** What is known of that feed from counting it by other means: rule, findings, tariffs. */
const known: readonly (readonly [RuleCount['code'], number, number])[] = [
  ['flat_zero_step_size', 39, 39],
  ['no_unrestricted_element', 583, 583],
  ['element_shadowed', 13, 13],
  ['date_window_empty', 936, 16],
  ['end_time_2359', 95, 92],
  ['all_prices_zero', 43, 43],
]
/** Rules that nothing in that feed breaks. */
const unbroken: readonly RuleCount['code'][] = ['zero_step_size', 'analysis_incomplete']

/** How long a national feed of tariffs takes to lint, and that the counts are those of the feed. */
export const lint: Bench = {
  name: 'lint',
  about: `${dutchTariffs} tariffs linted on one core, against JSON.parse and JSON.stringify of the same`,
  run: async () => {
    const isRecorded = size(dutchTariffs) === dutchTariffs && existsSync(recorded)
    const lines = isRecorded ? recordedLines() : generatedLines(size(dutchTariffs), seed())
    const bareMs = msOf(() => {
      for (const line of lines) JSON.stringify(JSON.parse(line))
    })
    let report: LintReport = { tariffs: 0, rules: [] }
    const ms = msOf(() => {
      report = lintReport(parsed(lines))
    })
    const failures = [
      ...(report.tariffs === lines.length ? [] : [`${report.tariffs} tariffs were looked at`]),
      ...(ms > secondsMax * 1_000 ? [`it took more than ${secondsMax} s`] : []),
      ...(isRecorded ? differences(report) : []),
    ]
    const of = isRecorded ? 'recorded' : 'generated (the recorded feed is not here)'
    const measured = {
      what: `${lines.length} ${of} tariffs linted in ${(ms / 1_000).toFixed(1)} s\n${shown(report)}`,
      rate: perSecond(lines.length, ms),
      unit: 'tariffs/s',
      limit: 'JSON.parse and JSON.stringify',
      limitRate: perSecond(lines.length, bareMs),
    }
    return [failures.length === 0 ? measured : { ...measured, failed: failures.join('; ') }]
  },
}

function recordedLines(): string[] {
  return gunzipSync(readFileSync(recorded)).toString().trim().split('\n')
}

function* parsed(lines: readonly string[]): Generator<unknown> {
  for (const line of lines) yield JSON.parse(line)
}

function msOf(work: () => void): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

function differences({ rules }: LintReport): string[] {
  const found = new Map(rules.map((rule) => [rule.code, rule]))
  const wrong = known.flatMap(([code, findings, tariffs]) => {
    const own = found.get(code)
    return own?.findings === findings && own.tariffs === tariffs
      ? []
      : [`${code} is found ${own?.findings ?? 0} times in ${own?.tariffs ?? 0} tariffs`]
  })
  return [...wrong, ...unbroken.filter((code) => found.has(code)).map((code) => `${code} is found`)]
}

function shown({ rules }: LintReport): string {
  const line = ({ code, severity, findings, elements, tariffs }: RuleCount): string =>
    `    ${code.padEnd(26)} ${severity.padEnd(8)}${[findings, elements, tariffs].map((count) => String(count).padStart(8)).join('')}`
  const head = `    ${''.padEnd(34)}findings elements tariffs`
  return [head, ...rules.map(line)].join('\n')
}

/** Tariffs in the mix of that feed: nine of ten plain with zeros beside the price, others with up to 97 elements. */
function generatedLines(count: number, from: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = (from + index * 2_654_435_761) % 1_000_003
    const elements = number % 40 === 0 ? dayAhead(24 + (number % 73)) : [plain(number)]
    return JSON.stringify({
      country_code: 'NL',
      party_id: 'TNM',
      id: `T${index}`,
      currency: 'EUR',
      type: null,
      min_price: null,
      max_price: null,
      elements,
      last_updated: '2026-06-06T22:00:00Z',
    })
  })
}

function plain(number: number): object {
  const price = (30 + (number % 60)) / 100
  const components = [component('FLAT', 0), component('TIME', 0), component('ENERGY', price)]
  return { price_components: components, restrictions: null }
}

/** A price an hour, and some that overlap others. */
function dayAhead(count: number): object[] {
  return Array.from({ length: count }, (_, index) => {
    const day = 5 + Math.floor(index / 24)
    const hour = (of: number): string => `${String(of % 24).padStart(2, '0')}:00`
    const restrictions = {
      start_time: hour(index),
      end_time: hour(index + 1 + (index % 5)),
      start_date: `2026-06-0${day}`,
      end_date: `2026-06-0${day + 1}`,
      min_kwh: null,
      max_kwh: null,
      day_of_week: null,
    }
    return { price_components: [component('ENERGY', (20 + (index % 40)) / 100)], restrictions }
  })
}

function component(type: string, price: number): object {
  return { type, price, vat: null, step_size: 1 }
}
