// TypeScript as one script that node starts at once: a loader that is asked for each of 800 files takes two seconds of
// processor time, in every one of several hundred processes of a test run.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * Writes `file` (below the project's root), with all of ours that it imports, as a script into `folder` (below it too, so
 * that packages are found), and returns its path. What is there already stays.
 */
export async function bundle(folder: string, file: string): Promise<string> {
  const outfile = path.join(folder, `${file.replaceAll(/[^\w.-]/g, '_')}.mjs`)
  if (existsSync(outfile)) return outfile
  // Another process may be writing the same: only whole ones carry the name.
  const making = `${outfile}.${randomBytes(6).toString('hex')}`
  await build({
    absWorkingDir: root,
    entryPoints: [file],
    outfile: making,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The names of errors are looked at.
    keepNames: true,
    sourcemap: 'inline',
    sourcesContent: false,
    plugins: [ownPlaces],
    logLevel: 'silent',
  })
  await rename(making, outfile)
  return outfile
}

// In two parts, because this file too is bundled, with the tests that bundle what they start.
const meta = ['import', 'meta'].join('.')

/** What a file reads beside itself is where the file is, not where the script is. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8')
      const contents = text
        .replaceAll(`${meta}.dirname`, JSON.stringify(path.dirname(file)))
        .replaceAll(`${meta}.url`, JSON.stringify(pathToFileURL(file).href))
      return { contents, loader: 'ts' }
    })
  },
}
