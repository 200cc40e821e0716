/** F fatal: quarantined. S severe: held. W warning: clears, reported. I: clears, for the record. */
export type Severity = 'F' | 'S' | 'W' | 'I'

/** `floor`: what an agreement cannot go below, because what would clear then cannot be booked or settled. */
type Rule = {
  severity: Severity
  floor?: Severity
  version: number
  title: string
  sentence: string
}

/**
 * Every finding that a CDR can get. The order is precedence: findings are listed in it, and the first of the severity
 * that decides is *the* code of the CDR. `sentence` is for the partner; words in braces are filled in by the check.
 * A rule whose meaning changes gets a new version.
 */
export const RULES = {
  A5: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'wrong party billed',
    sentence:
      'The token of this CDR belongs to {owner}, but the CDR bills {receiver}. Send it again with the right cdr_token.',
  },
  T1: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'needed value cannot be read',
    sentence: '{fields} cannot be read: expected {wanted}.',
  },
  Z6: {
    severity: 'F',
    version: 2,
    title: 'impossible times',
    sentence: '{what}',
  },
  P8: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'wrong currency',
    sentence: 'The CDR claims {actual}, {reason}.',
  },
  C3: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'original cannot be credited again',
    sentence: 'This credit names the CDR {original}, which {reason}.',
  },
  C1: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'credit without original',
    sentence: '{what}',
  },
  D2: {
    severity: 'S',
    floor: 'S',
    version: 1,
    title: 'session billed twice',
    sentence:
      'The session {session} was already billed by the CDR {first}. Credit that one first, or withdraw this one.',
  },
  A1: {
    severity: 'S',
    version: 1,
    title: 'unknown token',
    sentence:
      '{receiver} has not published the token of this CDR, nor allowed it in a real-time authorisation.',
  },
  C2: {
    severity: 'S',
    floor: 'S',
    version: 1,
    title: 'credit is not the exact opposite of its original',
    sentence: 'This credit does not mirror the CDR {original}: {what}.',
  },
  C6: {
    severity: 'S',
    version: 1,
    title: 'negative claim',
    sentence:
      'The CDR claims {claim} without being a credit CDR. To pay back, send a credit CDR of the original.',
  },
  T4: {
    severity: 'S',
    version: 1,
    title: 'placeholder time',
    sentence:
      '{field} is {actual}: a placeholder for an unknown time, which needs an agreement of both parties.',
  },
  Z3: {
    severity: 'S',
    version: 1,
    title: 'overlap with the same token',
    sentence: 'The same token was charging elsewhere at the same time: {other}.',
  },
  Z5: {
    severity: 'S',
    version: 1,
    title: 'late CDR',
    sentence:
      'The session ended at {end}, {actual} days before this CDR was received. Agreed are at most {expected} days.',
  },
  T3: {
    severity: 'S',
    version: 1,
    title: 'charging periods out of order',
    sentence: 'The charging period at {field} starts at {actual}, {what} {expected}.',
  },
  Q5: {
    severity: 'S',
    version: 1,
    title: 'negative energy',
    sentence: '{field} is {actual} kWh. Energy delivered to a vehicle cannot be negative.',
  },
  Q1: {
    severity: 'S',
    version: 1,
    title: 'energy differs from the session',
    sentence:
      'The CDR bills {actual} kWh, its session ended with {expected} kWh: {difference} kWh apart, {tolerance} kWh are tolerated.',
  },
  Q3: {
    severity: 'S',
    version: 1,
    title: 'impossible power',
    sentence:
      '{actual} kWh from {start} to {end} is more than the connector of {power} kW can deliver in that time ({expected} kWh at most).',
  },
  X6: {
    severity: 'S',
    version: 1,
    title: 'session declared invalid',
    sentence: 'The session {session} was declared INVALID by its sender, so it cannot be billed.',
  },
  P1: {
    severity: 'S',
    version: 1,
    title: 'price differs from the tariff',
    sentence:
      'The CDR claims {claim} {basis}, the tariff gives {price}: {apart} apart, {allowed} are tolerated.',
  },
  X4: {
    severity: 'S',
    version: 1,
    title: 'no energy, but billed',
    sentence: 'No energy was delivered, and {claim} are billed{reason}.',
  },
  T2: {
    severity: 'S',
    version: 1,
    title: 'totals do not agree',
    sentence:
      '{total} is {actual} {unit}, but {parts} {expected} {unit}: {difference} {unit} apart.',
  },
  X1: {
    severity: 'W',
    version: 1,
    title: 'no session',
    sentence: '{what}',
  },
  X5: {
    severity: 'W',
    version: 1,
    title: 'session not completed',
    sentence:
      'The session {session} is still {status}, so its energy could not be compared. Send its final state.',
  },
  P3: {
    severity: 'W',
    version: 1,
    title: 'price differs from the agreed tariff',
    sentence:
      'The CDR claims {claim} {basis}, the agreed tariff gives {price}: {apart} apart, {allowed} are tolerated.',
  },
  P2: {
    severity: 'W',
    version: 1,
    title: 'tariff differs from the published one',
    sentence: '{what}',
  },
  P0: {
    severity: 'W',
    version: 1,
    title: 'not priced',
    sentence: 'The price could not be recomputed: {reason}',
  },
  V2: {
    severity: 'W',
    version: 1,
    title: 'tax does not fit the rates',
    sentence: 'With tax the CDR claims {claim}, but {reason}.',
  },
  P11: {
    severity: 'I',
    version: 1,
    title: 'tariff published after the start',
    sentence:
      'The oldest known version of the tariff is younger than the start of the session. It was used.',
  },
  A7: {
    severity: 'I',
    version: 1,
    title: 'token known after the start',
    sentence:
      'The oldest known version of the token is younger than the start of the session. It was accepted.',
  },
  T5: {
    severity: 'I',
    version: 1,
    title: 'amounts finer than OCPI has them',
    sentence:
      '{fields}: OCPI has 4 decimals, and many readers keep 15 digits at most. The amounts were judged as they were sent.',
  },
  P9: {
    severity: 'I',
    version: 1,
    title: 'rounding only',
    sentence:
      'The CDR claims {claim} {basis}, the tariff gives {price}: {apart} apart, within {allowed}.',
  },
} as const satisfies Record<string, Rule>

export type FindingCode = keyof typeof RULES

/** The numbers of the rules that are no agreement terms. Decimal texts are exact; the unit is in the name. */
export const PARAMETERS = {
  clockSkewMs: 300_000,
  chargeDaysMax: 366,
  roundingMs: 1_000,
  shortPeriodMs: 60_000,
  placeholderBeforeMs: 2 * 86_400_000,
  energyToleranceKwh: '0.05',
  energyToleranceShare: '0.005',
  energyNoiseKwh: '0.01',
  timeToleranceMs: 60_000,
  timeToleranceShare: '0.01',
  timeNoiseMs: 18_000,
  powerFactor: '1.1',
  powerBelievableKw: '1',
} as const
