/**
 * What a row can say, and the names of columns that say it, folded (see folded): the first that a file has counts. Nested
 * members of JSON are joined: `cdr_token.uid` is `cdrtokenuid`, so that OCPI CDRs need no mapping.
 */
const FIELDS = {
  cdrId: ['cdrid', 'cdrnumber', 'cdr', 'id', 'transactionid', 'recordid'],
  sessionId: ['sessionid', 'session', 'chargingsessionid', 'sessionreference'],
  reference: ['authorizationreference', 'authorisationreference', 'authreference', 'reference'],
  tokenUid: [
    'cdrtokenuid',
    'tokenuid',
    'token',
    'uid',
    'rfid',
    'rfiduid',
    'cardid',
    'card',
    'authid',
    'idtag',
  ],
  contract: ['cdrtokencontractid', 'contractid', 'contract', 'emaid', 'evcoid', 'evcontractid'],
  evse: [
    'cdrlocationevseid',
    'evseid',
    'evse',
    'chargepointid',
    'chargingpointid',
    'ladepunkt',
    'ladepunktid',
  ],
  location: ['cdrlocationid', 'locationid', 'location', 'stationid', 'station', 'standort'],
  meter: ['meterid', 'meter', 'meterserial'],
  cpo: ['cpo', 'cpoid', 'operator', 'operatorid', 'betreiber'],
  emsp: ['emsp', 'emspid', 'provider', 'providerid'],
  start: [
    'startdatetime',
    'start',
    'starttime',
    'startedat',
    'sessionstart',
    'chargingstart',
    'startdate',
    'beginn',
    'startzeit',
  ],
  end: [
    'enddatetime',
    'stopdatetime',
    'end',
    'endtime',
    'endedat',
    'sessionend',
    'stop',
    'stoptime',
    'chargingend',
    'ende',
    'endzeit',
  ],
  energyKwh: [
    'totalenergy',
    'kwh',
    'energykwh',
    'energy',
    'consumption',
    'consumptionkwh',
    'volumekwh',
    'energie',
    'energiekwh',
    'menge',
    'mengekwh',
  ],
  energyWh: ['energywh', 'wh', 'totalenergywh', 'energiewh'],
  net: [
    'totalcostexclvat',
    'totalcostbeforetaxes',
    'net',
    'netamount',
    'amountnet',
    'netprice',
    'costexclvat',
    'costexvat',
    'amountexclvat',
    'totalexclvat',
    'pricenet',
    'netto',
    'nettobetrag',
    'betragnetto',
  ],
  gross: [
    'totalcostinclvat',
    'totalcostaftertaxes',
    'gross',
    'grossamount',
    'amountgross',
    'grossprice',
    'costinclvat',
    'amountinclvat',
    'totalinclvat',
    'pricegross',
    'brutto',
    'bruttobetrag',
    'betragbrutto',
  ],
  amount: [
    'totalcost',
    'amount',
    'cost',
    'price',
    'total',
    'totalamount',
    'totalprice',
    'betrag',
    'kosten',
    'preis',
  ],
  currency: ['currency', 'currencycode', 'ccy', 'waehrung', 'wahrung'],
  credit: ['credit', 'iscredit'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type Field = keyof typeof FIELDS

/** Which column says what; the names as the file writes them. */
export type Columns = Readonly<Partial<Record<Field, string>>>

/** The names of all fields, for those who name columns themselves. */
export const FIELD_NAMES = Object.keys(FIELDS)

/**
 * Finds the columns of a file. `given`: field → column, as somebody said; these count before every guess. A text says
 * what is wrong with what was given.
 */
export function columnsOf(
  headers: readonly string[],
  given: ReadonlyMap<string, string>,
): Columns | string {
  const byFolded = new Map(headers.toReversed().map((header) => [folded(header), header]))
  const found: Partial<Record<Field, string>> = {}
  for (const [name, header] of given) {
    if (!isField(name)) return `there is no field ${name}; fields are ${FIELD_NAMES.join(', ')}`
    const column = headers.find((each) => each === header) ?? byFolded.get(folded(header))
    if (column === undefined)
      return `there is no column ${header}; there are ${headers.slice(0, 40).join(', ')}`
    found[name] = column
  }
  const taken = new Set(Object.values(found))
  for (const [name, names] of Object.entries(FIELDS)) {
    if (!isField(name) || found[name] !== undefined) continue
    const column = names
      .map((each) => byFolded.get(each))
      .find((each) => each !== undefined && !taken.has(each))
    if (column === undefined) continue
    found[name] = column
    taken.add(column)
  }
  return found
}

/** `Energy (kWh)`, `energy_kwh` and `ENERGY KWH` are one name. */
function folded(header: string): string {
  return header
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]/g, '')
}

function isField(name: string): name is Field {
  return Object.hasOwn(FIELDS, name)
}
