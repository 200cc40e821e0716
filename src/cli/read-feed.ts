import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { limits } from '../../config/limits.ts'
import { documentItems } from '../ocpi/feed-items.ts'
import { CliStop, EXIT } from './exit-codes.ts'

/** The exact text of one object of a feed; `problem` when it is no JSON, so that nobody need send it. */
export type FeedItem = { text: string; problem: string | null }

/**
 * The objects of a file, one after the other: NDJSON, a JSON list, or one document that holds a list (an envelope, a
 * recorded response), each of them packed with gzip or not. Lines and lists are streamed; a document may have
 * `importDocumentBytesMax`.
 */
export async function* readFeed(path: string, module: string): AsyncGenerator<FeedItem> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  )
  if (size === null) throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  const pieces = decoded(path)
  const head = await firstLine(pieces)
  const rest = joined(head, pieces)
  if (head.trimStart().startsWith('[')) yield* listItems(rest)
  else if (isLines(head)) yield* lineItems(rest, module)
  else yield* wholeItems(await wholeText(path, rest), { path, module })
}

/** The beginning of a file up to where its first line has ended, or to where that is too long for an object. */
async function firstLine(pieces: AsyncGenerator<string>): Promise<string> {
  let head = ''
  while (!head.trimStart().includes('\n') && head.length <= limits.objectCharsMax) {
    const next = await pieces.next()
    if (next.done === true) break
    head += next.value
  }
  return head.replace(/^\uFEFF/, '')
}

async function* decoded(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const bytes = (await isPacked(path)) ? file.pipe(createGunzip()) : file
  if (bytes !== file) file.on('error', (error) => bytes.destroy(error))
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const piece of bytes) yield decoder.decode(Buffer.from(piece), { stream: true })
    yield decoder.decode()
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new CliStop(EXIT.cannot, `${path} cannot be read: ${why}`)
  }
}

async function isPacked(path: string): Promise<boolean> {
  for await (const piece of createReadStream(path, { end: 1 })) {
    const bytes = Buffer.from(piece)
    return bytes[0] === 0x1f && bytes[1] === 0x8b
  }
  return false
}

async function* joined(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head
  yield* rest
}

/** True when the first line is a whole object by itself. */
function isLines(head: string): boolean {
  const [line = ''] = head.trimStart().split('\n', 1)
  return line.length < head.trimStart().length && problemOf(line) === null
}

async function* lineItems(
  pieces: AsyncGenerator<string>,
  module: string,
): AsyncGenerator<FeedItem> {
  let open = ''
  for await (const piece of pieces) {
    const lines = `${open}${piece}`.split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) yield* lineItem(line, module)
  }
  yield* lineItem(open, module)
}

function* lineItem(line: string, module: string): Generator<FeedItem> {
  const text = line.trim()
  if (text === '') return
  const problem = problemOf(text)
  const texts = problem === null ? documentItems(text, module) : null
  for (const one of texts ?? [text]) yield { text: one, problem }
}

/** The items of one JSON list. What stands between brackets is looked at, what they hold is not. */
async function* listItems(pieces: AsyncGenerator<string>): AsyncGenerator<FeedItem> {
  const state = { depth: 0, isText: false, isEscaped: false }
  let open = ''
  for await (const piece of pieces) {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      const depth = state.depth
      step(state, code)
      const isEnd = depth === 1 && !state.isText && (code === COMMA || state.depth === 0)
      if (isEnd) yield* listItem(open + piece.slice(from, at))
      if (isEnd || (depth === 0 && state.depth === 1)) {
        open = ''
        from = at + 1
      }
    }
    open += piece.slice(from)
  }
  if (state.depth > 0) yield { text: open, problem: 'the list does not end' }
}

const COMMA = 0x2c

function step(state: { depth: number; isText: boolean; isEscaped: boolean }, code: number): void {
  if (state.isText) {
    if (state.isEscaped) state.isEscaped = false
    else if (code === 0x5c) state.isEscaped = true
    else if (code === 0x22) state.isText = false
  } else if (code === 0x22) state.isText = true
  else if (code === 0x7b || code === 0x5b) state.depth += 1
  else if (code === 0x7d || code === 0x5d) state.depth -= 1
}

function* listItem(text: string): Generator<FeedItem> {
  const trimmed = text.trim()
  if (trimmed !== '') yield { text: trimmed, problem: problemOf(trimmed) }
}

async function wholeText(path: string, pieces: AsyncGenerator<string>): Promise<string> {
  const parts: string[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > limits.importDocumentBytesMax) {
      throw new CliStop(
        EXIT.cannot,
        `${path} is one document of more than ${limits.importDocumentBytesMax} bytes; write one object a line.`,
      )
    }
    parts.push(piece)
  }
  return parts.join('')
}

function* wholeItems(text: string, of: { path: string; module: string }): Generator<FeedItem> {
  const problem = problemOf(text)
  if (problem !== null) throw new CliStop(EXIT.cannot, `${of.path} is no JSON: ${problem}`)
  const items = documentItems(text, of.module)
  if (items === null)
    throw new CliStop(EXIT.cannot, `${of.path} holds no ${of.module}; is --module right?`)
  for (const item of items) yield { text: item, problem: null }
}

function problemOf(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) : 'unreadable'
  }
}
