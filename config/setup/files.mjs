// Files, locks, processes and ports for set-up. Plain JavaScript without packages: it runs before anything is installed.
import { createHash, randomBytes, randomInt } from 'node:crypto'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const portsFrom = 20_000
const portAttempts = 50
const wantedPortMs = 10_000
const handedOut = new Set()

/** A reason to stop that the operator can mend: printed without a stack. `exitCode` follows sysexits. */
export class SetupError extends Error {
  constructor(message, { exitCode = 1, cause } = {}) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/** Folder of everything that set-up keeps inside the clone. */
export const dataFolder = (root) => path.join(root, '.data')

/** Eight hex digits that tell two clones on one machine apart. */
export function cloneHash(root) {
  return createHash('sha256').update(fs.realpathSync(root)).digest('hex').slice(0, 8)
}

/** A password or key that fits into a URL without escapes. */
export const randomSecret = () => randomBytes(24).toString('hex')

/** Makes a folder that only its owner can enter. */
export function privateFolder(folder) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Parsed JSON of a file, or `otherwise` when the file is missing or torn. */
export function readJson(file, otherwise) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return otherwise
  }
}

/** Writes a file for its owner only (0600) in one step, so that a kill leaves the old or the new one, never half. */
export function writePrivate(file, text) {
  const next = `${file}.${process.pid}.new`
  fs.rmSync(next, { force: true })
  fs.writeFileSync(next, text, { mode: 0o600 })
  fs.renameSync(next, file)
}

/**
 * What tells a process from a later one with the same pid: its start time. Null when no such process lives
 * (a zombie counts as dead).
 */
export function processStart(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return null
  if (fs.existsSync('/proc/self/stat')) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19]
    } catch {
      return null
    }
  }
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return ps.status === 0 ? ps.stdout.trim() || null : null
}

/** This process or another one as a value that can be kept in a file. */
export const processMark = (pid = process.pid) => ({ pid, started: processStart(pid) })

/** True while the very process that was marked lives. */
export function isAlive(mark) {
  return Boolean(mark?.started) && processStart(mark.pid) === mark.started
}

/** Pids of the processes that work in `folder`. Servers of ours have their data folder as working directory. */
export function processesIn(folder) {
  let pids = []
  try {
    pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
  return pids.map(Number).filter((pid) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`) === folder && processStart(pid) !== null
    } catch {
      return false
    }
  })
}

/** Sends a signal to a process or (negative pid) to its group; a process that is gone already is no error. */
export function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error
  }
}

/** Waits until `done()` is true; false when that took longer than `limitMs`. */
export async function waitFor(done, limitMs, stepMs = 20) {
  const end = performance.now() + limitMs
  while (!(await done())) {
    if (performance.now() > end) return false
    await sleep(stepMs)
  }
  return true
}

/** Ends marked processes: politely, and after `politeMs` for good, with the groups that they lead. */
export async function endProcesses(marks, politeMs) {
  const living = () => marks.filter(isAlive)
  for (const mark of living()) signal(mark.pid, 'SIGTERM')
  if (await waitFor(() => living().length === 0, politeMs)) return
  for (const mark of living()) {
    signal(-mark.pid, 'SIGKILL')
    signal(mark.pid, 'SIGKILL')
  }
  await waitFor(() => living().length === 0, 5_000)
}

/** Runs `work` while no other process holds the lock file; the lock of a dead process does not count. */
export async function withLock(file, work) {
  privateFolder(path.dirname(file))
  const mine = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  fs.writeFileSync(mine, JSON.stringify(processMark()), { mode: 0o600 })
  const take = () => {
    try {
      fs.linkSync(mine, file)
      return true
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    // A torn or dead lock is moved aside first, so that of two processes that both saw it only one removes it.
    if (isAlive(readJson(file, null))) return false
    const aside = `${mine}.stale`
    try {
      fs.renameSync(file, aside)
      if (isAlive(readJson(aside, null))) fs.linkSync(aside, file)
    } catch {
      return false
    } finally {
      fs.rmSync(aside, { force: true })
    }
    return false
  }
  try {
    const taken = await waitFor(take, 600_000)
    if (!taken)
      throw new SetupError(`${file} is held by another process for ten minutes; end it first`)
    return await work()
  } finally {
    if (readJson(file, {}).pid === process.pid) fs.rmSync(file, { force: true })
    fs.rmSync(mine, { force: true })
  }
}

/** True when `port` can be listened on at 127.0.0.1 and at every address. */
export async function isPortFree(port) {
  return (await tryPort(port, '127.0.0.1')) !== null && (await tryPort(port, undefined)) !== null
}

/**
 * A port on 127.0.0.1 that is free now. `wanted` is given a while to become free: a connection that is just closing
 * may hold it. Others come from below the ports that the kernel gives to outgoing connections, so that a server can
 * be killed and started again on its port while thousands of connections are opened.
 */
export async function freePort(wanted) {
  if (wanted && (await waitFor(() => isPortFree(wanted), wantedPortMs, 100))) return wanted
  const end = firstOutgoingPort()
  for (let attempt = 1; attempt <= portAttempts && end > portsFrom; attempt += 1) {
    const port = randomInt(portsFrom, end)
    if (handedOut.has(port) || !(await isPortFree(port))) continue
    handedOut.add(port)
    return port
  }
  return tryPort(0, '127.0.0.1')
}

function firstOutgoingPort() {
  try {
    const range = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    return Number(range.trim().split(/\s+/)[0])
  } catch {
    return 32_768
  }
}

function tryPort(port, host) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host, exclusive: true }, () => {
      const taken = server.address().port
      server.close(() => resolve(taken))
    })
  })
}

/** Full path of a command on PATH, or null. */
export function findCommand(name, env = process.env) {
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, name)
    try {
      fs.accessSync(file, fs.constants.X_OK)
      if (fs.statSync(file).isFile()) return file
    } catch {
      continue
    }
  }
  return null
}

/** The last lines of a log file, for messages about a server that did not start. */
export function tail(file, lines = 15) {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return '(no log)'
  }
}
