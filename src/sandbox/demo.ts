import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment, exitCodeConfig } from '../../config/env.ts'
import { createAdmin } from './admin.ts'
import { prepareByHand } from './by-hand.ts'
import { clearingChecks, check, exchangeChecks } from './checks.ts'
import { buildWorld } from './build-world.ts'
import { systemClock } from './clock.ts'
import { meantCdrs } from './demo-books.ts'
import { startDemoHub } from './demo-hub.ts'
import type { DemoHub } from './demo-hub.ts'
import { HELP, readOptions } from './demo-options.ts'
import type { DemoOptions } from './demo-options.ts'
import {
  approvePair,
  collectBooks,
  connect,
  explainHeld,
  live,
  publish,
  settle,
  untilCleared,
} from './demo-run.ts'
import type { DemoRun } from './demo-run.ts'
import { pairsOf } from './pairs.ts'
import { startRemotePartner } from './remote-partner.ts'
import { createScreen } from './screen.ts'
import { disputeStory } from './dispute-story.ts'
import { settlementChecks } from './settlement-checks.ts'
import { summaryJson, summaryText } from './summary.ts'
import type { Findings } from './summary.ts'
import { createWire } from './wire.ts'

const EXIT_USAGE = 64
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What has been started and must be stopped, in reverse order. */
const started: (() => Promise<void>)[] = []

/** Once it only waits for Ctrl-C, that is its proper end. */
let isUp = false

/** Resolves with the exit code when a person or a supervisor ends the demo. */
const interrupted = new Promise<number>((resolve) => {
  process.on('SIGINT', () => resolve(isUp ? 0 : 130))
  process.on('SIGTERM', () => resolve(isUp ? 0 : 143))
})

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (typeof options === 'number') return options
  const env = environment()
  const databaseUrl = env['DEMO_DATABASE_URL']
  const redisUrl = env['DEMO_REDIS_URL']
  if (!databaseUrl || !redisUrl) {
    process.stderr.write('DEMO_DATABASE_URL and DEMO_REDIS_URL are missing; run `npm run demo`\n')
    return exitCodeConfig
  }
  // Tests set DEMO_FOLDER, so that they leave alone what the demo of a person has written.
  const dataFolder = path.resolve(env['DEMO_FOLDER'] || path.join(ROOT, '.data'))
  const folder = path.join(dataFolder, 'demo')
  const envFile = path.join(dataFolder, 'demo.env')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await forget({ folder, envFile })
  const stores = { databaseUrl, redisUrl, port: env['DEMO_PORT'] }
  return demonstrate({ options, env, stores, folder, envFile })
}

function optionsOf(args: string[]): DemoOptions | number {
  try {
    const options = readOptions(args)
    if (options !== 'help') return options
    process.stdout.write(HELP)
    return 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${message}\n\n${HELP}`)
    return EXIT_USAGE
  }
}

/** Logs and plans of an earlier demo would only mislead. */
async function forget({ folder, envFile }: { folder: string; envFile: string }): Promise<void> {
  await rm(path.join(folder, 'logs'), { recursive: true, force: true })
  await mkdir(path.join(folder, 'logs'), { recursive: true })
  await rm(envFile, { force: true })
}

type Setting = {
  options: DemoOptions
  env: Record<string, string | undefined>
  stores: { databaseUrl: string; redisUrl: string; port: string | undefined }
  folder: string
  /** Where URLs and tokens for a person at the keyboard go. */
  envFile: string
}

async function demonstrate(setting: Setting): Promise<number> {
  const { options, env, stores, folder, envFile } = setting
  const clock = systemClock
  const write = (text: string) => void process.stdout.write(text)
  const screen = createScreen({ write, isTerminal: process.stdout.isTTY === true, clock })
  const wire = createWire(8)
  const logs = path.join(folder, 'logs')
  screen.say('Reading the world and starting the hub')
  const worldMade = buildWorld({ ...options, nowMs: clock() })
  worldMade.catch(() => {})
  const hub = await startDemoHub({
    root: ROOT,
    folder: logs,
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    port: stores.port ? Number(stores.port) : undefined,
    env,
    wire,
    clock,
    say: screen.say,
    own: (stop) => started.push(stop),
  })
  const world = await worldMade
  screen.say(`The hub is up at ${hub.url}: web and worker, logs in ${logs}`)
  const partners = world.platforms.map((plan) =>
    startRemotePartner({
      plan,
      root: ROOT,
      env,
      logFile: path.join(logs, `partner-${plan.name}.log`),
      onProgress: screen.progress,
    }),
  )
  for (const { child } of partners) started.push(child.stop)
  const admin = createAdmin({ hubUrl: hub.url, adminToken: hub.adminToken, wire })
  const run: DemoRun = { world, pairs: pairsOf(world), partners, admin, folder, screen, clock }
  const findings = await Promise.race([hub.died, play(run)])
  process.stdout.write(`${summaryText(findings)}\n`)
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(summaryJson(findings), null, 2)}\n`)
  }
  const isGood = findings.checks.every((one) => one.ok)
  const cycle = (await admin.cycles()).find(
    ({ currency, state }) => currency === 'EUR' && state === 'open',
  )?.id
  const lines = await prepareByHand(run, { hub, cycle, envFile })
  if (options.exit) return isGood ? 0 : 1
  return stayUp(hub, lines)
}

/** The whole story, from the first handshake to the last check. */
async function play(run: DemoRun): Promise<Findings> {
  await connect(run)
  const pulls = await publish(run)
  await live(run)
  await untilCleared(run)
  await approvePair(run)
  const found = await run.admin.cdrs()
  const books = await collectBooks(run)
  const meant = meantCdrs(books, run.pairs)
  const cycles = await settle(run)
  const ledger = await run.admin.verifyLedger()
  const after = await run.admin.cdrs()
  const { held, examples } = await explainHeld(run, meant, found)
  const story = await disputeStory(run, meant)
  const plans = run.partners.map((partner) => partner.plan)
  const checks = [
    ...exchangeChecks({ plans, books, pulls, meant }),
    ...clearingChecks(meant, found),
    ...settlementChecks({ meant, cycles, after }),
    check('the ledger balances', ledger.isOk ? [] : [`${ledger.differences} differences`]),
    ...story.checks,
  ]
  const count = (module: string) =>
    books.reduce(
      (sum, one) => sum + [...one.sent.keys()].filter((key) => key.startsWith(module)).length,
      0,
    )
  return {
    sent: {
      locations: count('locations/'),
      tariffs: count('tariffs/'),
      tokens: count('tokens/'),
      sessions: books.reduce((sum, one) => sum + one.sentSessions.size, 0),
      cdrs: meant.length,
    },
    cleared: found.filter((cdr) => ['provisional', 'approved'].includes(cdr.state)).length,
    held,
    examples,
    story: story.lines,
    books,
    cycles,
    ledger,
    checks,
    supplied: run.world.supplied,
  }
}

async function stayUp(hub: DemoHub, lines: string[]): Promise<number> {
  process.stdout.write(
    `TRY IT BY HAND (Ctrl-C ends it)\n${lines.map((line) => `  ${line}\n`).join('')}`,
  )
  isUp = true
  return Promise.race([interrupted, hub.died])
}

async function stopAll(): Promise<void> {
  for (const stop of started.reverse()) await stop().catch(() => {})
}

const code = await Promise.race([main(), interrupted]).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\nThe demo failed: ${message}\n`)
  return 1
})
await stopAll()
process.exit(code)
