import { statSync } from 'node:fs'
import { limits } from '../../config/limits.ts'
import { isRecord, listOf } from '../clearing/read.ts'
import type { PricingPolicy } from '../pricing/policy.ts'
import type { PricingOptions } from '../pricing/types.ts'
import type { Command, CommandCall } from './command.ts'
import { CliStop, EXIT } from './exit-codes.ts'
import { readJsonSync, unwrapped } from './json-file.ts'
import { policyOf } from './policy-of.ts'

/** A CDR and what it is to be priced by, as given on the command line. */
export type PricingInput = {
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly options: PricingOptions
}

/** The options of every command that prices a CDR. */
export const PRICING_OPTIONS = {
  tariff: {
    value: 'TARIFF.json',
    many: true,
    about: 'a tariff, or a list; without it the tariffs in the CDR',
  },
  tz: { value: 'ZONE', about: 'time zone of the location, say Europe/Amsterdam' },
  policy: {
    value: 'POLICY',
    about: 'a policy file, or the name of a built-in one; without it crosscharge',
  },
} as const satisfies Command['options']

/** Reads CDR, tariffs, zone and policy. Throws CliStop for files and policies that cannot be read. */
export function readPricingInput({ args, option, options }: CommandCall): PricingInput {
  const cdr = unwrapped(readJsonFile(args[0] ?? ''))
  const files = options('tariff')
  return {
    cdr,
    tariffs: files.length > 0 ? files.flatMap(readTariffFile) : embedded(cdr),
    options: { timeZone: option('tz') ?? null, policy: readPolicyOption(option('policy')) },
  }
}

/** The tariffs of a file: one, a list, or what an OCPI answer carries. */
export function readTariffFile(path: string): readonly unknown[] {
  const value = unwrapped(readJsonFile(path))
  return Array.isArray(value) ? value : [value]
}

function embedded(cdr: unknown): readonly unknown[] {
  return isRecord(cdr) ? listOf(cdr['tariffs']) : []
}

function readPolicyOption(given: string | undefined): PricingPolicy {
  const isFile =
    given !== undefined && statSync(given, { throwIfNoEntry: false })?.isFile() === true
  const policy = policyOf(isFile ? readJsonFile(given) : given)
  if (typeof policy !== 'string') return policy
  throw new CliStop(EXIT.cannot, isFile ? `${given}: ${policy}` : `--policy: ${policy}`)
}

/** Parsed JSON with every digit of its numbers. Throws CliStop when there is no such file, or no JSON in it. */
function readJsonFile(path: string): unknown {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true)
    throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  if (found.size > limits.cliFileBytesMax)
    throw new CliStop(EXIT.cannot, `${path} is larger than ${limits.cliFileBytesMax} bytes.`)
  const file = readJsonSync(path)
  if (!file.ok) throw new CliStop(EXIT.cannot, `${path} ${file.problem}`)
  return file.value
}
