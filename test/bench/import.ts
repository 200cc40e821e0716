import { createWriteStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { sql } from '../../src/db/sql.ts'
import type { Database } from '../../src/db/sql.ts'
import { startProcess } from '../helpers/processes.ts'
import type { Running } from '../helpers/processes.ts'
import { seed, size } from '../helpers/seed.ts'
import { perSecond, timed } from './bench.ts'
import type { Bench, Measured } from './bench.ts'
import { startWeb } from './web.ts'
import type { Web } from './web.ts'

/** As many as the Dutch national feed of 2026-06-07 had. */
const dutchFeed = 69_186
const minutesMax = 5
const megabytesMax = 500
const recorded = fileURLToPath(
  new URL('../../../shared/data/ndw_dotnl/full/locations_all.ndjson.gz', import.meta.url),
)

/** How fast an operator's command gets a national feed into the hub, and what it costs in memory. */
export const importFeed: Bench = {
  name: 'import',
  about: `a national feed of ${dutchFeed} locations by the command, against copying its rows in PostgreSQL`,
  run: async () => {
    await using feed = await openFeed()
    await using web = await startWeb()
    const peaks = { web: 0, command: 0 }
    const command = await startCommand(web, feed.file)
    let ms = 0
    try {
      const watching = watch(peaks, { web: web.process, command })
      ms = await timed(() => command.exited)
      await watching
    } finally {
      await command.kill()
    }
    const found = readTotals(command)
    const limitMs = await timed(() => copyObjects(web.database.db))
    const what = `import of ${found.objects} locations in ${Math.round(ms / 1_000)} s, peak ${peaks.web} MB (web) and ${peaks.command} MB (command)`
    const measured: Measured = {
      what,
      rate: perSecond(found.objects, ms),
      unit: 'locations/s',
      limit: 'the same rows copied inside PostgreSQL by one statement',
      limitRate: perSecond(found.objects, limitMs),
    }
    const failed = failures({ ms, peaks, found })
    return [failed === '' ? measured : { ...measured, failed }]
  },
}

type Peaks = { web: number; command: number }
type Totals = { objects: number; refused: number; quarantined: number }

function failures({ ms, peaks, found }: { ms: number; peaks: Peaks; found: Totals }): string {
  return [
    ...(ms > minutesMax * 60_000 ? [`it took more than ${minutesMax} minutes`] : []),
    ...(peaks.web > megabytesMax ? [`the web process needed ${peaks.web} MB`] : []),
    ...(peaks.command > megabytesMax ? [`the command needed ${peaks.command} MB`] : []),
    ...(found.refused > 0 ? [`${found.refused} were refused`] : []),
    ...(found.quarantined > 0 ? [`${found.quarantined} were quarantined`] : []),
  ].join('; ')
}

/** The recorded feed where it stands beside the project and the usual size is asked for, else one of our own. */
async function openFeed(): Promise<AsyncDisposable & { file: string }> {
  const count = size(dutchFeed)
  if (count === dutchFeed && existsSync(recorded))
    return { file: recorded, [Symbol.asyncDispose]: async () => undefined }
  const folder = await mkdtemp(path.join(tmpdir(), 'crosscharge-bench-'))
  const file = path.join(folder, 'locations.ndjson.gz')
  await pipeline(Readable.from(lines(count, seed())), createGzip(), createWriteStream(file))
  return {
    file,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Locations as the feed has them: without owner, publish and time zone, 2.4 EVSEs each, nulls for what is absent. */
function* lines(count: number, from: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const number = (from + index * 2_654_435_761) % 1_000_003
    yield `${JSON.stringify(location(index, number))}\n`
  }
}

const OPERATORS = ['ALL', 'EQN', 'VAT', 'TEN', 'EFL', 'UBI', 'ENE', 'LND']

function location(index: number, number: number): object {
  const last_updated = new Date(1_780_000_000_000 - number * 60_000).toISOString()
  const operator = OPERATORS[number % OPERATORS.length] ?? 'ALL'
  return {
    id: `LOC${index}`,
    name: `Laadplein ${number}`,
    address: `Parelhoenstraat ${number % 200}`,
    city: 'Utrecht',
    postal_code: '3511 ED',
    country: 'NLD',
    coordinates: {
      latitude: (51 + (number % 200_000) / 100_000).toFixed(6),
      longitude: (4 + (number % 300_000) / 100_000).toFixed(6),
    },
    evses: Array.from({ length: 1 + (number % 4) }, (_, evse) => ({
      uid: `${index}-${evse}`,
      images: null,
      status: number % 5 === 0 ? 'CHARGING' : 'AVAILABLE',
      evse_id: `NL*${operator}*E${index}*${evse + 1}`,
      connectors: [
        {
          id: '1',
          format: 'SOCKET',
          standard: number % 400 === 0 ? 'IEC_60309_2_THREE_16' : 'IEC_62196_T2',
          power_type: 'AC_3_PHASE',
          tariff_ids: number % 3 === 0 ? null : [`T${number % 1_000}`],
          max_voltage: 230,
          last_updated,
          max_amperage: 16,
          max_electric_power: null,
          terms_and_conditions: null,
        },
      ],
      directions: null,
      coordinates: null,
      floor_level: null,
      capabilities: ['REMOTE_START_STOP_CAPABLE', 'RFID_READER'],
      last_updated,
      status_schedule: null,
      physical_reference: null,
      parking_restrictions: null,
    })),
    operator: { name: operator, website: 'https://operator.example' },
    opening_times: { twentyfourseven: true },
    last_updated,
  }
}

function startCommand(web: Web, file: string): Promise<Running> {
  const options = ['--module', 'locations', '--party', 'from-evse-id']
  return startProcess({
    file: 'src/cli/main.ts',
    args: ['import', ...options, file],
    env: { HUB_URL: web.url, ADMIN_TOKEN: web.adminToken },
  })
}

/** The sums that the command prints. */
function readTotals(command: Running): Totals {
  const output = command.output()
  const sum = (what: string): number =>
    Number(new RegExp(`^ +(\\d+) {2}${what}$`, 'm').exec(output)?.[1] ?? 0)
  const objects = sum('objects')
  if (objects === 0) throw new Error(`the command did not import: ${output.slice(-1_000)}`)
  return { objects, refused: sum('refused'), quarantined: sum('quarantined') }
}

/** Follows the high-water marks that the kernel keeps, until the command ends. Elsewhere than on Linux: 0, unknown. */
async function watch(peaks: Peaks, of: { web: Running; command: Running }): Promise<void> {
  let isRunning = true
  void of.command.exited.then(() => {
    isRunning = false
  })
  while (isRunning) {
    peaks.web = Math.max(peaks.web, await peakOf(of.web))
    peaks.command = Math.max(peaks.command, await peakOf(of.command))
    await sleep(100)
  }
}

async function peakOf({ pid }: Running): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024)
}

async function copyObjects(db: Database): Promise<void> {
  await db.transaction(
    async (tx) => {
      await tx.rows(sql`create table copied (like objects including all)`)
      await tx.rows(sql`insert into copied overriding system value select * from objects`)
    },
    { deadlineMs: 600_000 },
  )
}
