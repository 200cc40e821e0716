/** F fatal: quarantined. S severe: what is at risk is held. W warning: clears, reported. I: clears, for the record. */
export type Severity = 'F' | 'S' | 'W' | 'I'

/** certain: it follows from what was sent; high and medium: somebody would have to be wrong in an unusual way. */
export type Confidence = 'certain' | 'high' | 'medium'

/**
 * `floor`: what an agreement cannot go below, because what would clear then cannot be booked or settled. `parameters` may
 * be agreed otherwise: decimal texts, the unit at the end of the name.
 */
type Rule = {
  severity: Severity
  floor?: Severity
  version: number
  confidence?: Confidence
  parameters?: Readonly<Record<string, string>>
  title: string
  sentence: string
  remedy: string
}

/**
 * Every finding that a CDR can get. The order is precedence: findings are listed in it, and the first fatal one,
 * else the first of those that hold most, is *the* code of the CDR. `sentence` is for the partner, `remedy` ends "It would pass if …"; words in
 * braces are filled in by the check. A rule whose meaning changes gets a new version.
 */
export const RULES = {
  A5: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'wrong party billed',
    sentence: '{what} Send it again with the right token (cdr_token).',
    remedy: '{right}',
  },
  T1: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'needed value cannot be read',
    sentence: 'The CDR has nothing that can be read as {fields}: expected {wanted}.',
    remedy: '{fields} had been {wanted}',
  },
  Z6: {
    severity: 'F',
    version: 2,
    parameters: { clock_skew_s: '300', charge_days: '366' },
    title: 'impossible times',
    sentence: '{what}',
    remedy: 'the session ended after its start and before its CDR was received',
  },
  P8: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'wrong currency',
    sentence: 'The CDR bills in {actual}, {reason}.',
    remedy: 'the CDR billed in the currency that was agreed',
  },
  C3: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'original cannot be credited again',
    sentence: 'This credit names the CDR {original}, which {reason}.',
    remedy: 'the credit named a CDR that stands and was not taken back yet',
  },
  C1: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'credit without original',
    sentence: '{what}',
    remedy: 'the CDR that is taken back were known and judged',
  },
  D2: {
    severity: 'S',
    floor: 'S',
    version: 1,
    title: 'session billed twice',
    sentence:
      'The session {session} was already billed by {first}. Credit that one first, or withdraw this one.',
    remedy: '{first} were credited',
  },
  C4: {
    severity: 'S',
    version: 1,
    title: 'replacement without credit',
    sentence:
      'This CDR looks like a correction of the CDR {first}, which was not credited. Credit that one; then this one can take its place.',
    remedy: 'the CDR {first} were credited first',
  },
  D4: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    parameters: { start_s: '120', energy_share: '0.01' },
    title: 'the same charge billed twice',
    sentence: 'The same charge was already billed by {first}: {alike}.',
    remedy: 'the two CDRs were about different charges, or the earlier one were credited',
  },
  D5: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'the same charge came over two ways',
    sentence: 'The same charge already came another way, as {first}: {alike}.',
    remedy: 'the charge came over one way only, or the earlier CDR were credited',
  },
  A1: {
    severity: 'S',
    version: 1,
    title: 'unknown token',
    sentence:
      '{receiver} has not published the token of this CDR, nor allowed it in a real-time authorisation.',
    remedy: '{receiver} had published the token before the session began',
  },
  A2: {
    severity: 'S',
    version: 1,
    parameters: { notice_s: '60' },
    title: 'token blocked at the start',
    sentence:
      'The token of this CDR was blocked by {receiver} when the session began at {start}; {receiver} had said so at {told}.',
    remedy:
      'the token had been valid when the session began, or {receiver} had allowed the session',
  },
  A4: {
    severity: 'S',
    version: 1,
    parameters: { notice_s: '60' },
    title: 'started from the whitelist though that is not permitted',
    sentence:
      'The session was started from the whitelist, but {receiver} permits this token only after asking it. It was not asked.',
    remedy: 'the session had been authorised by {receiver} in real time',
  },
  A6: {
    severity: 'S',
    version: 1,
    parameters: { after_denial_s: '600' },
    title: 'started after it was refused',
    sentence:
      '{receiver} refused the session at {told} ({answer}), and it began all the same at {start}.',
    remedy: '{receiver} had allowed the session before it began',
  },
  A3: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'no authorisation found',
    sentence: '{what}',
    remedy: 'the hub had seen the authorisation that the CDR names',
  },
  C2: {
    severity: 'S',
    floor: 'S',
    version: 1,
    title: 'credit is not the exact opposite of its original',
    sentence: 'This credit does not mirror the CDR {original}: {what}.',
    remedy: 'the credit repeated its original with the opposite total (total_cost)',
  },
  C6: {
    severity: 'F',
    floor: 'F',
    version: 2,
    title: 'negative claim',
    sentence:
      'The CDR claims {claim} without being a credit CDR. To pay back, send a credit CDR of the original.',
    remedy: 'the claim were not negative, or the CDR were a credit',
  },
  T4: {
    severity: 'S',
    version: 1,
    title: 'placeholder time',
    sentence:
      '{field} is {stated}, a placeholder for an unknown time, which both parties would have to agree on.',
    remedy: 'the time were known',
  },
  Z4: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    parameters: { overlap_s: '60' },
    title: 'overlap at the same connector',
    sentence:
      'Another vehicle was charging at the same connector at the same time: {other}. One of the two cannot be right.',
    remedy: 'the two sessions did not overlap',
  },
  Z3: {
    severity: 'S',
    version: 2,
    confidence: 'high',
    title: 'overlap with the same token',
    sentence: 'The same token was charging elsewhere at the same time: {other}.',
    remedy: 'the two sessions did not overlap, or the token were one for several vehicles',
  },
  Z5: {
    severity: 'S',
    version: 1,
    title: 'late CDR',
    sentence:
      'The session ended at {end}, {age} before this CDR was received. At most {most} are allowed.',
    remedy: 'the CDR had come within {most}',
  },
  T3: {
    severity: 'S',
    version: 1,
    title: 'charging periods out of order',
    sentence: '{field} starts at {at}, {what} {bound}.',
    remedy: 'every charging period began after the one ahead of it, within the session',
  },
  G1: {
    severity: 'S',
    version: 1,
    title: 'signature of the meter is wrong',
    sentence:
      'The signed meter data ({format}) do not prove the energy of this CDR: {reason} {actual} kWh are billed.',
    remedy: 'the signature fitted the data and the key of the meter',
  },
  G4: {
    severity: 'S',
    version: 1,
    title: 'signed with another key',
    sentence:
      'The meter data are signed with another key than the one that is registered for this meter. {actual} kWh are billed.',
    remedy: 'the data were signed with the registered key, or the new key were registered',
  },
  G2: {
    severity: 'S',
    version: 1,
    parameters: { noise_kwh: '0.01' },
    title: 'energy differs from the signed meter',
    sentence:
      'The CDR bills {actual} kWh, the signed meter counted {expected} kWh: {difference} kWh apart.',
    remedy: 'the CDR billed the {expected} kWh that the meter signed',
  },
  G5: {
    severity: 'S',
    version: 1,
    parameters: { noise_kwh: '0.01' },
    title: 'meter went backwards',
    sentence: 'The meter {what}. {difference} kWh would be billed twice.',
    remedy: 'the meter began each session where it ended the one before, or later',
  },
  Q5: {
    severity: 'S',
    version: 2,
    title: 'negative energy',
    sentence: '{what}',
    remedy: 'no energy were negative and none were taken back during the session',
  },
  Q1: {
    severity: 'S',
    version: 3,
    title: 'energy or cost differs from the session',
    sentence: '{what}',
    remedy: '{right}',
  },
  Q3: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    parameters: { power_factor: '1.1' },
    title: 'impossible power',
    sentence:
      '{actual} kWh from {start} to {end} is more than the connector of {power} kW can deliver in that time ({expected} kWh at most).',
    remedy: 'at most {expected} kWh were billed for that time',
  },
  X6: {
    severity: 'S',
    version: 1,
    title: 'session declared invalid',
    sentence:
      'The session {session} was declared invalid by its sender (status INVALID), so it cannot be billed.',
    remedy: 'the session had not been declared invalid',
  },
  C7: {
    severity: 'S',
    version: 1,
    title: 'replacement differs from what was agreed',
    sentence:
      'This CDR replaces the CDR {original}. The dispute ended with {agreed} {basis}, but it claims {claim}{apart}.',
    remedy: 'it claimed {agreed} {basis}',
  },
  C5: {
    severity: 'S',
    version: 1,
    title: 'replacement is higher than its original',
    sentence:
      'This CDR replaces the CDR {original} of {before}, and claims {claim} {basis}: {apart} more. A higher price needs the consent of {receiver}.',
    remedy: 'it claimed no more than {before} {basis}, or {receiver} approved it',
  },
  P12: {
    severity: 'S',
    version: 1,
    title: 'differs from what the payment terminal took',
    sentence: 'The CDR claims {claim} with tax, but the payment terminal took {taken}{apart}.',
    remedy: 'the CDR claimed the {taken} that were taken',
  },
  V3: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'tax counted twice or left inside',
    sentence: '{what}',
    remedy: 'the tax were {fair} on {net} without tax',
  },
  P1: {
    severity: 'S',
    version: 1,
    title: 'price differs from the tariff',
    sentence:
      'The CDR claims {claim} {basis}, the tariff gives {price}: {apart} apart, {allowed} are tolerated.',
    remedy: 'it claimed {price} {basis}, {allowed} more or less',
  },
  P4: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'steps of the tariff applied in another way',
    sentence: '{what}',
    remedy: 'the step size were applied as OCPI says',
  },
  P5: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'idle time charged in another way',
    sentence: '{what}',
    remedy: 'idle time were charged as the tariff says',
  },
  P6: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'restriction of the tariff read in another way',
    sentence: '{what}',
    remedy: 'each price were charged only when and where the tariff has it, in local time',
  },
  P7: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'least or highest price not applied',
    sentence: '{what}',
    remedy: 'the least and the highest price of the tariff (min_price, max_price) were kept',
  },
  X4: {
    severity: 'S',
    version: 1,
    title: 'no energy, but billed',
    sentence: 'No energy was delivered, and {claim} are billed{reason}.',
    remedy: 'the tariff had a price for a session without energy',
  },
  T2: {
    severity: 'S',
    version: 2,
    title: 'totals do not agree',
    sentence: 'By the CDR {total} is {stated}, but {parts} {added}: {apart} apart.',
    remedy: '{total} were {added}',
  },
  Z8: {
    severity: 'S',
    version: 1,
    title: 'duration differs',
    sentence:
      'The CDR states a duration of {lasted}, {other} one of {said}: {apart} apart, {allowed} are tolerated.',
    remedy: 'it lasted {said}, {allowed} more or less',
  },
  Z1: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    parameters: { step_s: '1800', noise_s: '90', most_s: '50400' },
    title: 'times are shifted by a time zone',
    sentence:
      'By the CDR the session began at {start}, by {other} at {said}: {apart} apart, with the same duration and energy.{guess}',
    remedy: 'the times of the CDR were in UTC',
  },
  Z2: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    parameters: { least_s: '90', most_s: '1800', plug_in_s: '600' },
    title: 'clock is off',
    sentence: 'By the CDR the session {event} at {own}, by {other} at {said}: {apart} apart.',
    remedy: 'the clock of the charging station were right',
  },
  Z7: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    parameters: { speed_kmh: '200', distance_km: '10' },
    title: 'impossible journey',
    sentence: 'The token was used {what}: {actual} km/h. It may have been copied.',
    remedy: 'the way between the two sessions could be driven at {expected} km/h',
  },
  Q2: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    parameters: { absolute_kwh: '0.2', relative: '0.03' },
    title: 'energy differs from the record of the eMSP',
    sentence:
      'The CDR bills {actual} kWh, the record of {receiver} has {expected} kWh: {difference} kWh apart, {tolerance} kWh are tolerated.',
    remedy: 'the two were at most {tolerance} kWh apart',
  },
  Q4: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    title: 'more energy than a vehicle can take',
    sentence:
      'The CDR bills {actual} kWh, and no vehicle is known to take more than {expected} kWh.',
    remedy: 'at most {expected} kWh were billed',
  },
  D6: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    parameters: { gap_s: '60' },
    title: 'one charge split in two',
    sentence:
      'The CDR {other} of the same token at the same place {joins} this one within {gap}: one charge seems to be billed as two, with a start fee each.',
    remedy: 'the charge were billed as one, with one start fee',
  },
  G3: {
    severity: 'W',
    version: 1,
    title: 'signed meter data are missing',
    sentence: 'Signed meter data are required{where}, and the CDR has none.',
    remedy: 'the CDR carried the signed meter data',
  },
  P10: {
    severity: 'W',
    version: 1,
    confidence: 'medium',
    title: 'reservation billed in another way',
    sentence: '{what}',
    remedy: 'the reservation were billed as the tariff says',
  },
  X1: {
    severity: 'W',
    version: 1,
    title: 'no session',
    sentence: '{what}',
    remedy: '{right}',
  },
  X5: {
    severity: 'W',
    version: 1,
    title: 'session not completed',
    sentence:
      'The session {session} has not been completed (its status is {status}), so its energy could not be compared. Send its final state.',
    remedy: 'the session were completed (status COMPLETED)',
  },
  X2: {
    severity: 'W',
    version: 1,
    parameters: { first_h: '24', second_h: '72', third_h: '168' },
    title: 'session without CDR',
    sentence:
      'The session {session} ended at {end}, and {age} later no CDR has come for it. Send it, or declare the session invalid (status INVALID).',
    remedy: 'the CDR of the session came',
  },
  X3: {
    severity: 'S',
    version: 1,
    confidence: 'high',
    title: 'record without CDR',
    sentence:
      'The record {record} of {receiver} says that a charge of {kwh} began at {start}, and no CDR of {owner} fits it.',
    remedy: 'a CDR of that charge came, or {receiver} withdrew its record',
  },
  S4: {
    severity: 'S',
    version: 1,
    confidence: 'medium',
    title: 'many small differences in one direction',
    sentence:
      '{count} CDRs from {from} to {until} differ from what they should be by {mean} on average, each within its tolerance, and all in the same direction: {sum} in total.',
    remedy: 'the differences evened out, or added up to less than {least}',
  },
  P3: {
    severity: 'S',
    version: 2,
    title: 'price differs from the agreed tariff',
    sentence:
      'The CDR claims {claim} {basis}, the agreed tariff gives {price}: {apart} apart, {allowed} are tolerated.',
    remedy: 'it claimed {price} {basis}, {allowed} more or less',
  },
  P2: {
    severity: 'S',
    version: 2,
    title: 'tariff differs from the published one',
    sentence: '{what}',
    remedy: 'the tariff in the CDR were the one that was published when the session began',
  },
  P0: {
    severity: 'W',
    version: 1,
    title: 'not priced',
    sentence: 'The price could not be recomputed: {reason}',
    remedy: 'the session could be priced',
  },
  V2: {
    severity: 'W',
    version: 1,
    title: 'tax does not fit the rates',
    sentence: 'With tax the CDR claims {claim}, but {reason}.',
    remedy: 'the tax fitted the rates of the tariff',
  },
  D3: {
    severity: 'F',
    floor: 'F',
    version: 1,
    title: 'id used again for other content',
    sentence:
      'The CDR {id} was sent before with other content. Send a credit and a new CDR with an id of its own.',
    remedy: 'the CDR had an id of its own',
  },
  R1: {
    severity: 'W',
    version: 1,
    title: 'refused by the eMSP',
    sentence: '{receiver} refused the CDR: {answer}.',
    remedy: '{receiver} accepted it',
  },
  D1: {
    severity: 'I',
    version: 1,
    title: 'sent more than once',
    sentence: 'The same CDR came {times} more, byte for byte. It is booked once.',
    remedy: 'it had been sent once',
  },
  P11: {
    severity: 'I',
    version: 1,
    title: 'tariff published after the start',
    sentence:
      'The oldest known version of the tariff came only after the session had begun. {used}',
    remedy: 'the tariff had been published before the session began',
  },
  A7: {
    severity: 'I',
    version: 1,
    title: 'token known after the start',
    sentence:
      'The oldest known version of the token came only after the session had begun. It was accepted.',
    remedy: 'the token had been published before the session began',
  },
  T5: {
    severity: 'I',
    version: 1,
    title: 'amounts finer than OCPI has them',
    sentence:
      'Some amounts have more decimals or digits than others can keep: {fields}. OCPI has 4 decimals, and many readers keep 15 digits at most. The amounts were judged as they were sent.',
    remedy: 'the amounts had at most 4 decimals',
  },
  P9: {
    severity: 'I',
    version: 1,
    title: 'rounding only',
    sentence:
      'The CDR claims {claim} {basis}, the tariff gives {price}: {apart} apart, within the tolerance of {allowed}.',
    remedy: 'it claimed exactly {price} {basis}',
  },
} as const satisfies Record<string, Rule>

export type FindingCode = keyof typeof RULES

/** Numbers of rules that were agreed otherwise, by code and name. */
export type RuleParameters = Readonly<Record<string, Readonly<Record<string, string>>>>

const TABLE: Readonly<Record<string, Rule>> = RULES

/** The row of a code; null where there is none. */
export function ruleOf(code: string): Rule | null {
  return Object.hasOwn(TABLE, code) ? (TABLE[code] ?? null) : null
}

/** Agreed numbers that no rule has. */
export function unknownParameters(
  agreed: RuleParameters,
): readonly { code: string; name: string }[] {
  return Object.entries(agreed).flatMap(([code, numbers]) =>
    Object.keys(numbers).flatMap((name) =>
      Object.hasOwn(ruleOf(code)?.parameters ?? {}, name) ? [] : [{ code, name }],
    ),
  )
}

/** The rounding, noise and unit limits of the checks: how partners measure, and nothing anybody agrees on. */
export const PARAMETERS = {
  roundingMs: 1_000,
  shortPeriodMs: 60_000,
  placeholderBeforeMs: 2 * 86_400_000,
  energyNoiseKwh: '0.01',
  timeNoiseMs: 18_000,
  powerBelievableKw: '1',
  /** What an EVSE of unknown power may give: nobody is held for what is not known. */
  powerUnknownKw: '400',
} as const
