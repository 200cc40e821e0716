import type { Json, StepWork } from './define.ts'
import { isKnown, knownOr } from './location-values.ts'
import type { LowerVersion } from './location-values.ts'
import { changeList, changeMember, editObject, loseMembers, renameMember } from './members.ts'
import type { Part } from './members.ts'
import { writeTimesDown } from './times.ts'

/** EnergyMix: the member that 2.1.1 calls source is the category later. */
export const energyMixUp: Part = editObject((draft, work) => {
  const part = editObject((impact, impactWork) =>
    renameMember(impact, impactWork, { from: 'source', to: 'category' }),
  )
  changeList(draft, work, { name: 'environ_impact', part })
})

/** EnergyMix of an earlier version; categories that only the open enum of 2.3.0 has are dropped. */
export function energyMixDown(version: LowerVersion): Part {
  return editObject((draft, work) => {
    const rename = editObject((impact, impactWork) =>
      renameMember(impact, impactWork, { from: 'category', to: 'source' }),
    )
    const part: Part = (impact, impactWork) => {
      const value = Object(impact)['category']
      if (!isKnown('impact', { version, value })) {
        impactWork.lose('', `has no such category in ${version}`)
        return undefined
      }
      return version === '2.1.1' ? rename(impact, impactWork) : impact
    }
    changeList(draft, work, { name: 'environ_impact', part })
  })
}

/** Hours: 2.1.1 has either regular_hours or twentyfourseven, later versions always the latter. */
export const hoursUp: Part = editObject((draft) => {
  if (!Object.hasOwn(draft, 'twentyfourseven')) draft['twentyfourseven'] = false
})

export const hoursDown: Part = editObject((draft, work) => {
  const isFilled = Array.isArray(draft['regular_hours']) && draft['regular_hours'].length > 0
  if (draft['twentyfourseven'] === true) {
    if (isFilled) work.lose('/regular_hours', 'says nothing more: it is open all the time')
    delete draft['regular_hours']
  } else if (isFilled && draft['twentyfourseven'] === false) delete draft['twentyfourseven']
  const part = editObject((period, periodWork) =>
    writeTimesDown(period, periodWork, ['period_begin', 'period_end']),
  )
  for (const name of ['exceptional_openings', 'exceptional_closings']) {
    changeList(draft, work, { name, part })
  }
})

/** Images whose category only the open enum of 2.3.0 has become OTHER. */
function imagePart(version: LowerVersion): Part {
  const part = knownOr('imageCategory', version, 'OTHER')
  return editObject((draft, work) => changeMember(draft, work, { name: 'category', part }))
}

/** The images of a Location or EVSE. */
export function writeImagesDown(draft: Json, work: StepWork, version: LowerVersion): void {
  changeList(draft, work, { name: 'images', part: imagePart(version) })
}

/** BusinessDetails: its logo is an image. */
export function businessDetailsDown(version: LowerVersion): Part {
  const part = imagePart(version)
  return editObject((draft, work) => changeMember(draft, work, { name: 'logo', part }))
}

/** Types of tokens that only the open enum of 2.3.0 has become OTHER. */
export const publishTokenDown: Part = editObject((draft, work) =>
  changeMember(draft, work, { name: 'type', part: knownOr('tokenType', '2.2.1', 'OTHER') }),
)

/** GeoLocation of 2.1.1: exactly six decimals, rounded half away from zero on the decimal text. */
export const coordinatesDown: Part = editObject((draft, work) => {
  changeMember(draft, work, { name: 'latitude', part: sixDecimals })
  changeMember(draft, work, { name: 'longitude', part: sixDecimals })
})

const sixDecimals: Part = (value, work) => {
  const match = typeof value === 'string' ? /^(-?)(\d{1,3})(?:\.(\d+))?$/.exec(value) : null
  if (match === null) return value
  const [, sign = '', whole = '', fraction = ''] = match
  if (fraction.length <= 6) return `${sign}${whole}.${fraction.padEnd(6, '0')}`
  if (/[1-9]/.test(fraction.slice(6))) work.lose('', 'has six decimals in 2.1.1')
  const kept = BigInt(whole + fraction.slice(0, 6)) + (Number(fraction[6]) >= 5 ? 1n : 0n)
  const digits = String(kept).padStart(whole.length + 6, '0')
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`
}

/** As `loseMembers`, for members that begin with a later version. */
export function loseLater(
  draft: Json,
  work: StepWork,
  { names, version }: { names: readonly string[]; version: LowerVersion },
): void {
  loseMembers(draft, work, { names, reason: `is not in ${version}` })
}
