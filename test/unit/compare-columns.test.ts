// Which columns of a file are understood, and what is said of those that are not.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compare, csv, hour, line } from '../helpers/compare-files.ts'

const test = suite('columns of compared files')

test('a plain SAME is said only of what was compared', async () => {
  const ours = 'CDR Nr;Session ID;Ladung;Netto;Waehrung\n1;S1;99,9;3,00;EUR'
  const theirs = 'cdr_id,session_id,kwh,net,gross,currency\n1,S1,10,3,3.6,EUR'
  const { code, out, json } = await compare(ours, theirs, ['--json'])
  assert.equal([code, json.same], [1, false], out)
  assert.equal(json.ours.unused_columns, ['Ladung'])
  assert.equal(json.not_compared, [{ field: 'energy', sessions: 1, ours: 0, theirs: 1 }])
  const told = (await compare(ours, theirs)).out
  assert.match(told, /^NOT COMPARED, except for energy: every session/)
  assert.match(told, /not used: “Ladung”/)
  assert.match(told, /- energy: only theirs says it, in 1 session/)
  const apart = await compare(
    'cdr_id,kwh,net,currency\n1,10,3,EUR',
    'cdr_id,kwh,gross,currency\n1,10,9,EUR',
  )
  assert.is(apart.code, 1)
  assert.match(apart.out, /- amount: the sides do not say it in the same way/)
  const timeless = await compare(csv(line(1)), csv(line(1, { end: '', token: '' })))
  assert.is(timeless.code, 0)
  assert.match(timeless.out, /^SAME, except for end, card: every session/)
})

test('what Excel writes first, and a sum below the rows, are no session', async () => {
  const ours = csv(line(1, { session: 'S1' }))
  const start = hour(2).slice(0, 19).replace('T', ' ')
  const end = hour(3).slice(0, 19).replace('T', ' ')
  const heading = 'CDR Nr;Sitzungs-ID;EVSE-ID;started;ended;Menge;Netto;Währung'
  const theirs = `sep=;\r\n${heading}\r\nC1;S1;DE*ABC*E1;${start};${end};11,000;5,50;EUR\r\nTotal;;;;;11,000;5,50;EUR`
  const { json, out } = await compare(ours, theirs, ['--json'])
  assert.is(json.theirs.bad_rows[0].line, 4, out)
  assert.match(json.theirs.bad_rows[0].message, /it looks like a total/)
  assert.equal([json.matched, json.only_theirs], [1, []], out)
})

test('names of columns in other languages, and with a unit in brackets', async () => {
  const ours = csv(line(1, { session: 'S1' }))
  const start = hour(2).slice(0, 19).replace('T', ' ')
  const end = hour(3).slice(0, 19).replace('T', ' ')
  for (const heading of [
    'CDR Nr;Sitzungs-ID;Vertrags-ID;EVSE-ID;started;ended;Energiemenge [kWh];Netto (EUR);Währung',
    'CDR-Nummer;Ladevorgangs-ID;Vertragsnummer;Ladepunkt;Ladebeginn (UTC);Ladeende;Strommenge;Betrag netto [€];Waehrung',
    'ID CDR;ID de session;Contrat;PDC;Début;Fin;Énergie consommée (kWh);Montant HT;Devise',
  ]) {
    const row = `C1;S1;DE-EMA-CT1;DE*ABC*E1;${start};${end};11,000;5,50;EUR`
    const { json } = await compare(ours, `${heading}\n${row}`, ['--json'])
    assert.equal([json.same, json.theirs.unused_columns], [true, []], JSON.stringify(json.theirs))
    assert.equal(
      json.not_compared.map(({ field }: { field: string }) => field),
      ['card'],
    )
  }
  const inWh = await compare(ours, 'CDR Nr;Strommenge [Wh];Netto\nC1;11000;5,50', ['--json'])
  assert.equal([inWh.json.same, inWh.json.theirs.columns.energyWh], [true, 'Strommenge [Wh]'])
})

test('tax explains nothing where both sides say both amounts', async () => {
  const head = 'cdr_id,kwh,net,gross,currency'
  const [ours, theirs] = [`${head}\n1,10,3.15,3.75,EUR`, `${head}\n1,10,3.30,3.93,EUR`]
  assert.not.match((await compare(ours, theirs)).out, /tax of/)
  const other = 'cdr_id,kwh,net,currency\n1,10,3.3075,EUR'
  assert.match((await compare(ours, other)).out, /tax of 5 %/)
})

test.run()
