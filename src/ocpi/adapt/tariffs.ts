import { readTime } from '../primitives.ts'
import { isRecord } from '../validate.ts'
import type { Json, Steps, StepWork } from './define.ts'
import { energyMixDown, energyMixUp } from './location-parts.ts'
import {
  aliasDown,
  aliasUp,
  changeList,
  changeMember,
  dropOwner,
  editObject,
  fillLastUpdated,
  fillOwner,
  loseMembers,
  renameMember,
  step,
} from './members.ts'
import type { Edit, Part } from './members.ts'
import { limitDown, limitUp, netPrice, numberFromText } from './money.ts'
import { numberText } from './exact.ts'
import { writeTimesDown } from './times.ts'

const tariffUp211: Edit = (draft, work) => {
  fillOwner(draft, work)
  changeMember(draft, work, { name: 'id', part: (id) => aliasUp(id, work.facts, 'tariffs') })
  // Not in the 2.1.1 object; partners that send it use either name.
  renameMember(draft, work, { from: 'start_datetime', to: 'start_date_time' })
  renameMember(draft, work, { from: 'end_datetime', to: 'end_date_time' })
  changeList(draft, work, { name: 'elements', part: elementPart(priceFromText) })
  changeMember(draft, work, { name: 'energy_mix', part: energyMixUp })
  reportStacks(draft, work)
  fillLastUpdated(draft, work)
}

/** A part for elements that edits each of their price components. */
function elementPart(edit: Edit): Part {
  const part = editObject(edit)
  return editObject((element, work) =>
    changeList(element, work, { name: 'price_components', part }),
  )
}

const priceFromText: Edit = (component, work) =>
  changeMember(component, work, { name: 'price', part: numberFromText })

/**
 * 2.1.1 takes the first element that matches, later versions the first for each dimension: the same tariff says
 * something else when its elements price different dimensions.
 */
function reportStacks(draft: Json, work: StepWork): void {
  const { elements } = draft
  if (!Array.isArray(elements) || elements.length < 2) return
  const [first, ...others] = elements.map(dimensionsOf)
  if (others.some((dimensions) => dimensions !== first)) {
    work.lose('/elements', STACKED)
  }
}

const STACKED = 'are read one element at a time in 2.1.1 and one dimension at a time later'

function dimensionsOf(element: unknown): string {
  const components: unknown = isRecord(element) ? element['price_components'] : undefined
  const types = Array.isArray(components)
    ? components.map((one) => String(Object(one)['type']))
    : []
  return [...new Set(types)].sort().join(' ')
}

const tariffUp221: Edit = (draft, work) => {
  if (Object.hasOwn(draft, 'tax_included') && draft['tax_included'] !== 'NO') {
    work.lose('/tax_included', 'is NO: prices of 2.2.1 are without VAT')
    delete draft['tax_included']
  }
  changeMember(draft, work, { name: 'min_price', part: limitUp })
  changeMember(draft, work, { name: 'max_price', part: limitUp })
  if (!work.partial) draft['tax_included'] = 'NO'
}

const tariffDown230: Edit = (draft, work) => {
  loseMembers(draft, work, { names: ['preauthorize_amount'], reason: 'is not in 2.2.1' })
  changeMember(draft, work, { name: 'min_price', part: limitDown })
  changeMember(draft, work, { name: 'max_price', part: limitDown })
  elementsDown(draft, work, {
    unknown: ['booking'],
    version: '2.2.1',
    component: untaxed(draft, work),
  })
  changeMember(draft, work, { name: 'energy_mix', part: energyMixDown('2.2.1') })
}

/** Takes tax_included out and says how a price component becomes one without taxes; null: it is one already. */
function untaxed(draft: Json, work: StepWork): Edit | null {
  const said = draft['tax_included']
  delete draft['tax_included']
  // The specification's own examples leave it out; before 2.3.0 that meant NO.
  if (said === 'NO' || said === undefined) return null
  if (said !== 'YES' && said !== 'N/A') {
    work.withhold('/tax_included', 'is none of YES, NO and N/A')
    return null
  }
  work.lose('/tax_included', 'is not in 2.2.1: prices there are without VAT')
  return said === 'N/A' ? dropVat : netComponent
}

const dropVat: Edit = (component, work) =>
  loseMembers(component, work, { names: ['vat'], reason: 'does not apply: tax_included is N/A' })

const netComponent: Edit = (component, work) => {
  const { price, vat } = component
  if (isZero(price) || (vat !== undefined && isZero(vat))) return
  const net = vat === undefined ? null : netPrice(price, vat)
  if (net === null) {
    work.withhold('/vat', 'is needed to take the tax out of the price')
    return
  }
  component['price'] = net.value
  const rounding = net.exact ? '' : ', rounded half to even to 6 decimals'
  work.lose('/price', `is written without tax${rounding}`)
}

function isZero(value: unknown): boolean {
  const text = numberText(value)
  return text !== null && Number(text) === 0
}

const tariffDown221: Edit = (draft, work) => {
  const { type } = draft
  if (type !== undefined && type !== 'REGULAR') {
    work.withhold('/type', 'a 2.1.1 partner would use the tariff for every session')
  }
  dropOwner(draft)
  changeMember(draft, work, { name: 'id', part: (id) => aliasDown(id, work.facts, 'tariffs') })
  loseMembers(draft, work, { names: ['type'], reason: 'is not in 2.1.1' })
  loseMembers(draft, work, {
    names: ['min_price', 'max_price'],
    reason: 'is not in 2.1.1, so that costs may differ',
  })
  withholdOutOfForce(draft, work)
  loseMembers(draft, work, {
    names: ['start_date_time', 'end_date_time'],
    reason: 'is not in 2.1.1: a tariff is in force while it is sent',
  })
  reportStacks(draft, work)
  elementsDown(draft, work, {
    unknown: ['min_current', 'max_current', 'reservation', 'booking'],
    version: '2.1.1',
    component: loseVat,
  })
  changeMember(draft, work, { name: 'energy_mix', part: energyMixDown('2.1.1') })
  writeTimesDown(draft, work, ['last_updated'])
}

/** A 2.1.1 partner would use it at once, and for ever. */
function withholdOutOfForce(draft: Json, work: StepWork): void {
  const at = readTime(work.facts.inForceAt)
  if (at === null) return
  const [start, end] = [readTime(draft['start_date_time']), readTime(draft['end_date_time'])]
  if (end !== null && end <= at) work.withhold('/end_date_time', 'it is no longer in force')
  if (start !== null && start > at) work.withhold('/start_date_time', 'it is not in force yet')
}

const loseVat: Edit = (component, work) =>
  loseMembers(component, work, { names: ['vat'], reason: 'is not in 2.1.1' })

/**
 * Edits the price components and leaves out every element with a restriction that the version does not know: without
 * the restriction its price would hold for more than it should. A tariff without any element left says nothing, so it
 * is withheld.
 */
function elementsDown(
  draft: Json,
  work: StepWork,
  target: { unknown: readonly string[]; version: string; component: Edit | null },
): void {
  const { elements } = draft
  if (!Array.isArray(elements)) return
  const { unknown, version, component } = target
  const edit: Part = component === null ? (element) => element : elementPart(component)
  const part: Part = (element, elementWork) => {
    const restrictions = isRecord(element) ? element['restrictions'] : undefined
    const found =
      isRecord(restrictions) && unknown.find((name) => Object.hasOwn(restrictions, name))
    if (typeof found !== 'string') return edit(element, elementWork)
    elementWork.lose('', `is restricted by ${found}, which is not in ${version}`)
    return undefined
  }
  changeList(draft, work, { name: 'elements', part })
  const left = draft['elements']
  if (elements.length > 0 && Array.isArray(left) && left.length === 0) {
    work.withhold('/elements', `no element is left in ${version}`)
  }
}

export const tariffSteps: Steps = {
  '2.1.1>2.2.1': step(tariffUp211),
  '2.2.1>2.1.1': step(tariffDown221),
  '2.2.1>2.3.0': step(tariffUp221),
  '2.3.0>2.2.1': step(tariffDown230),
}
