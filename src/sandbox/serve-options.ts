import { parseArgs } from 'node:util'
import { VERSIONS, isVersion } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import type { PlatformRole } from './dialect.ts'
import { FAULTS, readFault } from './serve-faults.ts'
import type { Fault } from './serve-faults.ts'
import { partyFromCode } from './world.ts'
import type { WorldParty } from './world.ts'

export type SandboxOptions = {
  role: PlatformRole
  version: Version
  party: WorldParty
  port: number
  faults: Fault[]
  tokenA: string | undefined
  /** Where to register; without it the partner only serves. */
  versionsUrl: string | undefined
}

const ROLES = { cpo: 'CPO', emsp: 'EMSP', ptp: 'PTP' } as const
const PARTIES = { cpo: 'NL-SBC', emsp: 'DE-SBE', ptp: 'FR-SBP' } as const

/** Reads the command line. `wrong` says what to mend; `help` was asked for. */
export function readSandboxOptions(
  argv: string[],
): { options: SandboxOptions } | { wrong: string } | { help: true } {
  let values: ReturnType<typeof parse>
  try {
    values = parse(argv)
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : 'the line cannot be read' }
  }
  if (values.help === true) return { help: true }
  const { role = 'cpo', version = values.role === 'ptp' ? '2.3.0' : '2.2.1' } = values
  if (role !== 'cpo' && role !== 'emsp' && role !== 'ptp')
    return { wrong: '--role is cpo, emsp or ptp' }
  if (!isVersion(version)) return { wrong: `--version is one of ${VERSIONS.join(', ')}` }
  if (role === 'ptp' && version !== '2.3.0')
    return { wrong: '--role ptp needs --version 2.3.0, which brought payments' }
  const code = (values.party ?? PARTIES[role]).toUpperCase()
  if (!/^[A-Z]{2}-[A-Z0-9]{3}$/.test(code)) return { wrong: '--party is like NL-TNM' }
  const port = Number(values.port ?? '0')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return { wrong: '--port is 0 to 65535' }
  const names = (values.fault ?? []).flatMap((one) => one.split(','))
  const faults = names.map(readFault)
  const unknown = faults.indexOf(undefined)
  if (unknown !== -1) return { wrong: `--fault ${names[unknown]} is not known; see --help` }
  const versionsUrl = versionsUrlOf({
    hub: values.hub,
    given: values['versions-url'],
    version,
    role,
  })
  const tokenA = values['token-a']
  if (versionsUrl !== undefined && !URL.canParse(versionsUrl))
    return { wrong: '--hub and --versions-url are URLs, say http://127.0.0.1:8700' }
  if (versionsUrl !== undefined && tokenA === undefined)
    return { wrong: 'to register it needs --token-a, which `hub platforms invite` gives' }
  return {
    options: {
      role: ROLES[role],
      version,
      party: { ...partyFromCode(code), name: `Sandbox ${code}` },
      port,
      faults: faults.filter((fault) => fault !== undefined),
      tokenA,
      versionsUrl,
    },
  }
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const
  return parseArgs({
    args: argv,
    strict: true,
    options: {
      role: text,
      version: text,
      hub: text,
      'versions-url': text,
      'token-a': text,
      port: text,
      party: text,
      fault: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  }).values
}

/** 2.1.1 names no roles, so each side has a versions URL of its own at the hub. */
function versionsUrlOf(of: {
  hub: string | undefined
  given: string | undefined
  version: Version
  role: keyof typeof ROLES
}): string | undefined {
  if (of.given !== undefined || of.hub === undefined) return of.given
  const side = of.version === '2.1.1' ? `/${of.role}` : ''
  return `${of.hub.replace(/\/+$/, '')}/ocpi${side}/versions`
}

export const SANDBOX_HELP = `npm run sandbox -- [OPTIONS]

A partner to try OCPI with: an operator (cpo) with locations and tariffs that answers commands, or a provider (emsp) with
cards that it authorises, or a payment terminal provider (ptp, 2.3.0). With --hub it registers there; without, it prints its token A and waits for a handshake.

  --role cpo|emsp|ptp      what it is (cpo)
  --version V              ${VERSIONS.join(', ')} (2.2.1)
  --party CC-PID           its party (NL-SBC, DE-SBE, FR-SBP)
  --port N                 where it listens on 127.0.0.1 (0: any free one)
  --hub URL                the hub, say http://127.0.0.1:8700
  --versions-url URL       instead of --hub: where exactly to begin
  --token-a T              the token A of the hub's invitation; without --hub the one that this partner takes. It works once
  --fault NAME[:MODULE][=N] fail on purpose, in one module or in all functional ones; repeat or separate by commas:
${Object.entries(FAULTS)
  .map(([name, { about }]) => `    ${name.padEnd(14)} ${about}`)
  .join('\n')}

Ctrl-C ends it. It keeps nothing: begun again it needs a new token A.
`
