import {
  authMethodDown,
  changePeriodsDown,
  changePeriodsTo221,
  changePeriodsUp,
  dropCdrToken,
  fillCdrToken,
  tokenTo221,
} from './charging.ts'
import type { Steps } from './define.ts'
import { writePlaceDown, writePlaceUp } from './embedded-location.ts'
import {
  aliasDown,
  aliasUp,
  changeMember,
  dropOwner,
  edited,
  fillLastUpdated,
  fillOwner,
  loseMembers,
  renameMember,
} from './members.ts'
import type { Edit, Part } from './members.ts'
import { amountToPrice, priceDown, priceToAmount, priceUp } from './money.ts'
import { writeTimesDown } from './times.ts'

/** Sessions (2.1.1, 2.2.1 and 2.3.0 mod_sessions). A PATCH has charging_periods as it came: the store compares. */

const upTo221: Edit = (draft, work) => {
  fillOwner(draft, work)
  changeMember(draft, work, { name: 'id', part: (id) => aliasUp(id, work.facts, 'sessions') })
  renameMember(draft, work, { from: 'start_datetime', to: 'start_date_time' })
  renameMember(draft, work, { from: 'end_datetime', to: 'end_date_time' })
  fillCdrToken(draft, work)
  writePlaceUp(draft, work)
  changeMember(draft, work, { name: 'total_cost', part: amountToPrice })
  changePeriodsUp(draft, work)
  fillLastUpdated(draft, work)
}

/** RESERVATION is newer than 2.1.1: the session has not started. */
const statusDown: Part = (status, work) => {
  if (status !== 'RESERVATION') return status
  work.lose('', 'RESERVATION becomes PENDING in 2.1.1')
  return 'PENDING'
}

const downTo211: Edit = (draft, work) => {
  dropOwner(draft)
  changeMember(draft, work, { name: 'id', part: (id) => aliasDown(id, work.facts, 'sessions') })
  renameMember(draft, work, { from: 'start_date_time', to: 'start_datetime' })
  renameMember(draft, work, { from: 'end_date_time', to: 'end_datetime' })
  writeTimesDown(draft, work, ['start_datetime', 'end_datetime', 'last_updated'])
  dropCdrToken(draft, work)
  changeMember(draft, work, { name: 'auth_method', part: authMethodDown })
  loseMembers(draft, work, {
    names: ['authorization_reference'],
    reason: 'is no member of a 2.1.1 Session',
  })
  writePlaceDown(draft, work)
  changeMember(draft, work, { name: 'total_cost', part: priceToAmount })
  changeMember(draft, work, { name: 'status', part: statusDown })
  changePeriodsDown(draft, work)
}

export const sessionSteps: Steps = {
  '2.1.1>2.2.1': (value, work) => edited(value, work, upTo221),
  '2.2.1>2.1.1': (value, work) => edited(value, work, downTo211),
  '2.2.1>2.3.0': (value, work) =>
    edited(value, work, (draft) => {
      changeMember(draft, work, { name: 'total_cost', part: (price, at) => priceUp(price, at) })
    }),
  '2.3.0>2.2.1': (value, work) =>
    edited(value, work, (draft) => {
      changeMember(draft, work, { name: 'cdr_token', part: tokenTo221 })
      changeMember(draft, work, { name: 'total_cost', part: priceDown })
      changePeriodsTo221(draft, work)
    }),
}
