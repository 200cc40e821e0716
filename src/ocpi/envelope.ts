import { writeTime } from './primitives.ts'

/** What every OCPI answer carries (2.2.1 Response format). `dataText` is JSON text that goes in as it is. */
export type Envelope = { statusCode: number; statusMessage?: string; dataText?: string; at: Date }

/** The JSON text of an envelope. Text goes in unparsed, so objects keep the bytes their owner sent. */
export function writeEnvelope(envelope: Envelope): string {
  const message =
    envelope.statusMessage === undefined
      ? ''
      : `,"status_message":${JSON.stringify(envelope.statusMessage)}`
  const data = envelope.dataText === undefined ? '' : `"data":${envelope.dataText},`
  return `{${data}"status_code":${envelope.statusCode}${message},"timestamp":"${writeTime(envelope.at)}"}`
}
