import { parseArgs } from 'node:util'

/** What the demo was asked for. */
export type DemoOptions = {
  exit: boolean
  json: string | undefined
  locations: string | undefined
  tariffs: string | undefined
  sessions: string | undefined
  cdrs: number | undefined
  faults: number
  seed: number
}

export const HELP = `npm run demo [-- OPTIONS]

Starts the hub and four partner platforms, lets them live, settles, and says what happened.
Stays up until Ctrl-C and prints URLs and tokens to try by hand.

  --exit            stop everything at the end; the exit code is 0 only if every check holds
  --json FILE       write the summary as JSON
  --locations FILE  real OCPI locations (JSON array, OCPI envelope or NDJSON, plain or .gz); needs --tariffs
  --tariffs FILE    real OCPI tariffs, in the same forms; needs --locations
  --sessions FILE   recorded sessions (CSV, plain or .gz)
  --cdrs N          how many sessions, each with its CDR; default 200, with --sessions all of them
  --faults R        share of sessions that are meant wrong, 0 to 1; default 0.05
  --seed N          seed of everything that is made up; default 1
  --help            this text
`

/** Reads the arguments. Throws an Error that says what is wrong and what to write instead. */
export function readOptions(args: string[]): DemoOptions | 'help' {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args,
    strict: true,
    options: {
      help: flag,
      exit: flag,
      json: text,
      locations: text,
      tariffs: text,
      sessions: text,
      cdrs: text,
      faults: text,
      seed: text,
    },
  })
  if (values.help === true) return 'help'
  if ((values.locations === undefined) !== (values.tariffs === undefined)) {
    throw new Error('--locations and --tariffs belong together: give both or none')
  }
  const cdrs = whole('--cdrs', values.cdrs, { from: 1, to: 1_000_000 })
  const faults = Number(values.faults ?? '0.05')
  if (!(faults >= 0 && faults <= 1)) throw new Error('--faults is a share from 0 to 1')
  return {
    exit: values.exit === true,
    json: values.json,
    locations: values.locations,
    tariffs: values.tariffs,
    sessions: values.sessions,
    cdrs,
    faults,
    seed: whole('--seed', values.seed, { from: 0, to: 4_294_967_295 }) ?? 1,
  }
}

function whole(
  flag: string,
  text: string | undefined,
  range: { from: number; to: number },
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (!(value >= range.from && value <= range.to)) {
    throw new Error(`${flag} is a whole number from ${range.from} to ${range.to}`)
  }
  return value
}
