import http from 'node:http'

/** What a bench found: a rate of the hub beside the rate of a limit, both measured in this run on this machine. */
export type Measured = {
  what: string
  rate: number
  unit: string
  /** The least that any solution must do, on the same data. */
  limit: string
  limitRate: number
  /** What was to hold and does not; `--check` ends with 1. */
  failed?: string
  /** More than figures: a table, shown as it is. */
  report?: string
}

/** `isCheck`: at the size at which it must hold what it promises. */
export type BenchOptions = { isCheck: boolean }

export type Bench = {
  name: string
  about: string
  run(options: BenchOptions): Promise<Measured[]>
}

/** Units per second of `count` units that took `ms`. */
export function perSecond(count: number, ms: number): number {
  return (count * 1000) / ms
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Runs `work(0 … count - 1)`, `parallel` at a time, and returns how many a second were done. */
export async function rateOf(
  load: { count: number; parallel: number },
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < load.count) await work(next++)
  }
  const ms = await timed(() => Promise.all(Array.from({ length: load.parallel }, lane)))
  return perSecond(load.count, ms)
}

export type Shot = {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body?: string
}

const agent = new http.Agent({ keepAlive: true })

/** One request over a kept connection; anything but a 2xx is an error. Returns the body. */
export function shoot({ url, method, headers, body }: Shot): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, agent, headers: { ...headers, ...length } }
    const request = http.request(url, options, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(parts)
        const status = response.statusCode ?? 0
        if (status >= 200 && status < 300) resolve(bytes)
        else reject(new Error(`${method} ${url}: ${status} ${bytes.toString().slice(0, 300)}`))
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
