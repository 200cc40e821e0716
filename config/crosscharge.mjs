#!/usr/bin/env node
// The operator's command line: makes sure that the packages are there, then runs src/cli/main.ts where the user stands.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { SetupError } from './setup/files.mjs'
import { checkNode, ensurePackages } from './setup/packages.mjs'
import { root } from './setup/run.mjs'

// Everything but the answer goes to stderr: stdout may be read by a program.
const say = (text) => void process.stderr.write(`${text}\n`)

try {
  checkNode()
  await ensurePackages({ root, say, out: 2 })
  const main = path.join(root, 'src', 'cli', 'main.ts')
  const args = ['--import', import.meta.resolve('tsx'), main, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  // Ctrl-C reaches the child by the terminal; what is sent to us alone is passed on.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.once('exit', (code, name) => process.exit(code ?? (name === 'SIGINT' ? 130 : 143)))
} catch (error) {
  say(error instanceof SetupError ? error.message : error.stack)
  process.exit(error.exitCode ?? 1)
}
