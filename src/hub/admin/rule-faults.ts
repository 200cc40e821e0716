import { ruleOf, unknownParameters } from '../../clearing/rules.ts'
import type { RuleParameters } from '../../clearing/rules.ts'
import { belowFloor } from '../../clearing/severities.ts'
import type { Severities } from '../../clearing/severities.ts'

type Ruled = { severities?: Severities | undefined; rules?: RuleParameters | undefined }

/** What of severities and numbers of rules nobody can agree on. `at`: the JSON pointer of the object they stand in. */
export function ruleFaults(
  { severities = {}, rules = {} }: Ruled,
  at = '',
): { pointer: string; message: string }[] {
  const isUnknown = (code: string): boolean => ruleOf(code) === null
  const unknown = (name: string, of: object) =>
    Object.keys(of)
      .filter(isUnknown)
      .map((code) => ({ pointer: `${at}/${name}/${code}`, message: 'is no finding code' }))
  return [
    ...unknown('severities', severities),
    ...belowFloor(severities).map(({ code, floor }) => ({
      pointer: `${at}/severities/${code}`,
      message: `cannot be milder than ${floor}`,
    })),
    ...unknown('rules', rules),
    ...unknownParameters(rules)
      .filter(({ code }) => !isUnknown(code))
      .map(({ code, name }) => ({
        pointer: `${at}/rules/${code}/${name}`,
        message: 'is no number of that rule',
      })),
  ]
}
