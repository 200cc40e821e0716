import { limits } from '../../../config/limits.ts'
import { isVersion, VERSIONS } from '../../ocpi/version.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import type { Bench, Settings } from '../conformance/bench.ts'
import type { Address, Part } from '../conformance/exchange.ts'
import { SUBJECTS } from '../conformance/subjects.ts'
import { CliStop, EXIT } from '../exit-codes.ts'

/** Whether somebody else's OCPI platform does what the specification says. */
export const conformanceCommands: readonly Command[] = [
  {
    words: 'conformance',
    args: ['VERSIONS-URL'],
    about:
      "Check a partner's OCPI platform, a test system: it registers with --token TOKEN (a token A), writes objects whose ids begin with CONF, sends commands, and leaves again (1: a check failed)",
    options: {
      role: {
        value: 'cpo|emsp|ptp',
        many: true,
        about:
          'what the partner is; else worked out from its endpoints, which 2.1.1 does not allow',
      },
      as: {
        value: 'ptp',
        about:
          'what we are: a payment terminal provider, for the payments module of a CPO; else an eMSP or a CPO',
      },
      version: { value: 'V', about: `${VERSIONS.join(', ')}; else the newest that it offers` },
      party: {
        value: 'NL-TNM',
        about: 'the party that we are (NL-CFT); a hub knows it from its invitation',
      },
      registered: {
        about: 'the token is of a finished registration: leave credentials as they are',
      },
      without: {
        value: 'SUBJECT',
        many: true,
        about: `leave out ${SUBJECTS.join(', ')}; repeat for more`,
      },
      timeout: {
        value: 'S',
        about: `seconds to wait for an answer (${limits.certifyRequestMs / 1_000})`,
      },
      'result-timeout': {
        value: 'S',
        about: `seconds to wait for the result of a command (${limits.certifyResultMs / 1_000})`,
      },
      listen: {
        value: 'HOST:PORT',
        about: 'where we listen for the partner (127.0.0.1, any free port)',
      },
      'public-url': {
        value: 'URL',
        about: 'how the partner reaches us, when that is another address',
      },
    },
    run: runConformance,
  },
]

/** Only here: the schemas of three versions take longest to load, and no other command needs them. */
async function loadCertifier() {
  const { createAsker } = await import('../conformance/exchange.ts')
  const { startOwnPlatform } = await import('../conformance/own-platform.ts')
  const { reportText } = await import('../conformance/report.ts')
  const { certify } = await import('../conformance/run.ts')
  return { createAsker, startOwnPlatform, reportText, certify }
}

async function runConformance(call: CommandCall): Promise<Outcome> {
  const settings = settingsFrom(call)
  const listen = listenFrom(call.option('listen') ?? '127.0.0.1:0')
  const publicUrl = urlFrom('--public-url', call.option('public-url'))?.replace(/\/+$/, '')
  if (listen.host === '0.0.0.0' && publicUrl === undefined)
    throw new CliStop(
      EXIT.usage,
      '--listen on all addresses needs --public-url: how the partner reaches us.',
    )
  const deadlineMs = secondsFrom(call, 'timeout', limits.certifyRequestMs)
  const { createAsker, startOwnPlatform, reportText, certify } = await loadCertifier()
  let bench: Bench | undefined
  const own = await startOwnPlatform({
    listen,
    publicUrl,
    openDoor: settings.isRegistered,
    clock: settings.clock,
    onToken: (token) => {
      if (bench) bench.token = token
    },
  })
  const asker = createAsker({ clock: () => performance.now(), deadlineMs })
  try {
    const report = await certify({ settings, asker, own, met: (met) => void (bench = met) })
    return {
      code: report.totals.fail === 0 ? EXIT.ok : EXIT.differs,
      text: reportText(report),
      json: report,
    }
  } finally {
    await asker.close()
    await own.close()
  }
}

function settingsFrom(call: CommandCall): Settings {
  const versionsUrl = urlFrom('VERSIONS-URL', call.args[0])
  const token = call.option('token')
  if (versionsUrl === undefined || token === undefined)
    throw new CliStop(EXIT.usage, "Give the partner's versions URL and --token with its token A.")
  const without = call.options('without').flatMap((one) => one.split(','))
  const unknown = without.find((one) => !SUBJECTS.some((subject) => subject === one))
  if (unknown !== undefined)
    throw new CliStop(EXIT.usage, `--without ${unknown} is none of ${SUBJECTS.join(', ')}.`)
  return {
    versionsUrl,
    token,
    role: partFrom('role', call.options('role').at(-1), ['cpo', 'emsp', 'ptp']),
    as: partFrom('as', call.option('as'), ['ptp']),
    version: versionFrom(call.option('version')),
    party: partyFrom(call.option('party') ?? 'NL-CFT'),
    isRegistered: call.flag('registered'),
    without,
    resultMs: secondsFrom(call, 'result-timeout', limits.certifyResultMs),
    clock: () => Math.round(performance.timeOrigin + performance.now()),
  }
}

const PARTS: Readonly<Record<string, Part>> = { cpo: 'CPO', emsp: 'EMSP', ptp: 'PTP' }

function partFrom(
  name: string,
  text: string | undefined,
  known: readonly string[],
): Part | undefined {
  const part = PARTS[text ?? '']
  if (text === undefined || (part !== undefined && known.includes(text))) return part
  throw new CliStop(EXIT.usage, `--${name} is ${known.join(' or ')}.`)
}

function versionFrom(text: string | undefined): Version | undefined {
  if (text === undefined || isVersion(text)) return text
  throw new CliStop(EXIT.usage, `--version is one of ${VERSIONS.join(', ')}.`)
}

function partyFrom(text: string): Address {
  const match = /^([A-Z]{2})-([A-Z0-9]{3})$/.exec(text.toUpperCase())
  if (match) return { countryCode: match[1] ?? '', partyId: match[2] ?? '' }
  throw new CliStop(EXIT.usage, '--party is like NL-TNM.')
}

function urlFrom(name: string, text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:/.test(text))) return text
  throw new CliStop(EXIT.usage, `${name} ${text} is no http or https URL.`)
}

function listenFrom(text: string): { host: string; port: number } {
  const match = /^([^:]+):(\d{1,5})$/.exec(text)
  if (match) return { host: match[1] ?? '', port: Number(match[2]) }
  throw new CliStop(EXIT.usage, '--listen is like 0.0.0.0:9000.')
}

function secondsFrom(call: CommandCall, name: string, otherwiseMs: number): number {
  const text = call.option(name)
  if (text === undefined) return otherwiseMs
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 600) return seconds * 1_000
  throw new CliStop(EXIT.usage, `--${name} is a number of seconds, at most 600.`)
}
