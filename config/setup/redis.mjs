// A Redis of our own: found on PATH, or unpacked from Debian's packages without root and without a system service.
import * as fs from 'node:fs'
import path from 'node:path'
import { connect } from 'node:net'
import { spawn, spawnSync } from 'node:child_process'
import {
  SetupError,
  dataFolder,
  findCommand,
  freePort,
  isAlive,
  privateFolder,
  processMark,
  processesIn,
  randomSecret,
  readJson,
  signal,
  tail,
  waitFor,
  withLock,
  writePrivate,
} from './files.mjs'

const readyMs = 30_000
const exitUnavailable = 69

/**
 * The server's command and environment. Looked for in this order: redis-server or valkey-server on PATH, what an
 * earlier run has unpacked, Debian's packages. Elsewhere: the command to run, and exit code 69.
 */
export async function findRedis({ root, say }) {
  const onPath = findCommand('redis-server') ?? findCommand('valkey-server')
  if (onPath) return { command: onPath, env: {} }
  const folder = path.join(dataFolder(root), 'redis')
  const unpacked = unpackedRedis(folder)
  if (unpacked) return unpacked
  if (!['apt-get', 'apt-cache', 'dpkg-deb', 'ldd'].every((name) => findCommand(name))) {
    throw new SetupError(installationAdvice(), { exitCode: exitUnavailable })
  }
  return withLock(`${folder}.lock`, async () => {
    if (!unpackedRedis(folder)) {
      say("Fetching Redis from this machine's package sources (once; unpacked into .data/redis) …")
      await unpackDebian(folder)
    }
    return unpackedRedis(folder)
  })
}

function unpackedRedis(folder) {
  const command = path.join(folder, 'usr', 'bin', 'redis-server')
  if (!fs.existsSync(command)) return null
  return { command, env: { LD_LIBRARY_PATH: libraryFolders(folder).join(':') } }
}

function libraryFolders(folder) {
  const names = fs.readdirSync(folder, { recursive: true })
  const found = names.filter((name) => /\.so(\.\d+)*$/.test(name))
  return [...new Set(found.map((name) => path.join(folder, path.dirname(name))))]
}

/** Downloads the packages and, level by level, what they depend on, until ldd finds nothing missing. */
async function unpackDebian(folder) {
  const work = `${folder}.new`
  fs.rmSync(work, { recursive: true, force: true })
  const apt = await aptRunner(path.join(work, 'apt'))
  const tree = path.join(work, 'tree')
  fs.mkdirSync(tree, { recursive: true })
  let names = ['redis-server', 'redis-tools']
  const seen = new Set(names)
  let missing = ['redis-server']
  for (let level = 1; level <= 4 && missing.length > 0; level += 1) {
    for (const name of names) await unpackPackage({ apt, name, tree, needed: level === 1 })
    missing = missingLibraries(tree)
    names = (await apt.dependencies(names)).filter((name) => isLibrary(name) && !seen.has(name))
    for (const name of names) seen.add(name)
  }
  if (missing.length > 0) {
    throw new SetupError(`Redis would lack ${missing.join(', ')}.\n${installationAdvice()}`, {
      exitCode: exitUnavailable,
    })
  }
  fs.rmSync(folder, { recursive: true, force: true })
  fs.renameSync(tree, folder)
  fs.rmSync(work, { recursive: true, force: true })
}

/** The system's own C library must stay the one that is used. */
const isLibrary = (name) => name.startsWith('lib') && !/^lib(c6|gcc|stdc)/.test(name)

/** apt with lists, cache and lock files of its own, so that it needs no root and leaves the system's alone. */
async function aptRunner(folder) {
  for (const name of ['lists/partial', 'state', 'cache/archives/partial', 'packages']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true })
  }
  const options = [
    `Dir::State=${folder}/state`,
    `Dir::State::Lists=${folder}/lists`,
    `Dir::State::status=/var/lib/dpkg/status`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  const packages = path.join(folder, 'packages')
  // A failed update alone proves nothing (hooks of the machine fail without root): the downloads decide.
  const update = await capture('apt-get', [...options, 'update', '-q'], packages)
  const run = async (command, args) => {
    const done = await capture(command, [...options, ...args], packages)
    if (done.code === 0) return done.output
    const reason = `${update.code === 0 ? '' : update.output}${done.output}`.trim()
    throw new SetupError(
      `\`${command} ${args.join(' ')}\` failed, so Redis could not be fetched:\n${reason}\n${installationAdvice()}`,
      { exitCode: exitUnavailable },
    )
  }
  const dependencies = async (names) => {
    const output = await run('apt-cache', ['depends', ...names])
    return [...output.matchAll(/^\s*\|?(?:Pre)?Depends: ([^<\s]+)$/gm)].map((match) => match[1])
  }
  return { packages, run, dependencies }
}

async function unpackPackage({ apt, name, tree, needed }) {
  try {
    await apt.run('apt-get', ['download', '-q', name])
  } catch (error) {
    // An alternative that this machine does not have is no loss: ldd decides in the end.
    if (needed) throw error
    return
  }
  for (const file of fs.readdirSync(apt.packages).filter((entry) => entry.endsWith('.deb'))) {
    const deb = path.join(apt.packages, file)
    const done = await capture('dpkg-deb', ['-x', deb, tree], apt.packages)
    if (done.code !== 0) throw new SetupError(`dpkg-deb -x ${file} failed: ${done.output}`)
    fs.rmSync(deb)
  }
}

function missingLibraries(tree) {
  const command = path.join(tree, 'usr', 'bin', 'redis-server')
  const env = { ...process.env, LD_LIBRARY_PATH: libraryFolders(tree).join(':') }
  const listed = spawnSync('ldd', [fs.realpathSync(command)], { env, encoding: 'utf8' })
  return [...listed.stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1])
}

function capture(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (part) => (output += part))
    child.stderr.on('data', (part) => (output += part))
    child.once('error', (error) => resolve({ code: -1, output: error.message }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

function installationAdvice() {
  const managers = [
    ['apt-get', 'sudo apt-get update && sudo apt-get install -y redis-server'],
    ['dnf', 'sudo dnf install -y valkey'],
    ['yum', 'sudo yum install -y redis'],
    ['apk', 'sudo apk add redis'],
    ['pacman', 'sudo pacman -S --noconfirm valkey'],
    ['zypper', 'sudo zypper install -y redis'],
    ['brew', 'brew install redis'],
  ]
  const found = managers.find(([name]) => findCommand(name))
  const command = found ? found[1] : 'install redis-server (https://redis.io/docs/install)'
  return `Crosscharge needs redis-server on PATH. Run this, then the command again:\n  ${command}`
}

/** Where the Redis of `purpose` keeps its files. */
export function redisPlace({ root, purpose }) {
  const home = privateFolder(path.join(dataFolder(root), purpose, 'redis'))
  return {
    home: fs.realpathSync(home),
    log: path.join(home, 'redis.log'),
    secretsFile: path.join(home, 'redis.json'),
  }
}

export const redisUrl = (place, port) =>
  `redis://:${readJson(place.secretsFile, {}).password}@127.0.0.1:${port}/0`

/** Forgets what a Redis of `purpose` had kept; only while it is stopped. */
export function emptyRedis(place) {
  fs.rmSync(path.join(place.home, 'appendonlydir'), { recursive: true, force: true })
}

/** Starts the server with an append-only file. Returns `{pid, started, port}`. */
export async function startRedis({ place, server, wanted }) {
  for (const pid of processesIn(place.home)) signal(pid, 'SIGKILL')
  await waitFor(() => processesIn(place.home).length === 0, 5_000)
  if (!readJson(place.secretsFile, null)) {
    writePrivate(place.secretsFile, JSON.stringify({ password: randomSecret() }))
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? wanted : undefined)
    const mark = await tryStart({ place, server, port })
    if (mark) return { ...mark, port }
    if (attempt === 3) {
      throw new SetupError(
        `Redis did not start. Its log, ${place.log}, ends with:\n${tail(place.log)}`,
      )
    }
  }
}

async function tryStart({ place, server, port }) {
  const { password } = readJson(place.secretsFile, {})
  const config = path.join(place.home, 'redis.conf')
  writePrivate(config, settings(place, port, password))
  fs.rmSync(place.log, { force: true })
  const log = fs.openSync(place.log, 'a', 0o600)
  const child = spawn(server.command, [config], {
    cwd: place.home,
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...server.env },
    detached: true,
    stdio: ['ignore', log, log],
  })
  fs.closeSync(log)
  let ended = false
  child.once('error', () => (ended = true))
  child.once('exit', () => (ended = true))
  const isReady = async () => ended || (await answersPing(place, port))
  const waited = await waitFor(isReady, readyMs)
  child.unref()
  return waited && !ended ? processMark(child.pid) : null
}

const settings = (place, port, password) => `# Written by config/setup at every start.
bind 127.0.0.1
port ${port}
requirepass ${password}
daemonize no
dir ${JSON.stringify(place.home)}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
`

/** True when a server at `port` knows our password and is done with loading. */
export function answersPing(place, port) {
  const { password } = readJson(place.secretsFile, {})
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    let answer = ''
    const end = (result) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(2_000, () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.on('data', (part) => {
      answer += part
      if (answer.split('\r\n').length > 2) end(answer.startsWith('+OK\r\n+PONG'))
    })
    socket.write(`AUTH ${password}\r\nPING\r\n`)
  })
}

/** Stops the server that was marked when it started; its append-only file is complete afterwards. */
export async function stopRedis(mark) {
  for (const [name, limitMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 5_000],
  ]) {
    if (!isAlive(mark)) return
    signal(mark.pid, name)
    await waitFor(() => !isAlive(mark), limitMs)
  }
}
