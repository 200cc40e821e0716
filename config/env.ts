import { limits } from './limits.ts'

/** The settings of web and worker. `readConfig` is the only way to one. */
export type Config = {
  readonly port: number
  readonly metricsPort?: number
  readonly alertWebhookUrl?: string
  /** Where partners reach the hub, without a slash at the end; unset: taken from the port. */
  readonly publicUrl?: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly adminToken: string
  /** 32 bytes each. The first one encrypts, all of them decrypt. */
  readonly secretsKeys: readonly Buffer[]
  readonly hub: { readonly countryCode: string; readonly partyId: string; readonly name: string }
  readonly agreements: 'open' | 'required'
  readonly allowPrivatePeers: boolean
  readonly logLevel: string
}

/** Exit code of a process that was started with wrong settings (EX_CONFIG of sysexits). */
export const exitCodeConfig = 78

type Environment = Readonly<Record<string, string | undefined>>
type Problem = { readonly name: string; readonly wrong: string; readonly write: string }
/** Settings being read: what is wrong is collected, so that all of it is reported at once. */
type Reading = { readonly env: Environment; readonly problems: Problem[] }

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const adminTokenCharsMin = 24

/** The environment of this process. Only entry files ask for it. */
export function environment(): Environment {
  return { ...process.env }
}

/** The settings of this process; with wrong ones it says what is wrong and ends. For entry files. */
export function configOrExit(): Config {
  try {
    return readConfig(environment())
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(exitCodeConfig)
  }
}

/**
 * Settings → Config. An empty setting counts as unset. Throws one Error whose message lists every wrong setting:
 * name, what is wrong, what to write. Values of secrets and of URLs, which may hold passwords, are never repeated.
 */
export function readConfig(env: Environment): Config {
  const reading: Reading = { env, problems: [] }
  const metricsPort = port(reading, 'METRICS_PORT')
  const alertWebhookUrl = webUrl(reading, 'ALERT_WEBHOOK_URL')
  const publicUrl = ownUrl(reading)
  const config: Config = {
    port: port(reading, 'PORT') ?? 8700,
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(alertWebhookUrl === undefined ? {} : { alertWebhookUrl }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    databaseUrl: storeUrl(reading, {
      name: 'DATABASE_URL',
      protocols: ['postgres:', 'postgresql:'],
    }),
    redisUrl: storeUrl(reading, { name: 'REDIS_URL', protocols: ['redis:', 'rediss:'] }),
    adminToken: adminToken(reading),
    secretsKeys: secretsKeys(reading),
    hub: hubParty(reading),
    agreements: oneOf(reading, { name: 'AGREEMENTS', values: ['open', 'required'] }) ?? 'open',
    allowPrivatePeers:
      oneOf(reading, { name: 'ALLOW_PRIVATE_PEERS', values: ['false', 'true'] }) === 'true',
    logLevel: oneOf(reading, { name: 'LOG_LEVEL', values: logLevels }) ?? 'info',
  }
  if (reading.problems.length > 0) throw new Error(describe(reading.problems))
  return config
}

function describe(problems: readonly Problem[]): string {
  const lines = problems.map(({ name, wrong, write }) => `  ${name} ${wrong}; write ${write}`)
  return ['These settings are wrong:', ...lines].join('\n')
}

function value({ env }: Reading, name: string): string | undefined {
  return env[name]?.trim() || undefined
}

function refuse({ problems }: Reading, problem: Problem): undefined {
  problems.push(problem)
  return undefined
}

function port(reading: Reading, name: string): number | undefined {
  const text = value(reading, name)
  if (text === undefined) return undefined
  const found = /^\d{1,5}$/.test(text) ? Number(text) : Infinity
  if (found <= 65_535) return found
  const write = 'a port between 0 and 65535, for example 8700'
  return refuse(reading, { name, wrong: `is "${text}"`, write })
}

function webUrl(reading: Reading, name: string): string | undefined {
  const text = value(reading, name)
  if (text === undefined || isUrl(text, ['http:', 'https:'])) return text
  const write = 'an http or https URL, for example https://hub.example'
  return refuse(reading, { name, wrong: 'is no URL', write })
}

function ownUrl(reading: Reading): string | undefined {
  const name = 'PUBLIC_URL'
  const url = webUrl(reading, name)?.replace(/\/+$/, '')
  if (url === undefined || url.length <= limits.publicUrlCharsMax) return url
  const write = `at most ${limits.publicUrlCharsMax}: URLs below it must fit in the 255 of OCPI`
  return refuse(reading, { name, wrong: `has ${url.length} characters`, write })
}

function storeUrl(
  reading: Reading,
  { name, protocols }: { name: string; protocols: readonly string[] },
): string {
  const text = value(reading, name)
  const write = `a URL that begins with ${protocols[0]}//, or use \`npm start\`, which brings its own server`
  if (text === undefined) refuse(reading, { name, wrong: 'is missing', write })
  else if (!isUrl(text, protocols)) refuse(reading, { name, wrong: 'is no such URL', write })
  return text ?? ''
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol)
}

function adminToken(reading: Reading): string {
  const name = 'ADMIN_TOKEN'
  const text = value(reading, name)
  const write =
    'at least 24 random characters without spaces, for example from `openssl rand -hex 24`'
  if (text === undefined) refuse(reading, { name, wrong: 'is missing', write })
  else if (!/^[\x21-\x7e]+$/.test(text)) {
    refuse(reading, { name, wrong: 'holds characters that no header can carry', write })
  } else if (text.length < adminTokenCharsMin) {
    refuse(reading, { name, wrong: `has only ${text.length} characters`, write })
  }
  return text ?? ''
}

function secretsKeys(reading: Reading): Buffer[] {
  const name = 'SECRETS_KEY'
  const text = value(reading, name)
  const write =
    '32 bytes as base64, for example from `openssl rand -base64 32` (while rotating: new key, comma, old key)'
  const parts = text?.split(',').map((part) => part.trim()) ?? []
  if (text === undefined) refuse(reading, { name, wrong: 'is missing', write })
  else if (!parts.every((part) => /^[A-Za-z0-9+/]{43}=?$/.test(part))) {
    refuse(reading, { name, wrong: 'holds a key that is not 32 bytes of base64', write })
  }
  return parts.map((part) => Buffer.from(part, 'base64'))
}

function hubParty(reading: Reading): Config['hub'] {
  return {
    countryCode: matching(reading, {
      name: 'HUB_COUNTRY_CODE',
      pattern: /^[A-Z]{2}$/,
      otherwise: 'NL',
      write: 'two capital letters (ISO 3166-1), for example NL',
    }),
    partyId: matching(reading, {
      name: 'HUB_PARTY_ID',
      pattern: /^[A-Z0-9]{3}$/,
      otherwise: 'XCH',
      write: 'three capital letters or digits, for example XCH',
    }),
    // OCPI 2.2.1, BusinessDetails: `name` holds at most 100 characters.
    name: matching(reading, {
      name: 'HUB_NAME',
      pattern: /^.{1,100}$/,
      otherwise: 'Crosscharge',
      write: 'a name of at most 100 characters',
    }),
  }
}

type Rule = { name: string; pattern: RegExp; otherwise: string; write: string }

function matching(reading: Reading, { name, pattern, otherwise, write }: Rule): string {
  const text = value(reading, name) ?? otherwise
  if (!pattern.test(text)) refuse(reading, { name, wrong: `is "${text}"`, write })
  return text
}

function oneOf<T extends string>(
  reading: Reading,
  { name, values }: { name: string; values: readonly T[] },
): T | undefined {
  const text = value(reading, name)
  if (text === undefined) return undefined
  const found = values.find((each) => each === text)
  return (
    found ?? refuse(reading, { name, wrong: `is "${text}"`, write: `one of ${values.join(', ')}` })
  )
}
