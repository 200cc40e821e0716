// TypeScript as one script that node starts at once: a loader that is asked for each of 800 files takes two seconds of
// processor time, in every one of several hundred processes of a test run.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * Makes a folder of this run for scripts, below the project's root, where they find its packages. What a run that was killed
 * has left goes.
 */
export function makeFolder(): string {
  const data = path.join(root, '.data/scripts')
  mkdirSync(data, { recursive: true })
  for (const pid of readdirSync(data))
    if (!isRunning(Number(pid))) rmSync(path.join(data, pid), { recursive: true, force: true })
  const own = path.join(data, String(process.pid))
  mkdirSync(own, { recursive: true })
  return own
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Writes `file` (below the project's root), with all of ours that it imports, as a script into `folder` (below it too, so
 * that packages are found), and returns its path. What is there already stays.
 */
export async function bundle(folder: string, file: string): Promise<string> {
  const outfile = path.join(folder, `${file.replaceAll(/[^\w.-]/g, '_')}.mjs`)
  if (existsSync(outfile)) return outfile
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    outfile,
    write: false,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The names of errors are looked at.
    keepNames: true,
    // Beside it (places.ts).
    sourcemap: 'external',
    sourcesContent: false,
    plugins: [ownPlaces],
    logLevel: 'silent',
  })
  // Another process may be writing the same: only whole ones carry the name.
  for (const { path: name, contents } of outputFiles) {
    const making = `${name}.${randomBytes(6).toString('hex')}`
    await writeFile(making, contents)
    await rename(making, name)
  }
  return outfile
}

// In two parts, because this file too is bundled, with the tests that bundle what they start.
const meta = ['import', 'meta'].join('.')

/** The files that ask where they are: esbuild asks us for each that it finds by this, which costs more than reading it. */
let asking: RegExp | undefined

function filesAsking(): RegExp {
  const files = ['config', 'src', 'test', 'workers'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(root, folder, name)),
  )
  const found = files.filter((file) => readFileSync(file, 'utf8').includes(meta))
  return new RegExp(`^(${found.map((file) => file.replaceAll('.', '[.]')).join('|')})$`)
}

/** What a file reads beside itself is where the file is, not where the script is. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: (asking ??= filesAsking()), namespace: 'file' }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8')
      const contents = text
        .replaceAll(`${meta}.dirname`, JSON.stringify(path.dirname(file)))
        .replaceAll(`${meta}.url`, JSON.stringify(pathToFileURL(file).href))
      return { contents, loader: 'ts' }
    })
  },
}
