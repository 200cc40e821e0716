import { cdrSteps } from './cdrs.ts'
import {
  cancelReservationSteps,
  commandResponseSteps,
  commandResultSteps,
  reserveNowSteps,
  startSessionSteps,
  stopSessionSteps,
  unlockConnectorSteps,
} from './commands.ts'
import type { Kind, Steps } from './define.ts'
import { connectorSteps, evseSteps, locationSteps } from './locations.ts'
import { sessionSteps } from './sessions.ts'
import { tariffSteps } from './tariffs.ts'
import { authorizationInfoSteps, locationReferencesSteps, tokenSteps } from './tokens.ts'

/** The steps between neighbouring versions of everything that differs between them. */
export const STEPS: Record<Kind, Steps> = {
  location: locationSteps,
  evse: evseSteps,
  connector: connectorSteps,
  tariff: tariffSteps,
  session: sessionSteps,
  cdr: cdrSteps,
  token: tokenSteps,
  locationReferences: locationReferencesSteps,
  authorizationInfo: authorizationInfoSteps,
  startSession: startSessionSteps,
  stopSession: stopSessionSteps,
  reserveNow: reserveNowSteps,
  cancelReservation: cancelReservationSteps,
  unlockConnector: unlockConnectorSteps,
  commandResponse: commandResponseSteps,
  commandResult: commandResultSteps,
}
