import { escapePointer } from '../../ocpi/validate.ts'
import type { TLocalizedValidationError } from 'typebox/error'
import type { Fault } from '../../errors.ts'

/** The validator's errors as one sentence per wrong place. What only repeats an error of a part is left out. */
export function faultsOf(errors: readonly TLocalizedValidationError[]): Fault[] {
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
    default:
      return [{ pointer, message: error.message }]
  }
}
