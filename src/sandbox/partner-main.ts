import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { limits } from '../../config/limits.ts'
import { present } from '../assert.ts'
import { writeBooks } from './books.ts'
import { systemClock } from './clock.ts'
import { isJson, needText, objectsIn, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import { createPartner } from './partner.ts'
import type { Partner } from './partner.ts'
import { approveAll, correctCdr, liveSessions, pullAll, pushAll } from './partner-work.ts'
import type { Known, PartnerWorkParts, Progress } from './partner-work.ts'
import { readPlan } from './plan-file.ts'

/**
 * A partner as a process of its own, told what to do by JSON lines on standard input:
 * `{"id": 1, "command": "register", …}` → `{"id": 1, "ok": true, "result": …}` or `{"id": 1, "ok": false, "error": …}`,
 * with `{"progress": {"what", "done", "of"}}` in between. It ends when its input ends.
 */
type Running = { partner: Partner; known: Known }

let running: Running | undefined

function say(line: Json): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function progressOf(what: string): Progress {
  let saidAt = 0
  return (done, of) => {
    const now = systemClock()
    if (done < of && now - saidAt < limits.sandboxPollMs) return
    saidAt = now
    say({ progress: { what, done, of } })
  }
}

async function start(command: Json): Promise<Json> {
  const { plan, known } = readPlan(await readFile(needText(command, 'file'), 'utf8'))
  const partner = await createPartner({
    plan,
    clock: systemClock,
    inFlightMax: limits.sandboxInFlight * 2,
  })
  running = { partner, known }
  return { versions_url: partner.versionsUrl }
}

async function obey(command: Json): Promise<Json> {
  const name = needText(command, 'command')
  if (name === 'start') return start(command)
  const { partner, known } = present(running, 'started partner')
  const parts: PartnerWorkParts = partner
  switch (name) {
    case 'register':
      await partner.connection.register({
        versionsUrl: needText(command, 'versions_url'),
        tokenA: needText(command, 'token_a'),
      })
      return {}
    case 'push': {
      const module = needText(command, 'module')
      if (module !== 'tariffs' && module !== 'locations' && module !== 'tokens') return {}
      await pushAll(parts, module, progressOf(module))
      return {}
    }
    case 'live':
      await liveSessions(parts, known, progressOf('sessions'))
      return {}
    case 'pull':
      return pullAll(parts, needText(command, 'module'))
    case 'approve': {
      const cdrs = objectsIn(command['cdrs']).map((one) => ({
        owner: needText(one, 'owner'),
        id: needText(one, 'id'),
      }))
      return { failed: await approveAll(parts, cdrs) }
    }
    case 'api':
      return callApi(partner, command)
    case 'correct':
      await correctCdr(parts, known, {
        owner: needText(command, 'owner'),
        id: needText(command, 'cdr_id'),
      })
      return {}
    case 'token':
      return {
        token: partner.connection.shownToken(),
        endpoints: Object.fromEntries(partner.connection.endpoints()),
      }
    case 'session':
      return pushSession(partner, command)
    case 'counts':
      return countsOf(partner)
    case 'books':
      await writeFile(needText(command, 'file'), writeBooks(partner.books))
      return {}
    default:
      throw new Error(`unknown command ${name}`)
  }
}

/** A Session as its operator sends it, for somebody to try the hub by hand. */
async function pushSession({ connection }: Partner, command: Json): Promise<Json> {
  const from = {
    countryCode: needText(command, 'country_code'),
    partyId: needText(command, 'party_id'),
  }
  const { code } = await connection.send({
    method: 'PUT',
    module: 'sessions',
    side: 'receiver',
    path: `/${from.countryCode}/${from.partyId}/${needText(command, 'session_id')}`,
    from,
    body: needText(command, 'body'),
  })
  return { code }
}

/** A call to the hub's API of parties, answered as it is. */
async function callApi({ connection }: Partner, command: Json): Promise<Json> {
  const body = textOf(command, 'body')
  const { status, text } = await connection.api({
    method: needText(command, 'method') === 'GET' ? 'GET' : 'POST',
    path: needText(command, 'path'),
    ...(body === undefined ? {} : { body }),
  })
  return { status, text }
}

function countsOf({ books }: Partner): Json {
  return {
    received: books.received.size,
    received_sessions: books.receivedSessions.size,
    received_cdrs: books.receivedCdrs.size,
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const command = parseJson(line)
  if (!isJson(command)) return
  const id = command['id']
  obey(command).then(
    (result) => say({ id, ok: true, result }),
    (error: unknown) => say({ id, ok: false, error: String(error) }),
  )
})
lines.on('close', () => {
  void running?.partner.close().finally(() => process.exit(0))
  if (!running) process.exit(0)
})
// The terminal's Ctrl-C reaches every process of the group: only the demo decides when a partner ends.
process.on('SIGINT', () => {})
