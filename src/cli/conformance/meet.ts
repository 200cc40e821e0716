import { limits } from '../../../config/limits.ts'
import { versionDetails, versionList } from '../../ocpi/modules/versions.ts'
import { MODULES, moduleById } from '../../ocpi/registry.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import { VERSIONS, compareVersions, isVersion } from '../../ocpi/version.ts'
import type { Version } from '../../ocpi/version.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { interfaceOf, sideOf } from './bench.ts'
import type { Bench, Settings } from './bench.ts'
import { citationOf, done, fail, found, isDone, pass, refusedWith, warn } from './check.ts'
import type { Row, Source, Verdict } from './check.ts'
import type { Asker, Exchange, Part } from './exchange.ts'
import type { OwnPlatform } from './own-platform.ts'

type Parts = { settings: Settings; asker: Asker; own: OwnPlatform }

const VERSIONS_GET: Source = ['version_information_endpoint', 'Version information endpoint']
const DETAILS_GET: Source = ['version_information_endpoint', 'Version details endpoint']
const ENDPOINT: Source = ['version_information_endpoint', 'Endpoint class']
const AUTH_221: Source = ['transport_and_format', 'Authorization header']
const AUTH_211: Source = ['transport_and_format', 'Security and authentication']

type Noted = { id: string; what: string; source: Source; verdict: Verdict }

/** Finds the partner's versions and endpoints. Without them there is nothing more to check: bench is null. */
export async function meet(parts: Parts): Promise<{ rows: Row[]; bench: Bench | null }> {
  const noted: Noted[] = []
  const { settings, asker } = parts
  const { exchange, encoding } = await findEncoding(parts)
  const list = { id: 'list', what: 'GET versions lists version and url', source: VERSIONS_GET }
  noted.push({ ...list, verdict: listVerdict(exchange) })
  const choice = chooseVersion(exchange, settings.version)
  const version = choice?.version ?? settings.version ?? '2.2.1'
  const wanted = settings.version ?? `one of ${VERSIONS.join(', ')}`
  noted.push({
    id: 'mutual',
    what: 'there is a mutual version',
    source: VERSIONS_GET,
    verdict: choice ? pass(version) : fail(`${wanted} is wanted, and it offers none`),
  })
  if (!choice) return { rows: rowsOf(noted, version), bench: null }
  noted.push(...(await tokenRows(parts, { version, encoding })))
  const { url } = choice
  const details = await asker.ask({ method: 'GET', url, encoding, token: settings.token })
  const verdict = detailsVerdict(details, version)
  noted.push({ id: 'details', what: 'GET version details', source: DETAILS_GET, verdict })
  if (verdict.outcome === 'fail') return { rows: rowsOf(noted, version), bench: null }
  const listed = endpointsIn(details)
  const part = roleOf(settings, { version, listed })
  const role = sideOf(part)
  const endpoints = namedEndpoints(listed, { version, role })
  noted.push({
    id: 'endpoints',
    what: 'the endpoints are those of its role, each once',
    source: ENDPOINT,
    verdict: endpointsVerdict({ listed, endpoints, role, version }),
  })
  const learnt = { version, role, part, encoding, detailsUrl: url, endpoints }
  return { rows: rowsOf(noted, version), bench: newBench(parts, learnt) }
}

function newBench(
  { settings, asker, own }: Parts,
  learnt: Pick<Bench, 'version' | 'role' | 'part' | 'encoding' | 'detailsUrl' | 'endpoints'>,
): Bench {
  const { token, isRegistered } = settings
  return {
    settings,
    asker,
    own,
    ...learnt,
    ownPart: ownPartOf(settings, learnt),
    token,
    hub: null,
    roles: [],
    isRegistered,
    stopped: null,
  }
}

/** 2.3.0 is the first version that has payments. */
function ownPartOf({ as }: Settings, { version, role }: Pick<Bench, 'version' | 'role'>): Part {
  if (role === 'emsp') return 'CPO'
  return version === '2.3.0' && as !== undefined ? as : 'EMSP'
}

/** The version is known after the first rows only; all are cited by it. */
function rowsOf(noted: readonly Noted[], version: Version): Row[] {
  return noted.map(({ id, what, source, verdict }) => ({
    id: `versions.${id}`,
    subject: 'Versions',
    what,
    citation: citationOf(version, source),
    ...verdict,
  }))
}

async function tokenRows(
  { settings, asker }: Parts,
  { version, encoding }: { version: Version; encoding: 'base64' | 'raw' },
): Promise<Noted[]> {
  const source = version === '2.1.1' ? AUTH_211 : AUTH_221
  const what = version === '2.1.1' ? 'the token is taken as it is' : 'the token is taken in base64'
  const at = { url: settings.versionsUrl, method: 'GET', encoding } as const
  const none = refusedWith(await asker.ask({ ...at, token: null }), 401)
  const wrong = refusedWith(
    await asker.ask({ ...at, token: 'conformance-test-unknown-token' }),
    401,
  )
  return [
    { id: 'encoding', what, source, verdict: encodingVerdict(version, encoding) },
    { id: 'no-token', what: 'without token: 401', source, verdict: none },
    { id: 'wrong-token', what: 'with a wrong token: 401', source, verdict: wrong },
  ]
}

/** The versions list must be read before the version is known: both ways to write a token are tried. */
async function findEncoding({
  settings,
  asker,
}: Parts): Promise<{ exchange: Exchange; encoding: 'base64' | 'raw' }> {
  const { versionsUrl: url, token, version } = settings
  const first = version === '2.1.1' ? 'raw' : 'base64'
  const second = first === 'raw' ? 'base64' : 'raw'
  const exchange = await asker.ask({ method: 'GET', url, token, encoding: first })
  if (exchange.status !== 401) return { exchange, encoding: first }
  const again = await asker.ask({ method: 'GET', url, token, encoding: second })
  return isDone(again) ? { exchange: again, encoding: second } : { exchange, encoding: first }
}

function encodingVerdict(version: Version, encoding: 'base64' | 'raw'): Verdict {
  if (version === '2.1.1')
    return encoding === 'raw' ? pass() : warn('it takes base64, which came with 2.2')
  return encoding === 'base64' ? pass() : fail('it takes the token only as it is')
}

function listVerdict(exchange: Exchange): Verdict {
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  return shapeVerdict(versionList, exchange.data)
}

function shapeVerdict(schema: Parameters<typeof validate>[0], data: unknown): Verdict {
  const { hard, soft } = validate(schema, dropNulls(data))
  return hard.length > 0 ? found(hard) : found(soft, 'warn')
}

function chooseVersion(
  exchange: Exchange,
  wanted: Version | undefined,
): { version: Version; url: string } | null {
  const { data } = exchange
  if (!isDone(exchange) || !Array.isArray(data)) return null
  const offered = data.slice(0, limits.certifyEndpointsMax).flatMap((entry: unknown) => {
    if (
      !isRecord(entry) ||
      typeof entry['version'] !== 'string' ||
      typeof entry['url'] !== 'string'
    )
      return []
    const { version, url } = entry
    return isVersion(version) && URL.canParse(url)
      ? [{ version, url: url.replace(/\/+$/, '') }]
      : []
  })
  const newest = offered.toSorted((a, b) => compareVersions(b.version, a.version))
  return newest.find(({ version }) => wanted === undefined || version === wanted) ?? null
}

function detailsVerdict(exchange: Exchange, version: Version): Verdict {
  const answer = done(exchange)
  const schema = schemaFor(versionDetails, version)
  if (answer.outcome !== 'pass' || !schema) return answer
  const shape = shapeVerdict(schema, exchange.data)
  const named = isRecord(exchange.data) ? exchange.data['version'] : undefined
  if (shape.outcome === 'fail' || named === version) return shape
  return fail(`/version is ${String(named)} instead of ${version}`)
}

type Listed = { identifier: string; role: string; url: string }

function endpointsIn({ data }: Exchange): Listed[] {
  const entries: unknown = isRecord(data) ? data['endpoints'] : []
  if (!Array.isArray(entries)) return []
  return entries.slice(0, limits.certifyEndpointsMax).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const { identifier, role, url } = entry
    if (typeof identifier !== 'string' || typeof url !== 'string') return []
    return [{ identifier, role: typeof role === 'string' ? role : '', url }]
  })
}

/** What the partner is: as the operator says, else the role whose modules it sends. */
function roleOf(settings: Settings, of: { version: Version; listed: readonly Listed[] }): Part {
  if (settings.role !== undefined) return settings.role
  const sends = (...modules: string[]) =>
    of.listed.some(({ identifier, role }) => role === 'SENDER' && modules.includes(identifier))
  const [isCpo, isEmsp] = [sends('locations', 'tariffs', 'cdrs'), sends('tokens')]
  if (of.version !== '2.1.1' && isCpo !== isEmsp) return isCpo ? 'CPO' : 'EMSP'
  if (of.version !== '2.1.1' && !isCpo && sends('payments')) return 'PTP'
  const why =
    of.version === '2.1.1' ? 'OCPI 2.1.1 names no roles' : 'it has the modules of both roles'
  throw new CliStop(EXIT.usage, `Say what the partner is, --role cpo or --role emsp: ${why}.`)
}

function namedEndpoints(
  listed: readonly Listed[],
  of: Pick<Bench, 'version' | 'role'>,
): Map<string, string> {
  const named = new Map<string, string>()
  for (const { identifier, role, url } of listed) {
    const side = of.version === '2.1.1' ? interfaceOf(of.role, identifier) : role.toLowerCase()
    const name = identifier === 'credentials' ? identifier : `${identifier}/${side}`
    if (!named.has(name) && URL.canParse(url)) named.set(name, url.replace(/\/+$/, ''))
  }
  return named
}

function endpointsVerdict(of: {
  listed: readonly Listed[]
  endpoints: ReadonlyMap<string, string>
  role: Bench['role']
  version: Version
}): Verdict {
  const { listed, endpoints, role, version } = of
  const names = listed.map((one) => `${one.identifier} ${one.role}`.trim())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return fail(`${twice} is listed twice`)
  const bad = listed.find(({ url }) => !URL.canParse(url))
  if (bad) return fail(`the URL of ${bad.identifier} is not absolute`)
  if (!endpoints.has('credentials')) return fail('credentials is missing')
  const fitting = MODULES.filter(({ id }) => endpoints.has(`${id}/${interfaceOf(role, id)}`))
  if (fitting.length === 0)
    return fail(`no module of a ${role === 'cpo' ? 'CPO' : 'eMSP'} is listed`)
  const odd = listed.filter(
    ({ identifier }) => identifier !== 'credentials' && !isIn(version, identifier),
  )
  return odd.length === 0
    ? pass()
    : warn(`${odd.map(({ identifier }) => identifier).join(', ')}: not of OCPI ${version}`)
}

function isIn(version: Version, identifier: string): boolean {
  const module = moduleById(identifier)
  return module !== undefined && compareVersions(module.since, version) <= 0
}

/** How far the partner can be spoken with, in a sentence for the report. */
export function summaryOf(bench: Bench): string {
  return `${bench.part === 'EMSP' ? 'eMSP' : bench.part}, OCPI ${bench.version}${bench.hub ? ', a hub' : ''}`
}
