// PostgreSQL and Redis of one purpose (demo, test, start, bench). They are processes of their own: killing whoever
// uses them harms nobody. `.data/<purpose>/stores.json` says what runs and who uses it; the last user stops it.
import * as fs from 'node:fs'
import path from 'node:path'
import {
  SetupError,
  dataFolder,
  endProcesses,
  isAlive,
  privateFolder,
  processMark,
  readJson,
  signal,
  waitFor,
  withLock,
  writePrivate,
} from './files.mjs'
import * as postgres from './postgres.mjs'
import { ensureRole, roleUrl } from './postgres-role.mjs'
import * as redis from './redis.mjs'

const frozenMs = 2_000
const quiet = () => undefined

/**
 * Opens the stores of `purpose` for this process: joins living ones, recovers stale ones, starts missing ones.
 * `only` names the stores wanted. Returns the URLs, `first` (nobody else uses them) and what ends or disturbs them.
 */
export async function openStores({ root, purpose, only = ['postgres', 'redis'], say = quiet }) {
  const folder = privateFolder(path.join(dataFolder(root), purpose))
  const file = path.join(folder, 'stores.json')
  const lock = path.join(folder, 'stores.lock')
  const change = (work) =>
    withLock(lock, async () => {
      const state = { users: [], ...readJson(file, {}) }
      const result = await work(state)
      writePrivate(file, JSON.stringify(state, null, 2))
      return result
    })
  const context = { root, purpose, only, say, folder }
  const opened = await change((state) => join(context, state))
  return {
    ...opened,
    /** Remembers a process that must not outlive this one; it leads a process group. */
    keepChild: (pid) =>
      change((state) => {
        state.users.find((user) => user.pid === process.pid)?.children.push(processMark(pid))
      }),
    /** Stops the stores when nobody else uses them. */
    close: () => change((state) => leave(context, state)),
    /** Ends one store without any warning, children included, as a power cut would. */
    kill: (store) => change((state) => killStore(context, state, store)),
    /** Starts a killed store again on its old port. */
    restart: (store) => change((state) => startStore({ ...context, only: [store] }, state)),
  }
}

async function join(context, state) {
  const dead = state.users.filter((user) => !isAlive(user))
  state.users = state.users.filter(isAlive)
  // What a killed user has left behind would go on writing into these stores, or hold its ports.
  await endProcesses(
    dead.flatMap((user) => user.children ?? []),
    10_000,
  )
  const first = state.users.length === 0
  await startStore({ ...context, first }, state)
  state.users.push({ ...processMark(), children: [] })
  const urls = {}
  if (context.only.includes('postgres')) {
    const place = postgres.postgresPlace(context)
    urls.databaseUrl = (database) => roleUrl(place, state.postgres.port, database)
  }
  if (context.only.includes('redis')) {
    urls.redisUrl = redis.redisUrl(redis.redisPlace(context), state.redis.port)
  }
  return { first, folder: context.folder, ...urls }
}

async function startStore(context, state) {
  const starts = { postgres: startPostgres, redis: startRedis }
  const results = await Promise.allSettled(
    context.only.map((store) => starts[store](context, state)),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (!failed) return
  // Half a pair is of no use, and nobody would stop it.
  if (state.users.length === 0) await stopAll(context, state)
  throw failed.reason
}

async function startPostgres({ root, purpose, say }, state) {
  const place = postgres.postgresPlace({ root, purpose })
  if (postgres.postgresPid(place) !== null) {
    await waitFor(
      () => postgres.postgresPort(place) !== null || postgres.postgresPid(place) === null,
      60_000,
    )
    const port = postgres.postgresPort(place)
    if (port !== null && (await accepts(place, port))) {
      state.postgres = { pid: postgres.postgresPid(place), port }
      return
    }
    if (state.users.length > 0) {
      throw new SetupError(`PostgreSQL (process ${postgres.postgresPid(place)}) does not answer`)
    }
    await postgres.stopPostgres(place, frozenMs)
  }
  postgres.prepareBinaries(place, say)
  if (!postgres.hasCluster(place)) {
    refuseToForget(place)
    postgres.makeCluster(place)
  }
  const port = await postgres.startPostgres(place, state.postgres?.port)
  state.postgres = { pid: postgres.postgresPid(place), port }
  await ensureRole(place, port)
}

async function accepts(place, port) {
  try {
    await ensureRole(place, port)
    return true
  } catch {
    return false
  }
}

/** Demo and tests may begin anew; the ledger of `npm start` may not. */
function refuseToForget(place) {
  if (place.purpose !== 'start' || !fs.existsSync(place.data)) return
  throw new SetupError(
    `${place.data} holds a database whose passwords (${place.secretsFile}) cannot be read. Restore that file, or move the folder away to begin with an empty hub.`,
  )
}

async function startRedis({ root, purpose, say, first }, state) {
  const place = redis.redisPlace({ root, purpose })
  if (isAlive(state.redis) && (await redis.answersPing(place, state.redis.port))) return
  if (state.redis) await redis.stopRedis(state.redis)
  if (first && purpose !== 'start') redis.emptyRedis(place)
  const server = await redis.findRedis({ root, say })
  state.redis = await redis.startRedis({ place, server, wanted: state.redis?.port })
}

async function leave(context, state) {
  state.users = state.users.filter((user) => isAlive(user) && user.pid !== process.pid)
  if (state.users.length > 0) return
  await stopAll(context, state)
}

async function stopAll(context, state) {
  await Promise.all([
    postgres.stopPostgres(postgres.postgresPlace(context)),
    state.redis && redis.stopRedis(state.redis),
  ])
}

async function killStore(context, state, store) {
  if (store === 'redis') {
    signal(state.redis.pid, 'SIGKILL')
    await waitFor(() => !isAlive(state.redis), 5_000)
    return
  }
  await postgres.killPostgres(postgres.postgresPlace(context))
}

/**
 * Stops the stores of all purposes that begin with `prefix` and have no living user, and removes their folders:
 * those of a killed test run.
 */
export async function sweepStores({ root, prefix }) {
  const folder = dataFolder(root)
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  for (const purpose of names.filter((name) => name.startsWith(prefix))) {
    const state = readJson(path.join(folder, purpose, 'stores.json'), { users: [] })
    if (state.users.some(isAlive)) continue
    await removeStores({ root, purpose })
  }
}

/** Stops the stores of `purpose`, whoever uses them, and removes their files. Not for `start`. */
export async function removeStores({ root, purpose }) {
  if (purpose === 'start') throw new Error('the stores of `npm start` are never removed')
  const folder = path.join(dataFolder(root), purpose)
  const state = readJson(path.join(folder, 'stores.json'), {})
  const place = postgres.postgresPlace({ root, purpose })
  await stopAll({ root, purpose }, state)
  fs.rmSync(place.home, { recursive: true, force: true })
  fs.rmSync(folder, { recursive: true, force: true })
}
