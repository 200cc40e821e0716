// Benches: what the hub does in a second beside what the machine could do at best, on the same data in the same run.
// Usage: npm run bench [-- NAME …] [--check] [--json]
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Bench, BenchOptions, Measured } from './bench.ts'
import { cdrIntake } from './cdr-intake.ts'
import { clearing } from './clearing.ts'
import { fanout } from './fanout.ts'
import { importFeed } from './import.ts'
import { lint } from './lint.ts'
import { price } from './price.ts'
import { pull } from './pull.ts'
import { reconciling } from './reconcile.ts'
import { relay } from './relay.ts'

const benches: readonly Bench[] = [
  cdrIntake,
  clearing,
  price,
  lint,
  relay,
  pull,
  importFeed,
  fanout,
  reconciling,
]
const exitUsage = 64

type Outcome = { name: string; seconds: number; measured: Measured[]; error?: string }

const help = `npm run bench [-- NAME …] [OPTIONS]

Each bench measures the hub and, in the same run, the least that any solution must do; the ratio is what counts.

${benches.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

  --check      exit code 1 when a bench could not be run, or what it judges does not hold
  --json       the figures as JSON
  --help       this text

SIZE sets how many messages or CDRs. SEED repeats what is made up.
`

process.exitCode = await main()

async function main(): Promise<number> {
  const asked = readArguments()
  if (typeof asked === 'number') return asked
  process.env['SEED'] ||= String(randomInt(1_000_000_000))
  const outcomes: Outcome[] = []
  for (const bench of asked.benches) {
    const outcome = await runBench(bench, { isCheck: asked.isCheck })
    outcomes.push(outcome)
    if (!asked.isJson) process.stdout.write(describe(outcome))
  }
  if (asked.isJson) process.stdout.write(`${JSON.stringify(outcomes.map(withRatios), null, 2)}\n`)
  return asked.isCheck && outcomes.some(hasFailed) ? 1 : 0
}

function hasFailed({ error, measured }: Outcome): boolean {
  return error !== undefined || measured.some(({ failed }) => failed !== undefined)
}

function readArguments(): { benches: Bench[]; isCheck: boolean; isJson: boolean } | number {
  const flag = { type: 'boolean' } as const
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { check: flag, json: flag, help: flag },
    })
    if (values.help === true) {
      process.stdout.write(help)
      return 0
    }
    const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name))
    if (unknown !== undefined) throw new Error(`there is no bench ${unknown}`)
    const wanted = benches.filter(
      ({ name }) => positionals.length === 0 || positionals.includes(name),
    )
    return { benches: wanted, isCheck: values.check === true, isJson: values.json === true }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${help}`)
    return exitUsage
  }
}

async function runBench(bench: Bench, options: BenchOptions): Promise<Outcome> {
  const started = performance.now()
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10
  try {
    const measured = await bench.run(options)
    return { name: bench.name, seconds: seconds(), measured }
  } catch (error) {
    return { name: bench.name, seconds: seconds(), measured: [], error: messageOf(error) }
  }
}

function describe({ name, seconds, measured, error }: Outcome): string {
  const lines = measured.map(
    ({ what, rate, unit, limit, limitRate, failed, report }) =>
      `  ${what}: ${shown(rate)} ${unit}\n  ${limit}: ${shown(limitRate)} ${unit}\n` +
      `  ratio ${ratioOf({ rate, limitRate })}\n` +
      (report === undefined ? '' : `${report.replace(/^/gm, '  ')}\n`) +
      (failed === undefined ? '' : `  DOES NOT HOLD: ${failed}\n`),
  )
  const failed = error === undefined ? '' : `  could not be run: ${error}\n`
  return `${name} (${seconds} s)\n${lines.join('')}${failed}\n`
}

function withRatios(outcome: Outcome): object {
  const measured = outcome.measured.map((each) => ({ ...each, ratio: ratioOf(each) }))
  return { ...outcome, measured }
}

/** 1 would be as fast as the limit. */
function ratioOf({ rate, limitRate }: Pick<Measured, 'rate' | 'limitRate'>): number {
  return Math.round((rate / limitRate) * 1000) / 1000
}

function shown(rate: number): string {
  return rate < 100 ? rate.toFixed(1) : String(Math.round(rate))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
