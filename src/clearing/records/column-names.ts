import { currencies } from '../../../config/currencies.ts'

/**
 * What a row can say, and the names of columns that say it, folded (see folded): the first that a file has counts. Nested
 * members of JSON are joined: `cdr_token.uid` is `cdrtokenuid`, so that OCPI CDRs need no mapping. English, then German
 * and French.
 */
const FIELDS = {
  cdrId:
    names(`cdrid cdrnumber cdr id transactionid recordid cdrnr cdrnummer transaktionsid transaktionsnummer vorgangsnr vorgangsnummer
    idcdr numerocdr idtransaction`),
  sessionId:
    names(`sessionid session chargingsessionid sessionreference sessionnr sessionnummer sitzungsid sitzung
    sitzungsnummer ladevorgangsid ladevorgangid ladevorgangsnummer ladevorgang idsession iddesession numerosession numerodesession
    identifiantsession`),
  reference:
    names(`authorizationreference authorisationreference authreference reference autorisierungsreferenz
    referenz referenceautorisation`),
  tokenUid:
    names(`cdrtokenuid tokenuid token uid rfid rfiduid cardid card idtag karte kartennummer kartennr
    kartenid ladekarte ladekartennummer rfidnummer badge idbadge numerobadge carte idcarte numerocarte`),
  contract:
    names(`cdrtokencontractid contractid contract authid emaid evcoid evcontractid vertragsid vertragsnummer vertragsnr
    vertrag contrat idcontrat numerocontrat`),
  evse: names(`cdrlocationevseid evseid evse chargepointid chargingpointid ladepunkt ladepunktid ladepunktnummer idevse
    pointdecharge idpointdecharge pdc idpdc borne idborne`),
  location:
    names(`cdrlocationid locationid location stationid station standort standortid ladestation idstation
    site idsite`),
  meter: names(
    'meterid meter meterserial zahler zaehler zahlernummer zaehlernummer compteur idcompteur numerocompteur',
  ),
  cpo: names('cpo cpoid operator operatorid betreiber betreiberid operateur idoperateur'),
  emsp: names('emsp emspid provider providerid anbieter anbieterid fournisseur'),
  start:
    names(`startdatetime start starttime startedat started sessionstart chargingstart startdate beginn startzeit
    startzeitpunkt ladebeginn ladestart beginnzeit debut heuredebut heurededebut dateheuredebut datedebut datededebut
    debutcharge`),
  end: names(`enddatetime stopdatetime end endtime endedat ended sessionend stop stoptime stopped chargingend enddate
    ende endzeit endzeitpunkt ladeende fin heurefin heuredefin dateheurefin datefin datedefin fincharge`),
  energyKwh:
    names(`totalenergy kwh energykwh energy consumption consumptionkwh volumekwh energydelivered
    energydeliveredkwh chargedenergy energie energiekwh menge mengekwh strommenge strommengekwh energiemenge
    energiemengekwh lademenge lademengekwh ladeenergie ladeenergiekwh geladeneenergie geladeneenergiekwh verbrauch
    verbrauchkwh consommation consommationkwh energieconsommee energieconsommeekwh energiedelivree quantite
    quantitekwh`),
  energyWh:
    names(`energywh wh totalenergywh consumptionwh energiewh mengewh strommengewh energiemengewh lademengewh
    ladeenergiewh verbrauchwh consommationwh`),
  net: names(`totalcostexclvat totalcostbeforetaxes net netamount amountnet netprice netcost costexclvat costexvat
    amountexclvat totalexclvat pricenet totalnet netto nettobetrag betragnetto nettopreis preisnetto nettokosten
    kostennetto nettosumme summenetto gesamtnetto ht montantht prixht totalht coutht`),
  gross:
    names(`totalcostinclvat totalcostaftertaxes gross grossamount amountgross grossprice grosscost costinclvat
    amountinclvat totalinclvat pricegross totalgross brutto bruttobetrag betragbrutto bruttopreis preisbrutto
    bruttokosten kostenbrutto bruttosumme summebrutto gesamtbrutto ttc montantttc prixttc totalttc coutttc`),
  amount:
    names(`totalcost amount cost price total totalamount totalprice betrag kosten preis gesamtbetrag gesamtkosten
    gesamtpreis summe montant prix cout montanttotal prixtotal`),
  currency: names(
    'currency currencycode ccy waehrung wahrung waehrungscode wahrungscode devise codedevise monnaie',
  ),
  credit: names('credit iscredit gutschrift avoir'),
} satisfies Readonly<Record<string, readonly string[]>>

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
  // What a header says as a whole goes before what it says without the unit in its brackets.
  const byFolded = new Map([
    ...headers.toReversed().map((header) => [withoutUnit(header), header] as const),
    ...headers.toReversed().map((header) => [folded(header), header] as const),
  ])
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

/** The columns of a file that say nothing to anybody here. */
export function unusedOf(headers: readonly string[], columns: Columns): string[] {
  const used = new Set(Object.values(columns))
  return headers.filter((header) => header !== '' && !used.has(header))
}

/** `Menge [kWh]`, `Betrag (EUR)` and `Beginn (UTC)` without what is in the brackets; Wh is no unit to be left out. */
function withoutUnit(header: string): string {
  const found = /^(.*?)[[(]([^\])]*)[\])](.*)$/.exec(header)
  if (found === null) return folded(header)
  const [, before = '', unit = '', after = ''] = found
  const name = folded(unit)
  const isUnit = ['', 'kwh', 'utc'].includes(name) || currencies.has(name.toUpperCase())
  return folded(isUnit ? `${before} ${after}` : header)
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

function names(text: string): readonly string[] {
  return text.split(/\s+/)
}
