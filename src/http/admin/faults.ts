import { escapePointer } from '../../ocpi/validate.ts'
import type { TLocalizedValidationError } from 'typebox/error'
import type { Fault } from '../../errors.ts'

/** The validator's errors as one sentence per wrong place. What only repeats an error of a part is left out. */
export function faultsOf(errors: readonly TLocalizedValidationError[]): Fault[] {
  const unions = errors
    .filter(({ keyword }) => keyword === 'anyOf')
    .map(({ instancePath }) => instancePath)
  const faults: Fault[] = []
  for (const error of errors) {
    // The alternatives of a union each complain about the same place; the union itself says it once.
    const isPartOfUnion = unions.includes(error.instancePath) && error.keyword !== 'anyOf'
    if (!isPartOfUnion) faults.push(...faultsOfOne(error))
  }
  return faults.filter(
    ({ pointer }, index) => faults.findIndex((other) => other.pointer === pointer) === index,
  )
}

function faultsOfOne(error: TLocalizedValidationError): Fault[] {
  const { instancePath: pointer } = error
  switch (error.keyword) {
    case 'additionalProperties':
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
