import { isRecord } from '../validate.ts'
import { tokenTo221, tokenTypeDown } from './charging.ts'
import type { Json, Step, Steps } from './define.ts'
import {
  aliasDown,
  aliasUp,
  changeMember,
  dropOwner,
  edited,
  editObject,
  fillLastUpdated,
  fillOwner,
  loseMembers,
  renameMember,
} from './members.ts'
import type { Edit, Part } from './members.ts'
import { writeTimesDown } from './times.ts'

/** Tokens, and what is said in real-time authorisation (2.1.1, 2.2.1 and 2.3.0 mod_tokens). */

const tokenUpEdit: Edit = (draft, work) => {
  fillOwner(draft, work)
  renameMember(draft, work, { from: 'auth_id', to: 'contract_id' })
  fillLastUpdated(draft, work)
}

const tokenDownEdit: Edit = (draft, work) => {
  dropOwner(draft)
  renameMember(draft, work, { from: 'contract_id', to: 'auth_id' })
  changeMember(draft, work, { name: 'type', part: tokenTypeDown('2.1.1') })
  loseMembers(draft, work, {
    names: ['group_id', 'default_profile_type', 'energy_contract'],
    reason: 'is no member of a 2.1.1 Token',
  })
  writeTimesDown(draft, work, ['last_updated'])
}

/** A Token inside a command. */
export const tokenUp: Part = editObject(tokenUpEdit)
/** A Token inside a command. */
export const tokenDown: Part = editObject(tokenDownEdit)

export const tokenSteps: Steps = {
  '2.1.1>2.2.1': (value, work) => edited(value, work, tokenUpEdit),
  '2.2.1>2.1.1': (value, work) => edited(value, work, tokenDownEdit),
  '2.3.0>2.2.1': (value, work) =>
    edited(value, work, (draft) => {
      changeMember(draft, work, { name: 'type', part: tokenTypeDown('2.2.1') })
    }),
}

const referencesUpEdit: Edit = (draft, work) => {
  loseMembers(draft, work, {
    names: ['connector_ids'],
    reason: 'LocationReferences name no connectors since 2.2',
  })
  if (Object.hasOwn(draft, 'location_id')) {
    draft['location_id'] = aliasUp(draft['location_id'], work.facts, 'locations')
  }
}

const referencesDownEdit: Edit = (draft, work) => {
  if (Object.hasOwn(draft, 'location_id')) {
    draft['location_id'] = aliasDown(draft['location_id'], work.facts, 'locations')
  }
}

export const locationReferencesSteps: Steps = {
  '2.1.1>2.2.1': (value, work) => edited(value, work, referencesUpEdit),
  '2.2.1>2.1.1': (value, work) => edited(value, work, referencesDownEdit),
}

const authorizationUp: Step = (value, work) => {
  const draft: Json = { ...value }
  changeMember(draft, work, { name: 'location', part: editObject(referencesUpEdit) })
  loseMembers(draft, work, {
    names: ['token', 'authorization_reference'],
    reason: 'is no member of a 2.1.1 AuthorizationInfo',
  })
  const { token } = work.facts
  if (isRecord(token)) draft['token'] = token
  else work.withhold('/token', 'the answer needs the whole Token and the hub does not know it')
  return draft
}

const authorizationDown: Step = (value, work) =>
  edited(value, work, (draft) => {
    changeMember(draft, work, { name: 'location', part: editObject(referencesDownEdit) })
    loseMembers(draft, work, {
      names: ['token', 'authorization_reference'],
      reason: 'is no member of a 2.1.1 AuthorizationInfo',
    })
  })

export const authorizationInfoSteps: Steps = {
  '2.1.1>2.2.1': authorizationUp,
  '2.2.1>2.1.1': authorizationDown,
  '2.3.0>2.2.1': (value, work) =>
    edited(value, work, (draft) => {
      changeMember(draft, work, { name: 'token', part: tokenTo221 })
    }),
}
