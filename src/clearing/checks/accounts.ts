import { durationText, whenText } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { readDecimal } from '../decimal.ts'
import type { Case } from '../input.ts'
import { at, readTime } from '../read.ts'
import { isCompleted } from './existence.ts'

/** What somebody else says about when the session was. Epoch milliseconds; null: they do not say. */
export type Account = {
  name: string
  source: 'session' | 'record'
  start: number | null
  end: number | null
  kwh: Decimal | null
}

/** The accounts that there are, that of the eMSP first. */
export function accountsOf({ input }: Case): readonly Account[] {
  const { session, known, cdr } = input
  const { record } = known ?? {}
  const accounts: Account[] = []
  if (record)
    accounts.push({
      name: `the record of ${cdr.receiver}`,
      source: 'record',
      start: record.start?.getTime() ?? null,
      end: record.end?.getTime() ?? null,
      kwh: readDecimal(record.kwh),
    })
  if (session.state === 'found' && isCompleted(input))
    accounts.push({
      name: 'its session',
      source: 'session',
      start: readTime(at(session.value, '/start_date_time')),
      end: readTime(at(session.value, '/end_date_time')),
      kwh: readDecimal(at(session.value, '/kwh')),
    })
  return accounts
}

/** What another account says, and how far that is away. */
export function wordsOf(
  subject: Case,
  { own, said }: { own: number; said: number },
): { said: string; apart: string } {
  return { said: whenText(subject, said), apart: durationText(own - said) }
}
