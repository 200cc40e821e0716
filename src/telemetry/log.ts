import { pino } from 'pino'

/** The log. Fields are ids and codes; redaction is a second line, not the first. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const SECRET_FIELDS = [
  'token',
  'authorization',
  'credentialsToken',
  'token_a',
  'password',
  '*.token',
  '*.authorization',
  '*.credentialsToken',
  '*.token_a',
  '*.password',
]

/** JSON lines to standard output. */
export function createLog(level: string, name: string): Log {
  return pino({ level, name, redact: { paths: SECRET_FIELDS, censor: '[secret]' } })
}
