// The packages of package-lock.json, installed once and again only when the lock file says otherwise.
import * as fs from 'node:fs'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { SetupError, dataFolder, readJson, withLock } from './files.mjs'

const nodeMin = [20, 19]

/** Refuses a Node that is too old to run the project. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return
  throw new SetupError(
    `Crosscharge needs Node ${nodeMin.join('.')} or newer, this is ${version}. Install a current one from https://nodejs.org and run the command again.`,
  )
}

/**
 * Installs the packages when node_modules is missing, half installed or differs from the lock file.
 * No package's install script is run. `out` is the descriptor that npm writes to (2 keeps stdout clean).
 */
export async function ensurePackages({ root, say, out = 1 }) {
  if (isInstalled(root)) return
  await withLock(path.join(dataFolder(root), 'install.lock'), async () => {
    if (isInstalled(root)) return
    say('Installing packages (npm ci; only when package-lock.json has changed) …')
    const code = await npm(root, out)
    if (code === 0 && isInstalled(root)) return
    throw new SetupError(
      `The packages could not be installed (npm ci ended with ${code}). ` +
        'What npm wrote above says why: usually no network or a proxy (`npm config get registry`, `npm ping`). ' +
        'Then run the command again.',
    )
  })
}

/** npm notes in node_modules/.package-lock.json what it has installed, as the last step of an installation. */
function isInstalled(root) {
  const wanted = readJson(path.join(root, 'package-lock.json'), null)?.packages
  const found = readJson(path.join(root, 'node_modules', '.package-lock.json'), null)?.packages
  if (!wanted)
    throw new SetupError(`${root} has no readable package-lock.json; clone the repository again`)
  if (!found) return false
  return Object.entries(wanted).every(([name, { version, integrity, optional }]) => {
    if (name === '') return true
    const there = found[name]
    if (!there) return optional === true
    return there.version === version && there.integrity === integrity
  })
}

function npm(root, out) {
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']
  const cli = process.env.npm_execpath
  const command = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm']
  const started = performance.now()
  const child = spawn(command[0], [...command.slice(1), ...args], {
    cwd: root,
    stdio: ['ignore', out, 2],
    env: npmEnvironment(),
  })
  const ticker = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    fs.writeSync(out, `  … still installing (${seconds} s)\n`)
  }, 15_000)
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new SetupError('npm was not found on PATH. It comes with Node.', { cause })),
    )
    child.once('exit', (code, signal) => resolve(code ?? signal))
  }).finally(() => clearInterval(ticker))
}

/** Options of an outer `npm run` must not change what is installed (`--omit=dev`, `--prefix`, `--dry-run` …). */
function npmEnvironment() {
  const env = { ...process.env, NODE_ENV: '' }
  for (const name of ['omit', 'only', 'production', 'dry_run', 'prefix', 'global', 'workspace']) {
    delete env[`npm_config_${name}`]
  }
  return env
}

/** Version of an installed package. */
export function packageVersion(folder) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version
}
