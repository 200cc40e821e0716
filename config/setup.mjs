// Set-up: from a fresh clone to a running demo, test run or hub. Plain JavaScript, because nothing is installed yet.
// Usage: node config/setup.mjs demo|test|test:long|bench|mutate|start|check|sandbox [arguments]
import * as fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import {
  SetupError,
  freePort,
  privateFolder,
  dataFolder,
  isPortFree,
  readJson,
  writePrivate,
} from './setup/files.mjs'
import { checkNode, ensurePackages } from './setup/packages.mjs'
import { catchSignals, exitCodeOf, root, startNode, withoutSettings } from './setup/run.mjs'
import { openStores, sweepStores } from './setup/stores.mjs'
import * as databases from './setup/databases.mjs'

const portDefault = 8700
const caught = catchSignals()
const say = (text) => void process.stdout.write(`${text}\n`)

const commands = {
  demo: runDemo,
  test: (args) => runTests(args, {}),
  'test:long': (args) => runTests(args, { LONG: '1' }),
  bench: runBench,
  mutate: runMutate,
  start: runStart,
  check: runCheck,
  sandbox: runSandbox,
}

main(process.argv[2], process.argv.slice(3)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`\n${error instanceof SetupError ? error.message : error.stack}\n`)
    process.exit(error.exitCode ?? 1)
  },
)

async function main(name, args) {
  const command = commands[name]
  if (!command) {
    throw new SetupError(
      `usage: node config/setup.mjs ${Object.keys(commands).join('|')} [arguments]`,
      { exitCode: 64 },
    )
  }
  checkNode()
  await ensurePackages({ root, say })
  return caught.first ? exitCodeOf(caught.first) : command(args)
}

/** Opens stores, runs `work` unless a signal came meanwhile, and closes them whatever happens. */
async function withStores({ purpose, only }, work) {
  const stores = await openStores({ root, purpose, only, say })
  try {
    return caught.first ? exitCodeOf(caught.first) : await work(stores)
  } finally {
    await stores.close()
  }
}

/** Stores for a purpose that makes its own databases: on the server of DATABASE_URL when that is set. */
async function withOwnStores(purpose, work) {
  const external = process.env.DATABASE_URL
  const serverUrl = external ? await databases.externalServer(external) : undefined
  return withStores({ purpose, only: external ? ['redis'] : ['postgres', 'redis'] }, (stores) =>
    work({ ...stores, serverUrl: serverUrl ?? stores.databaseUrl }),
  )
}

async function run(stores, options) {
  const child = startNode({ caught, ...options })
  await stores?.keepChild(child.pid)
  return child.exited
}

function runDemo(args) {
  return withOwnStores('demo', async (stores) => {
    const name = await databases.demoDatabase({
      root,
      folder: stores.folder,
      serverUrl: stores.serverUrl,
    })
    const env = {
      ...withoutSettings(),
      DEMO_DATABASE_URL: stores.serverUrl(name),
      DEMO_REDIS_URL: stores.redisUrl,
      DEMO_PORT: String(await choosePort()),
    }
    return run(stores, { file: 'src/sandbox/demo.ts', args, env })
  })
}

async function testEnvironment(stores) {
  if (stores.first) {
    const isOurServer = !process.env.DATABASE_URL
    await databases.dropTestDatabases({ root, serverUrl: stores.serverUrl, isOurServer })
  }
  return {
    ...withoutSettings(),
    TEST_DATABASE_URL: stores.serverUrl('postgres'),
    TEST_DATABASE_PREFIX: databases.databasePrefix(root, 'test'),
    TEST_REDIS_URL: stores.redisUrl,
  }
}

async function runTests(args, more) {
  await sweepStores({ root, prefix: 'test-' })
  return withOwnStores('test', async (stores) => {
    const env = { ...(await testEnvironment(stores)), ...more }
    return run(stores, { file: 'test/run.ts', args: args.length > 0 ? args : ['--static'], env })
  })
}

function runBench(args) {
  return withOwnStores('bench', async (stores) => {
    return run(stores, { file: 'test/bench/run.ts', args, env: await testEnvironment(stores) })
  })
}

/** Pricing is pure, so this needs no stores. */
function runMutate(args) {
  return run(undefined, { file: 'test/mutate/main.ts', args, env: withoutSettings() })
}

function runCheck() {
  return withOwnStores('test', async (stores) => {
    const env = await testEnvironment(stores)
    return run(stores, { file: 'test/run.ts', args: ['--static', 'unit/'], env })
  })
}

/** A partner on its own: it needs no stores. */
function runSandbox(args) {
  return run(undefined, { file: 'src/sandbox/serve-main.ts', args, env: withoutSettings() })
}

async function runStart() {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env
  const only = [...(databaseUrl ? [] : ['postgres']), ...(redisUrl ? [] : ['redis'])]
  return withStores({ purpose: 'start', only }, async (stores) => {
    const beforeMaking = () => makeSecrets()
    const { databaseUrl: serverUrl } = stores
    if (!databaseUrl)
      await databases.ensureDatabase({ serverUrl, name: 'crosscharge', beforeMaking })
    const env = {
      DATABASE_URL: databaseUrl || stores.databaseUrl('crosscharge'),
      REDIS_URL: redisUrl || stores.redisUrl,
      PORT: process.env.PORT || String(await choosePort()),
      ...(databaseUrl ? {} : startSecrets()),
    }
    const migrated = await run(stores, { file: 'src/db/migrate-main.ts', env })
    if (migrated !== 0 || caught.first) return migrated
    return runHub(stores, env)
  })
}

/** Web and worker together: when one ends, the other is drained too. Nobody is restarted. */
async function runHub(stores, env) {
  const files = ['src/main.ts', 'workers/main.ts']
  const children = files.map((file) => ({ file, ...startNode({ caught, file, env }) }))
  for (const child of children) await stores.keepChild(child.pid)
  say(`Crosscharge: http://127.0.0.1:${env.PORT}`)
  if (!process.env.DATABASE_URL && !process.env.ADMIN_TOKEN)
    say(`The admin token is in ${secretsFile()}`)
  let isEnding = false
  const codes = await Promise.all(
    children.map(async (child) => {
      const code = await child.exited
      if (caught.first !== null || isEnding) return code
      isEnding = true
      say(`${child.file} ended with ${code}; the other process is being drained`)
      for (const other of children) if (other !== child) other.end('SIGTERM')
      return code
    }),
  )
  const bad = codes.find((code) => code !== 0)
  return bad ?? (caught.first === null ? 1 : 0)
}

const secretsFile = () =>
  path.join(privateFolder(path.join(dataFolder(root), 'start')), 'secrets.json')

/** Secrets of a hub on the embedded server, made once, just before its database. */
function makeSecrets() {
  const file = secretsFile()
  if (fs.existsSync(file)) return
  const made = {
    ADMIN_TOKEN: randomBytes(24).toString('hex'),
    SECRETS_KEY: randomBytes(32).toString('base64'),
  }
  writePrivate(file, JSON.stringify(made, null, 2))
}

/** A setting in the environment wins over what was generated. */
function startSecrets() {
  const file = secretsFile()
  const { ADMIN_TOKEN, SECRETS_KEY } = { ...readJson(file, {}), ...givenSecrets() }
  if (ADMIN_TOKEN && SECRETS_KEY) return { ADMIN_TOKEN, SECRETS_KEY }
  throw new SetupError(
    `The hub's database is there, but ${file}, which holds the key that its data are encrypted with, cannot be read. Restore that file or set ADMIN_TOKEN and SECRETS_KEY.`,
    { exitCode: 78 },
  )
}

function givenSecrets() {
  const given = Object.entries(process.env).filter(
    ([name, value]) => value && ['ADMIN_TOKEN', 'SECRETS_KEY'].includes(name),
  )
  return Object.fromEntries(given)
}

async function choosePort() {
  for (let port = portDefault; port < portDefault + 100; port += 1) {
    if (!(await isPortFree(port))) continue
    if (port !== portDefault) say(`Port ${portDefault} is taken; using ${port}`)
    return port
  }
  return freePort()
}
