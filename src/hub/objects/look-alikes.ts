import { limits } from '../../../config/limits.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { lookOf, mayLookAlike, visibly } from '../../ocpi/look-alike.ts'
import { raiseAlert } from '../alerts.ts'

type Named = { module: string; owner: string; key: string }
type Look = { module: string; owner: string; look: string; keys: string[] }

/**
 * Tells the operator of ids that look like another one of their owner and module, to people and to whoever normalises
 * text: each stays an object of its own. One alert per owner and module. Ids of visible ASCII cost nothing here: of a
 * pair with such a one the alert is raised when the other one comes second.
 */
export async function noteLookAlikes(tx: Tx, objects: readonly Named[]): Promise<void> {
  const looks = byLook(objects.filter(({ key }) => mayLookAlike(key)))
  if (looks.length === 0) return
  const twins = await findTwins(tx, await keepLooks(tx, looks))
  const told = new Set<string>()
  for (const { module, owner, keys } of twins) {
    const subject = `${owner}/${module}`
    if (told.has(subject)) continue
    told.add(subject)
    await raiseAlert(tx, {
      code: 'lookalike',
      severity: 'warning',
      subject,
      message: `${module} of ${owner}: ${keys.slice(0, 5).map(visibly).join(' and ')} look alike and are different ids`,
      advice:
        'Both were kept, each under its own id. Ask the owner whether they are meant to be one; if so it deletes one of them.',
    })
  }
}

function byLook(objects: readonly Named[]): Look[] {
  const looks = new Map<string, Look>()
  for (const { module, owner, key } of objects) {
    const look = lookOf(key)
    // Compatibility forms may grow beyond what an index holds; nothing is as long as that.
    if (look.length > limits.idCharsMax) continue
    const name = `${module}|${owner}|${look}`
    const known = looks.get(name)
    if (known === undefined) looks.set(name, { module, owner, look, keys: [key] })
    else if (!known.keys.includes(key)) known.keys.push(key)
  }
  return [...looks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, look]) => look)
}

/** Keeps what the ids look like; those that are new, with the others of the same look that were kept before. */
async function keepLooks(tx: Tx, looks: readonly Look[]): Promise<Look[]> {
  return tx.rows<Look>(sql`
    insert into id_looks (module, owner, look, keys)
    select module, owner, look, array(select jsonb_array_elements_text(keys))
    from unnest(${looks.map(({ module }) => module)}::text[], ${looks.map(({ owner }) => owner)}::text[],
      ${looks.map(({ look }) => look)}::text[], ${looks.map(({ keys }) => JSON.stringify(keys))}::jsonb[])
      as l (module, owner, look, keys)
    on conflict on constraint id_looks_natural_key do update
      set keys = array(select distinct k from unnest(id_looks.keys || excluded.keys) as k)
      where not excluded.keys <@ id_looks.keys and cardinality(id_looks.keys) < ${limits.lookAlikesMax}
    returning module, owner, look, keys`)
}

/** The looks that more than one id has, the plain one among them. */
async function findTwins(tx: Tx, looks: readonly Look[]): Promise<Look[]> {
  if (looks.length === 0) return []
  const rows = await tx.rows<Omit<Look, 'keys'>>(sql`
    select l.module, l.owner, l.look
    from unnest(${looks.map(({ module }) => module)}::text[], ${looks.map(({ owner }) => owner)}::text[],
      ${looks.map(({ look }) => look)}::text[]) as l (module, owner, look)
    where case when l.module = 'cdrs'
      then exists (select from cdrs c where c.owner = l.owner and c.cdr_key = l.look)
      else exists (select from objects o where o.module = l.module and o.owner = l.owner and o.object_key = l.look) end`)
  const plain = new Set(rows.map(({ module, owner, look }) => `${module}|${owner}|${look}`))
  return looks
    .map((each) => {
      const { module, owner, look, keys } = each
      const isTaken = plain.has(`${module}|${owner}|${look}`) && !keys.includes(look)
      return { ...each, keys: isTaken ? [look, ...keys] : keys }
    })
    .filter(({ keys }) => keys.length > 1)
    .sort((a, b) => (`${a.owner}/${a.module}` < `${b.owner}/${b.module}` ? -1 : 1))
}
