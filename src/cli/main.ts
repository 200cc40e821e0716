import { environment } from '../../config/env.ts'
import { runCli } from './run.ts'

process.exitCode = await runCli(process.argv.slice(2), {
  env: environment(),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
})
