import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { noteSoftFaults, repeatedMember } from '../../src/hub/objects/soft-faults.ts'
import { testDatabase } from '../helpers/database.ts'

const database = await testDatabase()
const { db } = database
test.after(() => database.drop())

const note = (owner: string, soft: { pointer: string; message: string }[]) =>
  db.transaction((tx) => noteSoftFaults(tx, [{ module: 'tariffs', owner, key: 't1', soft }]))
const subjectsOf = async (owner: string) =>
  (
    await db.rows<{ subject: string }>(sql`
      select subject from alerts where starts_with(subject, ${owner}) order by id`)
  ).map(({ subject }) => subject)

test('members that occur twice are one place, whatever their names', async () => {
  for (const name of ['a', 'b', 'x'.repeat(10_000)])
    await note('NL-AAA', [{ pointer: `/${name}`, message: repeatedMember }])
  assert.equal(await subjectsOf('NL-AAA'), ['NL-AAA/tariffs/*'])
})

test('a feed that is wrong in very many places has a bounded number of alerts', async () => {
  for (let push = 0; push < 3; push += 1) {
    const soft = Array.from({ length: 15 }, (_, at) => ({
      pointer: `/m${push}x${at}`,
      message: 'is too long',
    }))
    await note('NL-BBB', soft)
    await note('NL-BBB', soft)
  }
  const subjects = await subjectsOf('NL-BBB')
  assert.is(subjects.length, limits.softAlertsOpenMax + 1)
  assert.ok(subjects.includes('NL-BBB/tariffs (other places)'))
})

test.run()
