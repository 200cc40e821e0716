import { foldKey } from '../primitives.ts'
import { isRecord } from '../validate.ts'
import type { Json, Step, Steps, StepWork } from './define.ts'
import {
  businessDetailsDown,
  coordinatesDown,
  energyMixDown,
  energyMixUp,
  hoursDown,
  hoursUp,
  loseLater,
  publishTokenDown,
  writeImagesDown,
} from './location-parts.ts'
import { connectorTypeDown, isKnown, onlyKnown, powerTypeDown } from './location-values.ts'
import type { LowerVersion } from './location-values.ts'
import {
  aliasDown,
  aliasUp,
  changeList,
  changeMember,
  dropOwner,
  edited,
  editObject,
  fillLastUpdated,
  fillOwner,
  loseMembers,
  renameMember,
  step,
  within,
} from './members.ts'
import type { Edit, Part } from './members.ts'
import { writeTimesDown } from './times.ts'

// From 2.2.1 to 2.3.0 there is no step: what is new may be absent, and every old value is still a value.

const connectorUp211: Edit = (draft, work) => {
  renameMember(draft, work, { from: 'voltage', to: 'max_voltage' })
  renameMember(draft, work, { from: 'amperage', to: 'max_amperage' })
  renameMember(draft, work, { from: 'tariff_id', to: 'tariff_ids' })
  const part: Part = (id) => (Array.isArray(id) ? id : [aliasUp(id, work.facts, 'tariffs')])
  changeMember(draft, work, { name: 'tariff_ids', part })
  fillLastUpdated(draft, work)
}

const evseUp211: Edit = (draft, work) => {
  changeList(draft, work, { name: 'connectors', part: editObject(connectorUp211) })
  fillLastUpdated(draft, work)
}

const locationUp211: Edit = (draft, work) => {
  fillOwner(draft, work)
  changeMember(draft, work, { name: 'id', part: (id) => aliasUp(id, work.facts, 'locations') })
  parkingTypeUp(draft, work)
  changeMember(draft, work, { name: 'opening_times', part: hoursUp })
  changeMember(draft, work, { name: 'energy_mix', part: energyMixUp })
  changeList(draft, work, { name: 'evses', part: editObject(evseUp211) })
  fillLastUpdated(draft, work)
  if (work.partial) return
  // A 2.1.1 Location is one that drivers may see; the others are not sent (2.2.1 changelog, publish).
  draft['publish'] ??= true
  const { timeZone } = work.facts
  if (timeZone !== undefined) draft['time_zone'] ??= timeZone
}

/** UNKNOWN is what an absent parking_type means; OTHER has no word from 2.2 on. */
function parkingTypeUp(draft: Json, work: StepWork): void {
  const { type } = draft
  if (type === 'OTHER') work.lose('/type', 'has no such value from 2.2.1 on')
  if (type === 'OTHER' || type === 'UNKNOWN') delete draft['type']
  renameMember(draft, work, { from: 'type', to: 'parking_type' })
}

const connectorDown211: Edit = (draft, work) => {
  renameMember(draft, work, { from: 'max_voltage', to: 'voltage' })
  renameMember(draft, work, { from: 'max_amperage', to: 'amperage' })
  oneTariff(draft, work)
  changeMember(draft, work, { name: 'power_type', part: powerTypeDown })
  loseLater(draft, work, { names: ['max_electric_power', 'capabilities'], version: '2.1.1' })
  writeTimesDown(draft, work, ['last_updated'])
}

/** A 2.1.1 Connector has one tariff: the first one of the list that is for every session and in force. */
function oneTariff(draft: Json, work: StepWork): void {
  const ids = draft['tariff_ids']
  if (!Array.isArray(ids) || ids.length === 0) {
    delete draft['tariff_ids']
    if (ids !== undefined && !Array.isArray(ids)) work.lose('/tariff_ids', 'is not a list')
    return
  }
  loseMembers(draft, work, { names: ['tariff_id'], reason: 'tariff_ids says it' })
  delete draft['tariff_ids']
  const unusable = work.facts.unusableTariffs
  const chosen = ids.findIndex((id) => typeof id !== 'string' || !unusable?.has(foldKey(id)))
  if (chosen >= 0) draft['tariff_id'] = aliasDown(ids[chosen], work.facts, 'tariffs')
  for (const index of ids.keys()) {
    if (index !== chosen) work.lose(`/tariff_ids/${index}`, 'a connector has one tariff in 2.1.1')
  }
}

const connectorDown221: Edit = (draft, work) => {
  loseLater(draft, work, { names: ['capabilities'], version: '2.2.1' })
}

const CONNECTOR_DOWN = { '2.1.1': connectorDown211, '2.2.1': connectorDown221 }

/** A Connector inside an EVSE: without a plug that the version knows it is left out. */
function connectorInside(version: LowerVersion): Part {
  const edit = CONNECTOR_DOWN[version]
  return (value, work) => {
    if (!isRecord(value)) return value
    const standard = standardDown(value, work, version)
    if (standard === undefined) {
      work.lose('', `has a plug that ${version} has no name for`)
      return undefined
    }
    return edited({ ...value, ...standard }, work, edit)
  }
}

/** A Connector of its own: without a plug that the version knows it cannot be sent. */
function connectorAlone(version: LowerVersion): Step {
  const edit = CONNECTOR_DOWN[version]
  return (value, work) => {
    const standard = standardDown(value, work, version)
    if (standard === undefined) work.withhold('/standard', `has no such value in ${version}`)
    return edited({ ...value, ...standard }, work, edit)
  }
}

function standardDown(value: Json, work: StepWork, version: LowerVersion): Json | undefined {
  if (!Object.hasOwn(value, 'standard')) return {}
  const standard = connectorTypeDown(value['standard'], within(work, '/standard'), version)
  return standard === undefined ? undefined : { standard }
}

function evseDown(version: LowerVersion): Edit {
  const connector = connectorInside(version)
  const capability = onlyKnown('capability', version)
  const restriction = onlyKnown('parkingRestriction', version)
  return (draft, work) => {
    changeList(draft, work, { name: 'connectors', part: connector })
    changeList(draft, work, { name: 'capabilities', part: capability })
    changeList(draft, work, { name: 'parking_restrictions', part: restriction })
    writeImagesDown(draft, work, version)
    loseLater(draft, work, { names: ['parking', 'accepted_service_providers'], version })
    if (version === '2.2.1') return
    changeMember(draft, work, { name: 'coordinates', part: coordinatesDown })
    writeTimesDown(draft, work, ['last_updated'])
    changeList(draft, work, { name: 'status_schedule', part: scheduleDown })
  }
}

const scheduleDown: Part = editObject((draft, work) =>
  writeTimesDown(draft, work, ['period_begin', 'period_end']),
)

/** An EVSE has at least one connector; one that loses all of them cannot be said. */
function losesAllConnectors(before: Json, after: Json): boolean {
  const { connectors } = before
  const { connectors: left } = after
  return Array.isArray(connectors) && Array.isArray(left) && connectors.length > left.length
    ? left.length === 0
    : false
}

function evseInside(version: LowerVersion): Part {
  const edit = evseDown(version)
  return (value, work) => {
    if (!isRecord(value)) return value
    const next = edited(value, work, edit)
    if (!losesAllConnectors(value, next)) return next
    work.lose('', `is left without a connector in ${version}`)
    return undefined
  }
}

function evseAlone(version: LowerVersion): Step {
  const edit = evseDown(version)
  return (value, work) => {
    const next = edited(value, work, edit)
    if (losesAllConnectors(value, next)) {
      work.withhold('/connectors', `an EVSE is left without a connector in ${version}`)
    }
    return next
  }
}

const addressMax = 45

const locationDown211: Edit = (draft, work) => {
  if (draft['publish'] === false) {
    work.withhold('/publish', 'a 2.1.1 partner would show a location that is not for everyone')
  }
  delete draft['publish']
  dropOwner(draft)
  changeMember(draft, work, { name: 'id', part: (id) => aliasDown(id, work.facts, 'locations') })
  parkingTypeDown(draft, work)
  loseLater(draft, work, { names: ['publish_allowed_to', 'state'], version: '2.1.1' })
  loseLater(draft, work, { names: ['parking_places', 'help_phone'], version: '2.1.1' })
  changeMember(draft, work, { name: 'address', part: shortAddress })
  changeMember(draft, work, { name: 'coordinates', part: coordinatesDown })
  changeList(draft, work, { name: 'related_locations', part: coordinatesDown })
  changeMember(draft, work, { name: 'opening_times', part: hoursDown })
  writeTimesDown(draft, work, ['last_updated'])
  if (work.partial || Object.hasOwn(draft, 'postal_code')) return
  work.lose('/postal_code', 'is required in 2.1.1: "-" stands for none')
  draft['postal_code'] = '-'
}

function parkingTypeDown(draft: Json, work: StepWork): void {
  const value = draft['parking_type']
  const isSaid = Object.hasOwn(draft, 'parking_type')
  if (isSaid && !isKnown('parkingType', { version: '2.1.1', value })) {
    work.lose('/parking_type', 'is OTHER in 2.1.1')
    draft['parking_type'] = 'OTHER'
  }
  // Later versions leave the type out instead.
  if (value === 'UNKNOWN') work.lose('/parking_type', 'is no value of 2.2.1')
  renameMember(draft, work, { from: 'parking_type', to: 'type' })
  if (isSaid || work.partial) return
  loseMembers(draft, work, { names: ['type'], reason: 'parking_type says it' })
  draft['type'] = 'UNKNOWN'
}

const shortAddress: Part = (value, work) => {
  const letters = typeof value === 'string' ? Array.from(value) : []
  if (letters.length <= addressMax) return value
  work.lose('', `has at most ${addressMax} characters in 2.1.1`)
  return letters.slice(0, addressMax).join('')
}

const locationDown221: Edit = (draft, work) => {
  changeMember(draft, work, { name: 'parking_type', part: onlyKnown('parkingType', '2.2.1') })
  changeList(draft, work, { name: 'publish_allowed_to', part: publishTokenDown })
  loseLater(draft, work, { names: ['parking_places', 'help_phone'], version: '2.2.1' })
}

function locationDown(version: LowerVersion): Step {
  const own = version === '2.1.1' ? locationDown211 : locationDown221
  const evse = evseInside(version)
  const facility = onlyKnown('facility', version)
  const business = businessDetailsDown(version)
  const mix = energyMixDown(version)
  return step((draft, work) => {
    own(draft, work)
    changeList(draft, work, { name: 'evses', part: evse })
    changeList(draft, work, { name: 'facilities', part: facility })
    for (const name of ['operator', 'suboperator', 'owner']) {
      changeMember(draft, work, { name, part: business })
    }
    writeImagesDown(draft, work, version)
    changeMember(draft, work, { name: 'energy_mix', part: mix })
  })
}

export const locationSteps: Steps = {
  '2.1.1>2.2.1': step(locationUp211),
  '2.2.1>2.1.1': locationDown('2.1.1'),
  '2.3.0>2.2.1': locationDown('2.2.1'),
}

export const evseSteps: Steps = {
  '2.1.1>2.2.1': step(evseUp211),
  '2.2.1>2.1.1': evseAlone('2.1.1'),
  '2.3.0>2.2.1': evseAlone('2.2.1'),
}

export const connectorSteps: Steps = {
  '2.1.1>2.2.1': step(connectorUp211),
  '2.2.1>2.1.1': connectorAlone('2.1.1'),
  '2.3.0>2.2.1': connectorAlone('2.2.1'),
}
