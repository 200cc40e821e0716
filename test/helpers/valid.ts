import * as assert from 'uvu/assert'
import { cdr } from '../../src/ocpi/modules/cdr-schemas.ts'
import { moduleById } from '../../src/ocpi/registry.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'

/** Fails unless an object of a module (`locations`, `cdrs`) has nothing against the schema of its version. */
export function assertValid(module: string, version: Version, object: unknown): void {
  const all = module === 'cdrs' ? cdr : (moduleById(module)?.object?.schema ?? {})
  const schema = schemaFor(all, version)
  assert.ok(schema, `a schema of ${module} in ${version}`)
  if (!schema) return
  const { hard, soft } = validate(schema, object)
  assert.equal([...hard, ...soft], [], `${module} ${version}: ${JSON.stringify(object)}`)
}
