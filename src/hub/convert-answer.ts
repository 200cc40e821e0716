import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Member } from '../directory/parties.ts'
import type { Platform } from '../directory/snapshot.ts'
import { lossText } from '../ocpi/adapt.ts'
import type { Kind, Loss } from '../ocpi/adapt/define.ts'
import { itemTexts } from '../ocpi/json-text.ts'
import { foldKey, partyOf, readTime } from '../ocpi/primitives.ts'
import { replyOf } from '../ocpi/registry.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { OcpiAnswer as PartnerAnswer } from '../peer/ocpi-client.ts'
import { bridgeText, bridgeTexts, versionOf } from './bridge/bridge.ts'
import type { Call, OcpiAnswer } from './request.ts'

type Input = {
  call: Call
  member: Member
  answer: Extract<PartnerAnswer, { kind: 'ocpi' }>
  /** What the request had lost on its way there. */
  losses: readonly Loss[]
}

/**
 * A partner's answer as a requester of another version reads it: the data converted, the codes as that version has them.
 * What was lost stands in status_message; of a list, what cannot be said at all is left out and named there.
 */
export async function convertAnswer(
  context: Context,
  input: Input,
): Promise<Omit<OcpiAnswer, 'headers' | 'relayed'>> {
  const { answer } = input
  const { dataText, notes } = await convertData(context, input)
  const told = [
    ...(answer.statusMessage === null || answer.statusMessage === '' ? [] : [answer.statusMessage]),
    ...notes,
  ]
  return {
    ...statusFor(input),
    ...(dataText === null ? {} : { dataText }),
    ...(told.length === 0 ? {} : { statusMessage: told.join('; ') }),
  }
}

type Data = { dataText: string | null; notes: string[] }

async function convertData(context: Context, input: Input): Promise<Data> {
  const { call, answer, losses } = input
  const reply = replyOf(call.route)
  const { dataText } = answer
  if (dataText === null || dataText === 'null' || reply?.kind === undefined)
    return { dataText, notes: notesOf(losses) }
  const texts = reply.list ? itemTexts(dataText, []) : null
  if (texts !== null) return convertList(context, input, { kind: reply.kind, texts })
  if (reply.list || !isRecord(answer.data)) return { dataText: null, notes: notesOf(losses) }
  const converted = await bridgeText(context, {
    ...directionOf(input),
    kind: reply.kind,
    text: dataText,
    ...partiesOf(input, answer.data),
  })
  // A refusal is a refusal, whatever it says more.
  if (!converted.ok && answer.ocpiStatus >= 2000) return { dataText: null, notes: notesOf(losses) }
  if (!converted.ok) {
    throw new HubError('hubError', `the answer cannot be said in OCPI ${call.version}`, {
      faults: [{ pointer: converted.pointer, message: converted.reason }],
    })
  }
  return { dataText: converted.value, notes: notesOf([...losses, ...converted.losses]) }
}

/** A list where some items cannot be said is still a list of the others. */
async function convertList(
  context: Context,
  input: Input,
  list: { kind: Kind; texts: readonly string[] },
): Promise<Data> {
  const { call, answer } = input
  const values: readonly unknown[] = Array.isArray(answer.data) ? answer.data : []
  const { from, to, receiver } = directionOf(input)
  const items = list.texts.map((text, index) => ({
    text,
    from,
    owner: ownerOf(input, values[index]),
    key: keyOf(call, values[index]),
  }))
  const results = await bridgeTexts(context, {
    kind: list.kind,
    to,
    receiver,
    items,
    module: call.route.module.id,
  })
  const window = windowOf(input)
  const kept = results.flatMap((result, index) =>
    result.ok && isWithin(window, values[index]) ? [result.value] : [],
  )
  const left = results.flatMap((result, index) =>
    result.ok ? [] : [`${items[index]?.key ?? ''} (${result.reason})`],
  )
  const losses = results.flatMap((result) => (result.ok ? result.losses : []))
  return {
    dataText: `[${kept.join(',')}]`,
    notes: [
      ...notesOf([...input.losses, ...losses]),
      ...(left.length === 0
        ? []
        : [`${left.length} left out: ${left.slice(0, namedMax).join(', ')}`]),
    ],
  }
}

type Window = { from: Date | null; to: Date | null }

/** 2.1.1 does not say whether date_from and date_to are in the window; since 2.2 the first is and the second is not. */
function windowOf({ call, member }: Input): Window {
  const isClear = versionOf(member.platform.version) !== '2.1.1'
  return isClear
    ? { from: null, to: null }
    : { from: readTime(call.query.get('date_from')), to: readTime(call.query.get('date_to')) }
}

function isWithin({ from, to }: Window, value: unknown): boolean {
  const at = isRecord(value) ? readTime(value.last_updated) : null
  return at === null || ((from === null || at >= from) && (to === null || at < to))
}

/** How many of the items that were left out are named. */
const namedMax = 5

function directionOf({ call, member }: Input) {
  return {
    from: versionOf(member.platform.version),
    to: call.version,
    receiver: { platformId: call.identity.platform.id, party: call.from.party },
  }
}

/** Whose object it is, and of an authorisation, whose location it names and whose token was asked about. */
function partiesOf(input: Input, value: unknown) {
  const { call, member } = input
  const { routing } = call.route.endpoint
  if (routing !== 'authorize') return { owner: ownerOf(input, value) }
  const key = `${foldKey(call.route.params.uid ?? '')}|${call.query.get('type') ?? 'RFID'}`
  return { owner: call.from.party, token: { owner: member.party, key } }
}

/**
 * Whose object it is: as it says, else of whom it was asked; at a Receiver interface owners look at their own. In 2.1.1
 * it does not say, whatever a partner adds.
 */
function ownerOf({ call, member }: Input, value: unknown): string {
  const says = versionOf(member.platform.version) !== '2.1.1' && isRecord(value)
  const stated = says ? partyOf(value.country_code, value.party_id) : null
  return stated ?? (call.side === 'receiver' ? call.from.party : member.party)
}

function keyOf(call: Call, value: unknown): string {
  const definition = call.route.module.object
  const id = isRecord(value) ? value[definition?.idMember ?? 'id'] : undefined
  const key = foldKey(typeof id === 'string' ? id : '')
  const extra = definition?.keyQuery
  return extra && isRecord(value) ? `${key}|${String(value[extra.member] ?? extra.fallback)}` : key
}

function notesOf(losses: readonly Loss[]): string[] {
  const text = lossText(losses)
  return text === '' ? [] : [text]
}

type Status = { httpStatus: number; ocpiStatus: number }

function statusFor({ call, member, answer }: Input): Status {
  const { httpStatus } = answer
  const { routing, method } = call.route.endpoint
  const isMissing = httpStatus === 404 && versionOf(member.platform.version) === '2.1.1'
  // 2.1.1 has no code for an unknown token.
  if (isMissing && routing === 'authorize') return { httpStatus, ocpiStatus: 2004 }
  const status = statusSince(member.platform, answer)
  return isMissing && method === 'GET' ? { ...status, httpStatus } : status
}

/**
 * The codes of a platform's answer as 2.2 and later have them: partners of 2.1.1 refuse with HTTP errors what is an
 * error of OCPI alone since (2.2.1 Status codes).
 */
export function statusSince(
  { version }: Pick<Platform, 'version'>,
  { httpStatus, ocpiStatus }: Status,
): Status {
  if (version !== '2.1.1' || httpStatus < 400) return { httpStatus, ocpiStatus }
  return { httpStatus: 200, ocpiStatus: Math.max(2000, ocpiStatus) }
}
