import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'csv-parse/sync'
import { csvForm, csvOptions, csvRow } from '../../src/clearing/records/csv.ts'
import { readOwnRecord } from '../../src/clearing/records/read-record.ts'

const test = suite('what an eMSP says')

const read = (value: unknown, id?: string) =>
  readOwnRecord(value, { receiver: 'DE-EMA', ...(id === undefined ? {} : { id }) })

/** The record, or its faults as `pointer message`. */
function recordOf(value: unknown, id?: string) {
  const found = read(value, id)
  if (!found.ok) throw new Error(found.faults.map((f) => `${f.pointer} ${f.message}`).join('; '))
  return found.record
}

function faultsOf(value: unknown): string[] {
  const found = read(value)
  return found.ok ? [] : found.faults.map(({ pointer }) => pointer)
}

test('a CDR is a record, of any version', () => {
  const cdr = {
    id: 'MINE',
    country_code: 'NL',
    party_id: 'TNM',
    session_id: 'S1',
    authorization_reference: 'Ref',
    start_date_time: '2026-11-01T10:00:00Z',
    end_date_time: '2026-11-01T11:00:00+00:00',
    cdr_token: { uid: 'CARD', contract_id: 'DE-8AA-CA2B3C4D5-N' },
    cdr_location: { id: 'L1', evse_id: 'NL*TNM*E1' },
    currency: 'eur',
    total_energy: 12.5,
    total_cost: { excl_vat: 3, incl_vat: 3.6 },
  }
  assert.equal(recordOf(cdr), {
    recordId: 'MINE',
    recordKey: 'mine',
    owner: 'NL-TNM',
    cdrKey: null,
    sessionKey: 's1',
    reference: 'ref',
    tokenUid: 'card',
    contractKey: 'DE8AACA2B3C4D5',
    evseKey: 'NLTNME1',
    locationKey: 'l1',
    meterKey: null,
    start: Date.UTC(2026, 10, 1, 10),
    end: Date.UTC(2026, 10, 1, 11),
    kwh: '12.5',
    net: '3',
    gross: '3.6',
    currency: 'EUR',
  })
  const v230 = { ...cdr, total_cost: { before_taxes: 3, taxes: [{ name: 'VAT', amount: 0.6 }] } }
  assert.is(recordOf(v230).gross, '3.6')
  assert.is(recordOf({ ...cdr, total_cost: 3 }).net, '3')
  assert.is(recordOf(cdr, 'OWN').cdrKey, 'mine', 'an id beside that of the URL is the CDR’s')
})

test('a CDR of 2.1.1 is one too: its contract, its only EVSE, its plain cost', () => {
  const cdr = {
    id: 'OLD',
    cpo: 'NL-TNM',
    start_date_time: '2026-11-01T10:00:00Z',
    stop_date_time: '2026-11-01T11:00:00Z',
    auth_id: 'DE-EMA-CU1',
    location: { id: 'L1', evses: [{ uid: '1', evse_id: 'NL*TNM*E1' }] },
    total_energy: 9,
    total_cost: 2.7,
    currency: 'EUR',
  }
  const { tokenUid, contractKey, evseKey, locationKey, net, end } = recordOf(cdr)
  assert.equal([tokenUid, contractKey, evseKey], [null, 'DEEMACU1', 'NLTNME1'])
  assert.equal([locationKey, net, end], ['l1', '2.7', Date.UTC(2026, 10, 1, 11)])
  const evses = [{ evse_id: 'NL*TNM*E1' }, { evse_id: 'NL*TNM*E2' }]
  assert.is(recordOf({ ...cdr, location: { id: 'L1', evses } }).evseKey, null)
  const bad = { ...cdr, location: { evses: [{ evse_id: ['x'] }] } }
  assert.ok(faultsOf(bad).some((pointer) => pointer.startsWith('/location/evses/0/evse_id')))
})

test('little is enough: an id to match by, or a start with a card or an EVSE', () => {
  assert.is(recordOf({ session_id: 'S1' }).recordId, 'S1')
  assert.is(
    recordOf({ id: 'A', start: '2026-11-01 10:00:00', evse_id: 'NL*TNM*E1' }).owner,
    'NL-TNM',
  )
  assert.equal(faultsOf({ id: 'A' }), [''])
  assert.equal(faultsOf({ id: 'A', start: '2026-11-01T10:00:00Z' }), [''])
  assert.equal(faultsOf({ kwh: 3 }), ['/id', ''])
})

test('what cannot be read is named where it stands', () => {
  const good = { id: 'A', session_id: 'S' }
  const faults: [Record<string, unknown>, string][] = [
    [{ total_energy: 'much' }, '/total_energy'],
    [{ kwh: '12,5' }, '/kwh'],
    [{ kwh: 1e9 }, '/kwh'],
    [{ start: '2026-02-30T00:00:00Z' }, '/start'],
    [{ start: '2026-11-01T10:00:00Z', end: '2026-11-01T09:00:00Z' }, '/end_date_time'],
    [{ net: 3 }, '/currency'],
    [{ net: 3, currency: 'EURO' }, '/currency'],
    [{ total_cost: { incl_vat: 3 }, currency: 'EUR' }, '/total_cost'],
    [{ cpo: 'nobody' }, '/cpo'],
    [{ cdr_token: { uid: ['x'] } }, '/cdr_token/uid'],
  ]
  for (const [more, pointer] of faults)
    assert.ok(faultsOf({ ...good, ...more }).includes(pointer), JSON.stringify(more))
  assert.equal(faultsOf('text'), [''])
})

test('columns that finance calls otherwise are read, and what is not is said', () => {
  const read = (text: string) => {
    const form = csvForm(text)
    const rows: unknown[] = parse(text, csvOptions(form))
    const [row] = rows.map((each) => csvRow(each, form))
    return { record: recordOf(row?.value), line: row?.line, unused: form.unused }
  }
  const finance = read(
    'record_id,cpo,session_id,Energy (kWh),net amount,Currency,RFID,Started,Colour\nA,NL-TNM,S1,7,3.5,EUR,C1,2026-11-01 10:00,red\n',
  )
  const { kwh, net, tokenUid, start } = finance.record
  assert.equal([kwh, net, tokenUid, start], ['7', '3.5', 'c1', Date.UTC(2026, 10, 1, 10)])
  assert.equal(finance.unused, ['Colour'])
  const german = read(
    'sep=;\r\nTransaktionsnummer;Sitzungs-ID;Strommenge [Wh];Betrag;Währung\r\nX9;S1;7000;3,5;EUR\r\n',
  )
  assert.equal(
    [german.record.kwh, german.record.net, german.record.cdrKey, german.record.sessionKey],
    ['7', '3.5', 'x9', 's1'],
  )
  assert.equal([german.unused, german.line], [[], 3])
  // What a record calls so itself goes before what only looks like it.
  assert.is(read('id,session_id,kwh,Energie\nA,S1,7,9\n').record.kwh, '7')
})

test('files of three makings say the same', () => {
  const files = [
    'Record_ID,session_id,kWh\nA,S1,12.5\n',
    '\uFEFFrecord_id;SESSION_ID;kwh\r\nA;S1;12,5\r\n',
    'record_id\tsession_id\tkwh\n"A"\tS1\t12,5\n',
  ]
  for (const text of files) {
    const form = csvForm(text.replace(/^\uFEFF/, ''))
    const rows: unknown[] = parse(text, csvOptions(form))
    const [row] = rows.map((each) => csvRow(each, form))
    assert.is(row?.line, 2)
    assert.is(recordOf(row?.value).kwh, '12.5')
  }
})

test.run()
