import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { buildConnector } from 'undici'
import { limits } from '../../config/limits.ts'

/** All addresses of a host name; rejects with a DNS error code. */
export type Lookup = (hostname: string) => Promise<readonly { address: string; family: number }[]>

type GuardedUrl = { ok: true; url: URL } | { ok: false; message: string }

/** Ports above 1023 where something else than a web server usually listens: databases, queues, caches, daemons. */
const refusedPorts = new Set([
  1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 6000, 6379, 6443, 8086,
  9042, 9092, 9200, 9300, 10250, 11211, 27017,
])

/**
 * Judges a partner's URL before anything connects: https, no user name, a web port, no private address in any spelling
 * (the URL parser folds decimal, octal, hexadecimal and full-width forms) and no local name. The message is public.
 * With `allowPrivatePeers` http, any port and any address will do. Names are judged again by what they resolve to.
 */
export function guardUrl(text: string, options: { allowPrivatePeers: boolean }): GuardedUrl {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return refuse('the URL cannot be read; send an absolute https URL')
  const isHttp =
    url.protocol === 'https:' || (options.allowPrivatePeers && url.protocol === 'http:')
  if (!isHttp) return refuse('the URL must begin with https://')
  if (url.username !== '' || url.password !== '') {
    return refuse('the URL must not hold a user name or password')
  }
  if (options.allowPrivatePeers) return { ok: true, url }
  const port = url.port === '' ? 443 : Number(url.port)
  if (port !== 443 && (port < 1024 || refusedPorts.has(port))) {
    return refuse(`the URL must use port 443 or an unreserved port, not ${port}`)
  }
  if (!isPublicHost(url.hostname)) {
    return refuse('the URL must name a host that is reachable on the public internet')
  }
  return { ok: true, url }
}

function refuse(message: string): GuardedUrl {
  return { ok: false, message }
}

/** What the connector reports instead of connecting; its code tells it from network errors. */
class AddressRefused extends Error {
  override name = 'AddressRefused'
  readonly code = addressRefusedCode
}

/** The error code of a connection that the guard did not allow. */
export const addressRefusedCode = 'PEER_ADDRESS_REFUSED'

/**
 * An undici connector that judges literal addresses itself (node asks no look-up for them) and every address that a
 * name resolves to: one private address among them refuses the name. The connection goes to an address of that same
 * look-up, so a name that answers differently the next time (DNS rebinding) gains nothing.
 */
export function guardedConnector(options: {
  allowPrivatePeers: boolean
  lookup?: Lookup
}): buildConnector.connector {
  const connect = buildConnector({
    timeout: limits.peerConnectMs,
    lookup: vettedLookup({ ...options, lookup: options.lookup ?? lookupAll }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    allowH2: false,
  })
  return (target, callback) => {
    if (options.allowPrivatePeers || isPublicHost(target.hostname)) connect(target, callback)
    else queueMicrotask(() => callback(new AddressRefused('literal address is not public'), null))
  }
}

const lookupAll: Lookup = (hostname) => systemLookup(hostname, { all: true })

function vettedLookup(options: { allowPrivatePeers: boolean; lookup: Lookup }): LookupFunction {
  return (hostname, asked, callback) => {
    options.lookup(hostname).then(
      (addresses) => {
        const first = addresses[0]
        const isVetted =
          options.allowPrivatePeers || addresses.every(({ address }) => isPublicAddress(address))
        if (first === undefined || !isVetted) {
          callback(new AddressRefused('the name resolves to an address that is not public'), '', 0)
        } else if (asked.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    )
  }
}

/** A literal public address, or a dotted name that is not reserved for local use (RFC 6761, RFC 8375). */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (ipaddr.isValid(host)) return isPublicAddress(host)
  return /^[^.]+(\.[^.]+)+$/.test(host) && !/\.(localhost|local|internal|home\.arpa)$/i.test(host)
}

/** IPv6 must also lie in 2000::/3: `::7f00:1` (IPv4-compatible, deprecated) counts as unicast in the library. */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}
