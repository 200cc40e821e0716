import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { convert, convertText } from '../../ocpi/adapt.ts'
import type { Converted, Facts, Json, Kind } from '../../ocpi/adapt/define.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { isVersion } from '../../ocpi/version.ts'
import type { Version } from '../../ocpi/version.ts'
import { agreementAt } from '../agreements.ts'
import { aliasText } from './aliases.ts'
import { readBridgeFacts } from './bridge-facts.ts'
import type { FactsWanted } from './bridge-facts.ts'
import { noteConversions } from './conversions.ts'

/** Who gets something: the platform whose version counts and the party that is addressed. */
export type BridgeReceiver = { platformId: string; party: string }

type Token = { owner: string; key: string }

/** The version that a platform speaks with the hub; 2.2.1 before it has registered. */
export function versionOf(name: string | null | undefined): Version {
  return name !== null && name !== undefined && isVersion(name) ? name : '2.2.1'
}

/**
 * JSON text of one version in another. `owner` is whose object it is (of LocationReferences and AuthorizationInfo:
 * whose location; `token` names its Token there). With `receiver` ids get the names that a 2.1.1 partner knows them by;
 * with `place` too, what was lost is noted for the operator. The same version is the same text.
 */
export async function bridgeText(
  context: Context,
  input: {
    kind: Kind
    text: string
    from: Version
    to: Version
    owner: string
    partial?: boolean
    receiver?: BridgeReceiver
    place?: { module: string; key: string }
    token?: Token
    facts?: Facts
  },
): Promise<Converted<string>> {
  const { text, from, owner, place, ...rest } = input
  const [converted] = await bridgeTexts(context, {
    ...rest,
    ...(place ? { module: place.module } : {}),
    items: [{ text, from, owner, key: place?.key ?? '' }],
  })
  return converted ?? { ok: true, value: text, losses: [] }
}

/**
 * The same for many texts at once, in their order: facts are read set-wise, and nothing is read for texts that are in
 * the version asked for. Without `module` nothing is noted.
 */
export async function bridgeTexts(
  context: Context,
  input: {
    kind: Kind
    to: Version
    receiver?: BridgeReceiver
    module?: string
    partial?: boolean
    token?: Token
    facts?: Facts
    items: readonly { text: string; from: Version; owner: string; key: string }[]
  },
): Promise<Converted<string>[]> {
  const { kind, to, receiver, module, items } = input
  const results = items.map(({ text }): Converted<string> => ({
    ok: true,
    value: text,
    losses: [],
  }))
  const work = items.flatMap((item, index) => {
    if (!isChanged(input, item)) return []
    const value: unknown = JSON.parse(item.text)
    return isRecord(value) ? [{ ...item, index, value }] : []
  })
  if (work.length === 0) return results
  const facts = await readBridgeFacts(
    context.db,
    work.map((item) => wantedOf(input, item)),
  )
  const credits = await creditsAllowed(context, { kind, to, receiver, items: work })
  const inForceAt = context.clock().toISOString()
  for (const [at, { index, text, from, value }] of work.entries()) {
    if (from === to && kind === 'cdr' && value.credit === true && !credits.has(index)) {
      results[index] = {
        ok: false,
        pointer: '/credit',
        reason: '2.1.1 has no credit CDRs',
        losses: [],
      }
      continue
    }
    const known = {
      ...facts[at],
      ...(kind === 'tariff' && to === '2.1.1' ? { inForceAt } : {}),
      ...(credits.has(index) ? { allowCredit: true } : {}),
      ...input.facts,
    }
    const converted = convertText(text, {
      kind,
      from,
      to,
      facts: known,
      partial: input.partial === true,
    })
    results[index] =
      converted.ok && known.aliases
        ? { ...converted, value: aliasText(kind, converted.value, known.aliases) }
        : converted
  }
  if (receiver && module !== undefined) {
    const noted = work.flatMap(({ index, owner, key, from }) => {
      const converted = results[index]
      // How its own objects look in another version concerns nobody but their owner.
      return converted && owner !== receiver.party ? [{ owner, key, from, converted }] : []
    })
    await noteConversions(context.db, { platformId: receiver.platformId, module, to, items: noted })
  }
  return results
}

/** Of one version, only ids can need another name, and only for a partner of 2.1.1 that does not own them. */
function isChanged(
  { kind, to, receiver }: { kind: Kind; to: Version; receiver?: BridgeReceiver },
  item: { from: Version; owner: string },
): boolean {
  if (item.from !== to) return true
  return to === '2.1.1' && receiver !== undefined && receiver.party !== item.owner && isNamed(kind)
}

function isNamed(kind: Kind): boolean {
  return kind !== 'authorizationInfo' && !kind.startsWith('command')
}

function wantedOf(
  {
    kind,
    to,
    receiver,
    token,
  }: { kind: Kind; to: Version; receiver?: BridgeReceiver; token?: Token },
  { value, from, owner, key }: { value: Json; from: Version; owner: string; key: string },
): FactsWanted {
  return {
    kind,
    value,
    from,
    to,
    owner,
    key,
    ...(token ? { token } : {}),
    ...(receiver ? { receiver: receiver.party } : {}),
  }
}

/** The credit CDRs that may go to 2.1.1, where a credit is only a negative amount: pairs that agreed on it. */
async function creditsAllowed(
  context: Context,
  input: {
    kind: Kind
    to: Version
    receiver: BridgeReceiver | undefined
    items: readonly { index: number; owner: string; value: Json }[]
  },
): Promise<Set<number>> {
  const { kind, to, receiver } = input
  const credits = input.items.filter(({ value }) => value.credit === true)
  if (kind !== 'cdr' || to !== '2.1.1' || !receiver || credits.length === 0) return new Set()
  const snapshot = await context.directory.snapshot()
  const mode = context.config.agreements
  const allowed = credits.filter(({ owner }) => {
    const at = context.clock()
    const agreed = agreementAt({ snapshot, mode, cpo: owner, emsp: receiver.party, at })
    return agreed?.terms.credit_to_211 === true
  })
  return new Set(allowed.map(({ index }) => index))
}

/** One value that came in, on its way to the working value of the store. */
export type ToLift = {
  kind: Kind
  value: Json
  from: Version
  owner: string
  partial?: boolean
  /** When it came, for a PATCH of 2.1.1 that does not say. */
  receivedAt?: Date
}

/**
 * The working value of an object or part that came in: 2.1.1 is lifted to the shape of 2.2.1, other versions stay as
 * they are.
 */
export async function liftValue(client: Sql, input: ToLift): Promise<Converted<Json>> {
  const [lifted] = await liftValues(client, [input])
  return lifted ?? { ok: true, value: input.value, losses: [] }
}

/** The same for many, with facts read for all at once. */
export async function liftValues(
  client: Sql,
  inputs: readonly ToLift[],
): Promise<Converted<Json>[]> {
  const to = '2.2.1'
  const old = inputs.filter(({ from }) => from === '2.1.1')
  const facts = await readBridgeFacts(
    client,
    old.map(({ kind, value, from, owner }) => ({ kind, value, from, to, owner })),
  )
  return inputs.map((input): Converted<Json> => {
    const { kind, value, from, partial, receivedAt } = input
    if (from !== '2.1.1') return { ok: true, value, losses: [] }
    const known = {
      ...facts[old.indexOf(input)],
      ...(receivedAt ? { receivedAt: receivedAt.toISOString() } : {}),
    }
    return convert(value, { kind, from, to, facts: known, partial: partial === true })
  })
}

/** Stored texts in the version that their owner speaks now, for what it changes in them. */
export async function restateTexts(
  client: Sql,
  inputs: readonly {
    kind: Kind
    text: string
    from: Version
    to: Version
    owner: string
    key: string
  }[],
): Promise<Converted<string>[]> {
  const parsed = inputs.map((input) => {
    const value: unknown = JSON.parse(input.text)
    return { ...input, value: isRecord(value) ? value : {} }
  })
  const facts = await readBridgeFacts(client, parsed)
  return inputs.map(({ kind, text, from, to }, index) =>
    convertText(text, { kind, from, to, facts: facts[index] ?? {} }),
  )
}
