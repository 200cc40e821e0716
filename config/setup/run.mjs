// Child processes of set-up: each leads a group of its own, so that Ctrl-C reaches it once, through us.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { signal } from './files.mjs'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

const exitOfSignal = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
const parentCheckMs = 250

/** Catches SIGINT, SIGTERM and SIGHUP from now on. `first` is the name of the first one, or null. */
export function catchSignals() {
  const listeners = new Set()
  const caught = { first: null, listeners }
  const take = (name) => {
    const again = caught.first !== null
    caught.first ??= name
    for (const listener of listeners) listener(name, again)
  }
  for (const name of Object.keys(exitOfSignal)) process.on(name, () => take(name))
  if (process.env.npm_lifecycle_event) watchParent(() => take('SIGTERM'))
  return caught
}

/** npm passes a signal to a shell between us, which dies of it without telling us. */
function watchParent(onGone) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, parentCheckMs)
  timer.unref()
}

/** Exit code that tells by which signal a program was ended. */
export const exitCodeOf = (name) => exitOfSignal[name] ?? (name === 'SIGKILL' ? 137 : 1)

/**
 * Starts `node --import tsx FILE ARGS` in the clone. Signals that we get are passed on; the second one kills the
 * group. `exited` resolves to the exit code.
 */
export function startNode({ file, args = [], env, caught }) {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const pass = (name, again) => {
    if (again) signal(-child.pid, 'SIGKILL')
    else signal(child.pid, name)
  }
  caught.listeners.add(pass)
  // A signal that came before the listener was there.
  if (caught.first !== null) pass(caught.first, false)
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, name) => resolve(code ?? exitCodeOf(name)))
  }).finally(() => {
    caught.listeners.delete(pass)
    // Nothing that the child has started may outlive it.
    if (child.pid) signal(-child.pid, 'SIGKILL')
  })
  return { pid: child.pid, exited, end: (name) => signal(child.pid, name) }
}

/** Environment without the settings of a hub: demo and tests must not see what an operator's shell has set. */
export function withoutSettings() {
  const names = [
    'PORT',
    'METRICS_PORT',
    'ALERT_WEBHOOK_URL',
    'PUBLIC_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'ADMIN_TOKEN',
    'SECRETS_KEY',
    'HUB_COUNTRY_CODE',
    'HUB_PARTY_ID',
    'HUB_NAME',
    'AGREEMENTS',
    'ALLOW_PRIVATE_PEERS',
    'LOG_LEVEL',
  ]
  // Empty means unset, here and in config/env.ts.
  return Object.fromEntries(names.map((name) => [name, '']))
}
