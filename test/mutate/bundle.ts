// Writes the tests of a slice, with all that they import, as one script that node starts in a tenth of a second.
// Usage: node --import tsx test/mutate/bundle.ts FILE (of src/pricing, as the slices name it)
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'
import path from 'node:path'
import { BUNDLE, testsOf } from './slices.ts'

const root = path.resolve(import.meta.dirname, '../..')

const ownRunner: Plugin = {
  name: 'own-runner',
  setup({ onResolve }) {
    onResolve({ filter: /^uvu$/ }, () => ({ path: path.join(root, 'test/mutate/uvu.ts') }))
  },
}

const files = testsOf(root, process.argv[2] ?? '')
const imports = files.map((file) => `import './${file}'\n`).join('')
await build({
  stdin: {
    contents: `${imports}import { runAll } from './test/mutate/uvu.ts'\nawait runAll()\n`,
    resolveDir: root,
    loader: 'ts',
  },
  // Two folders deep as the tests are, so that what they read relative to themselves is found.
  outfile: path.join(root, BUNDLE),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [ownRunner],
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as _require } from 'node:module'; const require = _require(import.meta.url);",
  },
})
