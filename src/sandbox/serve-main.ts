import { systemClock } from './clock.ts'
import { servePartner } from './serve.ts'
import { SANDBOX_HELP, readSandboxOptions } from './serve-options.ts'
import type { SandboxOptions } from './serve-options.ts'

/** `npm run sandbox`: a partner on its own, until it is stopped. */
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const read = readSandboxOptions(process.argv.slice(2))
if ('help' in read) say(SANDBOX_HELP)
else if ('wrong' in read) {
  process.stderr.write(`sandbox: ${read.wrong}\n`)
  process.exitCode = 64
} else await run(read.options)

async function run(options: SandboxOptions): Promise<void> {
  const partner = await servePartner({ ...options, clock: systemClock, say })
  const end = () => void partner.close().finally(() => process.exit(0))
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  say(
    `${options.role} ${options.party.countryCode}-${options.party.partyId}, OCPI ${options.version}`,
  )
  for (const fault of options.faults) say(`fault ${fault.name} in ${fault.module ?? 'all modules'}`)
  say(`versions URL ${partner.versionsUrl}`)
  const { versionsUrl, tokenA } = options
  if (versionsUrl === undefined || tokenA === undefined) return say(`token A ${partner.tokenA}`)
  await partner.register({ versionsUrl, tokenA }).catch(async (error: unknown) => {
    process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`)
    await partner.close()
    process.exit(1)
  })
}
