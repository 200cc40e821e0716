import { commandResult } from '../modules/command-schemas.ts'
import { foldKey } from '../primitives.ts'
import { tokenTo221 } from './charging.ts'
import type { Json, Step, Steps, StepWork } from './define.ts'
import { numberText } from './exact.ts'
import { aliasDown, aliasUp, changeMember, edited, loseMembers } from './members.ts'
import type { Part } from './members.ts'
import { writeTimesDown } from './times.ts'
import { tokenDown, tokenUp } from './tokens.ts'
import { valuesAt } from './values.ts'

/** Commands and their answers (2.1.1, 2.2.1 and 2.3.0 mod_commands). `response_url` is the router's. */

/** How long the result of a 2.1.1 command may take: 2.1.1 does not say, later versions must. */
const timeoutSeconds = 60

const reservationMax = 2_147_483_647

const nestedTokenTo221: Step = (value, work) =>
  edited(value, work, (draft) => changeMember(draft, work, { name: 'token', part: tokenTo221 }))

/** The ids by which 2.1.1 partners know locations and sessions, brought to those of their owners. */
function idsUp(draft: Json, work: StepWork): void {
  for (const [name, module] of idModules) {
    if (Object.hasOwn(draft, name)) draft[name] = aliasUp(draft[name], work.facts, module)
  }
}

function idsDown(draft: Json, work: StepWork): void {
  for (const [name, module] of idModules) {
    if (Object.hasOwn(draft, name)) draft[name] = aliasDown(draft[name], work.facts, module)
  }
}

const idModules = [
  ['location_id', 'locations'],
  ['session_id', 'sessions'],
] as const

const idSteps: Steps = {
  '2.1.1>2.2.1': (value, work) => edited(value, work, idsUp),
  '2.2.1>2.1.1': (value, work) => edited(value, work, idsDown),
}

export const stopSessionSteps: Steps = idSteps
export const unlockConnectorSteps: Steps = idSteps

export const startSessionSteps: Steps = {
  '2.1.1>2.2.1': (value, work) =>
    edited(value, work, (draft) => {
      idsUp(draft, work)
      changeMember(draft, work, { name: 'token', part: tokenUp })
    }),
  '2.2.1>2.1.1': (value, work) =>
    edited(value, work, (draft) => {
      idsDown(draft, work)
      changeMember(draft, work, { name: 'token', part: tokenDown })
      loseMembers(draft, work, {
        names: ['connector_id', 'authorization_reference'],
        reason: 'is no member of a 2.1.1 StartSession',
      })
    }),
  '2.3.0>2.2.1': nestedTokenTo221,
}

/** The id behind the number that a 2.1.1 partner uses, or that number as text. */
const reservationUp: Part = (number, work) => {
  const { reservation } = work.facts
  const text = numberText(number)
  if (text === null) return number
  return reservation !== undefined && text === String(reservation.number) ? reservation.id : text
}

/** The number that stands for the id; text that is such a number itself needs none. */
const reservationDown: Part = (id, work) => {
  const { reservation } = work.facts
  if (typeof id === 'string' && reservation && foldKey(reservation.id) === foldKey(id)) {
    return reservation.number
  }
  const text = typeof id === 'number' || typeof id === 'string' ? String(id) : ''
  if (/^(0|[1-9]\d{0,9})$/.test(text) && Number(text) <= reservationMax) return Number(text)
  work.withhold('', 'is a number in 2.1.1, and none stands for this id')
  return id
}

export const reserveNowSteps: Steps = {
  '2.1.1>2.2.1': (value, work) =>
    edited(value, work, (draft) => {
      idsUp(draft, work)
      changeMember(draft, work, { name: 'token', part: tokenUp })
      changeMember(draft, work, { name: 'reservation_id', part: reservationUp })
    }),
  '2.2.1>2.1.1': (value, work) =>
    edited(value, work, (draft) => {
      idsDown(draft, work)
      changeMember(draft, work, { name: 'token', part: tokenDown })
      changeMember(draft, work, { name: 'reservation_id', part: reservationDown })
      writeTimesDown(draft, work, ['expiry_date'])
      loseMembers(draft, work, {
        names: ['authorization_reference'],
        reason: 'is no member of a 2.1.1 ReserveNow',
      })
    }),
  '2.3.0>2.2.1': nestedTokenTo221,
}

export const cancelReservationSteps: Steps = {
  '2.2.1>2.1.1': (value, work) => {
    work.withhold('', '2.1.1 has no command CANCEL_RESERVATION')
    return value
  },
}

const responseUp: Step = (value, work) =>
  edited(value, work, (draft) => {
    if (draft['result'] === 'TIMEOUT') {
      draft['result'] = 'REJECTED'
      draft['message'] = englishText('The charge point did not answer in time.')
      work.lose('/result', 'TIMEOUT becomes REJECTED with a message')
    }
    if (typeof draft['timeout'] === 'number') return
    draft['timeout'] = timeoutSeconds
  })

const responseDown: Step = (value, work) =>
  edited(value, work, (draft) => {
    loseMembers(draft, work, {
      names: ['timeout', 'message'],
      reason: 'is no member of a 2.1.1 CommandResponse',
    })
  })

export const commandResponseSteps: Steps = {
  '2.1.1>2.2.1': responseUp,
  '2.2.1>2.1.1': responseDown,
}

const resultUp: Step = (value, work) =>
  edited(value, work, (draft) => {
    if (draft['result'] !== 'UNKNOWN_SESSION') return
    draft['result'] = 'FAILED'
    draft['message'] = englishText('The session is not known.')
    work.lose('/result', 'UNKNOWN_SESSION becomes FAILED with a message')
  })

const results211 = valuesAt(commandResult, { version: '2.1.1', path: ['result'] })

const resultDown: Step = (value, work) =>
  edited(value, work, (draft) => {
    loseMembers(draft, work, {
      names: ['message'],
      reason: 'is no member of a 2.1.1 CommandResponse',
    })
    const { result } = draft
    if (typeof result !== 'string' || results211?.has(result) !== false) return
    work.lose('/result', `${result} becomes REJECTED in 2.1.1`)
    draft['result'] = 'REJECTED'
  })

export const commandResultSteps: Steps = {
  '2.1.1>2.2.1': resultUp,
  '2.2.1>2.1.1': resultDown,
}

function englishText(text: string): Json[] {
  return [{ language: 'en', text }]
}
