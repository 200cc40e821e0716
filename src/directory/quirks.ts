import Type from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { limits } from '../../config/limits.ts'

const strict = { additionalProperties: false }
const flag = (description: string) => Type.Boolean({ description })

/** What the hub can fetch: copies of objects, and CDRs, which come once whether they are pushed, fetched or both. */
export const PULLED = ['locations', 'tariffs', 'tokens', 'sessions', 'cdrs'] as const

const members = {
  token_encoding: Type.Enum(['raw', 'base64'], {
    description: 'how it takes our token in Authorization; without it the hub tries and remembers',
  }),
  no_routing_headers: flag(
    'it neither sends nor gets OCPI-from and OCPI-to; its only party in a role is who speaks',
  ),
  put_instead_of_patch: flag('it gets the whole object by PUT where another party sent a PATCH'),
  page_size_max: Type.Integer({
    minimum: 1,
    maximum: limits.pageLimitMax,
    description: 'objects a page at most, when it is asked for a list',
  }),
  lenient_content_type: flag('its bodies are read as JSON whatever Content-Type they have'),
  id_case: Type.Enum(['upper', 'lower'], {
    description: 'ids in the URLs that it is sent are in this case',
  }),
  relaxed_lengths: flag('its texts longer than OCPI allows are no fault'),
  times_without_zone: flag('times without Z are no fault; they mean UTC'),
  times_with_offset: flag('times with an offset are read as the moment they name'),
  null_as_absent: flag(
    'it sends nulls; they mean absent, from whomever they come, so this is a note for operators',
  ),
  numbers_as_strings: flag('"12.5" is read as 12.5; a CDR with it is quarantined'),
  integer_ids: flag('ids that are numbers are read as text'),
  enum_case: flag('enum values in another case are read as the ones OCPI has'),
  origins: Type.Array(Type.String({ pattern: '^[A-Za-z0-9.:\\[\\]-]{1,253}$' }), {
    maxItems: 20,
    uniqueItems: true,
    description:
      'hosts (name or name:port) besides that of its versions URL where its endpoints may stand',
  }),
  hub_modules: flag(
    'the modules of the hub’s own (<hub>-records, <hub>-disputes) stand in its version details; usually only those that an agreement of its names do',
  ),
  pull: Type.Union(
    [
      Type.Boolean(),
      Type.Object(
        {
          interval_s: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400 })),
          modules: Type.Optional(Type.Array(Type.Enum([...PULLED]), { uniqueItems: true })),
        },
        strict,
      ),
    ],
    {
      description:
        'whether copies of its objects are kept fresh by asking it, how often (interval_s, seconds; usually 21600) and of which modules; usually true',
    },
  ),
}

/**
 * How a partner differs from the specification, one named flag each, set by operators. Without any the partner is held
 * to OCPI as everybody is.
 */
export const quirksSchema = Type.Partial(Type.Object(members, strict), strict)

/** A change of quirks: null takes one back; those not named stay as they are. */
export type QuirksDraft = { [Name in keyof Quirks]?: Quirks[Name] | null }

export const quirksDraft = Type.Unsafe<QuirksDraft>(
  Type.Object(
    Object.fromEntries(
      Object.entries(members).map(([name, schema]) => [
        name,
        Type.Optional(Type.Union([schema, Type.Null()])),
      ]),
    ),
    strict,
  ),
)

export type Quirks = Static<typeof quirksSchema>

const schema = Compile(quirksSchema)

/** An id in a URL as a partner knows it. */
export function idInCase(id: string, { id_case: idCase }: Quirks): string {
  if (idCase === undefined) return id
  return idCase === 'upper' ? id.toUpperCase() : id.toLowerCase()
}

/** Quirks as they are stored. What this version of the hub does not know counts as not set. */
export function readQuirks(value: unknown): Quirks {
  if (schema.Check(value)) return value
  if (typeof value !== 'object' || value === null) return {}
  const known = Object.entries(value).filter(([name, one]) => schema.Check({ [name]: one }))
  const kept: unknown = Object.fromEntries(known)
  return schema.Check(kept) ? kept : {}
}
