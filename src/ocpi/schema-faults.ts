import type { TLocalizedValidationError } from 'typebox/error'
import type { Fault } from '../errors.ts'
import { escapePointer } from './validate.ts'

/** What a text has to be, by its pattern; it stands after "must be". */
const PATTERNS: Readonly<Record<string, string>> = {
  '\\S': 'a text that is not blank',
  '^[0-9]{1,12}([.][0-9]{1,6})?$': 'an amount like 12.50, with at most 6 decimals, not negative',
  '^[0-9]{1,9}([.][0-9]{1,9})?$': 'a number like 0.02, with at most 9 decimals, not negative',
  '^[0-9]{1,18}$': 'a number of up to 18 digits',
  '^[A-Z][0-9]{1,2}$': 'the code of a finding, such as P1',
  '^[A-Z]{1,2}[0-9]{1,2}$': 'the code of a finding, such as P1',
  '^[A-Z]{3}$': 'three capital letters such as EUR',
  '^[A-Z]{3}-[0-9]{6,9}$': 'a settlement cycle such as EUR-000001',
  '^[A-Za-z]{2}$': 'a country code such as NL',
  '^[A-Za-z0-9]{3}$': 'a party id such as TNM',
  '^[A-Za-z]{2}-[A-Za-z0-9]{3}$': 'a party such as NL-TNM',
  '^[A-Za-z]{2}[/-][A-Za-z0-9]{3}$': 'a party such as NL-TNM',
  '^(from-evse-id|[A-Za-z]{2}[/-][A-Za-z0-9]{3})$': 'a party such as NL-TNM, or from-evse-id',
  '^[A-Za-z0-9_-]{1,36}$': 'an id of at most 36 letters, digits, _ and -',
  '^[A-Za-z0-9_-]{1,64}$': 'an id of at most 64 letters, digits, _ and -',
  '^[a-z0-9_]{1,40}$': 'a name of at most 40 small letters, digits and _',
  '^[!-~]{1,512}$': 'a text of at most 512 ASCII characters without blanks',
  '^https?://[!-~]{1,500}$': 'an address such as https://example.com/ocpi/versions',
  '^[A-Za-z0-9.:\\[\\]-]{1,253}$': 'the name or the address of a host',
}

/** The validator's errors as one sentence per wrong place. What only repeats an error of a part is left out. */
export function schemaFaults(errors: readonly TLocalizedValidationError[]): Fault[] {
  const unions = new Set(
    errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  const faults = new Map<string, string>()
  for (const { pointer, message } of errors.flatMap(faultsOfOne)) {
    const said = faults.get(pointer)
    // The alternatives of a union each complain about the same place: any of them would do.
    if (said === undefined) faults.set(pointer, message)
    else if (unions.has(pointer) && !said.split(' or ').includes(message))
      faults.set(pointer, `${said} or ${message}`)
  }
  return [...faults].map(([pointer, message]) => ({ pointer, message }))
}

function faultsOfOne(error: TLocalizedValidationError): Fault[] {
  const { instancePath: pointer } = error
  switch (error.keyword) {
    case 'additionalProperties':
    case 'anyOf':
      return []
    case 'boolean':
      return [{ pointer, message: 'is not a known field' }]
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        pointer: `${pointer}/${escapePointer(name)}`,
        message: 'is missing',
      }))
    case 'enum':
      return [
        { pointer, message: `must be one of ${error.params.allowedValues.map(String).join(', ')}` },
      ]
    case 'pattern':
      return [{ pointer, message: patternText(error.params.pattern) }]
    case 'format':
      return [{ pointer, message: 'must be a time such as 2026-01-31T12:00:00Z' }]
    default:
      return [{ pointer, message: error.message.replace(/\b1 (item|character)s\b/, '1 $1') }]
  }
}

function patternText(pattern: string | RegExp): string {
  const words = PATTERNS[typeof pattern === 'string' ? pattern : pattern.source]
  return words === undefined ? 'does not have the form that is needed here' : `must be ${words}`
}
