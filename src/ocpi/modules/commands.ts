import { defineModule } from '../define.ts'
import type { Endpoint } from '../define.ts'
import {
  anyCommand,
  cancelReservation,
  commandResponse,
  commandResult,
  reserveNow,
  startSession,
  stopSession,
  unlockConnector,
} from './command-schemas.ts'

/** What all commands share: a POST that is answered at once and whose result is posted later. */
const command = {
  interface: 'receiver',
  method: 'POST',
  routing: 'command',
  reply: { schema: commandResponse, kind: 'commandResponse' },
  responseUrl: { in: 'body', schema: commandResult, kind: 'commandResult' },
} as const satisfies Partial<Endpoint>

/** Results are posted to URLs of ours (hub/commands/callbacks.ts), so the Sender interface has no rows. */
export const commands = defineModule({
  id: 'commands',
  kind: 'functional',
  since: '2.1.1',
  ownerRoles: ['EMSP', 'NSP', 'OTHER', 'PTP', 'SCSP'],
  readerRoles: ['CPO'],
  endpoints: {
    startSession: {
      ...command,
      path: '/START_SESSION',
      openBy: 'location',
      body: { schema: startSession, kind: 'startSession' },
    },
    stopSession: {
      ...command,
      path: '/STOP_SESSION',
      openBy: 'session',
      body: { schema: stopSession, kind: 'stopSession' },
    },
    reserveNow: {
      ...command,
      path: '/RESERVE_NOW',
      openBy: 'location',
      body: { schema: reserveNow, kind: 'reserveNow' },
    },
    cancelReservation: {
      ...command,
      path: '/CANCEL_RESERVATION',
      since: '2.2.1',
      openBy: 'reservation',
      body: { schema: cancelReservation, kind: 'cancelReservation' },
    },
    unlockConnector: {
      ...command,
      path: '/UNLOCK_CONNECTOR',
      openBy: 'location',
      body: { schema: unlockConnector, kind: 'unlockConnector' },
    },
    // 2.3.0 CommandType is an OpenEnum. What such a command is about is not known, so it must be addressed.
    other: { ...command, path: '/:command', since: '2.3.0', body: { schema: anyCommand } },
  },
})
