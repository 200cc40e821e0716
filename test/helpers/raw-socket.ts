import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { at, parse } from './ask.ts'

/** An answer as it came over the wire. `code` and `message` are of its OCPI envelope: 0 and '' when there is none. */
export type RawAnswer = {
  status: number
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>
  text: string
  json: unknown
  code: number
  message: string
}

const answerMs = 10_000

/**
 * A plain TCP connection: sends bytes as they are and reads HTTP answers one by one, so that a test can say what no
 * HTTP client would.
 */
export class RawConnection {
  readonly #socket: Socket
  #buffer = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (part: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, part])
      this.#wake()
    })
    const close = (): void => {
      this.#isClosed = true
      this.#wake()
    }
    socket.on('error', close)
    socket.on('end', close)
    socket.on('close', close)
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Sends bytes; a text goes as latin1, so that every byte can be written. */
  write(bytes: Buffer | string): void {
    if (this.#socket.writable)
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** The next answer; null when the connection ends without one. `bodiless`: it answers a HEAD. */
  async answer(options: { bodiless?: boolean; limitMs?: number } = {}): Promise<RawAnswer | null> {
    const limitMs = options.limitMs ?? answerMs
    const end = performance.now() + limitMs
    for (;;) {
      const found = readAnswer(this.#buffer, options.bodiless ?? false)
      if (found) {
        this.#buffer = this.#buffer.subarray(found.bytes)
        if (found.answer.status >= 200) return found.answer
        continue
      }
      if (this.#isClosed) return null
      if (!(await this.#changed(end - performance.now())))
        throw new Error(
          `no answer within ${limitMs} ms; so far: ${this.#buffer.toString('latin1')}`,
        )
    }
  }

  /** Waits until the other side has ended the connection; false when it has not within `limitMs`. */
  async ended(limitMs: number): Promise<boolean> {
    const end = performance.now() + limitMs
    while (!this.#isClosed) if (!(await this.#changed(end - performance.now()))) return false
    return true
  }

  close(): void {
    this.#socket.destroy()
  }

  #changed(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, limitMs))
      this.#wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

function readAnswer(
  buffer: Buffer,
  bodiless: boolean,
): { answer: RawAnswer; bytes: number } | null {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [first = '', ...lines] = buffer.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? NaN)
  if (Number.isNaN(status)) throw new Error(`this is no answer: ${first}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const start = headEnd + 4
  if (headers.get('transfer-encoding') === 'chunked') {
    const body = readChunks(buffer, start)
    return body && { answer: asAnswer(status, headers, body.text), bytes: body.end }
  }
  const hasBody = !bodiless && status >= 200 && status !== 204 && status !== 304
  const end = start + (hasBody ? Number(headers.get('content-length') ?? 0) : 0)
  if (buffer.length < end) return null
  return { answer: asAnswer(status, headers, buffer.toString('utf8', start, end)), bytes: end }
}

function readChunks(buffer: Buffer, start: number): { text: string; end: number } | null {
  const parts: Buffer[] = []
  for (let from = start; ;) {
    const lineEnd = buffer.indexOf('\r\n', from)
    if (lineEnd < 0) return null
    const size = Number.parseInt(buffer.toString('latin1', from, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (buffer.length < end) return null
    if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end }
    parts.push(buffer.subarray(lineEnd + 2, end - 2))
    from = end
  }
}

function asAnswer(status: number, headers: ReadonlyMap<string, string>, text: string): RawAnswer {
  const json = parse(text)
  const code = Number(at(json, 'status_code') ?? 0)
  return { status, headers, text, json, code, message: String(at(json, 'status_message') ?? '') }
}
